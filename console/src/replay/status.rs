//! `replay status`: in the words of the field's documents, and how it really is.

mod text;

use serde_json::{Map, Value, json};
use switchover_coordinate::CoordinationError;

use super::phase::Phase;
use super::picture::Picture;
use super::settings::Settings;
use crate::failure::Failure;
use crate::fleet::counts::Counts;
use crate::output::Output;

/// Of the JSON that is printed; grows when a field changes its meaning.
const SCHEMA: &str = "switchover.replay.status/1";

/// What there is to show.
#[derive(Debug)]
pub(super) struct Status {
    phase: Phase,
    picture: Option<Picture>,
}

impl Status {
    pub(super) fn of(taken: Result<Option<Picture>, CoordinationError>) -> Self {
        match taken {
            Err(error) => Self { phase: Phase::Unknown(error.to_string()), picture: None },
            Ok(None) => Self { phase: Phase::NotStarted, picture: None },
            Ok(Some(picture)) => Self { phase: picture.phase(), picture: Some(picture) },
        }
    }

    /// The word behind `ReplayStatus.`; `COMPLETED` only where nothing runs any more.
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
        let known = !matches!(self.phase, Phase::Unknown(_));
        let mut all = json!({
            "schema": SCHEMA,
            "status": self.word(),
            "phase": self.phase.word(),
            "phaseText": self.phase.to_string(),
            "reason": self.phase.reason(),
            "replayers": known.then(|| self.counts().json()),
        });
        if let (Some(picture), Some(fields)) = (&self.picture, all.as_object_mut()) {
            fields.extend(picture_json(picture));
        }
        all
    }
}

fn picture_json(picture: &Picture) -> Map<String, Value> {
    let (waiting, in_flight) = picture.under_way();
    let counts = picture.overview.counts;
    let oldest = picture.oldest().map(|(oldest, member)| {
        let mut oldest = json!(oldest);
        oldest["replayer"] = member.identity.name.clone().into();
        oldest
    });
    let fields = json!({
        "desired": picture.desired,
        "input": picture.input,
        "startedUnixMs": picture.started_unix_ms,
        "live": picture.is_live(),
        "lagMs": picture.behind_ms(),
        "liveInMs": picture.live_in_ms(),
        "lagRecords": picture.lag_records(),
        "requestsPerSecond": picture.requests_per_second(),
        "waiting": waiting,
        "inFlight": in_flight,
        "counts": counts,
        "deadLetters": counts.dead_letters(),
        "oldest": oldest,
        "partitions": picture.partitions(),
        "differences": picture.differences(),
        "ends": picture.overview.ends,
        "members": picture.living,
        "silentMembers": picture.silent.iter().map(|member| &member.identity.name).collect::<Vec<_>>(),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Shows it. What can't be known is a failure.
pub(super) async fn run(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let status = Status::of(Picture::take(&settings.board()?).await);
    let mut out = Output::stdout();
    if as_json {
        out.json(&status.json())?;
    } else {
        status.print(&mut out)?;
    }
    out.flush()?;
    match status.phase {
        Phase::Unknown(reason) => Err(anyhow::anyhow!("the state of the replay is unknown: {reason}").into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
