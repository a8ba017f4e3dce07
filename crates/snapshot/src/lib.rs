//! Snapshot repositories of Elasticsearch 1.x to 9.x and OpenSearch 1.x to 3.x, read without a server.

pub mod blob_format;
pub mod smile;
mod store;
mod uri;

pub use self::store::*;
pub use self::uri::{RepositoryUri, RepositoryUriError};
