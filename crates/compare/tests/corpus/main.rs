//! Measures the comparison on recorded answers of real clusters (see `corpus/record`): what it calls different though
//! it is not, and which planted regressions it finds.
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod false_alarms;
mod plants;
mod recorded;

use switchover_compare::compare::Comparer;

/// Has a comparer see every answer of the source, as a replay would.
fn taught(pairs: &[recorded::Exchange]) -> Comparer {
    let mut comparer = Comparer::default();
    for (at, exchange) in pairs.iter().enumerate() {
        // Far enough apart that a write is long over; the recording was as quiet, but faster.
        let at_ns = at as i64 * 10_000_000_000;
        comparer.learn(&exchange.question(), &exchange.source.answer(), at_ns);
        if let Some(again) = &exchange.again {
            comparer.learn(&exchange.question(), &again.answer(), at_ns);
        }
    }
    comparer
}
