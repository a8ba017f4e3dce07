//! What the target has beside the snapshot's documents.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::json;
use switchover_cluster::{Body, Method, StatusCode, path_part};

use super::query::Shards;
use super::tally::{Example, Kind, Tally, hash};
use crate::target::Target;

/// Ids in one page.
const PAGE_DOCUMENTS: usize = 5000;
/// How long the target keeps the place between two pages. Each page begins it anew.
const KEEP: &str = "5m";
const PARTS: &str = "filter_path=_scroll_id,timed_out,_shards.failed,hits.total,hits.hits._index,hits.hits._id,hits.hits._routing";

#[derive(Deserialize)]
struct Count {
    count: u64,
    #[serde(rename = "_shards")]
    shards: Shards,
}

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "_scroll_id")]
    scroll_id: String,
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    /// Left out by the filter when there are none.
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_index")]
    index: String,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_routing")]
    routing: Option<String>,
}

/// Whether the target has the index or data stream; if so, all its documents can be found from now on.
pub(super) async fn prepare(target: &Target, index: &str) -> Result<bool> {
    let there = target.ask(Method::HEAD, &format!("/{}", path_part(index)), None).await?;
    if there.status == StatusCode::NOT_FOUND {
        return Ok(false);
    }
    there.success()?;
    refresh(target, index).await?;
    Ok(true)
}

/// Whether a name is a data stream's: its documents can't be asked for by id.
pub(super) async fn is_data_stream(target: &Target, name: &str) -> Result<bool> {
    let answer = target.ask(Method::GET, &format!("/_data_stream/{}", path_part(name)), None).await?;
    Ok(answer.status == StatusCode::OK)
}

async fn refresh(target: &Target, index: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct Refreshed {
        #[serde(rename = "_shards")]
        shards: Shards,
    }
    let path = format!("/{}/_refresh", path_part(index));
    let refreshed: Refreshed = target.ask(Method::POST, &path, None).await?.success()?.json()?;
    whole(index, "refreshed", &refreshed.shards)
}

/// The documents that did not answer. `tally`: what came of the whole snapshot.
///
/// # Errors
/// When the target does not answer, or fewer documents are there than answered: others change it meanwhile.
pub(super) async fn find(target: &Target, index: &str, tally: &mut Tally) -> Result<Kind> {
    refresh(target, index).await?;
    let count = count(target, index).await?;
    let answered = tally.settle();
    if count == answered {
        return Ok(Kind::default());
    }
    if count < answered {
        bail!(
            "{index}: {answered} documents answered, but it has only {count} now: it was changed meanwhile; stop what writes to it and compare again"
        );
    }
    list(target, index, tally, &Snapshot).await
}

/// Who knows whether the source has documents that no document led to.
pub(super) trait Beside {
    /// Those that the source has not.
    async fn without_those_of_the_source(&self, found: Vec<Example>) -> Result<Vec<Example>>;
}

/// A snapshot holds what it holds.
struct Snapshot;

impl Beside for Snapshot {
    async fn without_those_of_the_source(&self, found: Vec<Example>) -> Result<Vec<Example>> {
        Ok(found)
    }
}

/// The same for a source that lives: others may change both clusters meanwhile.
///
/// # Errors
/// When a cluster does not answer.
pub(super) async fn find_beside(
    target: &Target,
    index: &str,
    tally: &mut Tally,
    source: &impl Beside,
) -> Result<Kind> {
    refresh(target, index).await?;
    match count(target, index).await? == tally.settle() {
        true => Ok(Kind::default()),
        false => list(target, index, tally, source).await,
    }
}

async fn count(target: &Target, index: &str) -> Result<u64> {
    let path = format!("/{}/_count", path_part(index));
    let counted: Count = target.ask(Method::GET, &path, None).await?.success()?.json()?;
    whole(index, "counted", &counted.shards)?;
    Ok(counted.count)
}

/// Goes through all ids of the index.
async fn list(target: &Target, index: &str, tally: &Tally, source: &impl Beside) -> Result<Kind> {
    let (mut extra, mut listed) = (Kind::default(), 0);
    let first = json!({"size": PAGE_DOCUMENTS, "_source": false, "sort": ["_doc"], "track_total_hits": true});
    let mut path = format!("/{}/_search?scroll={KEEP}&{PARTS}", path_part(index));
    let mut body = first.to_string();
    loop {
        let answer = target.ask(Method::POST, &path, Some(Body::json(body))).await?.success()?;
        let page: Page = answer.json()?;
        whole(index, "listed", &page.shards)?;
        if page.timed_out {
            bail!("{index}: the search for its ids was not answered whole");
        }
        listed += page.hits.hits.len() as u64;
        let (is_last, total) = (page.hits.hits.is_empty(), page.hits.total.value);
        let unknown = |hit: &Hit| !tally.has_answered(hash(&hit.index, &hit.id, hit.routing.as_deref()));
        let found = page.hits.hits.into_iter().filter(unknown);
        let found = found.map(|hit| Example { id: hit.id, routing: hit.routing, at: None }).collect();
        for one in source.without_those_of_the_source(found).await? {
            extra.add(&one.id, one.routing.as_deref(), None);
        }
        if is_last {
            let end = Body::json(json!({"scroll_id": [page.scroll_id]}).to_string());
            // It would end by itself.
            let _ = target.ask(Method::DELETE, "/_search/scroll", Some(end)).await;
            // A page that was asked for twice, because its answer was lost, is the next one.
            if listed != total {
                bail!("{index}: {listed} of its {total} ids were listed; compare again");
            }
            return Ok(extra);
        }
        path = format!("/_search/scroll?{PARTS}");
        body = json!({"scroll": KEEP, "scroll_id": page.scroll_id}).to_string();
    }
}

fn whole(index: &str, what: &str, shards: &Shards) -> Result<()> {
    match shards.failed {
        0 => Ok(()),
        failed => bail!("{index}: {failed} of its shards could not be {what}; check the target's health"),
    }
}
