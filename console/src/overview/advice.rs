//! What to do next: the first phase that is not done says it.

use serde::Serialize;

use super::phase::Name;
use super::state::State;
use super::{Overview, Summary};
use crate::readable::span;

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Next {
    /// In words.
    pub(crate) text: String,
    /// To be typed; none where there is nothing to type.
    pub(crate) command: Option<String>,
}

fn step(text: impl Into<String>, command: &str) -> Next {
    Next { text: text.into(), command: Some(format!("switchover {command}")) }
}

pub(super) fn next(overview: &Overview) -> Next {
    if overview.source.is_none() && overview.target.is_none() {
        return step("say which clusters there are", "init --force");
    }
    let phases = overview.phases();
    let open = |(name, summary): &&(Name, &Summary)| summary.in_use && !is_passed(*name, &summary.state);
    match phases.iter().find(open) {
        Some((name, summary)) => of_phase(*name, &summary.state, overview),
        None if phases.iter().any(|(_, summary)| summary.in_use) => Next {
            text: "all that the services file names is done: move the clients to the target when it suits"
                .to_owned(),
            command: None,
        },
        None => step("add a block snapshot and a block backfill to the services file, then check", "doctor"),
    }
}

/// What needs nobody: done, or it runs for as long as the migration does.
fn is_passed(name: Name, state: &State) -> bool {
    match name {
        Name::Agents | Name::Replay => matches!(state, State::Running | State::Complete),
        Name::Differences => !matches!(state, State::Blocked(_) | State::Unknown(_)),
        _ => *state == State::Complete,
    }
}

fn of_phase(name: Name, state: &State, overview: &Overview) -> Next {
    let title = name.title();
    if let State::Unknown(_) = state {
        let command = match name {
            Name::Verification => return step("compare both clusters again", "verify"),
            Name::Agents => {
                let agents = overview.agents.details.iter().flat_map(|details| &details.agents);
                let mut silent = agents.filter(|agent| agent.state == super::agents::NO_ANSWER);
                let Some(agent) = silent.next() else {
                    return step("see whether the source answers", "doctor");
                };
                let text = format!(
                    "see whether the agent at {} runs, and whether this host reaches it",
                    agent.address
                );
                return Next { text, command: Some(format!("curl -sS {}/status", quoted(&agent.address))) };
            }
            Name::Metadata if overview.metadata.details.is_none() && overview.target.is_some() => {
                "metadata evaluate"
            }
            Name::Backfill => "backfill status",
            Name::Replay | Name::Differences => "replay status",
            Name::Snapshot => "snapshot status",
            _ => "doctor",
        };
        return step(format!("find out why the {title} can't be known"), command);
    }
    match (name, state) {
        (Name::Agents, State::Blocked(_)) => Next {
            text: "see to the agents: what they do not capture is not replayed".to_owned(),
            command: None,
        },
        (Name::Agents, _) => Next { text: "start the agents".to_owned(), command: None },
        (Name::Snapshot, State::NotStarted) => step("take the snapshot", "snapshot create"),
        (Name::Snapshot, State::Blocked(_)) => step("see to the snapshot", "snapshot status --deep-check"),
        (Name::Metadata, State::NotStarted) => {
            step("see what becomes of settings and mappings, then metadata migrate", "metadata evaluate")
        }
        (Name::Metadata, _) => step("see to what failed, then migrate again", "metadata migrate"),
        (Name::Backfill, State::NotStarted) => step("load the snapshot", "backfill start"),
        (Name::Backfill, State::Paused) => step("the backfill is paused: let it go on", "backfill start"),
        (Name::Backfill, State::CompleteWith(..)) => {
            let folder =
                overview.backfill.details.as_ref().and_then(|details| details.failed_document_dir.as_deref());
            let folder = quoted(folder.unwrap_or("DIR"));
            let command = format!("backfill retry-failed --failed-document-dir {folder}");
            step("see why documents were refused, mend it, and send them again", &command)
        }
        (Name::Backfill, State::Blocked(_)) => {
            step("see what blocks the backfill", "backfill status --deep-check")
        }
        (Name::Replay, State::NotStarted) => step("replay what was captured", "replay start"),
        (Name::Replay, State::Paused) => step("the replay is stopped: let it go on", "replay start"),
        (Name::Replay, _) => step("see what the replay could not do", "replay status"),
        (Name::Verification, State::NotStarted) => step("compare both clusters", "verify"),
        (Name::Verification, _) => step("see what differs", "verify"),
        (Name::Differences, _) => step("see what is answered otherwise", "replay status"),
        (_, State::Running) => {
            let summary =
                overview.phases().into_iter().find(|(phase, _)| *phase == name).map(|(_, summary)| summary);
            let left = summary.and_then(|summary| summary.progress.as_ref()?.eta_seconds);
            let left = left.map(|seconds| format!(", about {} left", span(seconds))).unwrap_or_default();
            step(format!("wait: the {title} runs{left}"), "status --watch")
        }
        _ => step(format!("see to the {title}"), "doctor"),
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/:._-[]".contains(c);
    match text.chars().all(harmless) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
