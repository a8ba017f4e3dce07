//! Items of work, as they are stored.

use serde::{Deserialize, Serialize};

/// How far an item is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Everything before it is done; what it counts is up to the work.
    pub cursor: u64,
    /// Documents that are done.
    pub documents: u64,
    /// Bytes that are done, of the item's size.
    pub bytes: u64,
    /// Documents that were refused and recorded elsewhere.
    #[serde(rename = "failedDocuments")]
    pub failed_documents: u64,
    /// Documents that were left out as the operator's rules say.
    #[serde(rename = "droppedDocuments", default)]
    pub dropped_documents: u64,
}

/// How an item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// All of it is done.
    Done,
    /// It can't be done, and why. Its progress stays.
    Failed(String),
    /// A person chose to go on without it, and why.
    Skipped(String),
}

/// Work that is to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem<U> {
    /// The same for the same work, so that posting twice is posting once. At most 512 bytes.
    pub id: String,
    /// Items of a phase wait for all of the phases before.
    pub phase: u8,
    /// What progress is summed up by: the name of an index.
    pub group: String,
    /// The part of the group that it belongs to, such as a shard's number, if it is of one.
    pub part: Option<u32>,
    /// What is to be done.
    pub unit: U,
    /// Bytes in all, as far as is known.
    pub size: u64,
}

/// Work that was leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<U> {
    /// As posted.
    pub id: String,
    /// As posted.
    pub group: String,
    /// As posted.
    pub unit: U,
    /// As posted.
    pub size: u64,
    /// How far an earlier holder came.
    pub progress: Progress,
    /// Leases of this item so far that ended without any progress, this one not counted.
    pub fruitless: u32,
}

/// The states of [`Stored`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Open,
    Done,
    Failed,
    Skipped,
}

/// A document of the coordination index that is an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored<U> {
    pub(crate) kind: Kind,
    /// What the board was about when the item was posted.
    pub(crate) subject: String,
    pub(crate) phase: u8,
    pub(crate) group: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<u32>,
    pub(crate) unit: U,
    pub(crate) size: u64,
    pub(crate) state: State,
    #[serde(flatten)]
    pub(crate) progress: Progress,
    pub(crate) held: bool,
    #[serde(default)]
    pub(crate) holder: Option<String>,
    #[serde(default)]
    pub(crate) fruitless: u32,
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// When it was ended, by its holder's clock: for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_unix_ms: Option<u64>,
}

/// What a document of the coordination index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Subject,
    Work,
    Worker,
    Desired,
    Start,
}

impl<U> Stored<U> {
    pub(crate) fn new(item: NewItem<U>, subject: &str) -> (String, Self) {
        let NewItem { id, phase, group, part, unit, size } = item;
        let stored = Self {
            kind: Kind::Work,
            subject: subject.to_owned(),
            phase,
            group,
            part,
            unit,
            size,
            state: State::Open,
            progress: Progress::default(),
            held: false,
            holder: None,
            fruitless: 0,
            error: None,
            ended_unix_ms: None,
        };
        (id, stored)
    }
}
