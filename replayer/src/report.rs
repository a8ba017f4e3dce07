//! The report of a run: what the comparison found, what was missing in the input, and the verdict.

mod outcome;

use switchover_compare::report::{Durations, Fate, Pair};

use crate::evaluate::{self, Finished, Sending};
use crate::rewrite::Notes;
use crate::verdict::Comparison;

pub use outcome::{EXIT_DIFFERENCES, EXIT_DONE, EXIT_FAILED, EXIT_GAPS, Outcome};
pub use switchover_compare::report::{Report, write_files, write_text};

/// What was counted of sending the requests.
#[derive(Debug, Default)]
pub struct Sendings {
    pub(crate) notes: Notes,
    pub(crate) retries: u64,
    pub(crate) pacing_lag: Durations,
}

/// Counts a finished request and its comparison.
pub fn add(report: &mut Report, sendings: &mut Sendings, finished: &Finished, comparison: Comparison) {
    let captured = &finished.captured;
    if let Some(lag) = finished.lag {
        sendings.pacing_lag.add(lag);
    }
    let mut answer = None;
    if let Sending::Answered { attempts, .. } | Sending::DeadLettered { attempts, .. } = &finished.sending {
        sendings.retries += attempts.count.saturating_sub(1);
    }
    if let Sending::Answered { request, attempts } = &finished.sending {
        answer = attempts.answer();
        sendings.notes.ids_taken += request.notes.ids_taken;
        sendings.notes.ids_unknown += request.notes.ids_unknown;
        sendings.notes.scroll_ids += request.notes.scroll_ids;
    }
    let pair = Pair {
        class: evaluate::class(&captured.request.bytes),
        request: &captured.request.bytes,
        id: &captured.id(),
        source_status: captured.source_status(),
        target_status: answer.map(|answer| answer.status),
        source_latency: captured.source_latency_ns().map(std::time::Duration::from_nanos),
        target_latency: answer.map(|answer| answer.latency),
        fate: match &finished.sending {
            Sending::Answered { .. } => Fate::Sent,
            Sending::DeadLettered { .. } => Fate::DeadLettered,
            Sending::Unreplayable(unsent) if unsent.is_meant() => Fate::LeftOut,
            Sending::Unreplayable(_) => Fate::Unreplayable,
        },
    };
    report.add(&pair, comparison);
}
