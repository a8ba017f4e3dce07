//! The processes that work, as they say it themselves.
//!
//! A process that begins creates a document; the place of that creation among all changes of the index is its number, so
//! all processes agree on who came first without a clock.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::board::Board;
use crate::clock::unix_ms;
use crate::error::CoordinationError;
use crate::item::Kind;
use crate::replay::ReplaySaid;
use crate::store::Change;

/// Members that are looked at; far more than work well on one target.
const MAX_MEMBERS: usize = 1000;
/// Characters of a reason; what is longer is cut, so that a member's document stays small.
const MAX_REASON_CHARS: usize = 500;
/// Items that a member tells that it works on.
const MAX_ITEMS: usize = 16;

/// What a member does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// It opens its input and the target.
    #[default]
    Starting,
    /// It loads, or replays.
    Working,
    /// It has nothing to do: others hold what is left, or all is done.
    Waiting,
    /// It can't go on for now.
    Blocked,
    /// It was told to pause, and does nothing.
    Paused,
    /// It is one too many, or nothing was started yet.
    Idle,
    /// It ended in order.
    Ended,
    /// Another member found it silent.
    Lost,
}

impl MemberState {
    /// One lower-case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::Idle => "idle",
            Self::Ended => "ended",
            Self::Lost => "lost",
        }
    }

    /// It takes part, as opposed to one that stands by.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Starting | Self::Working | Self::Waiting | Self::Blocked)
    }
}

/// Who a member is. Does not change while it lives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Of this process alone, on all hosts and for all time.
    pub name: String,
    /// The host's name.
    pub host: String,
    /// The process's id there.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// It stays when all is done and follows what the operator wants, also the scale.
    pub follows: bool,
    /// How often it gives a sign of life.
    pub beat_interval_ms: u64,
}

/// What a member says of itself at a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// What it does.
    pub state: MemberState,
    /// Why it does not work, if it doesn't.
    pub reason: Option<String>,
    /// Ids of the items that it holds; not all, when they are many.
    pub items: Vec<String>,
    /// Documents that it has indexed.
    pub documents: u64,
    /// Bytes of their sources.
    pub source_bytes: u64,
    /// Documents a second, over the last beats.
    pub documents_per_second: f64,
    /// Bytes of sources a second, over the last beats.
    pub source_bytes_per_second: f64,
    /// Of all members, in bytes as [`crate::Progress`] counts them, a second.
    pub all_bytes_per_second: f64,
    /// What only a replayer has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplaySaid>,
}

/// A member as the board knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who it is.
    #[serde(flatten)]
    pub identity: Identity,
    /// Its number: lower ones began earlier.
    #[serde(default)]
    pub registered: i64,
    /// Counted up, so that it is seen to live.
    pub beat: u64,
    /// What it said last.
    #[serde(flatten)]
    pub said: Said,
    /// When it began, by its own clock: milliseconds since 1970, for people.
    pub started_unix_ms: u64,
    /// When it said so, by its own clock.
    pub at_unix_ms: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredMember {
    kind: Kind,
    #[serde(flatten)]
    pub(crate) member: Member,
}

/// The right to speak as a member.
#[derive(Debug)]
pub struct Membership {
    board: Board,
    member: Member,
}

impl Board {
    /// Makes a process a member.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub async fn register(&self, identity: Identity) -> Result<Membership, CoordinationError> {
        let now = unix_ms();
        let mut member = Member { identity, started_unix_ms: now, at_unix_ms: now, ..Member::default() };
        let stored = StoredMember { kind: Kind::Worker, member: member.clone() };
        member.registered = self.store.add(&id_of(&member.identity.name), &stored).await?.seq_no;
        let mut membership = Membership { board: self.clone(), member };
        // So that others see its number, too.
        membership.say(Said::default()).await?;
        Ok(membership)
    }

    /// Members that did not end and were not found lost, in the order in which they began, as of the last refresh.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn members(&self) -> Result<Vec<Member>, CoordinationError> {
        let over = json!({"terms": {"state": [MemberState::Ended, MemberState::Lost]}});
        let query = json!({"bool": {"filter": {"term": {"kind": Kind::Worker}}, "must_not": over}});
        // A member's number is written a moment after it began; until then it counts as the last one.
        let sort = json!([{"registered": {"order": "asc", "missing": "_last"}}]);
        let body = json!({"size": MAX_MEMBERS, "query": query, "sort": sort});
        let found = self.store.search::<StoredMember>(body).await?;
        Ok(found.into_iter().map(|found| found.source.member).collect())
    }

    /// The member, straight from its document.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn member(&self, name: &str) -> Result<Option<Member>, CoordinationError> {
        Ok(self.store.get::<StoredMember>(&id_of(name)).await?.map(|found| found.source.member))
    }

    /// Notes that a member is silent, unless it has said something since `seen`.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn note_lost(&self, seen: &Member) -> Result<bool, CoordinationError> {
        let id = id_of(&seen.identity.name);
        let Some(found) = self.store.get::<StoredMember>(&id).await? else { return Ok(false) };
        if found.source.member.beat != seen.beat {
            return Ok(false);
        }
        let change = self.store.change(&id, found.place, json!({"state": MemberState::Lost})).await?;
        Ok(change != Change::Conflict)
    }
}

impl Membership {
    /// Its number: lower ones began earlier.
    #[must_use]
    pub fn registered(&self) -> i64 {
        self.member.registered
    }

    /// A sign of life, with what it does.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub async fn say(&mut self, mut said: Said) -> Result<(), CoordinationError> {
        if let Some(reason) = &mut said.reason {
            shorten(reason);
        }
        said.items.truncate(MAX_ITEMS);
        if let Some(replay) = &mut said.replay {
            replay.shorten();
        }
        self.member.beat += 1;
        self.member.at_unix_ms = unix_ms();
        self.member.said = said;
        let stored = StoredMember { kind: Kind::Worker, member: self.member.clone() };
        self.board.store.put(&id_of(&self.member.identity.name), &stored).await
    }
}

/// Cuts a text that is too long for a member's document.
pub(crate) fn shorten(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(MAX_REASON_CHARS) {
        text.truncate(at);
    }
}

/// The host's name, as members say it of themselves.
#[must_use]
pub fn host_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    if host.is_empty() { "worker".to_owned() } else { host.to_owned() }
}

/// Of this process alone: members tell each other apart by it.
#[must_use]
pub fn process_name() -> String {
    format!("{}-{}-{:x}", host_name(), std::process::id(), unix_ms())
}

fn id_of(name: &str) -> String {
    format!("worker:{name}")
}
