//! Settings, mappings and the like: what `metadata migrate` recorded, held against what both clusters have now.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use switchover_cluster::Method;
use switchover_metadata::Kind;

use super::phase::{Phase, Summary};
use super::state::State;
use crate::metadata::{Became, Kept, Record};
use crate::services::{Services, Side};

/// Of one question.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Names of all indices, hidden and closed ones too.
const NAMES: &str = "/_cluster/state/metadata?filter_path=metadata.indices.*.state";
/// Names in a sentence.
const MAX_NAMES: usize = 3;

/// What the record says, by what became of items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) last_run_unix_ms: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    /// The target has them otherwise and was left so.
    pub(crate) differs: u64,
    pub(crate) left_out: u64,
    pub(crate) failed: u64,
}

pub(super) async fn ask(services: &Services) -> Phase<Metadata> {
    let Some(endpoint) = services.endpoint(Side::Target) else {
        return Phase::not_in_use("the services file has no target_cluster");
    };
    let record = match Record::read(&services.state_dir()) {
        Ok(record) => record.filter(|record| record.target == endpoint),
        Err(error) => return Phase::unknown(format!("{error:#}")),
    };
    let (source, target) = tokio::join!(indices(services, Side::Source), indices(services, Side::Target));
    match (source, target) {
        (Err(error), _) | (_, Err(error)) => Phase::unknown(error),
        (Ok(source), Ok(target)) => phase(record.as_ref(), source.as_ref(), &target.unwrap_or_default()),
    }
}

type Names = HashSet<String>;

/// Of a cluster, without those that begin with a dot. `None`: the services file has no such cluster.
async fn indices(services: &Services, side: Side) -> Result<Option<Names>, String> {
    if services.endpoint(side).is_none() {
        return Ok(None);
    }
    let cluster = services.connect(side, TIMEOUT).await.map_err(|failure| failure.to_string())?;
    let asked = async { cluster.request(Method::GET, NAMES, None).await?.success()?.json::<Value>() };
    let found = asked.await.map_err(|error| error.to_string())?;
    let names = found.pointer("/metadata/indices").and_then(Value::as_object).into_iter().flatten();
    Ok(Some(names.map(|(name, _)| name).filter(|name| !name.starts_with('.')).cloned().collect()))
}

fn phase(record: Option<&Record>, source: Option<&Names>, target: &Names) -> Phase<Metadata> {
    let Some(record) = record else {
        return Phase::new(without_record(source, target));
    };
    let count = |which: Became| record.items.iter().filter(|kept| kept.became == which).count() as u64;
    let details = Metadata {
        last_run_unix_ms: record.at_unix_ms,
        created: count(Became::Created),
        updated: count(Became::Updated),
        unchanged: count(Became::Unchanged),
        differs: count(Became::Differs),
        left_out: count(Became::LeftOut),
        failed: count(Became::Failed),
    };
    let mut summary = Summary::new(state(record, source, target));
    if details.differs > 0 {
        let differing = record.items.iter().filter(|kept| kept.became == Became::Differs);
        let names = names(differing.map(told).collect::<Vec<_>>().into_iter());
        summary.fact("otherwise on the target", format!("{names}; they were left as they are"));
    }
    Phase { summary, details: Some(details) }
}

/// A tool that left no record may have made what is there.
fn without_record(source: Option<&Names>, target: &Names) -> State {
    let there = match source {
        Some(source) => target.intersection(source).count(),
        None => target.len(),
    };
    match there {
        0 => State::NotStarted,
        there => State::Unknown(format!(
            "{there} indices are on the target, and `metadata migrate` left no record on this host of having made them"
        )),
    }
}

fn state(record: &Record, source: Option<&Names>, target: &Names) -> State {
    let failed = || record.items.iter().filter(|kept| kept.became == Became::Failed);
    if let Some(first) = failed().next() {
        let reason = first.reason.as_deref().unwrap_or("no reason was kept");
        return State::Blocked(format!("{} items failed, first {}: {reason}", failed().count(), told(first)));
    }
    let meant = |kept: &&Kept| kept.kind == Kind::Index && kept.became != Became::LeftOut;
    let indices = || record.items.iter().filter(meant);
    let gone: Vec<_> = indices().filter(|kept| !target.contains(&kept.name)).collect();
    if !gone.is_empty() {
        let names = names(gone.iter().map(|kept| kept.name.clone()));
        return State::Blocked(format!("not on the target any more: {names}"));
    }
    let known: HashSet<&str> = record
        .items
        .iter()
        .filter(|kept| kept.kind == Kind::Index)
        .flat_map(|kept| [kept.source_name.as_deref(), Some(kept.name.as_str())])
        .flatten()
        .collect();
    let mut new: Vec<_> =
        source.into_iter().flatten().filter(|name| !known.contains(name.as_str())).cloned().collect();
    if !new.is_empty() {
        new.sort();
        return State::Blocked(format!(
            "indices of the source that came since, or were not meant then: {}; run `switchover metadata migrate` again",
            names(new.into_iter())
        ));
    }
    match record.items.iter().any(|kept| kept.became != Became::LeftOut) {
        true => State::Complete,
        false => State::NotStarted,
    }
}

fn told(kept: &Kept) -> String {
    format!("{} {}", kept.kind.word(), kept.name)
}

/// `a, b, c and 4 others`.
fn names(names: impl ExactSizeIterator<Item = String>) -> String {
    let others = names.len().saturating_sub(MAX_NAMES);
    let first = names.take(MAX_NAMES).collect::<Vec<_>>().join(", ");
    if others > 0 { format!("{first} and {others} others") } else { first }
}

#[cfg(test)]
mod tests;
