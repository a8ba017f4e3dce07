//! The documents of one shard, or of a range of it, page by page. The next page is under way while one is worked on.

use std::borrow::Cow;

use anyhow::anyhow;
use serde::Deserialize;
use serde_json::value::RawValue;
use switchover_cluster::{Body, ClusterError, Method, Response, path_part};
use tokio::task::JoinHandle;

use super::super::query::Shards;
use super::dialect::Dialect;
use crate::target::Target;

/// One page, whose texts stand in the answer.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(rename = "_scroll_id", borrow)]
    scroll_id: Cow<'a, str>,
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    #[serde(borrow)]
    hits: Hits<'a>,
}

#[derive(Deserialize)]
struct Hits<'a> {
    total: Total,
    #[serde(borrow)]
    hits: Vec<Hit<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Total {
    Exact {
        value: u64,
    },
    /// Before Elasticsearch 7.
    Plain(u64),
}

/// A document.
#[derive(Deserialize)]
pub(super) struct Hit<'a> {
    #[serde(rename = "_id", borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(rename = "_type")]
    pub(super) doc_type: Option<String>,
    #[serde(rename = "_version", default)]
    pub(super) version: i64,
    #[serde(rename = "_routing")]
    routing: Option<String>,
    #[serde(rename = "_parent")]
    parent: Option<String>,
    #[serde(rename = "_source", borrow)]
    pub(super) source: Option<&'a RawValue>,
    /// Where Elasticsearch 1 has routing and parent.
    fields: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "_routing")]
    routing: Option<String>,
    #[serde(rename = "_parent")]
    parent: Option<String>,
}

impl Hit<'_> {
    /// Where it was put. Before 2.0 children were found by the routing of their parent's id.
    pub(super) fn routing(&mut self) -> Option<String> {
        let fields = self.fields.take();
        let (routing, parent) = fields.map_or((None, None), |fields| (fields.routing, fields.parent));
        self.routing.take().or(routing).or_else(|| self.parent.take()).or(parent)
    }
}

/// Why reading stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody answers: nothing can be read.
    Away(anyhow::Error),
    /// A page is too long to be read: fewer documents at a time may do.
    TooLong(ClusterError),
    /// It can be tried anew.
    Cut(anyhow::Error),
}

pub(super) struct Scroll<'a> {
    source: &'a Target,
    dialect: Dialect,
    next: Option<JoinHandle<Result<Response, ClusterError>>>,
    listed: u64,
    empty_may_come: bool,
}

impl<'a> Scroll<'a> {
    pub(super) fn begin(
        source: &'a Target,
        dialect: Dialect,
        index: &str,
        shard: u32,
        range: Option<(i64, i64)>,
        size: usize,
    ) -> Self {
        let (path, body) = dialect.first(&path_part(index), shard, range, size);
        let next = Some(tokio::spawn(ask(source.clone(), path, body)));
        Self { source, dialect, next, listed: 0, empty_may_come: dialect.scan }
    }

    /// The next answer; `None` after the last page.
    pub(super) async fn answer(&mut self) -> Result<Option<Response>, Stop> {
        let Some(next) = self.next.take() else { return Ok(None) };
        let answered = next.await.map_err(|error| Stop::Away(anyhow!("a task ended: {error}")))?;
        answered.map(Some).map_err(stop)
    }

    /// The documents of an answer; from now on the next one is under way.
    ///
    /// # Errors
    /// When it is not a whole one, or pages were lost or came twice.
    pub(super) fn hits<'r>(&mut self, response: &'r Response) -> Result<Vec<Hit<'r>>, Stop> {
        let page: Page<'r> = serde_json::from_slice(&response.body).map_err(|error| {
            Stop::Away(anyhow!("the source does not answer a search as a cluster does: {error}"))
        })?;
        if page.timed_out || page.shards.failed > 0 {
            return Err(Stop::Cut(anyhow!("the source did not answer a page whole; check its health")));
        }
        let hits = page.hits.hits;
        self.listed += hits.len() as u64;
        let may_be_empty = std::mem::take(&mut self.empty_may_come);
        if !hits.is_empty() || may_be_empty {
            let (path, body) = self.dialect.next(&page.scroll_id);
            self.next = Some(tokio::spawn(ask(self.source.clone(), path, body)));
            return Ok(hits);
        }
        let (source, end) = (self.source.clone(), self.dialect.end(&page.scroll_id));
        // It would end by itself.
        tokio::spawn(async move { source.ask(Method::DELETE, "/_search/scroll", Some(end)).await.map(drop) });
        let total = page.hits.total.count();
        if self.listed != total {
            // A page that was asked for twice, because its answer was lost, is the next one.
            return Err(Stop::Cut(anyhow!("{} of {total} documents were read", self.listed)));
        }
        Ok(hits)
    }
}

impl Drop for Scroll<'_> {
    fn drop(&mut self) {
        if let Some(next) = self.next.take() {
            next.abort();
        }
    }
}

impl Total {
    fn count(&self) -> u64 {
        match self {
            Self::Exact { value } | Self::Plain(value) => *value,
        }
    }
}

async fn ask(source: Target, path: String, body: Body) -> Result<Response, ClusterError> {
    source.ask(Method::POST, &path, Some(body)).await?.success()
}

fn stop(error: ClusterError) -> Stop {
    use switchover_cluster::ClusterErrorKind as Kind;
    match error.kind() {
        Kind::ResponseTooLarge => Stop::TooLong(error),
        Kind::Status | Kind::Timeout if !error.may_pass() => Stop::Cut(error.into()),
        _ => Stop::Away(error.into()),
    }
}
