//! `backfill status`: in the words of the field's documents, and how it really is.

mod text;

use serde_json::{Map, Value, json};
use switchover_coordinate::{CoordinationError, GroupOverview, Member};

use super::phase::Phase;
use super::picture::Picture;
use super::settings::Settings;
use super::stopped::Stopped;
use crate::failure::Failure;
use crate::fleet::counts::Counts;
use crate::output::Output;

/// Of the JSON that is printed; grows when a field changes its meaning.
const SCHEMA: &str = "switchover.backfill.status/1";

/// What there is to show.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) phase: Phase,
    pub(super) picture: Option<Picture>,
    /// What `backfill stop` left on this host.
    pub(super) stopped: Option<Stopped>,
}

impl Status {
    pub(super) fn of(taken: Result<Option<Picture>, CoordinationError>, stopped: Option<Stopped>) -> Self {
        match taken {
            Err(error) => Self { phase: Phase::Unknown(error.to_string()), picture: None, stopped },
            Ok(None) => Self { phase: Phase::NotStarted, picture: None, stopped },
            // What was stopped before is not what is there now.
            Ok(Some(picture)) => Self { phase: Phase::of(&picture), picture: Some(picture), stopped: None },
        }
    }

    /// The word behind `BackfillStatus.`; `COMPLETED` only where nothing runs any more.
    fn word(&self) -> &'static str {
        match (&self.phase, self.counts()) {
            (Phase::Unknown(_), _) => "UNKNOWN",
            (phase, Counts { running: 0, .. }) if phase.is_complete() => "COMPLETED",
            (_, counts) => counts.word(),
        }
    }

    fn counts(&self) -> Counts {
        self.picture.as_ref().map(Picture::counts).unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        let counts = self.counts();
        let known = !matches!(self.phase, Phase::Unknown(_));
        let workers = known.then(|| counts.json());
        let mut all = json!({
            "schema": SCHEMA,
            "status": self.word(),
            "phase": self.phase.word(),
            "phaseText": self.phase.to_string(),
            "reason": self.phase.reason(),
            "workers": workers,
            "stopped": self.stopped,
        });
        let (Some(picture), Some(members)) = (&self.picture, all.as_object_mut()) else { return all };
        members.extend(picture_json(picture));
        all
    }
}

/// With the fields of the existing tool, spelled as there.
fn picture_json(picture: &Picture) -> Map<String, Value> {
    let overview = &picture.overview;
    let eta = overview.all.eta_seconds(picture.bytes_per_second());
    let shards = picture.shards;
    let index = |(name, group): (&String, &GroupOverview)| {
        let mut figures = json!(group);
        figures["percent"] = group.percent().into();
        (name.clone(), figures)
    };
    let fields = json!({
        "desired": picture.desired,
        "members": picture.living,
        "silentMembers": picture.silent.iter().map(|member| &member.identity.name).collect::<Vec<_>>(),
        "progress": {
            "percent": overview.all.percent(),
            "bytesPerSecond": picture.bytes_per_second(),
            "documentsPerSecond": documents_per_second(&picture.living),
            "etaSeconds": eta,
            "all": overview.all,
            "startedUnixMs": picture.began_unix_ms,
            "finishedUnixMs": picture.ended_unix_ms,
        },
        "shards": shards,
        "indices": overview.groups.iter().filter(|(name, _)| *name != "*").map(index).collect::<Map<_, _>>(),
        "errors": overview.errors,
        "percentage_completed": overview.all.percent(),
        "eta_ms": eta.map(|seconds| seconds * 1000),
        "started": picture.began_unix_ms.map(text::time),
        "finished": picture.ended_unix_ms.map(text::time),
        "shard_total": shards.map(|shards| shards.total),
        "shard_complete": shards.map(|shards| shards.completed),
        "shard_in_progress": shards.map(|shards| shards.in_progress),
        "shard_waiting": shards.map(|shards| shards.unclaimed),
        "failed_documents_present": overview.all.failed_documents > 0,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn documents_per_second(living: &[Member]) -> f64 {
    living.iter().map(|member| member.said.documents_per_second).sum()
}

/// Shows it. What can't be known is a failure.
pub(super) async fn run(settings: &Settings, deep_check: bool, as_json: bool) -> Result<(), Failure> {
    let board = settings.board()?;
    let taken = Picture::take(&board, deep_check || as_json).await;
    let status = Status::of(taken, Stopped::read(settings)?);
    let mut out = Output::stdout();
    if as_json {
        out.json(&status.json())?;
    } else {
        status.print(deep_check, &mut out)?;
    }
    out.flush()?;
    match status.phase {
        Phase::Unknown(reason) => {
            Err(anyhow::anyhow!("the state of the backfill is unknown: {reason}").into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
