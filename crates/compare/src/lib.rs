//! Compares what two clusters answer to one request.
//!
//! The replayer compares while it replays, the console compares tuples again later: both say the same because both
//! ask here.

pub mod call;
pub mod compare;
pub mod content;
