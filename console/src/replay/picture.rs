//! All that the coordination index knows of a replay at one time.

use std::collections::BTreeMap;

use switchover_coordinate::{
    Board, CoordinationError, Desired, Differences, Member, OldestRequest, PartitionFigures, ReplayOverview,
    ReplaySaid,
};

use super::phase::Phase;
use crate::fleet::counts::Counts;
use crate::fleet::living::split;

/// A replay.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    pub(crate) desired: Option<Desired>,
    /// Replayers that live, in the order in which they began.
    pub(crate) living: Vec<Member>,
    /// Those that died without a word.
    pub(crate) silent: Vec<Member>,
    /// What all of them did, and what became of those that are not there any more.
    pub(crate) overview: ReplayOverview,
    /// What is replayed.
    pub(crate) input: Option<String>,
    /// The last start, by the clock of who started.
    pub(crate) started_unix_ms: Option<u64>,
}

impl Picture {
    /// `None`: nobody has begun. An error: one of the questions had no answer, so nothing is known.
    pub(crate) async fn take(board: &Board) -> Result<Option<Self>, CoordinationError> {
        if !board.exists().await? {
            return Ok(None);
        }
        board.refresh().await?;
        let desired = board.desired().await?;
        let (living, silent) = split(board, board.members().await?).await?;
        let overview = board.replay_overview().await?;
        let input = board.subject().await?.map(|(subject, _)| subject.from);
        let started_unix_ms = board.last_start().await?.map(|start| start.at_unix_ms);
        Ok(Some(Self { desired, living, silent, overview, input, started_unix_ms }))
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::of(self)
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts::of(&self.living, self.desired)
    }

    fn said(&self) -> impl Iterator<Item = &ReplaySaid> {
        self.living.iter().filter_map(|member| member.said.replay.as_ref())
    }

    fn active(&self) -> impl Iterator<Item = &ReplaySaid> {
        let active = self.living.iter().filter(|member| member.said.state.is_active());
        active.filter_map(|member| member.said.replay.as_ref())
    }

    /// They go on with what is captured later.
    pub(crate) fn is_live(&self) -> bool {
        self.said().any(|said| said.live)
    }

    /// How old the oldest request is on the source that is not replayed; 0: none is left for now. `None`: not known.
    pub(crate) fn behind_ms(&self) -> Option<u64> {
        self.active().filter_map(|said| said.behind_ms).max()
    }

    /// Until the source is caught up with, at the rate of now.
    pub(crate) fn live_in_ms(&self) -> Option<u64> {
        self.active().filter_map(|said| said.live_in_ms).max()
    }

    pub(crate) fn requests_per_second(&self) -> f64 {
        self.active().map(|said| said.requests_per_second).sum()
    }

    /// Read and not sent, and sent and not complete.
    pub(crate) fn under_way(&self) -> (u64, u64) {
        self.active()
            .fold((0, 0), |(waiting, in_flight), said| (waiting + said.waiting, in_flight + said.in_flight))
    }

    /// Records of the topic that are not replayed; `None` without Kafka, or when no replayer has a partition.
    pub(crate) fn lag_records(&self) -> Option<u64> {
        self.active().filter_map(|said| said.lag_records).reduce(|all, lag| all + lag)
    }

    /// How far each partition is, as who has it says.
    pub(crate) fn partitions(&self) -> Vec<PartitionFigures> {
        let mut partitions: BTreeMap<i32, PartitionFigures> = BTreeMap::new();
        for partition in self.active().flat_map(|said| &said.partitions) {
            let known = partitions.entry(partition.partition).or_insert(*partition);
            // One that moved a moment ago may be told by both.
            if partition.replayed_to > known.replayed_to {
                *known = *partition;
            }
        }
        partitions.into_values().collect()
    }

    /// The request of all that has waited longest for its answer, and who waits.
    pub(crate) fn oldest(&self) -> Option<(&OldestRequest, &Member)> {
        let oldest =
            |member: &'_ Member| member.said.replay.as_ref()?.oldest.as_ref().map(|oldest| oldest.seconds);
        let member = self
            .living
            .iter()
            .filter(|member| oldest(member).is_some())
            .max_by_key(|member| oldest(member))?;
        Some((member.said.replay.as_ref()?.oldest.as_ref()?, member))
    }

    /// Kinds of differences, the most frequent first: of replayers that live or ended since the last start.
    pub(crate) fn differences(&self) -> Vec<Differences> {
        let mut groups: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
        let over = self.overview.over.iter().filter_map(|member| member.said.replay.as_ref());
        for group in self.said().chain(over).flat_map(|said| &said.differences) {
            *groups.entry((&group.endpoint, &group.kind, &group.path)).or_default() += group.count;
        }
        let group = |((endpoint, kind, path), count): ((&str, &str, &str), u64)| Differences {
            endpoint: endpoint.to_owned(),
            kind: kind.to_owned(),
            path: path.to_owned(),
            count,
        };
        let mut groups: Vec<_> = groups.into_iter().map(group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}
