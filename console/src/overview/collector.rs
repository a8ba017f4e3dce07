//! Asks all phases at once, each in a time of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use switchover_coordinate::unix_ms;
use tokio::time::{Instant, timeout};

use super::agents::{self, Seen};
use super::{Overview, Phase, Phases, metadata, verification};
use crate::services::{Services, Side};

/// Of one phase. Workers whose clocks are wrong are watched for up to 15 s.
const PHASE_DEADLINE: Duration = Duration::from_secs(20);

/// Looks at a migration, again and again.
#[derive(Debug)]
pub(crate) struct Collector {
    config: PathBuf,
    /// What agents had captured at the last look.
    seen: Seen,
}

impl Collector {
    pub(crate) fn new(config: &Path) -> Self {
        Self { config: config.to_owned(), seen: Seen::new() }
    }

    /// One look, which takes as long as the slowest phase. The services file is read each time: it may be changed.
    ///
    /// # Errors
    /// When the services file can't be read.
    pub(crate) async fn look(&mut self) -> anyhow::Result<Overview> {
        let begun = Instant::now();
        let services = Services::load(&self.config)?;
        let agents = async {
            let asked = timeout(PHASE_DEADLINE, agents::ask(&services, &self.seen)).await;
            asked.unwrap_or_else(|_| (silent(), Seen::new()))
        };
        let ((agents, seen), snapshot, metadata, backfill, (replay, differences), verification) = tokio::join!(
            agents,
            in_time(crate::snapshot::overview(&services)),
            in_time(metadata::ask(&services)),
            in_time(crate::backfill::overview(&services)),
            async {
                let asked = timeout(PHASE_DEADLINE, crate::replay::overview(&services)).await;
                asked.unwrap_or_else(|_| (silent(), silent()))
            },
            in_time(verification::ask(&services)),
        );
        self.seen = seen;
        let phases = Phases { agents, snapshot, metadata, backfill, replay, differences, verification };
        let mut overview =
            Overview::new(phases, services.endpoint(Side::Source), services.endpoint(Side::Target));
        overview.at_unix_ms = unix_ms();
        overview.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(overview)
    }
}

async fn in_time<D>(question: impl Future<Output = Phase<D>>) -> Phase<D> {
    timeout(PHASE_DEADLINE, question).await.unwrap_or_else(|_| silent())
}

fn silent<D>() -> Phase<D> {
    Phase::unknown(format!("no answer within {} s", PHASE_DEADLINE.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::State;

    #[tokio::test(start_paused = true)]
    async fn a_phase_without_an_answer_is_unknown() {
        let phase = in_time(async {
            std::future::pending::<()>().await;
            Phase::<()>::default()
        });
        assert_eq!(phase.await.summary.state, State::Unknown("no answer within 20 s".to_owned()));
    }
}
