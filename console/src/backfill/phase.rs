//! One word for how far a backfill is, which is true or says that it can't be known.

use switchover_coordinate::{DesiredState, MemberState};

use super::picture::Picture;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    NotStarted,
    Running,
    Paused,
    Complete,
    /// Done, but the target refused documents, or parts were left out by choice.
    CompleteWithout {
        failed_documents: u64,
        skipped_parts: u64,
    },
    Blocked(String),
    Unknown(String),
}

impl Phase {
    /// One camelCase word, for JSON.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::NotStarted => "notStarted",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Complete => "complete",
            Self::CompleteWithout { .. } => "completeWithFailedDocuments",
            Self::Blocked(_) => "blocked",
            Self::Unknown(_) => "unknown",
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Blocked(reason) | Self::Unknown(reason) => Some(reason),
            _ => None,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self, Self::Complete | Self::CompleteWithout { .. })
    }

    /// What the picture shows.
    pub(super) fn of(picture: &Picture) -> Self {
        let all = &picture.overview.all;
        if all.items > 0 && all.open == 0 {
            return match (all.failed, all.failed_documents, all.skipped) {
                (1.., ..) => {
                    let first = picture.overview.errors.iter().next();
                    let first = first.map(|(part, reason)| format!(", first {part}: {reason}"));
                    let parts = "parts of the snapshot could not be loaded";
                    Self::Blocked(format!("{} {parts}{}", all.failed, first.unwrap_or_default()))
                }
                (0, 0, 0) => Self::Complete,
                (0, failed_documents, skipped_parts) => {
                    Self::CompleteWithout { failed_documents, skipped_parts }
                }
            };
        }
        let states = || picture.living.iter().map(|member| member.said.state);
        if states().any(|state| matches!(state, MemberState::Working | MemberState::Starting)) {
            return Self::Running;
        }
        let blocked = picture.living.iter().find(|member| member.said.state == MemberState::Blocked);
        if let Some(member) = blocked {
            let reason = member.said.reason.as_deref().unwrap_or("no reason was given");
            return Self::Blocked(format!("{reason} ({})", member.identity.name));
        }
        if states().any(MemberState::is_active) {
            return Self::Running;
        }
        match picture.desired.map(|desired| desired.state) {
            Some(DesiredState::Pause) => Self::Paused,
            Some(DesiredState::Stop) => Self::Blocked(
                "stopped before the end; `switchover backfill stop` again archives what was done".to_owned(),
            ),
            None if all.items == 0 => Self::NotStarted,
            // They learn in a moment that they are to work.
            Some(DesiredState::Run) if !picture.living.is_empty() => Self::Running,
            Some(DesiredState::Run) | None => {
                Self::Blocked("no worker is alive; `switchover backfill start` starts them".to_owned())
            }
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted => f.write_str("not started"),
            Self::Running => f.write_str("running"),
            Self::Paused => f.write_str("paused"),
            Self::Complete => f.write_str("complete"),
            Self::CompleteWithout { failed_documents, skipped_parts } => {
                write!(f, "complete with {failed_documents} failed documents")?;
                if *skipped_parts > 0 { write!(f, ", {skipped_parts} parts left out") } else { Ok(()) }
            }
            Self::Blocked(reason) => write!(f, "blocked: {reason}"),
            Self::Unknown(reason) => write!(f, "unknown: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use switchover_coordinate::{Desired, GroupOverview, Member, Overview, Said};

    use super::*;

    fn picture(all: GroupOverview, desired: Option<DesiredState>, members: &[MemberState]) -> Picture {
        let member = |&state: &MemberState| {
            let said = Said { state, reason: Some("429".to_owned()), ..Said::default() };
            Member { said, ..Member::default() }
        };
        Picture {
            overview: Overview { all, ..Overview::default() },
            desired: desired.map(|state| Desired { state, scale: None }),
            living: members.iter().map(member).collect(),
            ..Picture::default()
        }
    }

    #[test]
    fn each_picture_has_its_word() {
        use DesiredState::{Pause, Run, Stop};
        use MemberState::{Blocked, Idle, Paused, Waiting, Working};
        let items = |open, failed, failed_documents, skipped| GroupOverview {
            items: 9,
            open,
            failed,
            failed_documents,
            skipped,
            ..GroupOverview::default()
        };
        let none = GroupOverview::default;
        for (all, desired, members, expected) in [
            (none(), None, &[][..], "not started"),
            (none(), None, &[Idle], "not started"),
            (none(), None, &[Working], "running"),
            (none(), Some(Pause), &[], "paused"),
            (none(), Some(Run), &[], "blocked: no worker is alive"),
            (items(3, 0, 0, 0), Some(Run), &[Working, Blocked], "running"),
            (items(3, 0, 0, 0), Some(Run), &[Waiting, Blocked], "blocked: 429"),
            (items(3, 0, 0, 0), Some(Run), &[Waiting], "running"),
            (items(3, 0, 0, 0), Some(Run), &[Idle], "running"),
            (items(3, 0, 0, 0), Some(Run), &[], "blocked: no worker is alive"),
            (items(3, 0, 0, 0), None, &[], "blocked: no worker is alive"),
            (items(3, 0, 0, 0), Some(Pause), &[Working], "running"),
            (items(3, 0, 0, 0), Some(Pause), &[Paused, Paused], "paused"),
            (items(3, 0, 0, 0), Some(Stop), &[], "blocked: stopped before the end"),
            (items(3, 1, 0, 0), Some(Run), &[Working], "running"),
            (items(0, 0, 0, 0), Some(Run), &[Waiting], "complete"),
            (items(0, 0, 0, 0), Some(Pause), &[], "complete"),
            (items(0, 0, 7, 0), Some(Run), &[], "complete with 7 failed documents"),
            (items(0, 0, 7, 2), None, &[], "complete with 7 failed documents, 2 parts left out"),
            (items(0, 1, 7, 2), None, &[], "blocked: 1 parts of the snapshot could not be loaded"),
        ] {
            let shown = Phase::of(&picture(all.clone(), desired, members)).to_string();
            let same = match expected.starts_with("blocked") {
                true => shown.starts_with(expected),
                false => shown == expected,
            };
            assert!(same, "{all:?} {desired:?} {members:?}: {shown}, not {expected}");
        }
    }
}
