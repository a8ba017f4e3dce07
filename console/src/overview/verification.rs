//! What the last comparison of both clusters found, and whether it still speaks of what is there.

use serde::Serialize;

use super::phase::{Phase, Summary};
use super::state::State;
use crate::services::{Services, Side};
use crate::target::Target;
use crate::utc;
use crate::verify::record::{Record, Since};

/// The last comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verification {
    pub(crate) at_unix_ms: u64,
    pub(crate) documents: u64,
    pub(crate) differences: u64,
    /// Indices whose settings, mapping or aliases differ.
    pub(crate) definitions: u64,
    /// Which indices were meant; none: all.
    pub(crate) pattern: Option<String>,
    /// Writes since; none: not known.
    pub(crate) source_writes: Option<u64>,
    pub(crate) target_writes: Option<u64>,
}

pub(super) async fn ask(services: &Services) -> Phase<Verification> {
    let (Some(source), Some(target)) = (services.endpoint(Side::Source), services.endpoint(Side::Target))
    else {
        return Phase::not_in_use("it takes source_cluster and target_cluster in the services file");
    };
    let record = match Record::read(&services.state_dir()) {
        Ok(record) => record.filter(|record| record.source == source && record.target == target),
        Err(error) => return Phase::unknown(format!("{error:#}")),
    };
    let Some(record) = record else { return Phase::default() };
    let sides = async {
        let side =
            async |side| Ok::<_, anyhow::Error>(services.cluster(side).await?.map(Target::of).transpose()?);
        Ok::<_, anyhow::Error>((side(Side::Source).await?, side(Side::Target).await?))
    };
    match sides.await {
        Ok((Some(source), Some(target))) => phase(&record, &record.since(&source, &target).await),
        Ok(_) => Phase::unknown("the services file lacks a cluster"),
        Err(error) => Phase::unknown(format!("{error:#}")),
    }
}

fn phase(record: &Record, since: &Since) -> Phase<Verification> {
    let known = |writes: &anyhow::Result<u64>| writes.as_ref().ok().copied();
    let details = Verification {
        at_unix_ms: record.ended_unix_ms,
        documents: record.documents,
        differences: record.differences,
        definitions: record.definitions,
        pattern: record.pattern.clone(),
        source_writes: known(&since.source),
        target_writes: known(&since.target),
    };
    let state = state(record, since, &details);
    let mut summary = Summary::new(state);
    if let Some(pattern) = &record.pattern {
        summary.fact("only", format!("indices that match {pattern}"));
    }
    Phase { summary, details: Some(details) }
}

fn state(record: &Record, since: &Since, details: &Verification) -> State {
    let at = i64::try_from(record.ended_unix_ms).ok().and_then(utc::date_and_time).unwrap_or_default();
    if !record.complete {
        return State::Blocked(format!(
            "what was compared at {at} UTC was not all; run `switchover verify` again"
        ));
    }
    if !record.is_equal() {
        let (documents, definitions) = (details.differences, details.definitions);
        return State::Blocked(format!(
            "at {at} UTC {documents} documents and {definitions} definitions of indices differed; `switchover verify` lists them"
        ));
    }
    let writes = details.source_writes.unwrap_or(0).saturating_add(details.target_writes.unwrap_or(0));
    match since.is_stale() {
        Some(false) => State::Complete,
        Some(true) => State::Unknown(format!(
            "equal at {at} UTC, {writes} writes since; `switchover verify` looks at them"
        )),
        None => {
            let reason = [&since.source, &since.target].into_iter().find_map(|side| side.as_ref().err());
            let reason = reason.map(|error| format!("{error:#}")).unwrap_or_default();
            State::Unknown(format!(
                "equal at {at} UTC, and whether it was written since is not known: {reason}"
            ))
        }
    }
}
