//! Signs HTTP requests for AWS (Signature Version 4), as Amazon OpenSearch Service wants them.
//!
//! Credentials come from the SDK's default chain and are renewed by a task before they expire, so that signing never
//! waits: it is a few hashes. What is signed is what goes out: host, path and query as they stand in the request, the
//! content type, and the hash of the body without its transfer coding.

mod credentials;
mod payload;
mod signer;

pub use credentials::{CredentialsError, SharedCredentialsProvider, with_causes};
pub use payload::payload_hash;
pub use signer::{SignError, Signer, ToSign};
