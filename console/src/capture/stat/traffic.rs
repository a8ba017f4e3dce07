//! What traffic a log holds, told by putting it together again as a replay would.

use std::path::Path;

use switchover_capture::log::Damage;
use switchover_capture::{End, LogError, Reassembled, Reassembler, Timestamp, TrafficStream};

use super::super::log::{CaptureLog, Found};

#[derive(Default)]
pub(super) struct Traffic {
    /// Whole requests.
    pub(super) requests: u64,
    /// Those of them whose answer was seen to its end.
    pub(super) answered: u64,
    pub(super) connections: u64,
    /// First and last observation.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// Entries with a right checksum that are not what they should be. Damage of the log itself is not listed.
    pub(super) undecodable: Vec<Damage>,
}

impl Traffic {
    pub(super) fn of_log(dir: &Path) -> Result<Self, LogError> {
        let mut traffic = Self::default();
        let mut reassembler = Reassembler::new();
        let mut completed = Vec::new();
        let mut log = CaptureLog::open(dir)?;
        while let Some(found) = log.next()? {
            match found {
                Found::Record(stream) => {
                    traffic.widen_span(&stream);
                    reassembler.push(stream, (), &mut completed);
                    traffic.count(&mut completed);
                }
                Found::Undecodable(damage) => traffic.undecodable.push(damage),
                Found::Gap(_) | Found::Damaged(_) | Found::Removed { .. } => {}
            }
        }
        reassembler.finish(&mut completed);
        traffic.count(&mut completed);
        Ok(traffic)
    }

    fn count(&mut self, completed: &mut Vec<Reassembled<()>>) {
        for item in completed.drain(..) {
            match item {
                Reassembled::Transaction(pair) => {
                    self.requests += 1;
                    self.answered += u64::from(pair.end == End::Complete);
                }
                Reassembled::ConnectionClosed { .. } => self.connections += 1,
                Reassembled::Duplicate { .. }
                | Reassembled::Gap { .. }
                | Reassembled::Unframed { .. }
                | Reassembled::Incomplete { .. } => {}
            }
        }
    }

    fn widen_span(&mut self, stream: &TrafficStream) {
        for at in stream.sub_stream.iter().filter_map(|observation| observation.timestamp()) {
            let (from, to) = self.span.unwrap_or((at, at));
            self.span = Some((from.min(at), to.max(at)));
        }
    }
}
