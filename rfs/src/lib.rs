//! The backfill worker: reads documents straight out of the files of a snapshot and indexes them into the target.

pub mod batch;
pub mod bulk;
pub mod cli;
pub mod compression;
pub mod destination;
pub mod failed;
pub mod load;
pub mod named;
pub mod plan;
pub mod progress;
pub mod run;
pub mod selection;
pub mod shards;
pub mod standstill;
pub mod target;
pub mod under_way;
pub mod unit;
pub mod worker;
