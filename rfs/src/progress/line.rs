//! Progress as one line for a person.

use super::{Progress, state};

impl Progress {
    /// The line.
    #[must_use]
    pub fn line(&self) -> String {
        let seen = self.lock();
        let Some(overview) = &seen.overview else {
            return seen.error.clone().unwrap_or_else(|| "starting".to_owned());
        };
        let all = &overview.all;
        let mut line = format!(
            "{:.1} % of {} in {} indices, {} documents, {:.0} documents/s and {:.1} MB/s here",
            all.percent(),
            size(all.size),
            overview.groups.keys().filter(|name| name.as_str() != "*").count(),
            all.documents,
            seen.rates.documents,
            seen.rates.source_bytes / 1e6,
        );
        if let Some(eta) = all.eta_seconds(seen.rates.all) {
            line.push_str(&format!(", {} left", time(eta)));
        }
        for (count, what) in [
            (all.failed_documents, "documents refused"),
            (all.dropped_documents, "documents dropped by rules"),
            (all.failed, "parts failed"),
            (all.skipped, "parts left out"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        let standing = self.standstill.standing();
        if let (_, Some(reason)) = state(self.order(), standing.as_ref(), !self.under_way.items().is_empty())
        {
            line.push_str(&format!("; stands still: {reason}"));
        }
        if let (Some(_), Some(at)) = (&seen.error, seen.at) {
            let age = at.elapsed().as_secs();
            line.push_str(&format!("; the coordination index was read {age} s ago and can't be read now"));
        }
        line
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn time(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}
