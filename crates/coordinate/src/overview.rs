//! How far everything is, for people.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::board::Board;
use crate::error::CoordinationError;

/// Groups that are summed up one by one in a single answer; more are asked for page by page.
const GROUPS_A_PAGE: usize = 1000;
/// Below this many bytes a second a time left would be a guess.
const MIN_BYTES_PER_SECOND: f64 = 1.0;
/// Errors that are shown.
const MAX_ERRORS: usize = 100;

/// Sums over the items of one group, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupOverview {
    /// Items.
    pub items: u64,
    /// Items that are not ended.
    pub open: u64,
    /// Open items that a worker holds.
    pub held: u64,
    /// Items that can't be done.
    pub failed: u64,
    /// Items that were left out by choice.
    pub skipped: u64,
    /// Bytes in all.
    pub size: u64,
    /// Bytes that are done.
    pub bytes: u64,
    /// Documents that are done.
    pub documents: u64,
    /// Documents that were refused.
    pub failed_documents: u64,
    /// Documents that were left out as the operator's rules say.
    pub dropped_documents: u64,
}

impl GroupOverview {
    /// Percent of the bytes; all of them when nothing is open, however little it was.
    #[must_use]
    pub fn percent(&self) -> f64 {
        match (self.size, self.open) {
            (_, 0) if self.items > 0 => 100.0,
            (0, _) => 0.0,
            (size, _) => (100.0 * self.bytes as f64 / size as f64).min(100.0),
        }
    }

    /// Seconds that are left at this rate.
    #[must_use]
    pub fn eta_seconds(&self, bytes_per_second: f64) -> Option<u64> {
        let left = self.size.saturating_sub(self.bytes);
        (left > 0 && bytes_per_second >= MIN_BYTES_PER_SECOND)
            .then(|| (left as f64 / bytes_per_second) as u64)
    }
}

/// The whole board, as of the last refresh of its index (1 s).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// By group.
    pub groups: BTreeMap<String, GroupOverview>,
    /// Of all groups.
    pub all: GroupOverview,
    /// The first phase that has an open item.
    pub open_phase: Option<u8>,
    /// Items that failed, were left out, or fail again and again, with the reason. Not all, when there are many.
    pub errors: BTreeMap<String, String>,
}

impl Board {
    /// Sums everything up.
    ///
    /// # Errors
    /// When the cluster can't be asked, or answers for a part only.
    pub async fn overview(&self) -> Result<Overview, CoordinationError> {
        let mut overview = Overview::default();
        let mut after = Value::Null;
        loop {
            let mut composite =
                json!({"size": GROUPS_A_PAGE, "sources": [{"group": {"terms": {"field": "group"}}}]});
            if !after.is_null() {
                composite["after"] = after;
            }
            let sum = |field: &str| json!({"sum": {"field": field}});
            let of = |field: &str, value: &str| json!({"filter": {"term": {field: value}}});
            let sums = json!({
                "size": sum("size"), "bytes": sum("bytes"), "documents": sum("documents"),
                "failedDocuments": sum("failedDocuments"), "droppedDocuments": sum("droppedDocuments"), "open": of("state", "open"),
                "failed": of("state", "failed"), "skipped": of("state", "skipped"), "held": of("held", "true"),
            });
            let answer = self
                .store
                .query(json!({
                    "size": 0,
                    "query": {"term": {"kind": "work"}},
                    "aggs": {
                        "groups": {"composite": composite, "aggs": sums},
                        "open": {
                            "filter": {"term": {"state": "open"}},
                            "aggs": {"phase": {"min": {"field": "phase"}}},
                        },
                    },
                }))
                .await?;
            let first_open = &answer["aggregations"]["open"]["phase"]["value"];
            overview.open_phase = first_open.as_f64().map(|phase| phase as u8);
            let groups = &answer["aggregations"]["groups"];
            let Some(buckets) = groups["buckets"].as_array() else {
                return Err(self.store.foreign("_search", &"the answer holds no sums"));
            };
            for bucket in buckets {
                let group = group(bucket);
                overview.all.add(&group);
                let name = bucket["key"]["group"].as_str().unwrap_or_default();
                overview.groups.insert(name.to_owned(), group);
            }
            after = groups["after_key"].clone();
            if after.is_null() {
                break;
            }
        }
        overview.errors = self.errors().await?;
        Ok(overview)
    }

    async fn errors(&self) -> Result<BTreeMap<String, String>, CoordinationError> {
        let ended = json!({"terms": {"state": ["failed", "skipped"]}});
        let query = json!({"bool": {"filter": [{"term": {"kind": "work"}}, ended]}});
        let body = json!({"size": MAX_ERRORS, "_source": ["error"], "query": query});
        let found = self.store.search::<Value>(body).await?;
        let error = |source: &Value| source["error"].as_str().unwrap_or("no reason was written").to_owned();
        Ok(found.into_iter().map(|found| (found.id, error(&found.source))).collect())
    }
}

fn group(bucket: &Value) -> GroupOverview {
    // Sums come as floating-point numbers; these are exact up to 2^53.
    let sum = |name: &str| bucket[name]["value"].as_f64().unwrap_or_default() as u64;
    let count = |name: &str| bucket[name]["doc_count"].as_u64().unwrap_or_default();
    GroupOverview {
        items: bucket["doc_count"].as_u64().unwrap_or_default(),
        open: count("open"),
        held: count("held"),
        failed: count("failed"),
        skipped: count("skipped"),
        size: sum("size"),
        bytes: sum("bytes"),
        documents: sum("documents"),
        failed_documents: sum("failedDocuments"),
        dropped_documents: sum("droppedDocuments"),
    }
}

impl GroupOverview {
    fn add(&mut self, other: &Self) {
        self.items += other.items;
        self.open += other.open;
        self.held += other.held;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.size += other.size;
        self.bytes += other.bytes;
        self.documents += other.documents;
        self.failed_documents += other.failed_documents;
        self.dropped_documents += other.dropped_documents;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_a_hundred_percent_however_little_it_was() {
        let open = GroupOverview { items: 2, open: 1, size: 200, bytes: 50, ..GroupOverview::default() };
        assert_eq!((open.percent(), open.eta_seconds(10.0)), (25.0, Some(15)));
        assert_eq!(open.eta_seconds(0.0), None);
        let done = GroupOverview { open: 0, ..open };
        assert_eq!(done.percent(), 100.0);
        assert_eq!(GroupOverview::default().percent(), 0.0, "nothing is known of it yet");
    }
}
