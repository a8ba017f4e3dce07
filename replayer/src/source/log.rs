//! The agent's capture log, read where it lies.

use std::path::Path;
use std::time::Duration;

use switchover_capture::LogReader;
use switchover_capture::log::{EntryKind, Gap, Start};
use tokio_util::sync::CancellationToken;

use super::{Closed, Feeder, Until};

/// How often the end of a live log is looked at again.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
const LANE: u32 = 0;

/// Reads a log; ends with the log, with `stop`, or when the run takes no more.
pub(super) fn read(dir: &Path, until: Until, mut feeder: Feeder, stop: &CancellationToken) {
    feeder.intake.open_lane(LANE, false);
    let result = entries(dir, until, &mut feeder, stop);
    let ended = match result {
        Ok(result) => feeder.end(result),
        Err(Closed) => Err(Closed),
    };
    if ended.is_err() {
        tracing::debug!("the run takes no more of the capture log");
    }
}

fn entries(
    dir: &Path,
    until: Until,
    feeder: &mut Feeder,
    stop: &CancellationToken,
) -> Result<Result<(), String>, Closed> {
    let mut reader = match LogReader::open(dir, Start::Oldest) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error.to_string())),
    };
    while !stop.is_cancelled() {
        match reader.next() {
            Err(error) => return Ok(Err(error.to_string())),
            Ok(None) if until == Until::End => {
                if let Some(tail) = reader.torn_tail() {
                    let (segment, offset, bytes) = (tail.segment.display(), tail.offset, tail.bytes);
                    tracing::warn!(%segment, offset, bytes, "the log ends in a torn entry, which is not replayed");
                }
                return Ok(Ok(()));
            }
            Ok(None) => {
                feeder.intake.lane_at_end(LANE);
                feeder.hand_over()?;
                std::thread::sleep(LOOK_INTERVAL);
            }
            Ok(Some(entry)) => {
                let place = || format!("{} offset {}", entry.segment.display(), entry.offset);
                match entry.kind {
                    EntryKind::Record => feeder.intake.record(LANE, entry.payload.clone(), None, place),
                    EntryKind::Gap => match Gap::decode_payload(entry.payload.clone()) {
                        Ok(gap) => {
                            let Gap { requests, connections, reason, .. } = gap;
                            let what = format!("{requests} requests on {connections} connections: {reason}");
                            feeder.intake.gap(&what, requests);
                        }
                        Err(error) => feeder.intake.bad_record(&format!("{}: {error}", place())),
                    },
                }
                feeder.hand_over_full()?;
            }
        }
    }
    Err(Closed)
}
