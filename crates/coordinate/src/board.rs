//! The index that holds all work of one session.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchover_cluster::Cluster;

use crate::clock::unix_ms;
use crate::error::CoordinationError;
use crate::item::{Kind, NewItem, State, Stored};
use crate::store::Store;

const SUBJECT_ID: &str = "subject";

/// What the members of a board do. Each has an index of its own, the session's name follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// They load a snapshot, item by item.
    Backfill,
    /// They replay captured traffic, which their input divides among them.
    Replay,
}

impl Job {
    fn index(self) -> &'static str {
        match self {
            Self::Backfill => ".switchover_backfill",
            Self::Replay => ".switchover_replay",
        }
    }
}

/// What a session is about. Two workers work together only when theirs are equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Where from: repository and snapshot.
    pub from: String,
    /// Where to.
    pub to: String,
    /// Whatever else must be the same, such as the choice of indices.
    pub options: String,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.from, self.to)?;
        if self.options.is_empty() { Ok(()) } else { write!(f, " ({})", self.options) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredSubject {
    kind: Kind,
    subject: Subject,
    created_unix_ms: u64,
}

/// Where work is posted and leased. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Board {
    pub(crate) store: Store,
    /// What it is about; empty for those who only look on.
    pub(crate) subject: String,
}

impl Board {
    /// The board of a session of a backfill, without making or checking anything: for those who look on.
    ///
    /// # Errors
    /// When the name can't be a session's.
    pub fn of(cluster: Cluster, session: &str) -> Result<Self, CoordinationError> {
        Self::of_job(Job::Backfill, cluster, session)
    }

    /// The same of any job.
    ///
    /// # Errors
    /// When the name can't be a session's.
    pub fn of_job(job: Job, cluster: Cluster, session: &str) -> Result<Self, CoordinationError> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if !session.bytes().all(fits) {
            return Err(CoordinationError::SessionName(session.to_owned()));
        }
        let index = match session {
            "" => job.index().to_owned(),
            session => format!("{}_{session}", job.index()),
        };
        Ok(Self { store: Store { cluster, index }, subject: String::new() })
    }

    /// Makes the index unless it is there.
    ///
    /// # Errors
    /// When it can't be made.
    pub async fn make(&self) -> Result<(), CoordinationError> {
        let keyword = json!({"type": "keyword"});
        let number = json!({"type": "long"});
        let mappings = json!({"dynamic": false, "properties": {
            "kind": keyword, "state": keyword, "group": keyword, "holder": keyword,
            "held": {"type": "boolean"}, "phase": {"type": "integer"}, "part": {"type": "integer"},
            "size": number, "bytes": number, "documents": number, "failedDocuments": number,
            "droppedDocuments": number,
            "endedUnixMs": number, "registered": number,
            "replay": {"properties": crate::replay::mappings()},
        }});
        self.store.make(mappings).await
    }

    /// Makes the index unless it is there, and checks that it is about the same subject.
    ///
    /// # Errors
    /// When it can't be made, or belongs to another subject.
    pub async fn open(cluster: Cluster, session: &str, subject: &Subject) -> Result<Self, CoordinationError> {
        Self::open_job(Job::Backfill, cluster, session, subject).await
    }

    /// The same of any job. A backfill that has begun keeps its subject for good, a replay while a member of it lives:
    /// how far a replay is, its input remembers.
    ///
    /// # Errors
    /// When it can't be made, or belongs to another subject.
    pub async fn open_job(
        job: Job,
        cluster: Cluster,
        session: &str,
        subject: &Subject,
    ) -> Result<Self, CoordinationError> {
        let board = Self { subject: subject.to_string(), ..Self::of_job(job, cluster, session)? };
        board.make().await?;
        let stored =
            StoredSubject { kind: Kind::Subject, subject: subject.clone(), created_unix_ms: unix_ms() };
        board.store.create([(SUBJECT_ID.to_owned(), stored)]).await?;
        let there = board.store.get::<StoredSubject>(SUBJECT_ID).await?;
        let there = there.ok_or_else(|| board.store.foreign(SUBJECT_ID, &"it is gone"))?.source.subject;
        if there != *subject {
            board.store.refresh().await?;
            let is_free = match job {
                Job::Backfill => board.forget_what_never_began().await?,
                Job::Replay => board.members().await?.is_empty(),
            };
            if !is_free {
                return Err(board.other_subject(&there.to_string()));
            }
            let stored =
                StoredSubject { kind: Kind::Subject, subject: subject.clone(), created_unix_ms: unix_ms() };
            board.store.put(SUBJECT_ID, &stored).await?;
        }
        Ok(board)
    }

    /// Deletes the first item if nothing came of it: a plan that failed binds nobody. False: there is more.
    async fn forget_what_never_began(&self) -> Result<bool, CoordinationError> {
        let body = json!({"size": 2, "query": {"term": {"kind": "work"}}});
        let found = self.store.search::<Stored<serde_json::Value>>(body).await?;
        match found.as_slice() {
            [] => Ok(true),
            [only] if only.source.state == State::Open && !only.source.held => {
                self.store.delete(&only.id, only.place).await
            }
            _ => Ok(false),
        }
    }

    pub(crate) fn other_subject(&self, there: &str) -> CoordinationError {
        CoordinationError::OtherSubject {
            index: self.store.index.clone(),
            there: there.to_owned(),
            here: self.subject.clone(),
        }
    }

    /// The name of the index.
    #[must_use]
    pub fn index(&self) -> &str {
        &self.store.index
    }

    /// Whether the index is there: somebody has begun.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn exists(&self) -> Result<bool, CoordinationError> {
        self.store.exists().await
    }

    /// What it is about and when it was begun (milliseconds since 1970 by the clock of who did). `None`: nobody has yet.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn subject(&self) -> Result<Option<(Subject, u64)>, CoordinationError> {
        let found = self.store.get::<StoredSubject>(SUBJECT_ID).await?;
        Ok(found.map(|found| (found.source.subject, found.source.created_unix_ms)))
    }

    /// Since which change of the index it is about that; members with a higher number take part in it.
    pub(crate) async fn subject_since(&self) -> Result<Option<i64>, CoordinationError> {
        let found = self.store.get::<StoredSubject>(SUBJECT_ID).await?;
        Ok(found.map(|found| found.place.seq_no))
    }

    /// Makes everything that was written visible to [`Board::overview`] and the like; it is after a second anyway.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn refresh(&self) -> Result<(), CoordinationError> {
        self.store.refresh().await
    }

    /// Posts work; what is posted already stays as it is.
    ///
    /// # Errors
    /// When the cluster does not take it. Posting the same again is safe.
    pub async fn post<U: Serialize>(
        &self,
        items: impl IntoIterator<Item = NewItem<U>>,
    ) -> Result<(), CoordinationError> {
        self.store.create(items.into_iter().map(|item| Stored::new(item, &self.subject))).await
    }
}
