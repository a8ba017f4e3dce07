//! Records in a file or on standard input.

use std::io::Read;
use std::time::Duration;

use switchover_capture::input::{BadReason, InputError, RecordInput};
use tokio_util::sync::CancellationToken;

use super::{Closed, Feeder, Until};

/// How often a run that never ends looks whether it was told to.
const STOP_INTERVAL: Duration = Duration::from_millis(50);
const LANE: u32 = 0;

/// Reads records to the input's end.
pub(super) fn read(name: &str, input: impl Read, until: Until, mut feeder: Feeder, stop: &CancellationToken) {
    feeder.intake.open_lane(LANE, false);
    let result = match records(name, input, &mut feeder, stop) {
        Ok(result) => result,
        Err(Closed) => return,
    };
    if until == Until::Never && result.is_ok() {
        feeder.intake.lane_at_end(LANE);
        if feeder.hand_over().is_err() {
            return;
        }
        while !stop.is_cancelled() {
            std::thread::sleep(STOP_INTERVAL);
        }
        return;
    }
    if feeder.end(result).is_err() {
        tracing::debug!(input = name, "the run takes no more of the input");
    }
}

fn records(
    name: &str,
    input: impl Read,
    feeder: &mut Feeder,
    stop: &CancellationToken,
) -> Result<Result<(), String>, Closed> {
    let records = match RecordInput::new(input) {
        Ok(records) => records,
        Err(error) => return Ok(Err(format!("cannot read {name}: {error}"))),
    };
    for record in records {
        if stop.is_cancelled() {
            return Err(Closed);
        }
        match record {
            Ok(record) => feeder.intake.decoded(LANE, record.stream),
            Err(InputError::Bad(bad)) if bad.reason != BadReason::CutOff => {
                let place = format!("{name} record {}", bad.number);
                feeder.intake.bad_record(place, bad.reason.to_string(), bad.raw, None);
            }
            Err(error) => return Ok(Err(format!("cannot read {name}: {error}"))),
        }
        feeder.hand_over_full()?;
    }
    Ok(Ok(()))
}
