//! Requests to the target that may be sent twice: a target that is away or overloaded for a moment does not end a command.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use switchover_cluster::{
    Body, Cluster, ClusterError, ClusterErrorKind, ClusterOptions, Method, Response, TargetArgs, Version,
};

use crate::failure::Failure;
use crate::services::{Services, Side};

/// A request is sent so often at most.
const MAX_ATTEMPTS: u32 = 6;
/// The same for a command that runs for hours: about five minutes.
const PATIENT_ATTEMPTS: u32 = 34;
/// Before the second attempt; doubled before each further one, so that they all take 15 s at most beside the requests.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The target.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    cluster: Cluster,
    first_pause: Duration,
    attempts: u32,
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
        Ok(Self {
            cluster: Cluster::connect(options)?,
            first_pause: FIRST_PAUSE,
            attempts: MAX_ATTEMPTS,
            reached: Arc::default(),
        })
    }

    /// The one that the flags name, or else the services file.
    pub(crate) async fn named(args: Option<&TargetArgs>, config: &Path) -> Result<Self, Failure> {
        let Some(args) = args else {
            let target = Services::load(config)?.cluster(Side::Target).await?;
            let missing = || {
                Failure::Usage(
                    "the services file has no target_cluster; give it there, or --targetUri".to_owned(),
                )
            };
            return Self::of(target.ok_or_else(missing)?).map_err(|error| Failure::Failed(error.into()));
        };
        Self::connect(args).await
    }

    /// The same, which waits longer for a cluster that is overloaded or away.
    pub(crate) fn patient(self) -> Self {
        Self { attempts: PATIENT_ATTEMPTS, ..self }
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
        for _ in 1..self.attempts {
            match self.once(method.clone(), path, body.clone()).await {
                Err(error) if error.may_pass() && self.is_patient_with(&error) => {
                    tracing::info!(%error, ?pause, "asked again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
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
        Self { cluster, first_pause: Duration::ZERO, attempts: MAX_ATTEMPTS, reached: Arc::default() }
    }
}

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;
