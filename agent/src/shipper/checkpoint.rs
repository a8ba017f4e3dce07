//! How far Kafka has the log, written down so that a restart does not send everything again.
//!
//! The file is replaced by rename: a crash leaves the old or the new number. It may lag behind the truth, which costs
//! some records sent twice (readers know a record by connection and number); it never runs ahead of it. It is not
//! synced, as that would hold up shipping: a power cut may take it back to an older number, or leave it empty.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use switchover_capture::log::Disk;

const FILE: &str = "shipped";

/// The checkpoint file of a capture log.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    saved: u64,
    /// When the file was last written; `None` when shipping never began.
    written: Option<SystemTime>,
}

impl Checkpoint {
    /// Opens the checkpoint in the log's directory; 0 when there is none yet.
    ///
    /// # Errors
    /// When the file can't be read, or holds no number.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let saved = match std::fs::read_to_string(&path) {
            Ok(text) if text.bytes().all(|byte| byte == 0) => {
                tracing::warn!(file = %path.display(), "the checkpoint is empty, as a power cut leaves it: what the log holds is shipped again");
                0
            }
            Ok(text) => text.trim().parse().map_err(|_| {
                let reason = format!(
                    "{} holds no sequence number; delete it to ship the whole log again",
                    path.display()
                );
                io::Error::new(io::ErrorKind::InvalidData, reason)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let written = std::fs::metadata(&path).and_then(|file| file.modified()).ok();
        Ok(Self { path, saved, written })
    }

    /// Entries below this were acknowledged.
    #[must_use]
    pub fn acked_below(&self) -> u64 {
        self.saved
    }

    /// When an earlier run last wrote the checkpoint: what it shipped after that is not in it.
    #[must_use]
    pub fn written(&self) -> Option<SystemTime> {
        self.written
    }

    /// Writes down an older prefix, durably: the numbers above it come again, and a power cut must not bring the newer one
    /// back when they have.
    ///
    /// # Errors
    /// When the file can't be replaced or synced.
    pub fn set_back(&mut self, acked_below: u64, disk: &dyn Disk) -> io::Result<()> {
        self.save(acked_below)?;
        disk.sync(&self.path, &File::open(&self.path)?)?;
        let directory = self.path.parent().unwrap_or(&self.path);
        disk.sync_directory(directory, &File::open(directory)?)
    }

    /// Writes down a new prefix. False when it is the one already written.
    ///
    /// # Errors
    /// When the file can't be replaced; the old one stays.
    pub fn save(&mut self, acked_below: u64) -> io::Result<bool> {
        if acked_below == self.saved && self.written.is_some() {
            return Ok(false);
        }
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, format!("{acked_below}\n"))?;
        std::fs::rename(&fresh, &self.path)?;
        self.saved = acked_below;
        self.written = Some(SystemTime::now());
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_and_refuses_junk() {
        let directory = tempfile::tempdir().unwrap();
        let mut checkpoint = Checkpoint::open(directory.path()).unwrap();
        assert_eq!((checkpoint.acked_below(), checkpoint.written()), (0, None));
        assert!(checkpoint.save(41).unwrap());
        assert!(!checkpoint.save(41).unwrap());
        assert_eq!(Checkpoint::open(directory.path()).unwrap().acked_below(), 41);
        std::fs::write(directory.path().join(FILE), "").unwrap();
        assert_eq!(Checkpoint::open(directory.path()).unwrap().acked_below(), 0, "as after a power cut");
        std::fs::write(directory.path().join(FILE), "4x").unwrap();
        assert!(Checkpoint::open(directory.path()).unwrap_err().to_string().contains("shipped"));
    }
}
