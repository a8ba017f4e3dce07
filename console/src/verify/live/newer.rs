//! Documents of the target that no document of the source led to: the source may have got them since.

use std::collections::HashSet;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::json;
use switchover_cluster::{Body, Method};
use switchover_documents::{Destination, Placement};

use super::super::extra::Beside;
use super::super::lists::lists;
use super::super::query::Shards;
use super::super::tally::Example;
use super::inventory;
use crate::target::Target;

/// Ids in one question: a search answers at most 10,000 documents, and an id may stand in several indices and types.
const IDS_AT_ONCE: usize = 1000;
const MAX_SEARCH_HITS: usize = 10_000;

pub(super) struct Newer<'a> {
    pub(super) source: &'a Target,
    pub(super) placement: &'a Placement,
    pub(super) sources: &'a [String],
    pub(super) destination: &'a Destination,
}

#[derive(Deserialize)]
struct Answer {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_index")]
    index: String,
    #[serde(rename = "_type")]
    doc_type: Option<String>,
    #[serde(rename = "_id")]
    id: String,
}

impl Beside for Newer<'_> {
    /// With rules an id can't be led back to a document: then all of them stay.
    async fn without_those_of_the_source(&self, found: Vec<Example>) -> Result<Vec<Example>> {
        if self.placement.has_rules() || found.is_empty() {
            return Ok(found);
        }
        inventory::refresh(self.source, self.sources).await?;
        let mut there = HashSet::new();
        for some in found.chunks(IDS_AT_ONCE) {
            for list in lists(self.sources) {
                self.search(&list, some, &mut there).await?;
            }
        }
        Ok(found.into_iter().filter(|one| !there.contains(&one.id)).collect())
    }
}

impl Newer<'_> {
    async fn search(&self, list: &str, some: &[Example], there: &mut HashSet<String>) -> Result<()> {
        let ids: Vec<&str> = some.iter().map(|one| one.id.as_str()).collect();
        let query = json!({"ids": {"values": ids}});
        let body = json!({"query": query, "size": MAX_SEARCH_HITS, "_source": false}).to_string();
        let path = format!("/{list}/_search");
        let answer: Answer =
            self.source.ask(Method::POST, &path, Some(Body::json(body))).await?.success()?.json()?;
        if answer.timed_out || answer.shards.failed > 0 {
            bail!("{}: the source did not say whether it has its documents", self.destination.index);
        }
        let here = |hit: &Hit| {
            // The type counts only where each has an index of its own.
            let with_type = self.placement.of(&hit.index, hit.doc_type.as_deref());
            let without = self.placement.of(&hit.index, None);
            [with_type, without].iter().any(|place| place.index == self.destination.index)
        };
        there.extend(answer.hits.hits.into_iter().filter(here).map(|hit| hit.id));
        Ok(())
    }
}
