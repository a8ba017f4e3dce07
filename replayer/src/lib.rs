//! Replays captured traffic to a target cluster and compares every answer.
//!
//! source -> reassembly -> order -> session (rewrite, send, retry) -> evaluation (compare, tuple, report) -> commit.
//! The order is the heart: a request leaves only when everything that it depends on, and that the source had answered
//! before it, is answered by the target too, at any speed.

pub mod budget;
pub mod captured;
pub mod cli;
pub mod client;
pub mod commit;
pub mod counts;
pub mod dead_letter;
pub mod done;
pub mod evaluate;
pub mod fleet;
pub mod footprint;
pub mod intake;
pub mod open_files;
pub mod order;
pub mod pace;
pub mod progress;
pub mod report;
pub mod rewrite;
pub mod run;
#[cfg(test)]
mod scripted;
pub mod selection;
pub mod session;
pub mod signing;
pub mod source;
pub mod spans;
pub mod tuple;

pub use switchover_compare::{compare, content, verdict};
