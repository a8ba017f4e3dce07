//! The replay as a phase of the migration, and the differences that it finds as another.

use super::phase::Phase as Word;
use super::picture::Picture;
use super::settings::Settings;
use crate::overview::{Differences, Group, Lack, Oldest, Phase, Progress, Replay, State, Summary};
use crate::services::Services;

/// What the coordination index says.
pub(crate) async fn ask(services: &Services) -> (Phase<Replay>, Phase<Differences>) {
    if !services.has_replay() {
        let how = "add a block replay to the services file";
        return (Phase::not_in_use(how), Phase::not_in_use("the replay finds them"));
    }
    let taken = async {
        let settings = Settings::load(services.path()).await.map_err(|failure| failure.to_string())?;
        let board = settings.board().map_err(|failure| failure.to_string())?;
        Picture::take(&board).await.map_err(|error| error.to_string())
    };
    match taken.await {
        Err(reason) => (Phase::unknown(reason.clone()), Phase::unknown(reason)),
        Ok(None) => (Phase::default(), Phase::default()),
        Ok(Some(picture)) => of_picture(&picture),
    }
}

fn of_picture(picture: &Picture) -> (Phase<Replay>, Phase<Differences>) {
    let state = state(&picture.phase());
    let all = picture.overview.counts;
    let workers = picture.counts();
    let mut summary = Summary::new(state.clone());
    if let Some(input) = &picture.input {
        summary.fact("input", input.as_str());
    }
    if !picture.silent.is_empty() {
        let names: Vec<_> = picture.silent.iter().map(|member| member.identity.name.as_str()).collect();
        summary.fact("silent replayers", names.join(", "));
    }
    let rate = picture.requests_per_second();
    if state == State::Running && rate == 0.0 && picture.behind_ms() != Some(0) {
        let reason = picture.living.iter().find_map(|member| member.said.reason.as_deref());
        let reason = reason.unwrap_or("no request was completed in the last seconds");
        summary.progress = Some(Progress { stands_still: Some(reason.to_owned()), ..Progress::default() });
    }
    let details = Replay {
        replayers_running: workers.running,
        replayers_desired: workers.desired,
        silent_replayers: picture.silent.iter().map(|member| member.identity.name.clone()).collect(),
        live: picture.is_live(),
        behind_ms: picture.behind_ms(),
        live_in_ms: picture.live_in_ms(),
        lag_records: picture.lag_records(),
        requests_per_second: rate,
        replayed: all.replayed,
        dead_letters: all.dead_letters(),
        losses: all.losses(),
        oldest: picture.oldest().map(|(oldest, _)| Oldest {
            request: oldest.request.clone(),
            seconds: oldest.seconds,
            reason: oldest.reason.clone(),
        }),
    };
    let group = |group: switchover_coordinate::Differences| Group {
        endpoint: group.endpoint,
        kind: group.kind,
        path: group.path,
        count: group.count,
    };
    let differences = Differences {
        same: all.same,
        expected_difference: all.expected_difference,
        different: all.different,
        not_comparable: all.not_comparable,
        groups: picture.differences().into_iter().map(group).collect(),
    };
    let compared = match state {
        // What stopped the replay is told there; what was compared stands.
        State::Blocked(_) => State::Paused,
        State::CompleteWith(..) => State::Complete,
        other => other,
    };
    (
        Phase { summary, details: Some(details) },
        Phase { summary: Summary::new(compared), details: Some(differences) },
    )
}

fn state(word: &Word) -> State {
    match word {
        Word::NotStarted => State::NotStarted,
        Word::Running => State::Running,
        Word::Paused => State::Paused,
        Word::Complete | Word::CompleteWith { dead_letters: 0, losses: 0 } => State::Complete,
        Word::CompleteWith { dead_letters, losses: 0 } => {
            State::CompleteWith(*dead_letters, Lack::DeadLetters)
        }
        Word::CompleteWith { losses, .. } => State::Blocked(format!(
            "at {losses} places captured traffic is missing or can't be read: the target lacks those writes"
        )),
        Word::Blocked(reason) => State::Blocked(reason.clone()),
        Word::Unknown(reason) => State::Unknown(reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_not_complete() {
        let with = |dead_letters, losses| state(&Word::CompleteWith { dead_letters, losses }).to_string();
        assert_eq!(with(0, 0), "complete");
        assert_eq!(with(3, 0), "complete with 3 dead letters");
        assert!(with(3, 2).starts_with("blocked: at 2 places"));
    }
}
