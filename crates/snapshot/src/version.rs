//! Versions as repositories write them.

use std::fmt;

/// Set in ids of OpenSearch, so that none is one of Elasticsearch.
const OPENSEARCH_BIT: u64 = 0x0800_0000;
/// From here on (8.11) Elasticsearch numbers formats of indices, not releases: 8.19 writes 8536000, 9.2 writes 9039001.
const FIRST_INDEX_VERSION: u64 = 8_500_000;

/// A version's number, such as `7100299` (Elasticsearch 7.10.2) or `136408127` (OpenSearch 2.19.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(pub u64);

impl VersionId {
    /// Whether it is one of OpenSearch.
    #[must_use]
    pub fn is_opensearch(self) -> bool {
        self.0 & OPENSEARCH_BIT != 0
    }

    /// `7.10.2`, where the number stands for a release.
    #[must_use]
    pub fn release(self) -> Option<String> {
        let id = self.0 & !OPENSEARCH_BIT;
        if !self.is_opensearch() && id >= FIRST_INDEX_VERSION {
            return None;
        }
        Some(format!("{}.{}.{}", id / 1_000_000, id / 10_000 % 100, id / 100 % 100))
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.release() {
            Some(release) if self.is_opensearch() => write!(f, "OpenSearch {release}"),
            Some(release) => write!(f, "Elasticsearch {release}"),
            None => write!(f, "Elasticsearch {}.x, index version {}", self.0 / 1_000_000, self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_real_servers() {
        for (id, expected) in [
            (1_070_699, "Elasticsearch 1.7.6"),
            (7_100_299, "Elasticsearch 7.10.2"),
            (0x0800_0000 ^ 2_190_499, "OpenSearch 2.19.4"),
            (8_518_000, "Elasticsearch 8.x, index version 8518000"),
        ] {
            assert_eq!(VersionId(id).to_string(), expected);
        }
    }
}
