//! A second look at the source for documents that are not the same on the target.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use switchover_cluster::{Body, Method, path_part};

use super::super::same::Verdict;
use super::{Outcome, Seen, Wanted};
use crate::target::Target;

#[derive(Deserialize)]
struct Multiple {
    docs: Vec<Now>,
}

/// What the source has now.
#[derive(Deserialize)]
struct Now {
    #[serde(default)]
    found: bool,
    #[serde(rename = "_version")]
    version: Option<i64>,
    error: Option<Value>,
}

/// Those that the source has otherwise now are not judged.
pub(super) async fn look(source: &Target, piece: &[Wanted], outcomes: &mut [Outcome]) -> Result<()> {
    let differs =
        |outcome: &Outcome| matches!(outcome, Outcome::Missing | Outcome::Found(Verdict::Different(_), _));
    let mut questioned: Vec<(&Seen, &mut Outcome)> = piece
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| differs(outcome))
        .filter_map(|(wanted, outcome)| Some((wanted.seen.as_ref()?, outcome)))
        .collect();
    if questioned.is_empty() {
        return Ok(());
    }
    let docs: Vec<Value> = questioned
        .iter()
        .map(|(seen, _)| {
            let mut doc = Map::new();
            doc.insert("_index".to_owned(), (*seen.index).into());
            doc.insert("_id".to_owned(), seen.id.as_str().into());
            if let Some(doc_type) = &seen.doc_type {
                doc.insert("_type".to_owned(), doc_type.as_str().into());
            }
            if let Some(routing) = &seen.routing {
                // Its name before Elasticsearch 6, where there are types, and since.
                let name = if seen.doc_type.is_some() { "_routing" } else { "routing" };
                doc.insert(name.to_owned(), routing.as_str().into());
            }
            Value::Object(doc)
        })
        .collect();
    let index = questioned.first().map_or("", |(seen, _)| &*seen.index);
    let path = format!("/{}/_mget?_source=false", path_part(index));
    let body = Body::json(json!({ "docs": docs }).to_string());
    let answer: Multiple = source.ask(Method::POST, &path, Some(body)).await?.success()?.json()?;
    if answer.docs.len() != questioned.len() {
        bail!("{index}: the source's answer is about other documents than were asked for");
    }
    for ((seen, outcome), now) in questioned.iter_mut().zip(answer.docs) {
        if let Some(error) = now.error {
            bail!("{index}: the source says of a document: {error}");
        }
        if now.found && now.version == Some(seen.version) {
            continue;
        }
        **outcome = match outcome {
            Outcome::Found(_, hash) => Outcome::Found(Verdict::Written, *hash),
            _ => Outcome::Written,
        };
    }
    Ok(())
}
