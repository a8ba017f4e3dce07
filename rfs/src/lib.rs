//! The backfill worker: reads documents straight out of the files of a snapshot and indexes them into the target.

pub mod batch;
pub mod bulk;
pub mod compression;
pub mod standstill;
