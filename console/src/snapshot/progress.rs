//! How far a snapshot is, from what `_status` counts. A shard that has not begun has not told its size yet, so bytes alone
//! would say 100% too early: the part of the bytes is weighed with the part of the shards that have begun.

use serde::Deserialize;

/// What `_status` says of one snapshot.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    shards_stats: ShardsStats,
    stats: Stats,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ShardsStats {
    initializing: u64,
    done: u64,
    failed: u64,
    total: u64,
}

/// Elasticsearch up to 6.3 has flat keys.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    incremental: Option<Files>,
    processed: Option<Files>,
    total_size_in_bytes: Option<u64>,
    processed_size_in_bytes: Option<u64>,
    time_in_millis: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Files {
    size_in_bytes: u64,
}

/// In numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Progress {
    /// 0 to 100.
    pub(super) percent: f64,
    /// Until the end at the present rate; `None` where there is no rate yet.
    pub(super) eta_millis: Option<u64>,
    pub(super) total_bytes: u64,
    pub(super) processed_bytes: u64,
    pub(super) bytes_per_second: Option<f64>,
    pub(super) shards_total: u64,
    pub(super) shards_done: u64,
    pub(super) shards_failed: u64,
}

impl Status {
    /// `ended`: the snapshot is not running any more.
    #[expect(clippy::cast_precision_loss, reason = "a rounded part of many bytes")]
    pub(super) fn progress(&self, ended: bool) -> Progress {
        let bytes = |files: &Option<Files>| files.as_ref().map(|files| files.size_in_bytes);
        let total_bytes = bytes(&self.stats.incremental).or(self.stats.total_size_in_bytes).unwrap_or(0);
        let processed = bytes(&self.stats.processed).or(self.stats.processed_size_in_bytes);
        // Not told any more when it is over.
        let processed_bytes = processed.unwrap_or(if ended { total_bytes } else { 0 });
        let shards = &self.shards_stats;
        let part = |of: u64, all: u64| if all == 0 { 0.0 } else { (of as f64 / all as f64).min(1.0) };
        let percent = if ended {
            100.0
        } else {
            let begun = part(shards.total.saturating_sub(shards.initializing), shards.total);
            // What has begun and has no bytes to copy is done.
            let copied = if total_bytes == 0 {
                part(shards.done, shards.total)
            } else {
                part(processed_bytes, total_bytes)
            };
            100.0 * begun * copied
        };
        let millis = self.stats.time_in_millis as f64;
        let rate = (millis > 0.0 && processed_bytes > 0).then(|| processed_bytes as f64 * 1_000.0 / millis);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive; the cast saturates"
        )]
        let eta = (percent > 0.0 && millis > 0.0).then(|| (millis * (100.0 - percent) / percent) as u64);
        Progress {
            percent,
            eta_millis: if ended { Some(0) } else { eta },
            total_bytes,
            processed_bytes,
            bytes_per_second: rate,
            shards_total: shards.total,
            shards_done: shards.done,
            shards_failed: shards.failed,
        }
    }
}

/// Mebibytes.
#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn progress(status: serde_json::Value, ended: bool) -> Progress {
        serde_json::from_value::<Status>(status).unwrap().progress(ended)
    }

    #[test]
    fn half_of_the_bytes_of_all_shards() {
        let status = json!({
            "shards_stats": {"initializing": 0, "started": 3, "finalizing": 0, "done": 2, "failed": 0, "total": 5},
            "stats": {
                "incremental": {"file_count": 10, "size_in_bytes": 104_857_600u64},
                "processed": {"file_count": 5, "size_in_bytes": 52_428_800u64},
                "total": {"file_count": 90, "size_in_bytes": 999_999_999u64},
                "start_time_in_millis": 1, "time_in_millis": 10_000,
            },
        });
        let half = progress(status, false);
        assert_eq!((half.percent, half.eta_millis), (50.0, Some(10_000)));
        assert_eq!((mib(half.total_bytes), mib(half.processed_bytes)), (100.0, 50.0));
        assert_eq!(half.bytes_per_second, Some(5_242_880.0));
        assert_eq!((half.shards_total, half.shards_done), (5, 2));
    }

    #[test]
    fn shards_that_wait_count_as_nothing() {
        let status = json!({
            "shards_stats": {"initializing": 8, "done": 2, "total": 10},
            "stats": {"incremental": {"size_in_bytes": 100}, "processed": {"size_in_bytes": 100}, "time_in_millis": 1_000},
        });
        let told = progress(status, false);
        assert_eq!((told.percent, told.eta_millis), (20.0, Some(4_000)));
    }

    #[test]
    fn nothing_copied_is_no_end_and_no_rate() {
        for stats in
            [json!({}), json!({"incremental": {"size_in_bytes": 100}}), json!({"total_size_in_bytes": 9})]
        {
            let told =
                progress(json!({"shards_stats": {"initializing": 0, "total": 3}, "stats": stats}), false);
            assert_eq!((told.percent, told.eta_millis, told.bytes_per_second), (0.0, None, None));
        }
        assert_eq!(progress(json!({}), false).percent, 0.0);
    }

    #[test]
    fn old_servers_and_what_is_over() {
        let old = json!({
            "shards_stats": {"done": 1, "total": 1},
            "stats": {"total_size_in_bytes": 200, "processed_size_in_bytes": 50, "time_in_millis": 100},
        });
        assert_eq!(progress(old, false).percent, 25.0);
        let over =
            progress(json!({"stats": {"incremental": {"size_in_bytes": 200}, "time_in_millis": 100}}), true);
        assert_eq!((over.percent, over.processed_bytes, over.bytes_per_second), (100.0, 200, Some(2_000.0)));
        assert_eq!(over.eta_millis, Some(0));
    }
}
