//! What a run counts, as metrics: served as text and pushed by OTLP from the same list.

use switchover_compare::report::Durations as Recorded;
use switchover_telemetry::figures::{Durations, Figure, FigureValue};

use super::Snapshot;
use crate::commit::PartitionLag;

/// Stands before each name.
pub const PREFIX: &str = "switchover_replayer";
/// Upper bounds of the buckets, in microseconds. 2 ms is what the clock has to keep to.
const PACING_BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];

pub(super) fn figures(now: &Snapshot, pacing_error: &Recorded) -> Vec<Figure> {
    let counters = [
        ("captured_requests", "Requests read from the input", now.captured),
        ("completed_requests", "Requests complete on the target", now.completed),
        ("evaluated_requests", "Requests compared and written as tuples", now.evaluated),
        ("dead_lettered_requests", "Requests given up, in the dead-letter folder", now.dead_lettered),
    ];
    let gauges = [
        ("waiting_requests", "Requests read and not sent", now.waiting),
        ("inflight_requests", "Requests sent and not complete", now.in_flight),
        ("buffered_bytes", "Captured traffic in memory", now.buffered_bytes),
        ("source_lag_milliseconds", "Age of the request to be sent next", now.source_lag_ms),
    ];
    let figure = |name, help, value| Figure { name, help, value };
    let counters =
        counters.into_iter().map(|(name, help, value)| figure(name, help, FigureValue::Counter(value)));
    let gauges = gauges.into_iter().map(|(name, help, value)| figure(name, help, FigureValue::Level(value)));
    let pacing = figure(
        "pacing_error",
        "How much later than scheduled requests left that nothing but the time held",
        FigureValue::Durations(durations(pacing_error)),
    );
    let levels: Vec<_> = now
        .partitions
        .iter()
        .map(|PartitionLag { partition, lag, .. }| {
            (partition.to_string(), u64::try_from(*lag).unwrap_or_default())
        })
        .collect();
    let lag = (!levels.is_empty()).then(|| {
        let levels = FigureValue::Levels { label: "partition", levels };
        figure("partition_lag_records", "Records in the topic and not replayed", levels)
    });
    counters.chain(gauges).chain([pacing]).chain(lag).collect()
}

fn durations(recorded: &Recorded) -> Durations {
    let seconds = |bound| if bound == u64::MAX { f64::INFINITY } else { bound as f64 / 1e6 };
    let buckets = recorded.buckets(&PACING_BOUNDS_US);
    Durations {
        sum: recorded.sum().as_secs_f64(),
        buckets: buckets.into_iter().map(|(bound, count)| (seconds(bound), count)).collect(),
    }
}
