//! Compares what two clusters answer to one request, and tells of it.
//!
//! The replayer compares while it replays, the console compares tuples again later: both say the same because both
//! ask here. So what is shared lies here too: the report and the shape of tuples.

pub mod answer;
mod cat;
pub mod compare;
pub use switchover_http1::content;
pub mod items;
pub mod json;
pub mod noise;
pub mod report;
mod rules;
pub mod tuple;
pub mod verdict;
mod walk;
