//! How far the parts of all groups are: the shards of all indices, however many items each came to.

use serde::Serialize;
use serde_json::{Value, json};

use crate::board::Board;
use crate::error::CoordinationError;

/// Parts in one answer; more are asked for page by page.
const PARTS_A_PAGE: usize = 1000;

/// Counts of parts. Every part is in one of `completed`, `in_progress`, `unclaimed`, `failed` and `skipped`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    /// All that are known.
    pub total: u64,
    /// Everything of them is done.
    pub completed: u64,
    /// A worker holds something of them.
    pub in_progress: u64,
    /// Something is left of them, and nobody holds any of it.
    pub unclaimed: u64,
    /// They ended, and something of them could not be done.
    pub failed: u64,
    /// They ended, and something of them was left out by choice.
    pub skipped: u64,
}

impl Parts {
    fn add(&mut self, open: u64, held: u64, failed: u64, skipped: u64) {
        self.total += 1;
        let state = match (open, held, failed, skipped) {
            (1.., 1.., ..) => &mut self.in_progress,
            (1.., 0, ..) => &mut self.unclaimed,
            (0, _, 1.., _) => &mut self.failed,
            (0, _, 0, 1..) => &mut self.skipped,
            (0, _, 0, 0) => &mut self.completed,
        };
        *state += 1;
    }
}

impl Board {
    /// Counts the parts, as of the last refresh.
    ///
    /// # Errors
    /// When the cluster can't be asked, or answers for a part only.
    pub async fn parts(&self) -> Result<Parts, CoordinationError> {
        let mut parts = Parts::default();
        let mut after = Value::Null;
        loop {
            let of = |field: &str, value: &str| json!({"filter": {"term": {field: value}}});
            let counts = json!({
                "open": of("state", "open"), "held": of("held", "true"),
                "failed": of("state", "failed"), "skipped": of("state", "skipped"),
            });
            let by = |field: &str| json!({"terms": {"field": field}});
            let sources = json!([{"group": by("group")}, {"part": by("part")}]);
            let mut composite = json!({"size": PARTS_A_PAGE, "sources": sources});
            if !after.is_null() {
                composite["after"] = after;
            }
            let answer = self
                .store
                .query(json!({
                    "size": 0,
                    "query": {"term": {"kind": "work"}},
                    "aggs": {"parts": {"composite": composite, "aggs": counts}},
                }))
                .await?;
            let page = &answer["aggregations"]["parts"];
            let Some(buckets) = page["buckets"].as_array() else {
                return Err(self.store.foreign("_search", &"the answer holds no counts"));
            };
            for bucket in buckets {
                let count = |name: &str| bucket[name]["doc_count"].as_u64().unwrap_or_default();
                parts.add(count("open"), count("held"), count("failed"), count("skipped"));
            }
            after = page["after_key"].clone();
            if after.is_null() {
                return Ok(parts);
            }
        }
    }

    /// When the last item was ended, by the clock of who did: milliseconds since 1970.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn last_end_unix_ms(&self) -> Result<Option<u64>, CoordinationError> {
        let last = json!({"last": {"max": {"field": "endedUnixMs"}}});
        let body = json!({"size": 0, "query": {"term": {"kind": "work"}}, "aggs": last});
        let answer = self.store.query(body).await?;
        Ok(answer["aggregations"]["last"]["value"].as_f64().map(|value| value as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_in_one_state() {
        let mut parts = Parts::default();
        for (open, held, failed, skipped) in
            [(0, 0, 0, 0), (3, 1, 1, 0), (3, 0, 1, 0), (0, 0, 2, 1), (0, 0, 0, 1), (0, 0, 0, 0)]
        {
            parts.add(open, held, failed, skipped);
        }
        let expected = Parts { total: 6, completed: 2, in_progress: 1, unclaimed: 1, failed: 1, skipped: 1 };
        assert_eq!(parts, expected);
    }
}
