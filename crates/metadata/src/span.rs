//! Spans of versions, for the tables.

use std::fmt;

use crate::{Product, Version};

/// Some versions of one product, or of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    product: Option<Product>,
    from: (u32, u32),
    before: (u32, u32),
}

const NEVER: (u32, u32) = (u32::MAX, u32::MAX);

impl Span {
    /// Whatever it is.
    pub const ANY: Self = Self { product: None, from: (0, 0), before: NEVER };
    /// Every Elasticsearch.
    pub const ES: Self = Self { product: Some(Product::Elasticsearch), from: (0, 0), before: NEVER };

    /// Elasticsearch before this major version.
    #[must_use]
    pub const fn es_before(major: u32) -> Self {
        Self { product: Some(Product::Elasticsearch), from: (0, 0), before: (major, 0) }
    }

    /// OpenSearch before this version.
    #[must_use]
    pub const fn os_before(major: u32, minor: u32) -> Self {
        Self { product: Some(Product::OpenSearch), from: (0, 0), before: (major, minor) }
    }

    /// OpenSearch from this version on.
    #[must_use]
    pub const fn os_from(major: u32, minor: u32) -> Self {
        Self { product: Some(Product::OpenSearch), from: (major, minor), before: NEVER }
    }

    /// Whether a version is one of these.
    #[must_use]
    pub fn has(&self, version: Version) -> bool {
        let number = (version.major, version.minor);
        self.product.is_none_or(|product| product == version.product)
            && number >= self.from
            && number < self.before
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = match self.product {
            None => return f.write_str("any"),
            Some(Product::Elasticsearch) => "Elasticsearch",
            Some(Product::OpenSearch) => "OpenSearch",
        };
        let number = |(major, minor): (u32, u32)| format!("{major}.{minor}");
        match (self.from, self.before) {
            ((0, 0), NEVER) => f.write_str(product),
            ((0, 0), before) => write!(f, "{product} before {}", number(before)),
            (from, NEVER) => write!(f, "{product} since {}", number(from)),
            (from, before) => write!(f, "{product} {} to before {}", number(from), number(before)),
        }
    }
}
