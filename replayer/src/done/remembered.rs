//! The memory itself, and its lines.

use std::collections::{BTreeMap, HashSet};

use crate::captured::Captured;

/// A finished request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    partition: i32,
    /// Of the last of its records.
    offset: i64,
    who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Who {
    node_id: Box<str>,
    connection_id: Box<str>,
    index: u32,
}

impl Entry {
    /// `None` for what was not read from Kafka, or has a name that does not fit into a line: it is sent again.
    #[must_use]
    pub fn of(captured: &Captured) -> Option<Self> {
        let (partition, offset) = captured.hold.last_place()?;
        let who = Who {
            node_id: (*captured.node_id).into(),
            connection_id: (*captured.connection_id).into(),
            index: captured.index,
        };
        let fits = !who.node_id.contains(['\t', '\n']) && !who.connection_id.contains(['\t', '\n']);
        fits.then_some(Self { partition, offset, who })
    }

    pub(super) fn line(&self) -> String {
        let Self { partition, offset, who: Who { node_id, connection_id, index } } = self;
        format!("done\t{partition}\t{offset}\t{index}\t{node_id}\t{connection_id}\n")
    }
}

pub(super) fn commit_line(partition: i32, next: i64) -> String {
    format!("committed\t{partition}\t{next}\n")
}

pub(super) fn left_line(partition: i32) -> String {
    format!("left\t{partition}\t0\n")
}

/// What is finished and not committed.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// What whoever writes this is called in the group.
    pub(super) owner: String,
    by_offset: BTreeMap<(i32, i64), Vec<Who>>,
    who: HashSet<Who>,
    committed: BTreeMap<i32, i64>,
}

impl Remembered {
    /// Takes a line of the file. `None` when it is none.
    pub(super) fn line(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let kind = fields.next()?;
        if kind == "owner" {
            self.owner = fields.next()?.to_owned();
            return fields.next().is_none().then_some(());
        }
        let (partition, offset) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        match kind {
            "committed" => self.commit(partition, offset),
            "left" => self.forget(partition),
            "done" => {
                let index = fields.next()?.parse().ok()?;
                let (node_id, connection_id) = (fields.next()?.into(), fields.next()?.into());
                self.insert(Entry { partition, offset, who: Who { node_id, connection_id, index } });
            }
            _ => return None,
        }
        fields.next().is_none().then_some(())
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        let passed = self.committed.get(&entry.partition).is_some_and(|next| entry.offset < *next);
        if !passed && self.who.insert(entry.who.clone()) {
            self.by_offset.entry((entry.partition, entry.offset)).or_default().push(entry.who);
        }
    }

    pub(super) fn holds(&self, node_id: &str, connection_id: &str, index: u32) -> bool {
        // Nearly always empty: a run that was not cut off leaves nothing behind.
        !self.who.is_empty()
            && self.who.contains(&Who { node_id: node_id.into(), connection_id: connection_id.into(), index })
    }

    pub(super) fn commit(&mut self, partition: i32, next: i64) {
        self.committed.insert(partition, next);
        self.drop_below(partition, next);
    }

    pub(super) fn committed(&self, partition: i32) -> Option<i64> {
        self.committed.get(&partition).copied()
    }

    pub(super) fn forget(&mut self, partition: i32) {
        self.committed.remove(&partition);
        self.drop_below(partition, i64::MAX);
    }

    fn drop_below(&mut self, partition: i32, next: i64) {
        while let Some(entry) = self.by_offset.range((partition, i64::MIN)..(partition, next)).next() {
            let key = *entry.0;
            for who in self.by_offset.remove(&key).into_iter().flatten() {
                self.who.remove(&who);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.who.len() + self.committed.len()
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let committed = self.committed.iter().map(|(partition, next)| commit_line(*partition, *next));
        let done = self.by_offset.iter().flat_map(|((partition, offset), finished)| {
            let entry = |who: &Who| Entry { partition: *partition, offset: *offset, who: who.clone() }.line();
            finished.iter().map(entry)
        });
        let owner = (!self.owner.is_empty()).then(|| format!("owner\t{}\n", self.owner));
        owner.into_iter().chain(committed).chain(done)
    }
}
