//! Is the cluster well, is its clock right, and is there room?

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::{Findings, Reached, Severity};

/// From here on signatures and certificates begin to fail, and times of replayed requests mislead.
const CLOCK_WARNING_SECONDS: u64 = 30;
/// Amazon refuses signatures that are older.
const CLOCK_ERROR_SECONDS: u64 = 300;
/// What indices need beside their primaries: a copy, and merges.
const COMFORTABLE: u64 = 3;

#[derive(Deserialize)]
struct Health {
    status: String,
}

#[derive(Deserialize)]
struct NodeStats {
    nodes: HashMap<String, NodeStat>,
}

#[derive(Deserialize)]
struct NodeStat {
    #[serde(default)]
    timestamp: u64,
    #[serde(default)]
    fs: Fs,
}

#[derive(Default, Deserialize)]
struct Fs {
    #[serde(default)]
    total: FsTotal,
}

#[derive(Default, Deserialize)]
struct FsTotal {
    #[serde(default)]
    available_in_bytes: u64,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(rename = "_all")]
    all: AllStats,
}

#[derive(Deserialize)]
struct AllStats {
    primaries: Primaries,
}

#[derive(Deserialize)]
struct Primaries {
    store: Option<Store>,
}

#[derive(Deserialize)]
struct Store {
    size_in_bytes: u64,
}

pub(super) async fn status(reached: &Reached, findings: &mut Findings) {
    let at = (reached.subject(), "health");
    let health = reached.get("/_cluster/health").await.and_then(|response| response.json::<Health>());
    match health {
        Ok(health) if health.status == "green" => findings.ok(at.0, at.1, "green"),
        Ok(health) if health.status == "yellow" => {
            findings.add(
                Severity::Info,
                at,
                "yellow: some replicas are not assigned",
                "fine with one node; else look at /_cluster/allocation/explain",
            );
        }
        Ok(health) => {
            let remedy = "shards are missing: a snapshot would be PARTIAL, writes fail; look at /_cluster/allocation/explain";
            findings.add(Severity::Error, at, health.status, remedy);
        }
        Err(error) => findings.unknown(at, &error),
    }
}

/// The bytes that are free, if they are told. The clock is that of the header Date where something sends one, else the
/// nodes' own.
pub(super) async fn clock_and_room(reached: &Reached, findings: &mut Findings) -> Option<u64> {
    let at = (reached.subject(), "clock");
    let response = match reached.get("/_nodes/stats/fs").await {
        Ok(response) => response,
        Err(error) => {
            findings.unknown(at, &error);
            return None;
        }
    };
    let now = SystemTime::now();
    let header = response.headers.get("date").and_then(|date| date.to_str().ok());
    let stats = response.json::<NodeStats>().map_err(|error| findings.unknown(at, &error)).ok()?;
    let stamps = stats.nodes.values().map(|node| node.timestamp).filter(|stamp| *stamp > 0);
    let stamps = stamps.map(|stamp| UNIX_EPOCH + std::time::Duration::from_millis(stamp));
    let header = header.and_then(|date| httpdate::parse_http_date(date).ok());
    let difference = |time: SystemTime| {
        now.duration_since(time).or_else(|ahead| Ok::<_, ()>(ahead.duration())).unwrap_or_default().as_secs()
    };
    match stamps.chain(header).map(difference).max() {
        None => {}
        Some(seconds) if seconds < CLOCK_WARNING_SECONDS => {
            findings.ok(at.0, at.1, format!("{seconds} s apart from this host"))
        }
        Some(seconds) => {
            let severity = if seconds < CLOCK_ERROR_SECONDS { Severity::Warning } else { Severity::Error };
            findings.add(
                severity,
                at,
                format!("{seconds} s apart from this host"),
                "run an NTP client on all hosts",
            );
        }
    }
    Some(stats.nodes.values().map(|node| node.fs.total.available_in_bytes).sum())
}

/// Whether what the source holds fits on the target.
pub(super) async fn disk(source: &Reached, free: Option<u64>, findings: &mut Findings) {
    let at = ("target", "disk");
    let held = source.get("/_stats/store").await.and_then(|response| response.json::<Stats>());
    let held = match held {
        Ok(stats) => stats.all.primaries.store.map_or(0, |store| store.size_in_bytes),
        Err(error) => return findings.unknown(("source", "disk"), &error),
    };
    let Some(free) = free.filter(|free| *free > 0) else { return };
    let message = format!("{} MiB free; the source's primaries take {} MiB", free >> 20, held >> 20);
    if free < held {
        findings.add(Severity::Error, at, message, "add disks or nodes to the target");
    } else if free / COMFORTABLE < held {
        findings.add(
            Severity::Warning,
            at,
            message,
            "replicas and merges may not fit: add disks, or migrate with number_of_replicas 0",
        );
    } else {
        findings.ok(at.0, at.1, message);
    }
}
