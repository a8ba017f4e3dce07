//! One client for Elasticsearch and OpenSearch, so that every part of Switchover reaches a cluster in the same
//! way: the same auth, the same TLS rules, the same bounds, and errors that say which host failed, why, and what
//! to do next.
//!
//! The client speaks HTTP/1.1, keeps connections open between requests, follows no redirects and repeats nothing
//! by itself: whether a request may be sent twice is known only to its caller.

mod args;
mod authorization;
mod body;
mod client;
mod concurrency;
mod endpoint;
mod error;
mod options;
mod response;
mod tls;
mod transport;
mod version;

pub use args::{Credentials, TargetArgs, TargetUsageError, encoded_api_key};
pub use body::Body;
pub use client::{Cluster, MAX_RESPONSE_BYTES};
pub use concurrency::{Concurrency, Permit};
pub use error::{ClusterError, ClusterErrorKind};
pub use hyper::header::{HeaderName, HeaderValue};
pub use hyper::{HeaderMap, Method, StatusCode};
pub use options::{Auth, ClusterOptions, DEFAULT_TIMEOUT};
pub use response::Response;
/// A name (of an index, a document...) as one part of a path, whatever is in it.
pub use switchover_rest::percent::encode as path_part;
pub use version::{Distribution, Version};
