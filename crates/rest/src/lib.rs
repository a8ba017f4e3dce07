//! What a request to Elasticsearch or OpenSearch does, by its method and path alone: all parts must agree on which requests
//! are writes, and on what they are called.

mod call;
mod mutating;
pub mod percent;
pub mod secrets;

pub use call::{Call, Class};
pub use mutating::is_mutating;
