//! What a request to Elasticsearch or OpenSearch does, by its method and path alone: agent and replayer must agree on which
//! requests are writes.

mod mutating;

pub use mutating::is_mutating;
