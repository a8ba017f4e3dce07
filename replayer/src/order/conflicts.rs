//! Who has to wait for whom, among the requests that have begun and are not complete.
//!
//! Each place that is touched keeps those that touch it, in the order in which they began. Who comes later looks through
//! them from the latest back, and stops at a write of the whole place that itself waits for everything further back: so a
//! thousand writes in a row are a chain, not a thousand that each wait for all before.

use std::collections::{BTreeMap, HashMap};

use smallvec::SmallVec;

use crate::footprint::{Access, DocumentKey, Footprint, Place};

/// Requests by what they touch.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    /// Those that touch all indices.
    cluster: Touching,
    cursors: Touching,
    /// Those that touch any index.
    anywhere: Touching,
    indices: HashMap<Box<str>, Index>,
}

#[derive(Debug, Default)]
struct Index {
    /// Those that touch all of it.
    whole: Touching,
    /// Those that touch any of it.
    any: Touching,
    documents: HashMap<DocumentKey, OfDocument>,
}

/// One request at one place.
#[derive(Debug, Clone, Copy)]
struct Touch {
    access: Access,
    /// When it began and ended on the source.
    first: i64,
    end: i64,
    /// A write of all that others in the same list touch.
    covers: bool,
    /// Nobody before it in the list ended later.
    latest_end_before: i64,
}

/// Those that touch a place. Reads lie apart: there may be thousands of them, and other reads need not look at them.
#[derive(Debug, Default)]
struct Touching {
    reads: BTreeMap<u64, Touch>,
    writes: BTreeMap<u64, Touch>,
}

impl Touching {
    /// A request that touches a place in two ways counts as what holds more.
    fn insert(&mut self, number: u64, mut touch: Touch) {
        if let Some(same) = self.writes.get_mut(&number) {
            same.covers |= touch.covers;
            return;
        }
        let same = self.reads.remove(&number);
        let last = [self.reads.values().next_back(), self.writes.values().next_back()];
        touch.latest_end_before = latest_end(last);
        match touch.access.max(same.map_or(Access::Read, |same| same.access)) {
            Access::Read => self.reads.insert(number, touch),
            Access::Write => self.writes.insert(number, touch),
        };
    }

    fn remove(&mut self, number: u64) {
        if self.reads.remove(&number).is_none() {
            self.writes.remove(&number);
        }
    }

    fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }

    fn before(&self, access: Access, first: i64, found: impl FnMut(u64)) {
        let reads = self.reads.iter().rev().map(|(number, touch)| (*number, *touch));
        let writes = self.writes.iter().rev().map(|(number, touch)| (*number, *touch));
        look_back(reads, writes, access, first, found);
    }
}

/// Those that touch a document: mostly a single one, so that a map for each would cost more than the document.
#[derive(Debug, Default)]
struct OfDocument {
    reads: Vec<(u64, Touch)>,
    writes: SmallVec<[(u64, Touch); 1]>,
}

impl OfDocument {
    fn insert(&mut self, number: u64, mut touch: Touch) {
        if self.writes.last().is_some_and(|(last, _)| *last == number) {
            return;
        }
        let last = [self.reads.last(), self.writes.last()];
        touch.latest_end_before = latest_end(last.map(|last| last.map(|(_, touch)| touch)));
        match touch.access {
            Access::Read => self.reads.push((number, touch)),
            Access::Write => self.writes.push((number, touch)),
        }
    }

    fn remove(&mut self, number: u64) {
        self.reads.retain(|(other, _)| *other != number);
        self.writes.retain(|(other, _)| *other != number);
    }

    fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }

    fn before(&self, access: Access, first: i64, found: impl FnMut(u64)) {
        look_back(self.reads.iter().rev().copied(), self.writes.iter().rev().copied(), access, first, found);
    }
}

fn latest_end(last: [Option<&Touch>; 2]) -> i64 {
    last.into_iter().flatten().map(|last| last.latest_end_before.max(last.end)).max().unwrap_or(i64::MIN)
}

/// Those that an access which began at `first` has to wait for, of lists from the latest back.
fn look_back(
    reads: impl Iterator<Item = (u64, Touch)>,
    writes: impl Iterator<Item = (u64, Touch)>,
    access: Access,
    first: i64,
    mut found: impl FnMut(u64),
) {
    let mut covered = 0;
    for (number, touch) in writes.filter(|(_, touch)| touch.end <= first) {
        found(number);
        if touch.covers && touch.latest_end_before <= touch.first {
            covered = number;
            break;
        }
    }
    if access == Access::Write {
        let behind = reads.take_while(|(number, _)| *number >= covered);
        behind.filter(|(_, touch)| touch.end <= first).for_each(|(number, _)| found(number));
    }
}

impl Conflicts {
    /// Calls `found` with those that a request of this footprint has to wait for; some more than once, and not those
    /// that the ones found wait for anyway.
    pub(super) fn each(&self, footprint: &Footprint, first: i64, mut found: impl FnMut(u64)) {
        for (access, place) in &footprint.0 {
            match place {
                Place::Cluster => self.anywhere.before(*access, first, &mut found),
                Place::Cursors => self.cursors.before(*access, first, &mut found),
                Place::Index(name) => {
                    self.cluster.before(*access, first, &mut found);
                    if let Some(index) = self.indices.get(name) {
                        index.any.before(*access, first, &mut found);
                    }
                }
                Place::Documents(name, keys) => {
                    self.cluster.before(*access, first, &mut found);
                    let Some(index) = self.indices.get(name) else { continue };
                    index.whole.before(*access, first, &mut found);
                    for document in keys.iter().filter_map(|key| index.documents.get(key)) {
                        document.before(*access, first, &mut found);
                    }
                }
            }
        }
    }

    /// A request begins, with a number above all before.
    pub(super) fn insert(&mut self, number: u64, footprint: &Footprint, first: i64, end: i64) {
        for (access, place) in &footprint.0 {
            let touch = |whole| Touch {
                access: *access,
                first,
                end,
                covers: whole && *access == Access::Write,
                latest_end_before: i64::MIN,
            };
            match place {
                Place::Cursors => self.cursors.insert(number, touch(true)),
                Place::Cluster => {
                    self.cluster.insert(number, touch(true));
                    self.anywhere.insert(number, touch(true));
                }
                Place::Index(name) => {
                    self.anywhere.insert(number, touch(false));
                    let index = self.indices.entry(name.clone()).or_default();
                    index.whole.insert(number, touch(true));
                    index.any.insert(number, touch(true));
                }
                Place::Documents(name, keys) => {
                    self.anywhere.insert(number, touch(false));
                    let index = self.indices.entry(name.clone()).or_default();
                    index.any.insert(number, touch(false));
                    for key in keys {
                        index.documents.entry(*key).or_default().insert(number, touch(true));
                    }
                }
            }
        }
    }

    /// It is complete, or nobody is to wait for it any more.
    pub(super) fn remove(&mut self, number: u64, footprint: &Footprint) {
        for (_, place) in &footprint.0 {
            let (name, keys): (_, &[DocumentKey]) = match place {
                Place::Cursors => {
                    self.cursors.remove(number);
                    continue;
                }
                Place::Cluster => {
                    self.cluster.remove(number);
                    self.anywhere.remove(number);
                    continue;
                }
                Place::Index(name) => (name, &[]),
                Place::Documents(name, keys) => (name, keys),
            };
            self.anywhere.remove(number);
            let Some(index) = self.indices.get_mut(name) else { continue };
            index.any.remove(number);
            index.whole.remove(number);
            for key in keys {
                if let Some(document) = index.documents.get_mut(key) {
                    document.remove(number);
                    if document.is_empty() {
                        index.documents.remove(key);
                    }
                }
            }
            if index.any.is_empty() {
                self.indices.remove(name);
            }
        }
    }
}
