//! `verify --last`: what the last comparison of two clusters found, and whether it still speaks of what is there.

use std::path::Path;

use anyhow::anyhow;
use serde_json::{Map, json};
use switchover_cluster::ClusterOptions;

use super::DIFFERENT;
use super::record::Record;
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::target::Target;

pub(super) async fn show(
    state_dir: &Path,
    source: ClusterOptions,
    target: &Target,
    as_json: bool,
) -> Result<(), Failure> {
    let source = Target::of(source).map_err(|error| Failure::Failed(error.into()))?;
    let record = Record::read(state_dir)?
        .filter(|record| (&record.source, &record.target) == (&source.endpoint(), &target.endpoint()));
    let Some(record) = record else {
        let (source, target) = (source.endpoint(), target.endpoint());
        return Err(anyhow!("{source} and {target} were not compared yet; run `switchover verify`").into());
    };
    let since = record.since(&source, target).await;
    let mut out = Output::stdout();
    if as_json {
        let content = json!({
            "source": record.source,
            "target": record.target,
            "index": record.pattern,
            "complete": record.complete,
            "equal": record.is_equal(),
            "documents": record.documents,
            "differences": record.differences,
            "definitionDifferences": record.definitions,
            "verifiedUnixMs": record.began_unix_ms,
            "writesSince": since.json(),
            "stale": since.is_stale(),
        });
        out.document("verify.last", content.as_object().cloned().unwrap_or_else(Map::new))?;
    } else {
        out.line(harmless(&since.told(record.began_unix_ms)))?;
        let (documents, differences) = (record.documents, record.differences + record.definitions);
        match record.complete {
            true => out.line(format_args!("complete: {documents} documents, {differences} differences"))?,
            false => out.line("not complete: something could not be compared")?,
        }
    }
    out.flush()?;
    match (record.complete, record.is_equal()) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure::Verdict(DIFFERENT)),
        (false, _) => {
            Err(anyhow!("not verified: the last comparison was not complete; run `switchover verify`").into())
        }
    }
}
