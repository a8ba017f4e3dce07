//! How far the records of a connection have come, and where the next one stands to that. Records that were too long
//! come in parts.

use crate::record::{Capture, Part, SegmentData, TrafficStream};

/// The last record, and how far into it, unless all of it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Position {
    number: u32,
    seen: Option<u64>,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind us.
    Duplicate,
    /// What comes next, but for so much at its beginning, which was seen: the record was cut elsewhere before.
    Next { seen: u64 },
    /// After something that is missing; what is, in the record of this number.
    Gap { expected: u32 },
}

impl Position {
    /// After a whole record.
    pub(super) fn after_record(number: u32) -> Self {
        Self { number, seen: None }
    }

    pub(super) fn after(number: u32, part: Part) -> Self {
        Self { number, seen: (!part.is_last()).then_some(part.end) }
    }

    /// The last record that was seen to its end.
    pub(super) fn last_complete(self) -> u32 {
        self.number - u32::from(self.seen.is_some() && self.number > 0)
    }

    pub(super) fn place(self, number: u32, part: Part) -> Place {
        let next = self.last_complete().saturating_add(1);
        let seen = self.seen.unwrap_or(0);
        if number < next || (number == self.number && part.end <= seen) {
            Place::Duplicate
        } else if number == next && part.start <= seen {
            Place::Next { seen: seen - part.start }
        } else {
            Place::Gap { expected: next }
        }
    }
}

/// Leaves out the first so much of the record.
pub(super) fn forget(stream: &mut TrafficStream, mut seen: u64) {
    if seen == 0 {
        return;
    }
    stream.sub_stream.retain_mut(|observation| {
        let extent = observation.extent();
        if seen == 0 {
            return true;
        }
        if extent <= seen {
            seen -= extent;
            return false;
        }
        let begin = usize::try_from(std::mem::take(&mut seen)).unwrap_or(usize::MAX);
        match &mut observation.capture {
            Some(Capture::Read(data) | Capture::Write(data)) => drop(data.data.split_to(begin)),
            Some(
                Capture::ReadSegment(SegmentData { data }) | Capture::WriteSegment(SegmentData { data }),
            ) => {
                drop(data.split_to(begin));
            }
            _ => {}
        }
        true
    });
}
