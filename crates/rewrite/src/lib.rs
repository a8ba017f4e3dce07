//! What must change in a request so that another cluster understands it as the source did.
//!
//! - [`json`]: edits of JSON text that leave everything else byte for byte;
//! - [`versions`]: what versions of clusters demand, as tables;
//! - [`types`]: where documents of mapping types go;
//! - [`rules`] and [`transformer`]: what users want changed, declared or scripted;
//! - [`documents`]: the same for documents that come out of a snapshot;
//! - [`items`]: the same for settings, mappings and templates.
//!
//! No IO, but for [`args`], which reads the files that flags name.

pub mod args;
pub mod bulk;
pub mod documents;
pub mod headers;
pub mod items;
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
mod wildcards;
