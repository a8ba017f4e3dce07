//! The status for people, and for scripts that look for the lines of the documents.

use switchover_coordinate::{Member, ReplaySaid};

use super::Status;
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::replay::picture::Picture;
use crate::utc;

/// Replayers and kinds of differences that are listed.
const MAX_LISTED: usize = 50;
const MAX_DIFFERENCES: usize = 5;
/// Following live traffic, a replay is two seconds behind by its nature, for the order of what is captured.
const LIVE_MS: u64 = 10_000;

impl Status {
    pub(in crate::replay) fn print(&self, out: &mut Output) -> Result<(), Failure> {
        for line in self.lines() {
            out.line(harmless(&line))?;
        }
        Ok(())
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("ReplayStatus.{}", self.word())];
        let phase = format!("Phase: {}", self.phase);
        let Some(picture) = &self.picture else {
            lines.push(phase);
            return lines;
        };
        let counts = self.counts();
        lines.push(format!("Running={}", counts.running));
        lines.push(format!("Pending={}", counts.pending));
        lines.push(format!("Desired={}", counts.desired));
        lines.push(phase);
        lines.extend(figures(picture));
        lines.extend(picture.living.iter().take(MAX_LISTED).map(replayer));
        let silent = picture.silent.iter().take(MAX_LISTED);
        lines.extend(silent.map(|member| format!("Replayer {}: silent", member.identity.name)));
        lines
    }
}

fn figures(picture: &Picture) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(input) = &picture.input {
        lines.push(format!("Input: {input}"));
    }
    if picture.counts().running > 0 {
        lines.push(format!("Lag: {}", lag(picture)));
        let (waiting, in_flight) = picture.under_way();
        let rate = picture.requests_per_second();
        lines.push(format!("Rate: {rate:.0} requests a second, {in_flight} in flight, {waiting} read ahead"));
        if let Some(left) = picture.live_in_ms() {
            lines.push(format!("Estimated time to live: {}", utc::duration(left)));
        }
        if let Some(records) = picture.lag_records() {
            let partitions = picture.partitions().len();
            lines.push(format!("Records not replayed: {records} in {partitions} partitions"));
        }
        if let Some((oldest, member)) = picture.oldest() {
            lines.push(format!(
                "Oldest pending: {} of {} for {} s: {} ({})",
                oldest.request, oldest.node_id, oldest.seconds, oldest.reason, member.identity.name
            ));
        }
    }
    let counts = picture.overview.counts;
    lines.push(format!(
        "Requests: {} replayed, {} dead letters, {} left out by rules",
        counts.replayed,
        counts.dead_letters(),
        counts.left_out
    ));
    lines.push(format!(
        "Answers: {} same, {} expected differences, {} different, {} not comparable",
        counts.same, counts.expected_difference, counts.different, counts.not_comparable
    ));
    for group in picture.differences().iter().take(MAX_DIFFERENCES) {
        lines.push(format!("Different: {} x {} {} {}", group.count, group.endpoint, group.kind, group.path));
    }
    if counts.losses() > 0 {
        lines.push(format!(
            "Missing: {} gaps ({} requests), {} stretches that are no requests, {} unreadable records",
            counts.gaps, counts.gap_requests, counts.unframed, counts.bad_records
        ));
    }
    if counts.dead_letters() > 0 {
        let members = picture.living.iter().chain(&picture.overview.over);
        let folders = members.filter_map(|member| {
            let said = member.said.replay.as_ref().filter(|said| said.counts.dead_letters() > 0)?;
            Some(format!("Dead letters: {} on {}", said.dead_letter_dir, member.identity.host))
        });
        lines.extend(folders.take(MAX_LISTED));
    }
    lines
}

fn lag(picture: &Picture) -> String {
    match picture.behind_ms() {
        None => "not known yet".to_owned(),
        Some(0) if picture.is_live() => "none, live".to_owned(),
        Some(0) => "none".to_owned(),
        Some(behind) if behind < LIVE_MS && picture.is_live() => {
            format!("{:.1} s behind the source, live", behind as f64 / 1000.0)
        }
        Some(behind) => format!("{} behind the source", utc::duration(behind)),
    }
}

fn replayer(member: &Member) -> String {
    let said = &member.said;
    let mut line = format!("Replayer {}: {}", member.identity.name, said.state.as_str());
    if let Some(reason) = &said.reason {
        line.push_str(&format!(" ({reason})"));
    }
    let partitions = said.replay.as_ref().map(|ReplaySaid { partitions, .. }| partitions.as_slice());
    if let Some(partitions @ [_, ..]) = partitions {
        let numbers: Vec<_> = partitions.iter().map(|partition| partition.partition.to_string()).collect();
        line.push_str(&format!(", partitions {}", numbers.join(" ")));
    }
    line
}
