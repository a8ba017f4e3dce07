//! A power cut: what the disk holds when the machine comes back.
//!
//! Changes of names survive in their order up to some one (file systems journal them so); of a file's bytes those
//! survive that were synced, and of the others a part, or zeros, or something else.

use crate::disk::{CHECKPOINT, NameChange, SimDisk};
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

impl SimDisk {
    pub fn power_cut(&self) {
        self.look_at_checkpoint();
        let mut guard = self.state();
        let state = &mut *guard;
        let survive = state.rng.below(state.names.len() as u64 + 1) as usize;
        for change in state.names.split_off(survive).into_iter().rev() {
            match change {
                NameChange::Created(path) => {
                    // It may be gone already, by a deletion that was undone just now or survived.
                    let _ = fs::remove_file(&path);
                    state.synced.remove(&path);
                }
                NameChange::Removed { path, kept } => fs::copy(kept, path).map(drop).unwrap(),
                NameChange::Checkpoint { before: None } => {
                    fs::remove_file(self.dir.join(CHECKPOINT)).unwrap()
                }
                NameChange::Checkpoint { before: Some(text) } => {
                    fs::write(self.dir.join(CHECKPOINT), text).unwrap();
                }
            }
        }
        state.names.clear();
        let mut files: Vec<_> = fs::read_dir(&self.dir).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        for path in files {
            if path.extension().is_some_and(|extension| extension == "seg") {
                let synced = state.synced.get(&path).copied().unwrap_or(0);
                lose_bytes(&path, synced, &mut state.rng);
                state.synced.insert(path.clone(), fs::metadata(&path).unwrap().len());
            }
        }
        let checkpoint = self.dir.join(CHECKPOINT);
        if checkpoint.exists() && state.rng.one_in(4) {
            // The new name without the bytes: it was never synced.
            fs::write(&checkpoint, "").unwrap();
        }
        state.checkpoint = fs::read(&checkpoint).ok();
    }
}

fn lose_bytes(path: &Path, synced: u64, rng: &mut crate::rng::Rng) {
    let length = fs::metadata(path).unwrap().len();
    if length <= synced {
        return;
    }
    let from = rng.between(synced, length);
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    match rng.below(5) {
        0 => {}
        1 | 2 => file.set_len(from).unwrap(),
        3 => {
            file.set_len(from).unwrap();
            file.set_len(length).unwrap();
        }
        _ => {
            let junk: Vec<u8> = (from..length).map(|_| rng.next() as u8).collect();
            file.seek(SeekFrom::Start(from)).unwrap();
            file.write_all(&junk).unwrap();
        }
    }
}
