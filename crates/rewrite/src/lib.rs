//! What must change in a request so that another cluster understands it as the source did.
//!
//! - [`json`]: edits of JSON text that leave everything else byte for byte;
//! - [`versions`]: what versions of clusters demand, as tables;
//! - [`types`]: where documents of mapping types go;
//! - [`rules`] and [`transformer`]: what users want changed, declared or scripted.
//!
//! No IO: requests in, requests out. Files of rules are read by the caller.

pub mod bulk;
pub mod headers;
pub mod jq;
pub mod json;
pub mod message;
pub mod outcome;
pub mod predicate;
pub mod request;
pub mod rules;
pub mod script;
pub mod transformer;
pub mod types;
pub mod version;
pub mod versions;
