//! `clusters cat-indices`: the clusters' own tables under the headings that scripts of the field look for.

use serde::Deserialize;
use serde_json::{Map, Value};
use switchover_cluster::{Cluster, ClusterError, ClusterOptions, Method, Response};

use super::{Answer, Selected, ask, error_json, heading, verdict};
use crate::failure::Failure;
use crate::output::Output;

pub(super) async fn run(clusters: &[Selected], refresh: bool, json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    if json {
        let path = "/_cat/indices/_all?format=json";
        let answers =
            ask(clusters, async |options| list(options, refresh, path, |response| response.json()).await)
                .await;
        out.document(answers_json(&answers))?;
        finish(&answers, out)
    } else {
        let path = "/_cat/indices/_all?v=true";
        let text = |response: Response| Ok(String::from_utf8_lossy(&response.body).into_owned());
        let answers = ask(clusters, async |options| list(options, refresh, path, text).await).await;
        if !refresh {
            out.line("\nWARNING: Cluster information may be stale. Use --refresh to update.\n")?;
        }
        answers_text(&answers, &mut out)?;
        finish(&answers, out)
    }
}

struct Listing<T> {
    indices: T,
    unrefreshed_shards: u64,
}

async fn list<T>(
    options: &ClusterOptions,
    refresh: bool,
    path: &str,
    read: impl Fn(Response) -> Result<T, ClusterError>,
) -> Result<Listing<T>, ClusterError> {
    let cluster = Cluster::connect(options.clone())?;
    let unrefreshed_shards = if refresh { unrefreshed_shards(&cluster).await? } else { 0 };
    let indices = read(cluster.request(Method::GET, path, None).await?.success()?)?;
    Ok(Listing { indices, unrefreshed_shards })
}

/// Refreshes all indices, and counts the shards where that failed: a replica that is not assigned is none of them.
async fn unrefreshed_shards(cluster: &Cluster) -> Result<u64, ClusterError> {
    #[derive(Deserialize)]
    struct Refreshed {
        #[serde(rename = "_shards")]
        shards: Shards,
    }
    #[derive(Deserialize)]
    struct Shards {
        failed: u64,
    }
    let refreshed: Refreshed = cluster.request(Method::POST, "/_refresh", None).await?.success()?.json()?;
    Ok(refreshed.shards.failed)
}

fn finish<T>(answers: &[Answer<Listing<T>>], mut out: Output) -> Result<(), Failure> {
    out.flush()?;
    for answer in answers {
        if let Some(Ok(Listing { unrefreshed_shards: count @ 1.., .. })) = answer.outcome {
            let name = answer.side.name();
            eprintln!(
                "warning: {count} shards of the {name} cluster were not refreshed; counts may be stale"
            );
        }
    }
    verdict("cat-indices", answers)
}

fn answers_text(answers: &[Answer<Listing<String>>], out: &mut Output) -> Result<(), Failure> {
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            out.line("")?;
        }
        out.line(heading(answer.side))?;
        match &answer.outcome {
            None => out.line(format_args!("No {} cluster defined.", answer.side.name()))?,
            Some(Ok(listing)) => out.line(listing.indices.trim_end_matches('\n'))?,
            Some(Err(error)) => {
                out.line(format_args!("Error: Unable to perform cat-indices command with message: {error}"))?;
            }
        }
    }
    Ok(())
}

/// A cluster without an answer is null, not an empty list: no indices is something else. `errors` says why.
fn answers_json(answers: &[Answer<Listing<Value>>]) -> Map<String, Value> {
    let mut clusters = Map::new();
    let mut errors = Map::new();
    for answer in answers {
        let key = answer.side.key().to_owned();
        let rows = match &answer.outcome {
            Some(Ok(listing)) => listing.indices.clone(),
            Some(Err(error)) => {
                errors.insert(key.clone(), error_json(error));
                Value::Null
            }
            None => Value::Null,
        };
        clusters.insert(key, rows);
    }
    if !errors.is_empty() {
        clusters.insert("errors".to_owned(), Value::Object(errors));
    }
    clusters
}
