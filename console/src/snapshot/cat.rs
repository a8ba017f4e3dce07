//! `snapshot cat`: every live document on one line. Only what is printed next is in memory.
//!
//! A shard that can't be read is told and the others are printed all the same; the command then fails, for what was
//! printed is not everything.

use std::ops::ControlFlow;

use anyhow::anyhow;
use serde::Serialize;
use serde_json::value::RawValue;
use switchover_snapshot::lucene::{Document, Options};
use switchover_snapshot::source::SourceError;
use switchover_snapshot::{Index, SegmentSources, ShardDocuments, Snapshot, SnapshotError};

use super::{Place, failed};
use crate::failure::Failure;
use crate::glob;
use crate::output::Output;

/// What to print.
pub(super) struct Wanted {
    pub(super) snapshot: String,
    pub(super) index: Option<String>,
    pub(super) limit: Option<u64>,
}

pub(super) async fn run(place: &Place, wanted: &Wanted) -> Result<(), Failure> {
    let snapshot = place.open().await.snapshot(&wanted.snapshot).await.map_err(failed)?;
    let indices = selected(&snapshot, wanted.index.as_deref())?;
    let mut cat = Cat { out: Output::stdout(), left: wanted.limit, problems: 0, sourceless: None };
    for name in indices {
        if cat.left == Some(0) {
            break;
        }
        match snapshot.index(name).await {
            Ok(index) => cat.index(&index).await?,
            Err(error) => cat.tell(&error),
        }
    }
    cat.out.flush()?;
    match cat.problems {
        0 => Ok(()),
        count => Err(anyhow!("{count} indices, shards or documents could not be read, as told above: what was printed is not everything").into()),
    }
}

fn selected<'s>(snapshot: &'s Snapshot, pattern: Option<&str>) -> Result<Vec<&'s str>, Failure> {
    let all = snapshot.info().indices.iter().map(String::as_str);
    let matching =
        all.filter(|name| pattern.is_none_or(|glob| glob::matches(glob.as_bytes(), name.as_bytes())));
    let mut matching: Vec<_> = matching.collect();
    matching.sort_unstable();
    match pattern {
        Some(pattern) if matching.is_empty() => {
            let advice = "`switchover snapshot ls --snapshot` lists its indices";
            Err(anyhow!("no index of snapshot {} matches {pattern}; {advice}", snapshot.info().name).into())
        }
        _ => Ok(matching),
    }
}

struct Cat {
    out: Output,
    /// Documents that may still be printed.
    left: Option<u64>,
    problems: u64,
    /// Documents of the index that have no source, and why the first has none.
    sourceless: Option<(u64, String)>,
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    index: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    doc_type: Option<&'a str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    source: Option<&'a RawValue>,
}

impl Cat {
    fn tell(&mut self, problem: &dyn std::fmt::Display) {
        eprintln!("error: {problem}");
        self.problems += 1;
    }

    async fn index(&mut self, index: &Index<'_>) -> Result<(), Failure> {
        self.sourceless = None;
        for number in 0..index.metadata().number_of_shards {
            if self.left == Some(0) {
                break;
            }
            if let Some(error) = self.shard(index, number).await? {
                self.tell(&error);
            }
        }
        if let Some((count, reason)) = &self.sourceless {
            let name = index.name();
            eprintln!(
                "warning: {count} documents of index {name} have no _source, which can't be made from what is stored ({reason}): printed with \"source\":null"
            );
        }
        Ok(())
    }

    /// Prints a shard; what can't be read of it, if anything.
    async fn shard(&mut self, index: &Index<'_>, number: u32) -> Result<Option<SnapshotError>, Failure> {
        let documents = match index.shard(number).await {
            Ok(shard) => ShardDocuments::open(shard, Options::default()).await,
            Err(error) => Err(error),
        };
        let documents = match documents {
            Ok(documents) => documents,
            Err(error) => return Ok(Some(error)),
        };
        let mut failure = None;
        let visited = documents
            .visit(|document, sources| match self.document(index, number, document, sources) {
                Ok(()) if self.left == Some(0) => ControlFlow::Break(()),
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            })
            .await;
        failure.map_or(Ok(visited.err()), Err)
    }

    fn document(
        &mut self,
        index: &Index<'_>,
        shard: u32,
        document: &Document<'_>,
        sources: &mut SegmentSources,
    ) -> Result<(), Failure> {
        let id = document.id.to_string();
        let json = match sources.json_line(document) {
            Ok(json) => Ok(Some(json)),
            Err(SourceError::NotKept(reason)) => {
                self.sourceless.get_or_insert((0, reason)).0 += 1;
                Ok(None)
            }
            Err(error) => Err(error),
        };
        let raw = json.as_ref().map_err(ToString::to_string).and_then(|json| {
            let raw = json.as_deref().map(serde_json::from_slice::<&RawValue>).transpose();
            raw.map_err(|error| format!("its source is no valid JSON: {error}"))
        });
        match raw {
            Ok(source) => {
                self.left = self.left.map(|left| left.saturating_sub(1));
                let doc_type = document.doc_type.or_else(|| index.metadata().only_type());
                let (routing, parent) = (document.routing, document.parent);
                self.out.json(&Line { index: index.name(), doc_type, id: &id, routing, parent, source })
            }
            Err(problem) => {
                self.tell(&format_args!("index {}, shard {shard}, document {id}: {problem}", index.name()));
                Ok(())
            }
        }
    }
}
