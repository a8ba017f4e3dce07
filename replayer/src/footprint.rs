//! What a request reads and writes, so that only requests that touch the same things have to keep their order.
//!
//! A name in a path may be an alias, a pattern or a data stream, and then says little about which documents are meant. So
//! a name counts as an index only once an answer of the source has shown it as one; every other name stands for the whole
//! cluster. What is not understood does too: too much order costs time, too little costs the data.

mod bulk_answer;
mod documents;
mod names;

pub(crate) use bulk_answer::each_item;
pub use names::Names;

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use crate::captured::Captured;
use crate::evaluate::request_line;
use documents::{bulk_items, document};
use switchover_rest::{Call, Class};

/// What a document of a footprint takes, here and in the order.
const DOCUMENT_BYTES: usize = 200;

/// Whether something is looked at or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Reads do not wait for reads.
    Read,
    /// Writes wait for whatever came before, and hold whatever comes after.
    Write,
}

/// Stands for a document's id. Two ids of one key only wait for each other without need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentKey(u64);

impl DocumentKey {
    /// The key of an id.
    #[must_use]
    pub fn of(id: &str) -> Self {
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(SEED.hash_one(id))
    }
}

/// What may be touched. A document is part of its index, an index of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// All indices.
    Cluster,
    /// All documents of an index, and the index itself.
    Index(Box<str>),
    /// Some documents of an index. None: new ones, of ids that nobody else knows.
    Documents(Box<str>, Vec<DocumentKey>),
    /// What searches hold open: scrolls, points in time, asynchronous searches. Their ids are the target's own, so who
    /// uses one waits for the answer that gave it.
    Cursors,
}

/// What a request touches, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footprint(pub Vec<(Access, Place)>);

impl Footprint {
    /// Waits for everything and holds everything.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![(Access::Write, Place::Cluster), (Access::Write, Place::Cursors)])
    }

    /// Whether nothing is changed.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.0.iter().all(|(access, _)| *access == Access::Read)
    }

    /// About what it takes in memory, the places in the order included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let documents = self.0.iter().map(|(_, place)| match place {
            Place::Documents(_, keys) => keys.len(),
            Place::Cluster | Place::Index(_) | Place::Cursors => 0,
        });
        documents.sum::<usize>() * DOCUMENT_BYTES
    }

    /// What a captured request touches; `names` is told what its answer shows.
    #[must_use]
    pub fn of(captured: &Captured, names: &mut Names) -> Self {
        let (method, target) = request_line(&captured.request.bytes);
        let Some(call) = Call::parse(method, target) else { return Self::everything() };
        let mutating = call.is_mutating();
        let access = if mutating { Access::Write } else { Access::Read };
        let places = match call.class() {
            _ if holds_cursors(&call) => return cursors(&call, names),
            Class::Bulk => bulk_places(captured, &call, names),
            Class::Get | Class::Index | Class::Update | Class::Delete => {
                vec![document(captured, &call, names)]
            }
            // Answers about the cluster are compared only when they are equal by chance: nothing is ordered by them.
            Class::Cat | Class::Cluster if !mutating => Vec::new(),
            // Without an index it may be of a point in time, which its body names.
            Class::Search if call.segments().next() == Some("_search") => {
                vec![Place::Cursors, Place::Cluster]
            }
            _ => vec![index_wide(&call, names)],
        };
        Self(places.into_iter().map(|place| (access, place)).collect())
    }
}

fn bulk_places(captured: &Captured, call: &Call<'_>, names: &mut Names) -> Vec<Place> {
    match bulk_items(captured, names) {
        Some(places) => places,
        // Without an answer nobody knows which documents it would have made.
        None => vec![call.segments().next().map_or(Place::Cluster, |name| names.place(name))],
    }
}

/// A call on all of an index, or on more.
fn index_wide(call: &Call<'_>, names: &mut Names) -> Place {
    let mut segments = call.segments();
    let Some(name) = segments.next() else { return Place::Cluster };
    let (second, third) = (segments.next(), segments.next());
    let place = match second {
        // Only an index can be made under this name.
        None if call.method == "PUT" && names::is_plain(name) => Place::Index(name.into()),
        // Each of its parts may name another index.
        Some("_msearch") => Place::Cluster,
        _ => names.place(name),
    };
    if call.is_mutating() {
        match (second, third) {
            (None, _) if call.method == "DELETE" => names.forget(name),
            (Some("_alias" | "_aliases" | "_rollover"), _) => names.forget_all(),
            _ if matches!(name, "_aliases" | "_data_stream" | "_snapshot") => names.forget_all(),
            _ => {}
        }
    }
    place
}

fn holds_cursors(call: &Call<'_>) -> bool {
    call.is_scroll()
        || call.segments().any(|segment| {
            matches!(segment, "_pit" | "point_in_time" | "_async_search" | "_asynchronous_search")
        })
}

/// Opening one reads its index; using and closing it does not touch the index any more.
fn cursors(call: &Call<'_>, names: &mut Names) -> Footprint {
    let mut places = vec![(Access::Write, Place::Cursors)];
    if !call.continues_scroll() {
        let name = call.segments().next().filter(|name| !name.starts_with('_'));
        places.push((Access::Read, name.map_or(Place::Cluster, |name| names.place(name))));
    }
    Footprint(places)
}

#[cfg(test)]
mod tests;
