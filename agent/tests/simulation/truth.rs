//! What really happened, kept beside the product, and the rules that must hold.
//!
//! It learns of entries by reading the log as the shipper does, of stored records and acknowledgements from the broker,
//! of answers from the clients. The first rule that is broken ends the run.

use crate::disk::SimDisk;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use switchover_agent::record_view;
use switchover_capture::log::{Entry, EntryKind, Gap};

/// Bytes of an entry beside its payload.
const ENTRY_HEAD_BYTES: u64 = 13;

/// Connection and number.
pub type Identity = (String, u64);

/// One record, wherever it is.
#[derive(Debug)]
struct Record {
    payload: Vec<u8>,
    sequence: u64,
    /// When Kafka stored it first.
    stored_ms: Option<i64>,
    stored_in: u32,
    /// A power cut took it before it was durable.
    forgiven: bool,
    /// A write was answered as durable that is in it.
    promised: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Truth {
    pub violation: Option<String>,
    /// The log as it can be read, less deleted segments.
    log: BTreeMap<u64, Entry>,
    records: HashMap<Identity, Record>,
    /// Numbers of each connection in the order of the log, and how many of them Kafka has passed.
    order: HashMap<String, (Vec<u64>, usize)>,
    /// Which record a write is in.
    writes: HashMap<u64, Identity>,
    answered: BTreeSet<u64>,
    life: u32,
    /// This life's entries begin here.
    pub life_from: u64,
    pub appended: u64,
    pub gap_records: u64,
    pub gaps: u64,
    /// Tokens that Kafka acknowledged in this life.
    acked: BTreeSet<u64>,
    /// Entries of earlier lives that were claimed to be durable, and how far this life's claim goes.
    claimed: BTreeSet<u64>,
    pub claimed_below: u64,
    /// The checkpoint as this life found it.
    pub resumed_at: u64,
    /// As the file says it.
    checkpoint: u64,
    /// Records created since are known from asking Kafka.
    pub asked_since_ms: Option<i64>,
    pub duplicates: u64,
}

impl Truth {
    pub fn broken(&mut self, rule: impl Into<String>) {
        self.violation.get_or_insert(rule.into());
    }

    /// An entry that a reader of the growing log sees.
    pub fn saw(&mut self, entry: Entry) {
        if entry.sequence < self.checkpoint {
            return self
                .broken(format!("entry {} is new, the checkpoint is {}", entry.sequence, self.checkpoint));
        }
        if entry.kind == EntryKind::Gap {
            self.gaps += 1;
            match Gap::decode_payload(entry.payload.clone()) {
                Ok(gap) => self.gap_records += gap.records,
                Err(error) => self.broken(format!("a gap can't be read: {error}")),
            }
        } else {
            self.appended += 1;
            let Some(identity) = identity(&entry.payload) else {
                return self.broken(format!("entry {} has no identity", entry.sequence));
            };
            for write in marks(&entry.payload) {
                self.writes.insert(write, identity.clone());
            }
            let numbers = &mut self.order.entry(identity.0.clone()).or_default().0;
            if numbers.last().is_some_and(|last| *last >= identity.1) {
                let rule = format!("{identity:?} is in the log behind {numbers:?}");
                return self.broken(rule);
            }
            numbers.push(identity.1);
            let record = Record {
                payload: entry.payload.to_vec(),
                sequence: entry.sequence,
                stored_ms: None,
                stored_in: 0,
                forgiven: false,
                promised: false,
            };
            if self.records.insert(identity.clone(), record).is_some() {
                return self.broken(format!("{identity:?} is in the log twice"));
            }
        }
        self.log.insert(entry.sequence, entry);
    }

    /// A write is answered. `durable` when a power cut must not lose it.
    pub fn answered(&mut self, write: u64, durable: bool, disk: &SimDisk) {
        self.answered.insert(write);
        let Some(record) = self.writes.get(&write).and_then(|identity| self.records.get_mut(identity)) else {
            return self.broken(format!("write {write} is answered and not in the log"));
        };
        if !durable {
            return;
        }
        record.promised = true;
        let sequence = record.sequence;
        let on_disk =
            self.log.get(&sequence).is_some_and(|entry| disk.is_durable(&entry.segment, end(entry)));
        if record.stored_ms.is_none() && !on_disk {
            self.broken(format!(
                "write {write} (entry {sequence}) is answered and neither in kafka nor on disk"
            ));
        }
    }

    /// Kafka stored a record.
    pub fn stored(&mut self, payload: &[u8], sequence: u64, created_ms: i64) {
        let Some(identity) = identity(payload) else { return self.broken("kafka got no record") };
        let Some(record) = self.records.get_mut(&identity) else {
            return self.broken(format!("kafka got {identity:?}, which was never appended"));
        };
        if record.payload != payload {
            return self.broken(format!("kafka got {identity:?} with other bytes than were appended"));
        }
        if let Some(first_ms) = record.stored_ms {
            self.duplicates += 1;
            let known =
                record.stored_in < self.life && self.asked_since_ms.is_some_and(|since| first_ms >= since);
            let why = if self.acked.contains(&sequence) {
                "though it was acknowledged"
            } else if sequence < self.resumed_at {
                "though it is below the checkpoint"
            } else if known {
                "though kafka was asked for it"
            } else {
                return;
            };
            return self.broken(format!("kafka got {identity:?} (entry {sequence}) twice, {why}"));
        }
        (record.stored_ms, record.stored_in) = (Some(created_ms), self.life);
        let (numbers, passed) = self.order.entry(identity.0.clone()).or_default();
        while let Some(next) = numbers.get(*passed).copied() {
            *passed += 1;
            if next == identity.1 {
                return;
            }
            if !self.records.get(&(identity.0.clone(), next)).is_some_and(|record| record.forgiven) {
                return self.broken(format!("kafka got {identity:?} before number {next}"));
            }
        }
        self.broken(format!("kafka got {identity:?} after later ones"));
    }

    pub fn acked(&mut self, sequence: u64) {
        self.acked.insert(sequence);
    }

    /// Records of this life that Kafka acknowledged.
    pub fn delivered(&self) -> u64 {
        self.acked.range(self.life_from..).count() as u64
    }

    /// Whether nothing needs this entry any more.
    fn is_settled(&self, entry: &Entry) -> bool {
        entry.kind == EntryKind::Gap
            || identity(&entry.payload)
                .and_then(|identity| self.records.get(&identity))
                .is_some_and(|record| record.stored_ms.is_some() || record.forgiven)
    }

    /// The checkpoint file says this.
    pub fn checkpoint(&mut self, acked_below: u64) {
        self.checkpoint = acked_below;
        let missing = self.log.range(..acked_below).find(|(_, entry)| !self.is_settled(entry));
        if let Some((sequence, _)) = missing {
            self.broken(format!("the checkpoint is {acked_below} and kafka does not have entry {sequence}"));
        }
    }

    pub fn removed(&mut self, segment: &Path) {
        let gone = self.log.iter().filter(|(_, entry)| *entry.segment == *segment);
        let gone: Vec<_> = gone.map(|(sequence, entry)| (*sequence, self.is_settled(entry))).collect();
        for (sequence, settled) in gone {
            if !settled {
                self.broken(format!("entry {sequence} is deleted and not in kafka"));
            }
            self.log.remove(&sequence);
        }
    }

    /// The process is gone and another one read this from the log that it opened.
    pub fn reopened(&mut self, power_cut: bool, entries: Vec<Entry>, next: u64) {
        for write in &self.answered {
            if !self.writes.contains_key(write) {
                return self
                    .broken(format!("write {write} was answered and is not in the log after a crash"));
            }
        }
        let before = std::mem::take(&mut self.log);
        let mut readable = BTreeSet::new();
        for entry in entries {
            if entry.kind == EntryKind::Record {
                let Some(identity) = identity(&entry.payload) else {
                    return self
                        .broken(format!("entry {} was recovered and has no identity", entry.sequence));
                };
                match self.records.get_mut(&identity) {
                    None => return self.broken(format!("{identity:?} was recovered and never appended")),
                    Some(record) if record.payload != entry.payload => {
                        return self.broken(format!("{identity:?} was recovered with other bytes"));
                    }
                    Some(record) => record.forgiven = false,
                }
                readable.insert(identity);
            }
            self.log.insert(entry.sequence, entry);
        }
        let mut claimed = BTreeSet::new();
        for (sequence, entry) in before {
            let Some(identity) = identity(&entry.payload).filter(|_| entry.kind == EntryKind::Record) else {
                continue;
            };
            let was_claimed = sequence < self.claimed_below || self.claimed.contains(&sequence);
            let Some(record) = self.records.get_mut(&identity) else { continue };
            if readable.contains(&identity) {
                if was_claimed {
                    claimed.insert(sequence);
                }
            } else if record.stored_ms.is_none() {
                record.forgiven = true;
                let why = match (power_cut, was_claimed, record.promised) {
                    (false, _, _) => "by the end of the process",
                    (true, true, _) => "by a power cut, though fsync had said that it was durable",
                    (true, _, true) => "by a power cut, though its write was answered as durable",
                    (true, false, false) => continue,
                };
                return self.broken(format!("entry {sequence} {identity:?} is lost {why}"));
            }
        }
        self.claimed = claimed;
        self.claimed_below = 0;
        self.acked.clear();
        self.life += 1;
        self.life_from = next;
        (self.appended, self.gap_records, self.gaps, self.asked_since_ms) = (0, 0, 0, None);
    }

    /// All is healed and shipped: what was answered is in Kafka.
    pub fn at_the_end(&mut self) {
        let lost = self.records.iter().find(|(_, record)| record.stored_ms.is_none() && !record.forgiven);
        if let Some((identity, record)) = lost {
            let sequence = record.sequence;
            self.broken(format!("{identity:?} (entry {sequence}) never came to kafka"));
        }
        let unknown = self.answered.iter().find(|write| !self.writes.contains_key(write)).copied();
        if let Some(write) = unknown {
            self.broken(format!("write {write} was answered and is nowhere"));
        }
    }

    pub fn stored_records(&self) -> usize {
        self.records.values().filter(|record| record.stored_ms.is_some()).count()
    }
}

fn end(entry: &Entry) -> u64 {
    entry.offset + ENTRY_HEAD_BYTES + entry.payload.len() as u64
}

pub fn identity(payload: &[u8]) -> Option<Identity> {
    let connection = record_view::connection_id(payload)?;
    let (number, _) = record_view::number_and_node(payload)?;
    Some((connection.to_owned(), number))
}

/// A write's body names it, so that its record can be found.
pub fn mark(write: u64) -> String {
    format!("<W{write:08}>")
}

fn marks(payload: &[u8]) -> Vec<u64> {
    let starts = payload.windows(2).enumerate().filter(|(_, window)| *window == b"<W").map(|(at, _)| at);
    let digits = starts.filter_map(|at| std::str::from_utf8(payload.get(at + 2..at + 10)?).ok());
    digits.filter_map(|digits| digits.parse().ok()).collect()
}
