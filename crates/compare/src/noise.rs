//! Noise that is learnt: what differs between two answers of the *source* to the same request says nothing when it
//! differs on the target.
//!
//! The last answers to repeated reads are kept; when one is asked again and no write was captured in between, both
//! answers are compared by the same rules as a pair, and the places that differ are noise for this class of calls from
//! then on. A number that counts, an id, a status, an error and a user's document are never noise, whatever was seen.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::json::{Kind, Value};
use switchover_rest::Class;

/// Answers kept to compare the next one with.
pub const MAX_REMEMBERED_ANSWERS: usize = 1024;
/// Answers longer than this are not kept, so that all of them take 16 MiB at most.
pub const MAX_REMEMBERED_BYTES: usize = 16 * 1024;
/// Repetitions of one request that are compared.
const MAX_REPETITIONS: u32 = 8;
/// Places that are noise; further ones are not learnt.
pub const MAX_NOISE_PATHS: usize = 1000;
/// Places that one pair of answers may teach.
pub(crate) const MAX_PATHS_PER_PAIR: usize = 100;
/// Nothing is learnt this soon after a write: what it wrote may become visible between two answers.
pub const QUIET_AFTER_WRITE_NS: i64 = 5_000_000_000;

/// Last parts of a path that are never noise.
const NEVER: [&str; 16] = [
    "_id", "_index", "id", "index", "key", "status", "result", "type", "error", "errors", "found", "hits",
    "created", "updated", "deleted", "value",
];

/// What was learnt, and what it is learnt from.
#[derive(Debug, Default)]
pub struct Noise {
    paths: BTreeSet<(Class, String)>,
    answers: HashMap<u64, Remembered>,
    order: VecDeque<u64>,
    last_write_ns: Option<i64>,
}

#[derive(Debug)]
struct Remembered {
    body: Vec<u8>,
    repetitions: u32,
}

impl Noise {
    /// Whether a value at this place is noise.
    #[must_use]
    pub fn contains(&self, class: Class, path: &str) -> bool {
        // Rarely anything is: then nothing is copied to ask.
        !self.paths.is_empty() && self.paths.contains(&(class, path.to_owned()))
    }

    /// What was learnt so far.
    pub fn paths(&self) -> impl Iterator<Item = (Class, &str)> {
        self.paths.iter().map(|(class, path)| (*class, path.as_str()))
    }

    /// A write was captured at this time: answers from before it are no measure for those behind it.
    pub(crate) fn write(&mut self, at_ns: i64) {
        self.last_write_ns = self.last_write_ns.max(Some(at_ns));
        self.answers.clear();
        self.order.clear();
    }

    /// Keeps the answer to a read, and gives the one before it to compare with.
    pub(crate) fn remember(&mut self, request: u64, body: &[u8], at_ns: i64) -> Option<Vec<u8>> {
        let quiet =
            self.last_write_ns.is_none_or(|write| at_ns.saturating_sub(write) >= QUIET_AFTER_WRITE_NS);
        if body.len() > MAX_REMEMBERED_BYTES || !quiet {
            return None;
        }
        if let Some(before) = self.answers.get_mut(&request) {
            if before.repetitions >= MAX_REPETITIONS {
                return None;
            }
            before.repetitions += 1;
            return Some(std::mem::replace(&mut before.body, body.to_vec()));
        }
        if self.answers.len() >= MAX_REMEMBERED_ANSWERS
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.order.push_back(request);
        self.answers.insert(request, Remembered { body: body.to_vec(), repetitions: 0 });
        None
    }

    pub(crate) fn learn(&mut self, class: Class, paths: Vec<String>) {
        for path in paths {
            if self.paths.len() < MAX_NOISE_PATHS {
                self.paths.insert((class, path));
            }
        }
    }
}

/// Identifies a request by its method, target and body.
pub(crate) fn fingerprint(method: &str, path: &str, query: Option<&str>, body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (method, path, query, body).hash(&mut hasher);
    hasher.finish()
}

/// Whether a differing value at this place could be noise at all.
pub(crate) fn may_be_noise(path: &str, source: Option<Value<'_>>, target: Option<Value<'_>>) -> bool {
    let (Some(source), Some(target)) = (source, target) else { return false };
    let name = path.rsplit('.').find(|part| *part != "*").unwrap_or_default();
    let counts = name.contains("count") || name.contains("total") || name.starts_with("num");
    let metric =
        name == "value" && !source.is_integer() && !target.is_integer() && source.kind() == Kind::Number;
    let inside_error = path.split('.').any(|part| part == "error");
    !counts && !inside_error && (metric || !NEVER.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_a_write_ends_it() {
        let mut noise = Noise::default();
        for request in 0..10_000 {
            assert!(noise.remember(request, b"{}", 0).is_none());
        }
        assert_eq!(
            (noise.answers.len(), noise.order.len()),
            (MAX_REMEMBERED_ANSWERS, MAX_REMEMBERED_ANSWERS)
        );
        assert!(noise.remember(9_999, b"{}", 0).is_some());
        assert!(noise.remember(1, &vec![b' '; MAX_REMEMBERED_BYTES + 1], 0).is_none());
        noise.write(7);
        assert!(noise.answers.is_empty() && noise.order.is_empty());
        assert!(noise.remember(1, b"{}", 7 + QUIET_AFTER_WRITE_NS - 1).is_none() && noise.answers.is_empty());
        assert!(noise.remember(1, b"{}", 7 + QUIET_AFTER_WRITE_NS).is_none() && noise.answers.len() == 1);
        noise.learn(Class::Search, (0..5000).map(|at| at.to_string()).collect());
        assert_eq!(noise.paths().count(), MAX_NOISE_PATHS);
    }

    #[test]
    fn a_request_is_compared_with_its_repetitions_a_few_times() {
        let mut noise = Noise::default();
        let compared = (0..100).filter(|_| noise.remember(1, b"{}", 0).is_some()).count();
        assert_eq!(compared, MAX_REPETITIONS as usize);
    }
}
