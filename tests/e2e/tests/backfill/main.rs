//! Backfill: shared work, documents from snapshots, and what is on the target in the end.

mod coordination;
mod doctor;
mod documents;
mod fleet;
mod kills;
mod metadata;
mod reset;
mod rfs;
mod rules;
mod snapshots;
mod verify;
mod verify_live;
