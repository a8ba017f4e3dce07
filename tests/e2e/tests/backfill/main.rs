//! Backfill: shared work, documents from snapshots, and what is on the target in the end.

mod coordination;
mod doctor;
mod fleet;
mod kills;
mod metadata;
mod rfs;
mod rules;
mod snapshots;
mod verify;
