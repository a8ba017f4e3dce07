//! Progress on the admin address.

use std::sync::atomic::Ordering;
use std::time::Instant;

use serde_json::{Map, json};
use switchover_coordinate::GroupOverview;
use switchover_telemetry::AdminPages;
use switchover_telemetry::figures::{self, Figure, FigureValue};

use super::{Progress, state};
use crate::standstill::Standing;

/// Indices with figures of their own: each is a series in whatever collects them.
const MAX_INDICES: usize = 200;

impl AdminPages for Progress {
    fn ready(&self) -> Result<(), String> {
        let seen = self.lock();
        match (&seen.overview, &seen.error) {
            (_, Some(error)) => Err(error.clone()),
            (Some(_), None) => Ok(()),
            (None, None) => Err("starting".to_owned()),
        }
    }

    fn status(&self) -> String {
        let order = self.order();
        let items = self.under_way.items();
        let (state, reason) = state(order, self.standstill.standing().as_ref(), !items.is_empty());
        let seen = self.lock();
        let overview = seen.overview.clone().unwrap_or_default();
        let done = &self.loading.done;
        let index = |(name, group): (&String, &GroupOverview)| {
            let mut figures = json!(group);
            figures["percent"] = group.percent().into();
            figures["bytesPerSecond"] = seen.rates.of(name).round().into();
            figures["etaSeconds"] = json!(group.eta_seconds(seen.rates.of(name)));
            (name.clone(), figures)
        };
        json!({
            "worker": self.name,
            "state": state,
            "reason": reason,
            "items": items,
            "desired": {
                "state": seen.desired.map(|desired| desired.state),
                "scale": seen.desired.and_then(|desired| desired.scale),
                "ageSeconds": age_seconds(seen.at),
            },
            "percent": overview.all.percent(),
            "bytesPerSecond": seen.rates.all.round(),
            "etaSeconds": overview.all.eta_seconds(seen.rates.all),
            "here": {
                "documents": done.documents.load(Ordering::Relaxed),
                "sourceBytes": done.source_bytes.load(Ordering::Relaxed),
                "failedDocuments": done.failed.load(Ordering::Relaxed),
                "droppedDocuments": done.dropped.load(Ordering::Relaxed),
                "documentsPerSecond": seen.rates.documents.round(),
                "sourceBytesPerSecond": seen.rates.source_bytes.round(),
                "bulkRequestsAllowed": self.loading.sender.limit(),
            },
            "all": overview.all,
            "indices": overview.groups.iter().map(index).collect::<Map<_, _>>(),
            "errors": overview.errors,
            "coordinationError": seen.error,
        })
        .to_string()
    }

    fn metrics(&self) -> String {
        let done = &self.loading.done;
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let figure = |name, help, value| Figure { name, help, value };
        let blocked = matches!(self.standstill.standing(), Some(Standing::Blocked(_)));
        let overview = self.lock().overview.clone().unwrap_or_default();
        let all = &overview.all;
        let mut largest: Vec<_> = overview.groups.iter().filter(|(_, group)| group.size > 0).collect();
        largest.sort_by_key(|(_, group)| std::cmp::Reverse(group.size));
        largest.truncate(MAX_INDICES);
        let levels = |of: fn(&GroupOverview) -> u64| FigureValue::Levels {
            label: "index",
            levels: largest.iter().map(|&(name, group)| (name.clone(), of(group))).collect(),
        };
        figures::text(
            "switchover_rfs",
            vec![
                figure(
                    "documents",
                    "Documents that this process has indexed",
                    FigureValue::Counter(get(&done.documents)),
                ),
                figure(
                    "source_bytes",
                    "Bytes of their sources",
                    FigureValue::Counter(get(&done.source_bytes)),
                ),
                figure(
                    "failed_documents",
                    "Documents that the target refused",
                    FigureValue::Counter(get(&done.failed)),
                ),
                figure(
                    "dropped_documents",
                    "Documents that rules left out",
                    FigureValue::Counter(get(&done.dropped)),
                ),
                figure(
                    "repeated_documents",
                    "Documents sent again because the target had no room",
                    FigureValue::Counter(get(&self.loading.sender.repeated)),
                ),
                figure(
                    "bulk_requests_allowed",
                    "Bulk requests in flight that the target can take",
                    FigureValue::Level(self.loading.sender.limit() as u64),
                ),
                figure(
                    "standstill",
                    "1 while something keeps everything from moving, see /status",
                    FigureValue::Level(blocked.into()),
                ),
                figure(
                    "snapshot_bytes_size",
                    "Bytes of stored fields of all workers' indices",
                    FigureValue::Level(all.size),
                ),
                figure(
                    "snapshot_bytes_done",
                    "Those that are loaded, by all workers",
                    FigureValue::Level(all.bytes),
                ),
                figure(
                    "index_bytes_size",
                    "Bytes of stored fields, of the largest indices",
                    levels(|group| group.size),
                ),
                figure(
                    "index_bytes_done",
                    "Those that are loaded, by all workers",
                    levels(|group| group.bytes),
                ),
                figure(
                    "index_documents",
                    "Documents that are loaded, by all workers",
                    levels(|group| group.documents),
                ),
                figure(
                    "items_held",
                    "Items of work that this process holds",
                    FigureValue::Level(self.under_way.items().len() as u64),
                ),
                figure(
                    "coordination_age_seconds",
                    "Seconds since the coordination index was read",
                    FigureValue::Level(age_seconds(self.lock().at).unwrap_or_default()),
                ),
                figure(
                    "failed_parts",
                    "Parts of the snapshot that could not be loaded",
                    FigureValue::Level(all.failed),
                ),
            ],
        )
    }
}

/// The age of something that may never have been.
fn age_seconds(since: Option<Instant>) -> Option<u64> {
    since.map(|since| since.elapsed().as_secs())
}
