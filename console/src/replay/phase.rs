//! One word for how far a replay is, which is true or says that it can't be known.

use switchover_coordinate::{DesiredState, MemberState, ReplayEnds, ReplayOutcome};

use super::picture::Picture;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    NotStarted,
    /// Also when the source was caught up with: more may be captured.
    Running,
    /// Stopped by the operator; a start goes on.
    Paused,
    /// The input is over, and everything in it is replayed.
    Complete,
    /// The same, but not all that the source was asked for is on the target.
    CompleteWith {
        dead_letters: u64,
        /// Places where captured traffic is missing or can't be read.
        losses: u64,
    },
    Blocked(String),
    Unknown(String),
}

impl Phase {
    /// One camelCase word, for JSON.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotStarted => "notStarted",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Complete => "complete",
            Self::CompleteWith { .. } => "completeWithDeadLetters",
            Self::Blocked(_) => "blocked",
            Self::Unknown(_) => "unknown",
        }
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Blocked(reason) | Self::Unknown(reason) => Some(reason),
            _ => None,
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        matches!(self, Self::Complete | Self::CompleteWith { .. })
    }

    /// What the picture shows.
    pub(super) fn of(picture: &Picture) -> Self {
        let Some(desired) = picture.desired else { return Self::NotStarted };
        let states = || picture.living.iter().map(|member| member.said.state);
        let blocked = picture.living.iter().find(|member| member.said.state == MemberState::Blocked);
        if let Some(member) = blocked {
            let reason = member.said.reason.as_deref().unwrap_or("no reason was given");
            return Self::Blocked(format!("{reason} ({})", member.identity.name));
        }
        if states().any(MemberState::is_active) {
            return Self::Running;
        }
        // Those that stand by learn in a moment that they are to work.
        let run = desired.state == DesiredState::Run;
        match picture.overview.ends {
            _ if run && !picture.living.is_empty() => Self::Running,
            ReplayEnds { done: 1.., stopped: 0, failed: 0, lost: 0 } if picture.silent.is_empty() => {
                let counts = picture.overview.counts;
                match (counts.dead_letters(), counts.losses()) {
                    (0, 0) => Self::Complete,
                    (dead_letters, losses) => Self::CompleteWith { dead_letters, losses },
                }
            }
            _ if run => Self::Blocked(format!(
                "no replayer is alive{}; `switchover replay start` starts them",
                trouble(picture).map(|trouble| format!(" ({trouble})")).unwrap_or_default()
            )),
            _ => Self::Paused,
        }
    }
}

/// What became of the one that was there last.
fn trouble(picture: &Picture) -> Option<String> {
    if let Some(member) = picture.silent.first() {
        return Some(format!("{} is silent", member.identity.name));
    }
    let member = picture.overview.over.first()?;
    let name = &member.identity.name;
    Some(match member.said.replay.as_ref().and_then(|said| said.outcome) {
        _ if member.said.state == MemberState::Lost => format!("{name} died without a word"),
        Some(ReplayOutcome::Failed) => {
            format!("{name} failed: {}", member.said.reason.as_deref().unwrap_or("no reason was given"))
        }
        Some(ReplayOutcome::Done) => format!("{name} came to the end of its input, others did not"),
        Some(ReplayOutcome::Stopped) | None => format!("{name} was ended"),
    })
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted => f.write_str("not started"),
            Self::Running => f.write_str("running"),
            Self::Paused => f.write_str("paused"),
            Self::Complete => f.write_str("complete"),
            Self::CompleteWith { dead_letters, losses } => {
                write!(f, "complete with {dead_letters} dead letters")?;
                if *losses > 0 { write!(f, ", {losses} places of missing traffic") } else { Ok(()) }
            }
            Self::Blocked(reason) => write!(f, "blocked: {reason}"),
            Self::Unknown(reason) => write!(f, "unknown: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use switchover_coordinate::{Desired, Member, ReplayCounts, ReplayOverview, ReplaySaid, Said};

    use super::*;

    fn member(state: MemberState, outcome: Option<ReplayOutcome>) -> Member {
        let replay = Some(ReplaySaid { outcome, ..ReplaySaid::default() });
        let said = Said { state, reason: Some("no route".to_owned()), replay, ..Said::default() };
        Member { said, ..Member::default() }
    }

    fn phase(desired: Option<DesiredState>, living: &[MemberState], ends: ReplayEnds) -> Phase {
        phase_with(desired, living, ends, ReplayCounts::default())
    }

    fn phase_with(
        desired: Option<DesiredState>,
        living: &[MemberState],
        ends: ReplayEnds,
        counts: ReplayCounts,
    ) -> Phase {
        let over = match ends {
            ReplayEnds { failed: 1.., .. } => vec![member(MemberState::Ended, Some(ReplayOutcome::Failed))],
            ReplayEnds { lost: 1.., .. } => vec![member(MemberState::Lost, None)],
            _ => vec![member(MemberState::Ended, Some(ReplayOutcome::Done))],
        };
        Phase::of(&Picture {
            desired: desired.map(|state| Desired { state, scale: Some(2) }),
            living: living.iter().map(|state| member(*state, None)).collect(),
            overview: ReplayOverview { counts, ends, over },
            ..Picture::default()
        })
    }

    #[test]
    fn each_picture_has_its_word() {
        use DesiredState::{Run, Stop};
        use MemberState::{Blocked, Idle, Starting, Waiting, Working};
        let none = ReplayEnds::default();
        assert_eq!(phase(None, &[Idle], none), Phase::NotStarted);
        for living in [&[Starting][..], &[Working], &[Waiting], &[Idle], &[Idle, Working]] {
            assert_eq!(phase(Some(Run), living, none), Phase::Running, "{living:?}");
        }
        let shown = phase(Some(Run), &[Working, Blocked], none).to_string();
        assert!(shown.starts_with("blocked: no route"), "{shown}");
        assert_eq!(phase(Some(Stop), &[Working], none), Phase::Running, "it is not paused yet");
        assert_eq!(phase(Some(Stop), &[], none), Phase::Paused);
        let done = ReplayEnds { done: 2, ..none };
        assert_eq!(phase(Some(Run), &[], done), Phase::Complete);
        assert_eq!(phase(Some(Stop), &[], done), Phase::Complete, "a stop of what is over changes nothing");
        assert_eq!(phase(Some(Run), &[Working], done), Phase::Running);
        let counts = ReplayCounts { dead_lettered: 2, unreplayable: 1, gaps: 1, ..ReplayCounts::default() };
        let shown = phase_with(Some(Run), &[], done, counts).to_string();
        assert_eq!(shown, "complete with 3 dead letters, 1 places of missing traffic");
    }

    #[test]
    fn nothing_is_complete_when_one_did_not_come_to_its_end() {
        let run = Some(DesiredState::Run);
        let done = ReplayEnds { done: 3, ..ReplayEnds::default() };
        for (ends, word) in [
            (ReplayEnds { lost: 1, ..done }, "died without a word"),
            (ReplayEnds { failed: 1, ..done }, "failed: no route"),
            (ReplayEnds { stopped: 1, ..done }, "others did not"),
            (ReplayEnds::default(), "no replayer is alive"),
        ] {
            let shown = phase(run, &[], ends).to_string();
            assert!(shown.starts_with("blocked: no replayer is alive") && shown.contains(word), "{shown}");
        }
        let silent = Picture {
            desired: Some(Desired { state: DesiredState::Run, scale: None }),
            silent: vec![member(MemberState::Working, None)],
            overview: ReplayOverview { ends: done, ..ReplayOverview::default() },
            ..Picture::default()
        };
        assert!(Phase::of(&silent).to_string().contains("is silent"));
    }
}
