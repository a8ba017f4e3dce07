//! One batch of the snapshot's documents: what the target has by their ids, and whether it is the same.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use switchover_cluster::{Body, ClusterErrorKind, Method, Response, path_part};
use switchover_snapshot::Destination;

use super::same::{Sources, Verdict};
use super::tally::{Tally, hash};
use crate::target::Target;

/// A search answers at most so many documents (`index.max_result_window`).
const MAX_SEARCH_HITS: usize = 10_000;

/// Documents of one destination.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) destination: Arc<Destination>,
    pub(super) documents: Vec<Wanted>,
}

/// A document of the snapshot.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) routing: Option<String>,
    pub(super) source: Vec<u8>,
}

#[derive(Deserialize)]
struct Multiple<'a> {
    #[serde(borrow)]
    docs: Vec<Found<'a>>,
}

#[derive(Deserialize)]
struct Search<'a> {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    #[serde(borrow)]
    hits: Hits<'a>,
}

#[derive(Deserialize)]
struct Hits<'a> {
    total: Value,
    #[serde(borrow)]
    hits: Vec<Found<'a>>,
}

/// How many shards did not answer.
#[derive(Deserialize)]
pub(super) struct Shards {
    pub(super) failed: u64,
}

/// What the target says of one id.
#[derive(Deserialize)]
struct Found<'a> {
    #[serde(rename = "_index", default)]
    index: String,
    #[serde(rename = "_id")]
    id: String,
    /// Hits of a search do not say so.
    found: Option<bool>,
    #[serde(rename = "_routing")]
    routing: Option<String>,
    #[serde(borrow, rename = "_source")]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Compares a batch with the target. An answer that is too long to be read is asked for in halves.
pub(super) async fn compare(target: Target, batch: Batch) -> Result<Tally> {
    let (mut tally, mut sources) = (Tally::default(), Sources::default());
    let mut pieces = vec![batch.documents.as_slice()];
    while let Some(piece) = pieces.pop() {
        let asked = if batch.destination.data_stream {
            search(&target, &batch.destination.index, piece).await
        } else {
            get(&target, &batch.destination.index, piece).await
        };
        match asked {
            Ok(response) => judge(&response, piece, &batch.destination, &mut sources, &mut tally)?,
            Err(error) if error.kind() == ClusterErrorKind::ResponseTooLarge && piece.len() > 1 => {
                let (first, second) = piece.split_at(piece.len() / 2);
                pieces.extend([second, first]);
            }
            Err(error) if error.kind() == ClusterErrorKind::ResponseTooLarge => {
                tally.problem(format!("its document on the target is too long: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(tally)
}

async fn get(
    target: &Target,
    index: &str,
    piece: &[Wanted],
) -> Result<Response, switchover_cluster::ClusterError> {
    let docs: Vec<Value> = piece
        .iter()
        .map(|wanted| match &wanted.routing {
            Some(routing) => json!({"_id": wanted.id, "routing": routing}),
            None => json!({"_id": wanted.id}),
        })
        .collect();
    let body = Body::json(json!({ "docs": docs }).to_string());
    target.ask(Method::POST, &format!("/{}/_mget", path_part(index)), Some(body)).await?.success()
}

/// A data stream can't be asked for documents by id, only searched.
async fn search(
    target: &Target,
    stream: &str,
    piece: &[Wanted],
) -> Result<Response, switchover_cluster::ClusterError> {
    let ids: Vec<&str> = piece.iter().map(|wanted| wanted.id.as_str()).collect();
    let body = json!({
        "query": {"ids": {"values": ids}},
        "size": MAX_SEARCH_HITS,
        "track_total_hits": true,
        "_source": true,
    });
    let path = format!("/{}/_search?allow_partial_search_results=false", path_part(stream));
    target.ask(Method::POST, &path, Some(Body::json(body.to_string()))).await?.success()
}

/// # Errors
/// When the answer is not one to this question, or not a whole one.
fn judge(
    response: &Response,
    piece: &[Wanted],
    destination: &Destination,
    sources: &mut Sources,
    tally: &mut Tally,
) -> Result<()> {
    if !destination.data_stream {
        let answer: Multiple<'_> = borrowed(response)?;
        let fits = answer.docs.len() == piece.len()
            && piece.iter().zip(&answer.docs).all(|(wanted, found)| wanted.id == found.id);
        if !fits {
            bail!("{}: the answer is about other documents than were asked for", destination.index);
        }
        for (wanted, found) in piece.iter().zip(&answer.docs) {
            one(wanted, &[found], sources, tally);
        }
        return Ok(());
    }
    let answer: Search<'_> = borrowed(response)?;
    let total = answer.hits.total.get("value").unwrap_or(&answer.hits.total).as_u64();
    let missing_hits = total != Some(answer.hits.hits.len() as u64);
    if answer.timed_out || answer.shards.failed > 0 || missing_hits {
        let failed = answer.shards.failed;
        bail!("{}: the search was not answered whole ({failed} shards failed)", destination.index);
    }
    let mut by_id: HashMap<&str, Vec<&Found<'_>>> = HashMap::new();
    for found in &answer.hits.hits {
        by_id.entry(&found.id).or_default().push(found);
    }
    for wanted in piece {
        one(wanted, by_id.get(wanted.id.as_str()).map_or(&[], Vec::as_slice), sources, tally);
    }
    Ok(())
}

/// Compares a document with those that have its id: in a stream there may be several, of which one must fit.
fn one(wanted: &Wanted, found: &[&Found<'_>], sources: &mut Sources, tally: &mut Tally) {
    if let Some(error) = found.iter().find_map(|found| found.error) {
        return tally.problem(format!("the target says of a document: {}", error.get()));
    }
    let there = found.iter().filter(|found| found.found.unwrap_or(true));
    let mut worst = None;
    for found in there {
        let verdict = match found.source {
            _ if found.routing != wanted.routing => Verdict::Different("_routing".to_owned()),
            Some(source) => sources.compare(&wanted.source, source.get().as_bytes()),
            None => Verdict::Unreadable("the target does not store its _source".to_owned()),
        };
        if verdict == Verdict::Same {
            tally.answered.push(hash(&found.index, &found.id, found.routing.as_deref()));
            tally.same += 1;
            return;
        }
        worst.get_or_insert((found, verdict));
    }
    let Some((found, verdict)) = worst else {
        return tally.missing.add(&wanted.id, wanted.routing.as_deref(), None);
    };
    tally.answered.push(hash(&found.index, &found.id, found.routing.as_deref()));
    match verdict {
        Verdict::Different(at) => tally.different.add(&wanted.id, wanted.routing.as_deref(), Some(at)),
        Verdict::Unreadable(why) => tally.problem(why),
        Verdict::Same => tally.same += 1,
    }
}

/// The body with texts borrowed from it.
fn borrowed<'a, T: Deserialize<'a>>(response: &'a Response) -> Result<T> {
    serde_json::from_slice(&response.body)
        .map_err(|error| anyhow!("the target does not answer as a cluster does: {error}"))
}

#[cfg(test)]
mod tests;
