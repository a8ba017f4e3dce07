//! The final word of a phase: true, or it says that it can't be known.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What is missing where all else is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Documents that the target refused.
    FailedDocuments,
    /// Requests that the replay gave up.
    DeadLetters,
}

/// How far something is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    NotStarted,
    Running,
    Paused,
    Complete,
    /// Done, but for so many of something.
    CompleteWith(u64, Lack),
    /// A person must do something.
    Blocked(String),
    /// It can't be known.
    Unknown(String),
}

impl State {
    /// One camelCase word, for JSON and attributes.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotStarted => "notStarted",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Complete => "complete",
            Self::CompleteWith(_, Lack::FailedDocuments) => "completeWithFailedDocuments",
            Self::CompleteWith(_, Lack::DeadLetters) => "completeWithDeadLetters",
            Self::Blocked(_) => "blocked",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The same without its reason, for people.
    pub(crate) fn short(&self) -> String {
        match self {
            Self::Blocked(_) => "blocked".to_owned(),
            Self::Unknown(_) => "unknown".to_owned(),
            other => other.to_string(),
        }
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Blocked(reason) | Self::Unknown(reason) => Some(reason),
            _ => None,
        }
    }

    /// Of a command that shows nothing else: 0 all is complete, 3 it goes on, 4 a person must do something, 1 unknown.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::NotStarted | Self::Running | Self::Paused => 3,
            Self::CompleteWith(..) | Self::Blocked(_) => 4,
            Self::Unknown(_) => 1,
        }
    }

    /// Of the whole, from its named parts: what can't be known hides what is known to be wrong, and that what is done.
    pub(crate) fn of_all<'a>(parts: impl Iterator<Item = (&'static str, &'a Self)> + Clone) -> Self {
        let named = |which: fn(&Self) -> bool| {
            let names: Vec<_> =
                parts.clone().filter(|(_, state)| which(state)).map(|(name, _)| name).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let any = |which: fn(&Self) -> bool| parts.clone().any(|(_, state)| which(state));
        let all = |which: fn(&Self) -> bool| parts.clone().all(|(_, state)| which(state));
        if let Some(names) = named(|state| matches!(state, Self::Unknown(_))) {
            return Self::Unknown(names);
        }
        if let Some(names) = named(|state| matches!(state, Self::Blocked(_))) {
            return Self::Blocked(names);
        }
        if all(|state| *state == Self::NotStarted) {
            return Self::NotStarted;
        }
        if all(|state| matches!(state, Self::Complete | Self::CompleteWith(..))) {
            let lacking = parts.filter(|(_, state)| matches!(state, Self::CompleteWith(1.., _)));
            // What failed to load is told rather than what was given up after it.
            return lacking.map(|(_, state)| state).next().cloned().unwrap_or(Self::Complete);
        }
        match any(|state| *state == Self::Paused) && !any(|state| *state == Self::Running) {
            true => Self::Paused,
            false => Self::Running,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted => f.write_str("not started"),
            Self::Running => f.write_str("running"),
            Self::Paused => f.write_str("paused"),
            Self::Complete => f.write_str("complete"),
            Self::CompleteWith(count, lack) => {
                let what = match lack {
                    Lack::FailedDocuments => "failed document",
                    Lack::DeadLetters => "dead letter",
                };
                write!(f, "complete with {count} {what}{}", if *count == 1 { "" } else { "s" })
            }
            Self::Blocked(reason) => write!(f, "blocked: {reason}"),
            Self::Unknown(reason) => write!(f, "unknown: {reason}"),
        }
    }
}

impl Serialize for State {
    /// `state`, `text`, and `reason` or `count` where there is one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("state", self.word())?;
        map.serialize_entry("text", &self.to_string())?;
        if let Some(reason) = self.reason() {
            map.serialize_entry("reason", reason)?;
        }
        if let Self::CompleteWith(count, _) = self {
            map.serialize_entry("count", count)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(states: &[State]) -> State {
        State::of_all(states.iter().map(|state| ("a", state)))
    }

    #[test]
    fn the_worst_part_speaks_for_the_whole() {
        use State::{Complete, NotStarted, Paused, Running};
        let failed = |count| State::CompleteWith(count, Lack::FailedDocuments);
        let blocked = || State::Blocked("no room".to_owned());
        let unknown = || State::Unknown("no answer".to_owned());
        for (parts, expected, code) in [
            (&[][..], "not started", 3),
            (&[NotStarted, NotStarted], "not started", 3),
            (&[Complete, NotStarted], "running", 3),
            (&[Complete, Paused, NotStarted], "paused", 3),
            (&[Paused, Running], "running", 3),
            (&[Complete, Complete], "complete", 0),
            (&[Complete, failed(0)], "complete", 0),
            (&[Complete, failed(3), failed(2)], "complete with 3 failed documents", 4),
            (&[Complete, failed(3), Running], "running", 3),
            (&[Complete, blocked(), Running], "blocked: a", 4),
            (&[Complete, blocked(), unknown()], "unknown: a", 1),
            (&[Complete, unknown()], "unknown: a", 1),
        ] {
            let state = all(parts);
            assert_eq!((state.to_string().as_str(), state.exit_code()), (expected, code), "{parts:?}");
        }
    }
}
