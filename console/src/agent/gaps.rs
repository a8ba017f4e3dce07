//! When clients reached the node past the agent. Each beginning and end is a line of a file, on the disk before anybody is
//! told that capture goes on. A beginning without an end lasts until now: a crash leaves more gap, never less.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use switchover_coordinate::unix_ms;

/// The file is read up to here: a century of ordinary gaps.
const MAX_GAPS_BYTES: u64 = 16 * 1024 * 1024;

/// What a line says. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Line {
    Uncaptured { from: u64, reason: String },
    Captured { at: u64 },
}

/// A time in which not everything was captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Gap {
    pub(super) from: u64,
    /// `None`: it lasts.
    pub(super) to: Option<u64>,
    pub(super) reason: String,
}

/// The file of one attachment.
#[derive(Debug)]
pub(super) struct GapLog {
    path: PathBuf,
    file: File,
    open: Option<String>,
}

impl GapLog {
    /// Opens the file to go on with it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let told = || format!("cannot open {}", path.display());
        let open = read(path)?.pop().filter(|gap| gap.to.is_none()).map(|gap| gap.reason);
        let mut file =
            OpenOptions::new().create(true).read(true).append(true).open(path).with_context(told)?;
        // A line that a crash cut short must not swallow the next one.
        if file.seek(SeekFrom::End(0)).with_context(told)? > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).with_context(told)?;
            if last != *b"\n" {
                file.write_all(b"\n").with_context(told)?;
            }
        }
        Ok(Self { path: path.to_owned(), file, open })
    }

    /// Since `from` something is not captured. While a gap lasts, its first reason stays.
    pub(super) fn begin(&mut self, from: u64, reason: &str) -> Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        self.append(&Line::Uncaptured { from, reason: reason.to_owned() })?;
        self.open = Some(reason.to_owned());
        Ok(())
    }

    /// From now on all is captured.
    pub(super) fn end(&mut self) -> Result<()> {
        if self.open.is_some() {
            self.append(&Line::Captured { at: unix_ms() })?;
            self.open = None;
        }
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn append(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// All gaps, the oldest first. A line that can't be read is a gap of unknown end: what it said is not known.
pub(super) fn read(path: &Path) -> Result<Vec<Gap>> {
    let told = || format!("cannot read {}", path.display());
    let mut text = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAX_GAPS_BYTES).read_to_end(&mut text).with_context(told)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(told),
    };
    let mut gaps: Vec<Gap> = Vec::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let lasts = gaps.last_mut().filter(|gap| gap.to.is_none());
        match (serde_json::from_slice(line), lasts) {
            (Ok(Line::Captured { at }), Some(gap)) => gap.to = Some(at),
            (Ok(Line::Captured { .. }), None) | (Ok(Line::Uncaptured { .. }) | Err(_), Some(_)) => {}
            (Ok(Line::Uncaptured { from, reason }), None) => gaps.push(Gap { from, to: None, reason }),
            (Err(_), None) => {
                let from = gaps.last().and_then(|gap| gap.to).unwrap_or(0);
                let reason = format!("a line of {} is damaged", path.display());
                gaps.push(Gap { from, to: None, reason });
            }
        }
    }
    Ok(gaps)
}

/// When the redirect was last known to be on, in a file that is written often and not forced to the disk: after a power cut
/// it is old, and the gap looks longer than it was.
#[derive(Debug)]
pub(super) struct Heartbeat(pub(super) PathBuf);

impl Heartbeat {
    pub(super) fn beat(&self) -> Result<()> {
        let told = || format!("cannot write {}", self.0.display());
        fs::write(&self.0, unix_ms().to_string()).with_context(told)
    }

    pub(super) fn last(&self) -> Option<u64> {
        fs::read_to_string(&self.0).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_survive_a_crash_and_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gaps");
        assert_eq!(read(&path).unwrap(), []);
        let mut log = GapLog::open(&path).unwrap();
        log.end().unwrap();
        log.begin(5, "the agent is gone").unwrap();
        log.begin(7, "another").unwrap();
        drop(log);
        let mut log = GapLog::open(&path).unwrap();
        assert!(log.is_open());
        log.end().unwrap();
        log.begin(u64::MAX, "x").unwrap();
        drop(log);
        let gaps = read(&path).unwrap();
        assert_eq!((gaps.len(), gaps[0].from, gaps[0].reason.as_str()), (2, 5, "the agent is gone"));
        assert!(gaps[0].to.is_some() && gaps[1].to.is_none());

        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 4]).unwrap();
        let gaps = read(&path).unwrap();
        assert!(gaps.len() == 2 && gaps[1].to.is_none() && gaps[1].reason.contains("damaged"));
        let mut log = GapLog::open(&path).unwrap();
        log.end().unwrap();
        assert!(read(&path).unwrap().iter().all(|gap| gap.to.is_some()));
    }
}
