//! The backfill worker: reads documents straight out of the files of a snapshot and indexes them into the target.

pub mod batch;
pub mod bulk;
pub mod compression;
pub mod destination;
pub mod failed;
pub mod load;
pub mod plan;
pub mod selection;
pub mod shard;
pub mod standstill;
pub mod target;
pub mod unit;
