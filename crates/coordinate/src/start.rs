//! When an operator started what was at rest: what members of earlier starts came to says nothing of this one.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::board::Board;
use crate::clock::unix_ms;
use crate::error::CoordinationError;
use crate::item::Kind;

const START_ID: &str = "start";

/// A start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// Members of this start have higher numbers.
    pub after: i64,
    /// By the clock of who started: milliseconds since 1970, for people.
    pub at_unix_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredStart {
    kind: Kind,
    #[serde(flatten)]
    start: Start,
}

impl Board {
    /// Notes a start, to be said while no member lives.
    ///
    /// # Errors
    /// When the cluster can't be asked, or does not take it.
    pub async fn note_start(&self) -> Result<(), CoordinationError> {
        let newest = json!({"max": {"field": "registered"}});
        let query = json!({"term": {"kind": Kind::Worker}});
        let answer = self.store.query(json!({"size": 0, "query": query, "aggs": {"newest": newest}})).await?;
        // No member yet: all are of this start.
        let after = answer["aggregations"]["newest"]["value"].as_f64().map_or(-1, |newest| newest as i64);
        let start = Start { after, at_unix_ms: unix_ms() };
        self.store.put(START_ID, &StoredStart { kind: Kind::Start, start }).await
    }

    /// The last start. `None`: there was none.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn last_start(&self) -> Result<Option<Start>, CoordinationError> {
        Ok(self.store.get::<StoredStart>(START_ID).await?.map(|found| found.source.start))
    }
}
