//! Names that are known to be those of indices.

use std::collections::HashSet;

use super::Place;

/// The most names that are remembered; beyond it the others stand for the whole cluster.
const MAX_NAMES: usize = 100_000;

/// Indices that the source's answers have shown.
#[derive(Debug, Default)]
pub struct Names {
    indices: HashSet<Box<str>>,
}

impl Names {
    /// An answer has shown this index.
    pub fn learn(&mut self, index: &str) {
        if !self.indices.contains(index) && self.indices.len() < MAX_NAMES {
            self.indices.insert(index.into());
        }
    }

    /// The index is gone: its name may come back as an alias.
    pub fn forget(&mut self, name: &str) {
        if !self.indices.remove(name) {
            self.forget_all();
        }
    }

    /// Aliases have changed.
    pub fn forget_all(&mut self) {
        self.indices.clear();
    }

    /// What a name in a path may stand for.
    #[must_use]
    pub fn place(&self, name: &str) -> Place {
        if self.is_index(name) { Place::Index(name.into()) } else { Place::Cluster }
    }

    /// Whether it is the name of an index.
    #[must_use]
    pub fn is_index(&self, name: &str) -> bool {
        self.indices.contains(name)
    }
}

/// Whether a name is a single one, not a pattern, list, date expression or endpoint.
pub(super) fn is_plain(name: &str) -> bool {
    !name.starts_with(['_', '<', '-', '+']) && !name.contains(['*', ',', '%'])
}
