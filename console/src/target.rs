//! Requests to the target that may be sent twice: a target that is away or overloaded for a moment does not end a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use switchover_cluster::{
    Body, Cluster, ClusterError, ClusterErrorKind, ClusterOptions, Method, Response, TargetArgs, Version,
};

use crate::failure::Failure;

/// A request is sent so often at most.
const MAX_ATTEMPTS: u32 = 6;
/// Before the second attempt; doubled before each further one, so that they all take 15 s at most beside the requests.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The target.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    cluster: Cluster,
    first_pause: Duration,
    /// It has answered. Before, an address at which nobody listens is rather a wrong one.
    reached: Arc<AtomicBool>,
}

impl Target {
    /// Says nothing to it yet.
    pub(crate) async fn connect(args: &TargetArgs) -> Result<Self, Failure> {
        let options = args.options().await.map_err(|error| Failure::Usage(error.to_string()))?;
        Self::of(options).map_err(|error| Failure::Failed(error.into()))
    }

    /// The same, by what a services file says.
    pub(crate) fn of(options: ClusterOptions) -> Result<Self, ClusterError> {
        Ok(Self { cluster: Cluster::connect(options)?, first_pause: FIRST_PAUSE, reached: Arc::default() })
    }

    /// What it is.
    pub(crate) async fn version(&self) -> Result<Version, ClusterError> {
        self.cluster.version().await
    }

    /// Sends a request until it is answered otherwise than "later". The answer may be a refusal.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<Response, ClusterError> {
        let mut pause = self.first_pause;
        for _ in 1..MAX_ATTEMPTS {
            match self.once(method.clone(), path, body.clone()).await {
                Err(error) if error.may_pass() && self.is_patient_with(&error) => {
                    tracing::info!(%error, ?pause, "asked again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                other => return other,
            }
        }
        self.once(method, path, body).await
    }

    fn is_patient_with(&self, error: &ClusterError) -> bool {
        error.kind() != ClusterErrorKind::Unreachable || self.reached.load(Ordering::Relaxed)
    }

    /// An answer that says "later" is an error.
    async fn once(&self, method: Method, path: &str, body: Option<Body>) -> Result<Response, ClusterError> {
        let response = self.cluster.send(method, path, body).await?;
        self.reached.store(true, Ordering::Relaxed);
        match response.clone().success() {
            Err(error) if error.may_pass() => Err(error),
            _ => Ok(response),
        }
    }

    /// How long to wait where `usual` is usual.
    pub(crate) fn pause(&self, usual: Duration) -> Duration {
        usual.min(self.first_pause)
    }

    /// The address, as it may be shown.
    pub(crate) fn endpoint(&self) -> String {
        self.cluster.endpoint()
    }
}

#[cfg(test)]
impl Target {
    /// Without pauses.
    pub(crate) fn impatient(uri: &str) -> Self {
        let cluster = Cluster::connect(switchover_cluster::ClusterOptions::new(uri)).unwrap();
        Self { cluster, first_pause: Duration::ZERO, reached: Arc::default() }
    }
}

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;
