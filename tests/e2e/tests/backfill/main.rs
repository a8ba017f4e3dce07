//! Backfill: shared work, documents from snapshots, and what is on the target in the end.

mod coordination;
mod kills;
mod metadata;
mod rfs;
mod snapshots;
mod verify;
