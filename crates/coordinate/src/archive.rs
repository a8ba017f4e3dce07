//! All documents of the index as they are, for an archive; and the end of the index.

use serde_json::{Value, json};

use crate::board::Board;
use crate::error::CoordinationError;
use crate::store::Found;

/// Documents on a page; the existing tool's archives have as many.
const PAGE_DOCUMENTS: usize = 100;

/// Some documents, in the order in which they were changed last.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Id and content.
    pub documents: Vec<(String, Value)>,
    /// Where the next page begins.
    after: Option<i64>,
}

impl Board {
    /// How many documents there are, as of the last refresh.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn documents(&self) -> Result<u64, CoordinationError> {
        let answer = self.store.query(json!({"size": 0, "track_total_hits": true})).await?;
        let count = answer["hits"]["total"]["value"].as_u64();
        count.ok_or_else(|| self.store.foreign("_search", &"the answer holds no count"))
    }

    /// The page after `before`, empty behind the last one. While members work, documents move to later pages.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn page(&self, before: &Page) -> Result<Page, CoordinationError> {
        let mut body = json!({"size": PAGE_DOCUMENTS, "sort": [{"_seq_no": "asc"}]});
        if let Some(after) = before.after {
            body["search_after"] = json!([after]);
        }
        let found: Vec<Found<Value>> = self.store.search(body).await?;
        let after = found.last().map(|found| found.place.seq_no).or(before.after);
        Ok(Page { documents: found.into_iter().map(|found| (found.id, found.source)).collect(), after })
    }

    /// Deletes the index with everything in it, if it is there.
    ///
    /// # Errors
    /// When the cluster does not do it.
    pub async fn remove(&self) -> Result<(), CoordinationError> {
        self.store.delete_index().await
    }
}
