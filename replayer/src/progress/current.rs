//! The run of now. A member of a fleet that is told to rest and to go on has several, one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use switchover_telemetry::AdminPages;
use switchover_telemetry::figures::Figure;

use super::Progress;

/// Where the run of now is found.
#[derive(Debug, Default)]
pub struct Current(Mutex<Arc<Progress>>);

impl Current {
    /// A run begins.
    pub fn begin(&self) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&progress);
        progress
    }

    /// The run that began last.
    #[must_use]
    pub fn get(&self) -> Arc<Progress> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything that it counts.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        self.get().figures()
    }
}

impl AdminPages for Current {
    fn ready(&self) -> Result<(), String> {
        self.get().ready()
    }

    fn status(&self) -> String {
        self.get().status()
    }

    fn metrics(&self) -> String {
        self.get().metrics()
    }
}
