//! Agents' capture logs, read where they lie.
//!
//! Several logs are read side by side, always the one that has been read least far in time: so little is read ahead that
//! has to wait for another.

use std::path::PathBuf;
use std::time::Duration;

use switchover_capture::LogReader;
use switchover_capture::log::{Entry, EntryKind, Gap, Start};
use tokio_util::sync::CancellationToken;

use super::{Closed, Feeder, Until};
use crate::intake::Intake;

/// How often the end of a live log is looked at again.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A log that is being read.
struct Log {
    reader: LogReader,
    lane: u32,
    /// There was nothing more when it was last looked at.
    at_end: bool,
}

/// Reads logs; ends with the logs, with `stop`, or when the run takes no more.
pub(super) fn read(dirs: &[PathBuf], until: Until, mut feeder: Feeder, stop: &CancellationToken) {
    let mut logs = Vec::new();
    for (lane, dir) in (0..).zip(dirs) {
        feeder.intake.open_lane(lane, false);
        match LogReader::open(dir, Start::Oldest) {
            Ok(reader) => logs.push(Log { reader, lane, at_end: false }),
            Err(error) => return ended(feeder.end(Err(error.to_string()))),
        }
    }
    ended(match entries(&mut logs, until, &mut feeder, stop) {
        Ok(result) => feeder.end(result),
        Err(Closed) => Err(Closed),
    });
}

fn ended(result: Result<(), Closed>) {
    if result.is_err() {
        tracing::debug!("the run takes no more of the capture logs");
    }
}

fn entries(
    logs: &mut [Log],
    until: Until,
    feeder: &mut Feeder,
    stop: &CancellationToken,
) -> Result<Result<(), String>, Closed> {
    while !stop.is_cancelled() {
        let unread = logs.iter_mut().filter(|log| !log.at_end);
        let Some(log) = unread.min_by_key(|log| feeder.intake.read_to(log.lane)) else {
            if until == Until::End {
                return Ok(Ok(()));
            }
            feeder.intake.expire_at_ends();
            feeder.hand_over()?;
            std::thread::sleep(LOOK_INTERVAL);
            logs.iter_mut().for_each(|log| log.at_end = false);
            continue;
        };
        match log.reader.next() {
            Err(error) => return Ok(Err(error.to_string())),
            Ok(None) => {
                log.at_end = true;
                feeder.intake.lane_at_end(log.lane);
                if until == Until::End
                    && let Some(tail) = log.reader.torn_tail()
                {
                    let (segment, offset, bytes) = (tail.segment.display(), tail.offset, tail.bytes);
                    tracing::warn!(%segment, offset, bytes, "the log ends in a torn entry, which is not replayed");
                }
            }
            Ok(Some(entry)) => {
                take(&mut feeder.intake, log.lane, &entry);
                feeder.hand_over_full()?;
            }
        }
    }
    Err(Closed)
}

fn take(intake: &mut Intake, lane: u32, entry: &Entry) {
    let place = || format!("{} offset {}", entry.segment.display(), entry.offset);
    match entry.kind {
        EntryKind::Record => intake.record(lane, entry.payload.clone(), None, place),
        EntryKind::Gap => match Gap::decode_payload(entry.payload.clone()) {
            Ok(gap) => {
                let Gap { requests, connections, reason, .. } = gap;
                let what = format!("{requests} requests on {connections} connections: {reason}");
                intake.gap(&what, requests);
            }
            Err(error) => intake.bad_record(place(), error.to_string(), entry.payload.clone(), None),
        },
    }
}
