//! The file in which routing outlives the process. Written whole beside it and renamed, so it is the old or the new.

use super::{Fallback, Routing};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Its name, in the capture log's directory.
const NAME: &str = "routing.json";
/// Only we read it: whoever can write it decides where writes go.
const MODE: u32 = 0o600;

/// Its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) routing: Routing,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fallback: Option<Fallback>,
}

/// Where it is.
#[derive(Debug, Clone)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// In this directory.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { path: directory.join(NAME) }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// # Errors
    /// When what was kept can't be used.
    pub fn check(&self) -> io::Result<()> {
        self.read().map(drop).map_err(|error| {
            let path = self.path.display();
            let what = format!(
                "{path}: {error}; it says which cluster serves: mend it, or remove it for the flags to count"
            );
            io::Error::new(error.kind(), what)
        })
    }

    /// What was kept, if anything.
    ///
    /// # Errors
    /// When there is something that can't be read: who serves must not be guessed.
    pub(super) fn read(&self) -> io::Result<Option<Kept>> {
        let text = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let kept: Kept = serde_json::from_slice(&text)?;
        kept.routing.check().map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))?;
        Ok(Some(kept))
    }

    pub(super) fn write(&self, kept: &Kept) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let beside = self.path.with_extension("json.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(kept)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        File::open(directory)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Mode, RouteBy};

    #[test]
    fn what_was_written_is_read_and_junk_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = StateFile::new(&directory.path().join("not-there-yet"));
        assert_eq!(file.read().unwrap(), None);
        let routing = Routing { mode: Mode::Reads, weight: 10, route_by: RouteBy::Request };
        for fallback in [None, Some(Fallback { reason: "gone".to_owned(), at: 5 })] {
            let kept = Kept { routing, fallback };
            file.write(&kept).unwrap();
            assert_eq!(file.read().unwrap(), Some(kept));
        }
        for junk in ["", "{", r#"{"routing":{"mode":"reads","weight":200}}"#, r#"{"mode":"target"}"#] {
            fs::write(file.path(), junk).unwrap();
            assert!(file.read().is_err(), "{junk}");
        }
    }
}
