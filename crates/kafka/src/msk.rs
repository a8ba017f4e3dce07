//! IAM authentication of Amazon MSK.
//!
//! Clients that are not Java log in with OAUTHBEARER; the token is a presigned URL of the `kafka-cluster:Connect`
//! action, which says who asks and holds for 15 minutes. The brokers ask for a new one on connections that live on.

mod region;
mod tokens;

pub use region::RegionError;
pub(crate) use tokens::Tokens;

use crate::options::Secret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Half of a token's life.
const RENEW_EVERY: Duration = Duration::from_secs(450);

/// Where AWS credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsCredentials {
    /// The SDK's chain: environment, shared files, web identity, ECS or EKS, EC2 instance profile.
    DefaultChain,
    /// A profile of the shared files.
    Profile(String),
    /// A role that the default chain's credentials may assume.
    Role {
        /// Its ARN.
        arn: String,
        /// The name that AWS's logs see.
        session_name: Option<String>,
    },
    /// Given by the program.
    Fixed {
        /// Access key id.
        access_key_id: String,
        /// Secret access key.
        secret_access_key: Secret,
        /// Of temporary credentials.
        session_token: Option<Secret>,
    },
}

/// An IAM login. Clones share one source of tokens, which lives as long as any of them or of the clients made.
#[derive(Debug, Clone)]
pub struct MskIam {
    /// The cluster's region.
    pub region: String,
    /// Whose credentials.
    pub credentials: AwsCredentials,
    renew_every: Duration,
    tokens: Arc<Mutex<Option<Arc<Tokens>>>>,
}

impl MskIam {
    /// For a cluster in `region`.
    #[must_use]
    pub fn new(region: impl Into<String>, credentials: AwsCredentials) -> Self {
        Self { region: region.into(), credentials, renew_every: RENEW_EVERY, tokens: Arc::default() }
    }

    /// Uses each token for twice this long at most; by default 450 s, which is all of its life.
    #[must_use]
    pub fn renew_every(mut self, interval: Duration) -> Self {
        self.renew_every = interval.min(RENEW_EVERY);
        self
    }

    /// The region of a cluster by its brokers' names, else `AWS_REGION` or `AWS_DEFAULT_REGION`.
    ///
    /// # Errors
    /// When neither says.
    pub fn region_of(brokers: &str) -> Result<String, RegionError> {
        region::find(brokers, |name| std::env::var(name).ok())
    }

    /// The source of tokens, started when first asked for.
    pub(crate) fn tokens(&self) -> std::io::Result<Arc<Tokens>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = &*tokens {
            return Ok(Arc::clone(tokens));
        }
        let started = Tokens::start(self.region.clone(), self.credentials.clone(), self.renew_every)?;
        Ok(Arc::clone(tokens.insert(started)))
    }
}
