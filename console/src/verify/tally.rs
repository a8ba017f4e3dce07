//! What came of the documents of one index of the target.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// Documents that are kept of each kind; the report names some of them.
pub(super) const MAX_EXAMPLES: usize = 1000;
/// Problems that are told of one index.
const MAX_PROBLEMS: usize = 5;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) same: u64,
    pub(super) different: Kind,
    pub(super) missing: Kind,
    /// `None`: not known, as not everything could be compared.
    pub(super) extra: Option<Kind>,
    /// Documents that the source has otherwise since they were read: not judged.
    pub(super) written: u64,
    /// Documents that could not be compared.
    pub(super) not_comparable: u64,
    /// Why, with how many documents.
    pub(super) problems: BTreeMap<String, u64>,
    /// Hashes of the target's documents that answered: 8 bytes each, which is what a comparison needs of memory.
    #[serde(with = "super::hashes")]
    pub(super) answered: Vec<u64>,
}

/// How many there are of a kind, and some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    pub(super) count: u64,
    pub(super) examples: Vec<Example>,
}

/// A document that is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Example {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) routing: Option<String>,
    /// Where the first difference is: a JSON pointer, or `_routing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
}

impl Kind {
    pub(super) fn add(&mut self, id: &str, routing: Option<&str>, at: Option<String>) {
        self.count += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(Example { id: id.to_owned(), routing: routing.map(str::to_owned), at });
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        let room = MAX_EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }
}

impl Tally {
    /// A document that could not be compared, and why.
    pub(super) fn problem(&mut self, why: String) {
        self.not_comparable += 1;
        if self.problems.len() < MAX_PROBLEMS || self.problems.contains_key(&why) {
            *self.problems.entry(why).or_default() += 1;
        }
    }

    /// Adds what came of a batch.
    pub(super) fn merge(&mut self, other: Self) {
        self.same += other.same;
        self.written += other.written;
        self.different.merge(other.different);
        self.missing.merge(other.missing);
        self.not_comparable += other.not_comparable;
        for (why, documents) in other.problems {
            if self.problems.len() < MAX_PROBLEMS || self.problems.contains_key(&why) {
                *self.problems.entry(why).or_default() += documents;
            }
        }
        self.answered.extend(other.answered);
    }

    /// Documents of the source.
    pub(super) fn documents(&self) -> u64 {
        self.same + self.different.count + self.missing.count + self.written + self.not_comparable
    }

    /// Puts the hashes in order, each once: then [`Tally::has_answered`] may be asked.
    pub(super) fn settle(&mut self) -> u64 {
        self.answered.sort_unstable();
        self.answered.dedup();
        self.answered.len() as u64
    }

    pub(super) fn has_answered(&self, document: u64) -> bool {
        self.answered.binary_search(&document).is_ok()
    }
}

/// A document of the target: its concrete index, its id and its routing. Two of `n` documents have the same hash with a
/// probability of about `n * n / 2^65`; then one that is extra may be taken for one that answered.
pub(super) fn hash(index: &str, id: &str, routing: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (index, id, routing).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_of_each_name_a_few() {
        let mut all = Tally::default();
        for batch in 0..100 {
            let mut one = Tally { same: 10, ..Tally::default() };
            for n in 0..100 {
                one.missing.add(&format!("{batch}-{n}"), None, None);
                one.different.add("d", Some("r"), Some("/a".to_owned()));
                one.problem(format!("why {n}"));
                one.answered.push(hash("i", &format!("{n}"), None));
            }
            all.merge(one);
        }
        assert_eq!((all.missing.count, all.different.count, all.not_comparable), (10_000, 10_000, 10_000));
        assert_eq!(all.documents(), 31_000);
        assert_eq!((all.missing.examples.len(), all.problems.len()), (MAX_EXAMPLES, MAX_PROBLEMS));
        assert_eq!(all.settle(), 100, "each document of the target once");
        assert!(all.has_answered(hash("i", "7", None)) && !all.has_answered(hash("i", "7", Some("7"))));
    }
}
