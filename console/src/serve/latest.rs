//! The last overview, and how old it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::overview::{Collector, Overview};

/// What the last looks came to. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Latest(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    overview: Option<(Arc<Overview>, Instant)>,
    /// Why the last look came to nothing.
    error: Option<String>,
}

/// What there is to show.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// `None`: nothing was seen yet.
    pub(super) overview: Option<Arc<Overview>>,
    pub(super) age: Duration,
    pub(super) error: Option<String>,
}

impl Latest {
    /// Looks again and again, for ever.
    pub(super) async fn keep(&self, mut collector: Collector, interval: Duration) {
        loop {
            let next = tokio::time::Instant::now() + interval;
            self.put(Box::pin(collector.look()).await.map_err(|error| format!("{error:#}")));
            tokio::time::sleep_until(next).await;
        }
    }

    pub(super) fn put(&self, looked: Result<Overview, String>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match looked {
            Ok(overview) => {
                *seen = Seen { overview: Some((Arc::new(overview), Instant::now())), error: None }
            }
            Err(error) => {
                tracing::warn!(%error, "the migration could not be looked at");
                seen.error = Some(error);
            }
        }
    }

    pub(super) fn get(&self) -> Shown {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (overview, at) = seen.overview.clone().unzip();
        Shown { overview, age: at.map(|at| at.elapsed()).unwrap_or_default(), error: seen.error.clone() }
    }
}
