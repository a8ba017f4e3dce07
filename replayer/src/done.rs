//! Requests that are finished beyond the offset that can be committed, remembered on disk.
//!
//! A request that the target does not answer keeps the offset of its partition where it is. What was finished behind it
//! would all be sent again after a crash. So who finished is written to a file beside the tuples, after these are on disk
//! and before the offset may pass; a later run with the same topic, group and target leaves it out. What the offset has
//! passed is forgotten.
//!
//! The file is lines of fields between tabs: `for` with topic, group and target; `done` with partition, offset, index,
//! node and connection; `committed` with partition and offset; `left` with a partition; `owner` with a name. A torn last
//! line is what a crash leaves, and dropped.
//!
//! The memory is good only as long as nobody else replays the partition: another replayer repeats an older write, and to
//! leave out the newer one behind it would leave the older state. So each commit carries the owner's name, a replayer that
//! gets a partition commits under its own before it sends anything, and who finds another's name forgets.

mod file;
mod remembered;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use file::DoneFile;
pub use remembered::Entry;
use remembered::Remembered;

/// In `--tupleDir`.
pub const FILE_NAME: &str = "done.log";
/// The file is written anew when it has this many lines more than twice what is remembered.
const MAX_IDLE_LINES: usize = 10_000;

/// What the memory is about: another topic, group or target has nothing to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The topic.
    pub topic: String,
    /// The consumer group.
    pub group_id: String,
    /// `host:port` of the target.
    pub target: String,
}

/// The memory of one run.
#[derive(Debug)]
pub struct Done {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: DoneFile,
    remembered: Remembered,
}

/// The file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {path}, which remembers what is finished: {source}; make room or choose another --tupleDir, and run again", path = path.display())]
pub struct DoneError {
    path: PathBuf,
    source: std::io::Error,
}

impl Done {
    /// Reads what an earlier run left in this directory, which is made when missing.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn open(directory: &Path, subject: &Subject) -> Result<Self, DoneError> {
        let path = directory.join(FILE_NAME);
        let failed = |source| DoneError { path: path.clone(), source };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut remembered = file::read(&path, subject).map_err(failed)?;
        if remembered.owner.is_empty() {
            remembered.owner = format!("{:016x}", RandomState::new().build_hasher().finish());
        }
        let file = DoneFile::replace(path.clone(), subject, &remembered).map_err(failed)?;
        Ok(Self { state: Mutex::new(State { file, remembered }) })
    }

    // A failed write ends the run; what is in memory is whole at any time.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request was finished before.
    #[must_use]
    pub fn holds(&self, node_id: &str, connection_id: &str, index: u32) -> bool {
        self.state().remembered.holds(node_id, connection_id, index)
    }

    /// Remembers requests whose tuples are on disk; they are when this returns.
    ///
    /// # Errors
    /// Of the file system. They must then not be acknowledged.
    pub fn add(&self, finished: impl Iterator<Item = Entry>) -> Result<(), DoneError> {
        let state = &mut *self.state();
        for entry in finished {
            state.file.line(&entry.line());
            state.remembered.insert(entry);
        }
        state.flush(true)
    }

    /// These offsets are committed: (partition, next offset).
    ///
    /// # Errors
    /// Of the file system.
    pub fn committed(&self, offsets: &[(i32, i64)]) -> Result<(), DoneError> {
        let state = &mut *self.state();
        for (partition, next) in offsets {
            state.file.line(&remembered::commit_line(*partition, *next));
            state.remembered.commit(*partition, *next);
        }
        // Losing it only means that a little more is remembered.
        state.flush(false)
    }

    /// What is committed beside the offsets: the same for every run with this directory.
    #[must_use]
    pub fn owner(&self) -> String {
        self.state().remembered.owner.clone()
    }

    /// Another replayer has had this partition since.
    ///
    /// # Errors
    /// Of the file system.
    pub fn forget(&self, partition: i32) -> Result<(), DoneError> {
        let state = &mut *self.state();
        state.file.line(&remembered::left_line(partition));
        state.remembered.forget(partition);
        state.flush(true)
    }

    /// The group begins to read a partition here. When that is before what was committed, somebody wants it all again.
    pub fn assigned(&self, partition: i32, offset: i64) {
        let state = &mut *self.state();
        if state.remembered.committed(partition).is_some_and(|committed| offset < committed) {
            tracing::info!(
                partition,
                offset,
                "the group was set back: what was finished there is replayed again"
            );
            state.remembered.forget(partition);
        }
    }
}

impl State {
    fn flush(&mut self, durable: bool) -> Result<(), DoneError> {
        let failed = |path: &Path, source| DoneError { path: path.to_owned(), source };
        if self.file.lines() > 2 * self.remembered.len() + MAX_IDLE_LINES {
            let (path, subject) = (self.file.path().to_owned(), self.file.subject().clone());
            self.file = DoneFile::replace(path.clone(), &subject, &self.remembered)
                .map_err(|source| failed(&path, source))?;
            return Ok(());
        }
        self.file.flush(durable).map_err(|source| failed(self.file.path(), source))
    }
}

#[cfg(test)]
mod tests;
