//! Products and versions of clusters, as far as rewriting asks for them.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The two lines of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Elasticsearch, Open Distro included.
    Elasticsearch,
    /// OpenSearch.
    OpenSearch,
}

/// A cluster's product and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The product.
    pub product: Product,
    /// First part of the number.
    pub major: u32,
    /// Second part of the number.
    pub minor: u32,
}

/// Not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a product and a version, such as 'ES 6.8' or 'OpenSearch 2.19'")]
pub struct VersionError;

impl Version {
    /// Whether requests may name mapping types: up to Elasticsearch 7 and OpenSearch 1.
    #[must_use]
    pub fn takes_types(self) -> bool {
        self.major < if self.product == Product::OpenSearch { 2 } else { 8 }
    }

    /// Whether requests can do without mapping types: from Elasticsearch 7 and OpenSearch 1 on.
    #[must_use]
    pub fn is_typeless(self) -> bool {
        self.product == Product::OpenSearch || self.major >= 7
    }

    /// From the answer to `GET /`. An OpenSearch that calls itself 7.10.2 (`override_main_response_version`) is taken
    /// for version 1 at least: what it is called decides nothing here.
    #[must_use]
    pub fn in_answer(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Root {
            version: Number,
            tagline: Option<String>,
        }
        #[derive(Deserialize)]
        struct Number {
            number: String,
            distribution: Option<String>,
        }
        let root: Root = serde_json::from_slice(body).ok()?;
        let tagline = root.tagline.unwrap_or_default();
        let product =
            if root.version.distribution.as_deref() == Some("opensearch") || tagline.contains("OpenSearch") {
                Product::OpenSearch
            } else if tagline == "You Know, for Search" {
                Product::Elasticsearch
            } else {
                return None;
            };
        let (major, minor) = numbers(&root.version.number)?;
        Some(Self { product, major, minor })
    }
}

impl FromStr for Version {
    type Err = VersionError;

    /// `ES 6.8`, `ES_6_8`, `Elasticsearch 7.10.2`, `OS 2.19`, `OpenSearch 3.1.0`; case and separators don't matter.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let digits = text.find(|c: char| c.is_ascii_digit()).ok_or(VersionError)?;
        let (name, number) = text.split_at(digits);
        let name = name.trim_end_matches([' ', '_', '-', ':', 'v']).to_ascii_lowercase();
        let product = match name.as_str() {
            "es" | "elasticsearch" => Product::Elasticsearch,
            "os" | "opensearch" | "aos" => Product::OpenSearch,
            _ => return Err(VersionError),
        };
        let (major, minor) = numbers(&number.replace('_', ".")).ok_or(VersionError)?;
        Ok(Self { product, major, minor })
    }
}

/// `2.19.4-SNAPSHOT` or `2.x`.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(['.', '-', '+']);
    let major = parts.next()?.parse().ok()?;
    let minor = match parts.next() {
        None | Some("x") => 0,
        Some(minor) => minor.parse().ok()?,
    };
    Some((major, minor))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = match self.product {
            Product::Elasticsearch => "Elasticsearch",
            Product::OpenSearch => "OpenSearch",
        };
        write!(f, "{product} {}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, shown) in [
            ("ES 6.8.23", "Elasticsearch 6.8"),
            ("ES_7_10", "Elasticsearch 7.10"),
            ("elasticsearch 1.7", "Elasticsearch 1.7"),
            ("OS 2.19.4", "OpenSearch 2.19"),
            ("OpenSearch 3.x", "OpenSearch 3.0"),
            ("es-5", "Elasticsearch 5.0"),
        ] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), shown, "{text}");
        }
        for wrong in ["", "7.10", "ES", "solr 8", "ES seven", "ES 7.y"] {
            assert_eq!(wrong.parse::<Version>(), Err(VersionError), "{wrong}");
        }
    }

    #[test]
    fn answers() {
        let answer = |text: &str| Version::in_answer(text.as_bytes()).map(|version| version.to_string());
        let old = r#"{"status":200,"version":{"number":"1.7.6"},"tagline":"You Know, for Search"}"#;
        assert_eq!(answer(old).as_deref(), Some("Elasticsearch 1.7"));
        let new = r#"{"version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"x"}"#;
        assert_eq!(answer(new).as_deref(), Some("OpenSearch 2.19"));
        assert_eq!(answer(r#"{"version":{"number":"9.0"},"tagline":"nginx"}"#), None);
        assert_eq!(answer("<html>"), None);
    }
}
