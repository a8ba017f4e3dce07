//! Compares what two clusters answer to one request.
//!
//! The replayer compares while it replays, the console compares tuples again later: both say the same because both
//! ask here.

pub mod answer;
pub mod call;
mod cat;
pub mod compare;
pub mod content;
pub mod json;
pub mod noise;
mod rules;
pub mod verdict;
mod walk;
