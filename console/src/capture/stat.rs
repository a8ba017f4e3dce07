//! `capture stat`: is the log whole, and what is in it? It is read twice: once for its own structure, as the capture
//! log defines it, and once for the traffic.

mod traffic;

use std::path::Path;

use serde_json::{Value, json};
use switchover_capture::log::{Damage, LogStats, TornTail, scan};

use self::traffic::Traffic;
use super::{gap, is_directory};
use crate::failure::Failure;
use crate::output::Output;

/// The JSON's form, and its version.
const SCHEMA: &str = "switchover.capture.stat/1";

pub(super) fn run(dir: &Path, json: bool) -> Result<(), Failure> {
    if !is_directory(dir)? {
        let problem =
            "is a file; `capture stat` takes the directory of a capture log, `capture cat` takes files too";
        return Err(anyhow::anyhow!("{} {problem}", dir.display()).into());
    }
    let stats = scan(dir).map_err(anyhow::Error::from)?;
    let traffic = Traffic::of_log(dir).map_err(anyhow::Error::from)?;
    let damage = all_damage(&stats, &traffic);
    let mut out = Output::stdout();
    if json {
        out.json(&stats_json(dir, &stats, &traffic, &damage))?;
    } else if stats.segments.is_empty() {
        out.line(format_args!("capture log {} is empty", dir.display()))?;
    } else {
        stats_text(dir, &stats, &traffic, &damage, &mut out)?;
    }
    out.flush()?;
    if damage.is_empty() { Ok(()) } else { Err(damaged(dir)) }
}

/// An entry that both readings stumbled over counts once.
fn all_damage<'a>(stats: &'a LogStats, traffic: &'a Traffic) -> Vec<&'a Damage> {
    let known = |place: &Damage| {
        stats.damage.iter().any(|other| (&other.segment, other.offset) == (&place.segment, place.offset))
    };
    stats.damage.iter().chain(traffic.undecodable.iter().filter(|place| !known(place))).collect()
}

fn damaged(dir: &Path) -> Failure {
    let advice =
        "what stood there is lost to a replay; check the disk, and restore those segments if there is a copy";
    anyhow::anyhow!("capture log {} is damaged, as listed; {advice}", dir.display()).into()
}

fn stats_json(dir: &Path, stats: &LogStats, traffic: &Traffic, damage: &[&Damage]) -> Value {
    let damage_json = |damage: &&Damage| {
        json!({
            "segment": damage.segment.display().to_string(),
            "offset": damage.offset,
            "reason": damage.reason,
        })
    };
    let torn_tail_json = |tail: &TornTail| {
        json!({
            "segment": tail.segment.display().to_string(),
            "offset": tail.offset,
            "bytes": tail.bytes,
        })
    };
    json!({
        "schema": SCHEMA,
        "dir": dir.display().to_string(),
        "segments": stats.segments.len(),
        "bytes": stats.bytes(),
        "records": stats.records(),
        "requests": traffic.requests,
        "answered": traffic.answered,
        "connections": traffic.connections,
        "from": traffic.span.map(|(from, _)| from.to_string()),
        "to": traffic.span.map(|(_, to)| to.to_string()),
        "gaps": stats.gaps.iter().map(gap::json).collect::<Vec<_>>(),
        "tornTail": stats.torn_tail.as_ref().map(torn_tail_json),
        "damage": damage.iter().map(damage_json).collect::<Vec<_>>(),
    })
}

fn stats_text(
    dir: &Path,
    stats: &LogStats,
    traffic: &Traffic,
    damage: &[&Damage],
    out: &mut Output,
) -> Result<(), Failure> {
    let finished = stats.segments.iter().filter(|segment| segment.sealed).count();
    out.line(format_args!("capture log {}", dir.display()))?;
    out.line(format_args!("segments     {} ({finished} finished)", stats.segments.len()))?;
    out.line(format_args!("bytes        {}", stats.bytes()))?;
    out.line(format_args!("records      {}", stats.records()))?;
    out.line(format_args!("requests     {} ({} answered)", traffic.requests, traffic.answered))?;
    out.line(format_args!("connections  {}", traffic.connections))?;
    match traffic.span {
        Some((from, to)) => out.line(format_args!("time span    {from} to {to}"))?,
        None => out.line("time span    none")?,
    }
    out.line(format_args!("gaps         {}", stats.gaps.len()))?;
    for entry in &stats.gaps {
        out.line(format_args!("  {}", gap::text(&entry.gap)))?;
    }
    match &stats.torn_tail {
        Some(TornTail { segment, offset, bytes }) => out.line(format_args!(
            "torn tail    {bytes} bytes of {} from offset {offset}: an unfinished write, no damage",
            segment.display()
        ))?,
        None => out.line("torn tail    none")?,
    }
    if damage.is_empty() {
        return out.line("damage       none, every checksum is right");
    }
    out.line(format_args!("damage       {}", damage.len()))?;
    for Damage { segment, offset, reason, .. } in damage {
        out.line(format_args!("  {} at offset {offset}: {reason}", segment.display()))?;
    }
    Ok(())
}
