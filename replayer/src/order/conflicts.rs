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
    /// Mostly a single one each: a map for each would cost more than the document.
    documents: HashMap<DocumentKey, SmallVec<[(u64, Touch); 1]>>,
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

#[derive(Debug, Default)]
struct Touching(BTreeMap<u64, Touch>);

impl Touching {
    /// A request that touches a place in two ways counts as what holds more.
    fn insert(&mut self, number: u64, mut touch: Touch) {
        if let Some(same) = self.0.get_mut(&number) {
            same.access = same.access.max(touch.access);
            same.covers |= touch.covers;
            return;
        }
        touch.latest_end_before = latest_end(self.0.values().next_back());
        self.0.insert(number, touch);
    }

    fn before(&self, access: Access, first: i64, found: impl FnMut(u64)) {
        look_back(self.0.iter().rev().map(|(number, touch)| (*number, touch)), access, first, found);
    }
}

fn latest_end(last: Option<&Touch>) -> i64 {
    last.map_or(i64::MIN, |last| last.latest_end_before.max(last.end))
}

/// Those that an access which began at `first` has to wait for, of a list from the latest back.
fn look_back<'a>(
    touching: impl Iterator<Item = (u64, &'a Touch)>,
    access: Access,
    first: i64,
    mut found: impl FnMut(u64),
) {
    for (number, touch) in touching {
        let conflict = access == Access::Write || touch.access == Access::Write;
        if !conflict || touch.end > first {
            continue;
        }
        found(number);
        if touch.covers && touch.latest_end_before <= touch.first {
            return;
        }
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
                        let touching = document.iter().rev().map(|(number, touch)| (*number, touch));
                        look_back(touching, *access, first, &mut found);
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
                        let document = index.documents.entry(*key).or_default();
                        let latest_end_before = latest_end(document.last().map(|(_, last)| last));
                        document.push((number, Touch { latest_end_before, ..touch(true) }));
                    }
                }
            }
        }
    }

    /// It is complete, or nobody is to wait for it any more.
    pub(super) fn remove(&mut self, number: u64, footprint: &Footprint) {
        for (_, place) in &footprint.0 {
            self.cluster.0.remove(&number);
            self.cursors.0.remove(&number);
            self.anywhere.0.remove(&number);
            let (name, keys): (_, &[DocumentKey]) = match place {
                Place::Cluster | Place::Cursors => continue,
                Place::Index(name) => (name, &[]),
                Place::Documents(name, keys) => (name, keys),
            };
            let Some(index) = self.indices.get_mut(name) else { continue };
            index.any.0.remove(&number);
            index.whole.0.remove(&number);
            for key in keys {
                if let Some(document) = index.documents.get_mut(key) {
                    document.retain(|(other, _)| *other != number);
                    if document.is_empty() {
                        index.documents.remove(key);
                    }
                }
            }
            if index.any.0.is_empty() {
                self.indices.remove(name);
            }
        }
    }
}
