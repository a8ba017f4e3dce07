//! One batch of the source's documents: what the target has by their ids, and whether it is the same.
//!
//! A live source may have been written since a document was read. One that differs is therefore looked at there again; if it
//! is another one now, it is not judged: it is among the writes since.

mod again;

use std::borrow::Cow;
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
/// What a document takes in a question, about.
const ID_LINE_BYTES: usize = 40;

/// Documents of one destination.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) destination: Arc<Destination>,
    pub(super) documents: Vec<Wanted>,
}

/// A document of the source.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) routing: Option<String>,
    pub(super) source: Vec<u8>,
    /// How it was found on a live source.
    pub(super) seen: Option<Seen>,
}

/// A document of a live source.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) index: Arc<str>,
    /// For sources that have types.
    pub(super) doc_type: Option<String>,
    pub(super) id: String,
    pub(super) routing: Option<String>,
    pub(super) version: i64,
}

/// What is with a document.
#[derive(Debug)]
enum Outcome {
    Missing,
    /// The target has it not, and the source has it otherwise since.
    Written,
    /// The target says something else than whether it has it.
    Problem(String),
    /// It is there; the hash of what is there.
    Found(Verdict, u64),
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
    #[serde(borrow, rename = "_index", default)]
    index: Cow<'a, str>,
    #[serde(borrow, rename = "_id")]
    id: Cow<'a, str>,
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
pub(super) async fn compare(target: Target, source: Option<Target>, batch: Batch) -> Result<Tally> {
    let (mut tally, mut sources) = (Tally::default(), Sources::default());
    let mut pieces = vec![batch.documents.as_slice()];
    while let Some(piece) = pieces.pop() {
        let asked = if batch.destination.data_stream {
            search(&target, &batch.destination.index, piece).await
        } else {
            get(&target, &batch.destination.index, piece).await
        };
        match asked {
            Ok(response) => {
                let mut outcomes = judge(&response, piece, &batch.destination, &mut sources)?;
                if let Some(source) = &source {
                    again::look(source, piece, &mut outcomes).await?;
                }
                for (wanted, outcome) in piece.iter().zip(outcomes) {
                    count(wanted, outcome, &mut tally);
                }
            }
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
    let mut body = String::with_capacity(piece.len() * ID_LINE_BYTES);
    body.push_str(r#"{"docs":["#);
    for (at, wanted) in piece.iter().enumerate() {
        body.push_str(if at == 0 { r#"{"_id":"# } else { r#",{"_id":"# });
        quote(&mut body, &wanted.id);
        if let Some(routing) = &wanted.routing {
            body.push_str(r#","routing":"#);
            quote(&mut body, routing);
        }
        body.push('}');
    }
    body.push_str("]}");
    let body = Body::json(body);
    target.ask(Method::POST, &format!("/{}/_mget", path_part(index)), Some(body)).await?.success()
}

/// A text as JSON. Ids are plain nearly always.
fn quote(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        out.push_str(&Value::from(text).to_string());
    } else {
        out.extend(["\"", text, "\""]);
    }
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

/// What is with each document of a piece.
///
/// # Errors
/// When the answer is not one to this question, or not a whole one.
fn judge(
    response: &Response,
    piece: &[Wanted],
    destination: &Destination,
    sources: &mut Sources,
) -> Result<Vec<Outcome>> {
    if !destination.data_stream {
        let answer: Multiple<'_> = borrowed(response)?;
        let fits = answer.docs.len() == piece.len()
            && piece.iter().zip(&answer.docs).all(|(wanted, found)| wanted.id == found.id);
        if !fits {
            bail!("{}: the answer is about other documents than were asked for", destination.index);
        }
        let pairs = piece.iter().zip(&answer.docs);
        return Ok(pairs.map(|(wanted, found)| one(wanted, &[found], sources)).collect());
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
        by_id.entry(&*found.id).or_default().push(found);
    }
    let found = |wanted: &Wanted| by_id.get(wanted.id.as_str()).map_or(&[][..], Vec::as_slice);
    Ok(piece.iter().map(|wanted| one(wanted, found(wanted), sources)).collect())
}

/// Compares a document with those that have its id: in a stream there may be several, of which one must fit.
fn one(wanted: &Wanted, found: &[&Found<'_>], sources: &mut Sources) -> Outcome {
    if let Some(error) = found.iter().find_map(|found| found.error) {
        return Outcome::Problem(format!("the target says of a document: {}", error.get()));
    }
    let there = found.iter().filter(|found| found.found.unwrap_or(true));
    let mut worst = None;
    for found in there {
        let verdict = match found.source {
            _ if found.routing != wanted.routing => Verdict::Different("_routing".to_owned()),
            Some(source) => sources.compare(&wanted.source, source.get().as_bytes()),
            None => Verdict::Unreadable("the target does not store its _source".to_owned()),
        };
        let hash = hash(&found.index, &found.id, found.routing.as_deref());
        if verdict == Verdict::Same {
            return Outcome::Found(verdict, hash);
        }
        worst.get_or_insert(Outcome::Found(verdict, hash));
    }
    worst.unwrap_or(Outcome::Missing)
}

fn count(wanted: &Wanted, outcome: Outcome, tally: &mut Tally) {
    let routing = wanted.routing.as_deref();
    match outcome {
        Outcome::Missing => tally.missing.add(&wanted.id, routing, None),
        Outcome::Written => tally.written += 1,
        Outcome::Problem(why) => tally.problem(why),
        Outcome::Found(verdict, hash) => {
            tally.answered.push(hash);
            match verdict {
                Verdict::Different(at) => tally.different.add(&wanted.id, routing, Some(at)),
                Verdict::Unreadable(why) => tally.problem(why),
                Verdict::Written => tally.written += 1,
                Verdict::Same => tally.same += 1,
            }
        }
    }
}

/// The body with texts borrowed from it.
fn borrowed<'a, T: Deserialize<'a>>(response: &'a Response) -> Result<T> {
    serde_json::from_slice(&response.body)
        .map_err(|error| anyhow!("the target does not answer as a cluster does: {error}"))
}

#[cfg(test)]
mod tests;
