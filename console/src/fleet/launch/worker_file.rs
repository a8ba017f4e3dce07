//! Which process a worker is. A process id alone says little: it may be another process's by now, so the time of its start
//! and the boot of the host are kept with it.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The field of `/proc/PID/stat` that holds the time of the start, counted from the state (proc(5): 22 and 3).
const START_FIELD_AFTER_STATE: usize = 19;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkerFile {
    pub(super) pid: u32,
    /// Clock ticks between the host's start and the process's.
    start_ticks: u64,
    boot_id: String,
}

impl WorkerFile {
    /// Of a process that lives. `None`: it does not.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let start_ticks = start_ticks(&stat)?;
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
        Some(Self { pid, start_ticks, boot_id })
    }

    /// `None`: there is none, or it makes no sense.
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// It is the same process, and lives.
    pub(super) fn lives(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }
}

/// Of one line of `/proc/PID/stat`; `None` for a process that is dead and was not buried yet.
fn start_ticks(stat: &str) -> Option<u64> {
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(START_FIELD_AFTER_STATE - 1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2";

    #[test]
    fn the_start_is_found_behind_any_name() {
        assert_eq!(start_ticks(STAT), Some(98765));
        assert_eq!(start_ticks(&STAT.replace(") S ", ") Z ")), None);
        for broken in ["", "7 (a)", "7 (a) S 1 2 3"] {
            assert_eq!(start_ticks(broken), None);
        }
    }

    #[test]
    fn a_process_id_that_is_another_process_is_not_taken_for_it() {
        let here = WorkerFile::of(std::process::id()).unwrap();
        assert!(here.lives());
        assert!(!WorkerFile { start_ticks: here.start_ticks - 1, ..here.clone() }.lives());
        assert!(!WorkerFile { boot_id: "another".to_owned(), ..here }.lives());
        assert_eq!(WorkerFile::of(u32::MAX), None);
    }
}
