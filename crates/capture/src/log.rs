//! The capture log: a directory of append-only segment files, the one place that the agent's data path writes to.
//!
//! Segments make deletion cheap (whole files, oldest first) and bound what a crash can touch to the newest file.
//! Every entry carries its own checksums and the number of its place, so that a reader never takes damaged or
//! misplaced bytes for a record. One process writes ([`LogWriter`]); any number read, also while it writes
//! ([`LogReader`]). The layout on disk and what recovery does are described in `docs/capture-log.md`.

mod active;
mod cursor;
mod disk;
mod entry;
mod error;
mod gap;
mod lock;
mod reader;
mod recovery;
mod scan;
mod segment;
mod sync;
mod writer;

pub use cursor::TornTail;
pub use disk::{Disk, System};
pub use entry::{Entry, EntryKind, MAX_ENTRY_BYTES};
pub use error::{LogError, LogErrorKind};
pub use gap::Gap;
pub use reader::{LogReader, Start};
pub use recovery::{Damage, Recovery};
pub use scan::{GapEntry, LogStats, SegmentStats, scan};
pub use sync::SyncHandle;
pub use writer::{Appended, GAP_RESERVE_BYTES, LogOptions, LogWriter};

#[cfg(test)]
mod tests;
