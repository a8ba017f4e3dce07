//! A disk that refuses, that stops the process in the middle of a call, and that knows what a power cut would leave.

use crate::plan::Plant;
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use switchover_capture::log::Disk;

pub const CHECKPOINT: &str = "shipped";

/// Of one log directory; outlives the processes that use it.
#[derive(Debug)]
pub struct SimDisk {
    pub(crate) dir: PathBuf,
    /// Deleted files are kept here until their deletion is durable.
    pub(crate) attic: PathBuf,
    pub(crate) plant: Option<Plant>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rng: Rng,
    /// How much of each file is on disk.
    pub(crate) synced: BTreeMap<PathBuf, u64>,
    /// Changes of names, oldest first, that are not durable.
    pub(crate) names: Vec<NameChange>,
    /// What the checkpoint file held when last looked at.
    pub(crate) checkpoint: Option<Vec<u8>>,
    /// Segments deleted since last asked.
    removed: Vec<PathBuf>,
    /// Appends fail.
    pub full: bool,
    pub fsync_fails: bool,
    /// Calls until the process is stopped inside one.
    pub kill_in: Option<u64>,
    pub killed: bool,
}

#[derive(Debug)]
pub(crate) enum NameChange {
    Created(PathBuf),
    Removed { path: PathBuf, kept: PathBuf },
    Checkpoint { before: Option<Vec<u8>> },
}

impl SimDisk {
    pub fn new(dir: &Path, attic: &Path, rng: Rng, plant: Option<Plant>) -> Self {
        let state = State {
            rng,
            synced: BTreeMap::new(),
            names: Vec::new(),
            checkpoint: None,
            removed: Vec::new(),
            full: false,
            fsync_fails: false,
            kill_in: None,
            killed: false,
        };
        Self { dir: dir.to_owned(), attic: attic.to_owned(), plant, state: Mutex::new(state) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn take_removed(&self) -> Vec<PathBuf> {
        std::mem::take(&mut self.state().removed)
    }

    /// Whether these bytes of a file would survive a power cut.
    pub fn is_durable(&self, path: &Path, end: u64) -> bool {
        let state = self.state();
        let named = !state.names.iter().any(|name| matches!(name, NameChange::Created(new) if new == path));
        named && state.synced.get(path).is_some_and(|synced| *synced >= end)
    }

    /// The checkpoint file is replaced without us: sees whether it was.
    pub fn look_at_checkpoint(&self) {
        let now = fs::read(self.dir.join(CHECKPOINT)).ok();
        let mut state = self.state();
        if state.checkpoint != now {
            let before = std::mem::replace(&mut state.checkpoint, now);
            state.names.push(NameChange::Checkpoint { before });
        }
    }

    /// One call more. An error when the process does not live to see its end.
    fn enter(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if let Some(left) = &mut state.kill_in {
            *left = left.saturating_sub(1);
            state.killed |= *left == 0;
        }
        if state.killed { Err(io::Error::other("the process was killed")) } else { Ok(state) }
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.look_at_checkpoint();
        let mut state = self.enter()?;
        if state.full && state.rng.one_in(2) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        state.synced.insert(path.to_owned(), 0);
        state.names.push(NameChange::Created(path.to_owned()));
        Ok(file)
    }

    fn write(&self, _path: &Path, mut file: &File, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let alive = self.state().killed;
        let entered = self.enter();
        if entered.is_err() && alive {
            return Err(io::Error::other("the process was killed"));
        }
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        let part = |rng: &mut Rng| rng.below(bytes.len() as u64 + 1) as usize;
        match entered {
            // Stopped in the middle of it: some of the bytes are there.
            Err(error) => {
                let part = part(&mut self.state().rng);
                file.write_all(&bytes[..part])?;
                Err(error)
            }
            Ok(mut state) if state.full => {
                let part = part(&mut state.rng) / 2;
                if part == 0 || state.rng.one_in(2) {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                file.write_all(&bytes[..part])?;
                Ok(part)
            }
            Ok(mut state) => {
                let part = if state.rng.one_in(20) { part(&mut state.rng).max(1) } else { bytes.len() };
                let part = part.min(bytes.len());
                file.write_all(&bytes[..part])?;
                Ok(part)
            }
        }
    }

    fn truncate(&self, path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        let mut state = self.enter()?;
        if state.full && state.rng.one_in(4) {
            return Err(io::Error::other("the disk does not answer"));
        }
        file.set_len(bytes)?;
        if let Some(synced) = state.synced.get_mut(path) {
            *synced = (*synced).min(bytes);
        }
        Ok(())
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        let mut state = self.enter()?;
        if state.fsync_fails {
            return Err(io::Error::other("bad sector"));
        }
        if self.plant != Some(Plant::FsyncLies) {
            state.synced.insert(path.to_owned(), file.metadata()?.len());
        }
        Ok(())
    }

    fn sync_directory(&self, _dir: &Path, _open: &File) -> io::Result<()> {
        self.look_at_checkpoint();
        let mut state = self.enter()?;
        if state.fsync_fails {
            return Err(io::Error::other("bad sector"));
        }
        if self.plant != Some(Plant::DirectoryNotSynced) {
            state.names.clear();
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.look_at_checkpoint();
        let mut state = self.enter()?;
        let kept = self.attic.join(format!("{}-{}", state.rng.next(), path.file_name().unwrap().display()));
        fs::hard_link(path, &kept)?;
        fs::remove_file(path)?;
        state.names.push(NameChange::Removed { path: path.to_owned(), kept });
        state.removed.push(path.to_owned());
        Ok(())
    }
}
