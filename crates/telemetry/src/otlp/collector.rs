//! What became of pushes to one collector, told when it changes and not each time.

use super::CollectorEndpoint;
use std::time::Duration;
use tonic::Status;

/// What the daemon waits for the last push when it ends.
pub(super) const LAST_PUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Tells of failures once.
#[derive(Debug)]
pub(super) struct Outcomes {
    what: &'static str,
    endpoint: CollectorEndpoint,
    failing: bool,
}

impl Outcomes {
    pub(super) fn new(what: &'static str, endpoint: CollectorEndpoint) -> Self {
        Self { what, endpoint, failing: false }
    }

    /// A push was answered, or not. `Ok` holds what the collector said of a part that it did not take.
    pub(super) fn tell(&mut self, outcome: Result<String, Status>) {
        let Self { what, endpoint, .. } = self;
        let reason = match outcome {
            Ok(said) if said.is_empty() => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!(%endpoint, "the collector takes {what} again");
                }
                return;
            }
            Ok(said) => format!("it took a part only: {said}"),
            Err(status) => describe(&status),
        };
        if std::mem::replace(&mut self.failing, true) {
            tracing::debug!(%endpoint, reason, "the collector does not take {what}");
        } else {
            tracing::warn!(
                %endpoint, reason,
                "the collector does not take {what}: what it misses is not sent again; nothing else is affected, and this is said once"
            );
        }
    }
}

/// The status with what led to it, which tonic keeps apart.
fn describe(status: &Status) -> String {
    let mut text = format!("{}: {}", status.code(), status.message());
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
