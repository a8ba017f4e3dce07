//! What must change in a request because the target is another version than the source.
//!
//! Everything is in three tables: paths ([`mod@paths`]), query parameters ([`mod@parameters`]) and, by the path that
//! comes out, bodies ([`mod@bodies`]). Rows go by the shape of a request, not by the source's version: what they change is
//! nothing that a later version could mean, so a capture of unknown origin is rewritten right as well. The source's
//! version only switches off what it can't need.

mod bodies;
mod bulk;
mod headers;
mod mapping;
mod parameters;
mod paths;

use crate::outcome::Stop;
use crate::request::Request;
use crate::types::TypeRouting;
use crate::version::{Product, Version};

/// The rewriting for one pair of clusters.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    source: Option<Version>,
    target: Option<Version>,
    types: TypeRouting,
}

impl Versions {
    /// `None`: not known. An unknown target is taken for the newest OpenSearch.
    #[must_use]
    pub fn new(source: Option<Version>, target: Option<Version>, types: TypeRouting) -> Self {
        Self { source, target, types }
    }

    /// Changes the request as far as it must be changed.
    ///
    /// # Errors
    /// When it can't be said in the target's terms.
    pub fn rewrite(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        if self.target.is_some_and(|target| !target.is_typeless()) {
            return Ok(());
        }
        headers::rewrite(self, request);
        let call = paths::rewrite(self, request)?;
        parameters::rewrite(request, &call);
        bodies::rewrite(self, request, &call)
    }

    /// Where documents of types go.
    #[must_use]
    pub fn types(&self) -> &TypeRouting {
        &self.types
    }

    /// Whether the source may have had types.
    fn has_types(&self) -> bool {
        self.source.is_none_or(Version::takes_types)
    }

    /// Whether the source may be an Elasticsearch before this version.
    fn may_be_before(&self, major: u32) -> bool {
        self.source.is_none_or(|source| source.product == Product::Elasticsearch && source.major < major)
    }

    /// Whether an index of the source may have held several types: up to 6, where older ones could be carried along.
    fn has_several_types(&self) -> bool {
        self.may_be_before(7)
    }

    /// Whether the source took bodies without looking at their media type: Elasticsearch until 5.
    fn takes_any_media(&self) -> bool {
        self.may_be_before(6)
    }

    fn to_opensearch(&self) -> bool {
        self.target.is_none_or(|target| target.product == Product::OpenSearch)
    }

    /// From 2.4 on.
    fn target_has_pit(&self) -> bool {
        self.to_opensearch() && self.target.is_none_or(|target| (target.major, target.minor) >= (2, 4))
    }
}

#[cfg(test)]
mod tests;
