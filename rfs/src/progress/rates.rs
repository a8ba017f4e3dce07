//! How fast things go, over the last looks.

use std::collections::BTreeMap;
use std::time::Instant;

use switchover_coordinate::Overview;

/// What the newest rate counts in the one that is shown.
const NEWEST: f64 = 0.3;

/// Rates a second.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// Documents of this process.
    pub(super) documents: f64,
    /// Bytes of their sources.
    pub(super) source_bytes: f64,
    /// Bytes of the snapshot's files, of all workers.
    pub(super) all: f64,
    /// The same by index.
    groups: BTreeMap<String, f64>,
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    at: Instant,
    here: (u64, u64),
    all: u64,
    groups: BTreeMap<String, u64>,
}

impl Rates {
    /// `here`: documents of this process and bytes of their sources so far.
    pub(super) fn note(&mut self, here: (u64, u64), overview: &Overview) {
        let now = Instant::now();
        let groups: BTreeMap<_, _> =
            overview.groups.iter().map(|(name, group)| (name.clone(), group.bytes)).collect();
        if let Some(last) = &self.last {
            let seconds = now.duration_since(last.at).as_secs_f64().max(0.001);
            let rate = |before: f64, now: u64, last: u64| {
                before * (1.0 - NEWEST) + (now.saturating_sub(last)) as f64 / seconds * NEWEST
            };
            self.documents = rate(self.documents, here.0, last.here.0);
            self.source_bytes = rate(self.source_bytes, here.1, last.here.1);
            self.all = rate(self.all, overview.all.bytes, last.all);
            let of = |(name, &bytes): (&String, &u64)| {
                let before = self.groups.get(name).copied().unwrap_or_default();
                let last = last.groups.get(name).copied().unwrap_or_default();
                (name.clone(), rate(before, bytes, last))
            };
            self.groups = groups.iter().map(of).collect();
        }
        self.last = Some(Last { at: now, here, all: overview.all.bytes, groups });
    }

    /// Of an index, in bytes of the snapshot's files.
    pub(super) fn of(&self, group: &str) -> f64 {
        self.groups.get(group).copied().unwrap_or_default()
    }
}
