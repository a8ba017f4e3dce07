//! Credentials that are always at hand.
//!
//! Getting them may take seconds (STS, the instance's metadata service). A task gets them ahead of time; who signs
//! only reads what is there.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
pub use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::sync::watch;

/// One attempt to get credentials.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(20);
/// Temporary credentials are renewed this long before their end.
const RENEW_BEFORE_END: Duration = Duration::from_secs(300);
/// Credentials that never end are looked up again all the same: files and environments are rotated.
const RENEW_ENDLESS: Duration = Duration::from_secs(900);
/// Never more often than this, and so soon after a failure.
const MIN_PAUSE: Duration = Duration::from_secs(10);

/// No credentials could be had. Display is the whole message for the user.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "no AWS credentials: {0}; the default chain was asked (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the shared files and AWS_PROFILE, web identity, ECS or EKS, EC2 instance profile): give one of these the right to use the target"
)]
pub struct CredentialsError(String);

/// The SDK's default chain.
pub(crate) async fn default_chain(region: &str) -> Result<SharedCredentialsProvider, CredentialsError> {
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.to_owned()));
    let provider = loader.load().await.credentials_provider();
    provider.ok_or_else(|| CredentialsError("no provider is configured".to_owned()))
}

/// Gets credentials and keeps them fresh until every receiver is gone.
pub(crate) async fn keep_fresh(
    provider: SharedCredentialsProvider,
) -> Result<watch::Receiver<Credentials>, CredentialsError> {
    let first = get(&provider).await?;
    let mut pause = pause(&first);
    let (sender, receiver) = watch::channel(first);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = sender.closed() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = match get(&provider).await {
                Ok(fresh) => {
                    let pause = self::pause(&fresh);
                    sender.send_replace(fresh);
                    pause
                }
                Err(error) => {
                    tracing::warn!(%error, "aws credentials not renewed, trying again");
                    MIN_PAUSE
                }
            };
        }
    });
    Ok(receiver)
}

async fn get(provider: &SharedCredentialsProvider) -> Result<Credentials, CredentialsError> {
    match tokio::time::timeout(ATTEMPT_LIMIT, provider.provide_credentials()).await {
        Ok(Ok(credentials)) => Ok(credentials),
        Ok(Err(error)) => Err(CredentialsError(with_causes(&error))),
        Err(_) => Err(CredentialsError(format!("no answer within {} s", ATTEMPT_LIMIT.as_secs()))),
    }
}

/// Until these are to be renewed.
fn pause(credentials: &Credentials) -> Duration {
    let left = credentials.expiry().map(|end| {
        end.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(RENEW_BEFORE_END)
    });
    left.unwrap_or(RENEW_ENDLESS).clamp(MIN_PAUSE, RENEW_ENDLESS)
}

/// An AWS error with its causes; the outermost alone often says nothing.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::provider::{error, future};

    use super::*;

    #[derive(Debug, Default)]
    struct Rotating {
        asked: Arc<AtomicU64>,
        fails: bool,
    }

    impl ProvideCredentials for Rotating {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let count = self.asked.fetch_add(1, Ordering::Relaxed);
            if self.fails {
                let missing = error::CredentialsError::not_loaded("none here");
                return future::ProvideCredentials::ready(Err(missing));
            }
            let end = SystemTime::now() + Duration::from_secs(3600);
            let credentials = Credentials::new(format!("key{count}"), "secret", None, Some(end), "test");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn they_are_renewed_before_their_end_and_no_longer_than_needed() {
        let asked = Arc::new(AtomicU64::new(0));
        let provider = SharedCredentialsProvider::new(Rotating { asked: Arc::clone(&asked), fails: false });
        let mut fresh = keep_fresh(provider).await.unwrap();
        assert_eq!(fresh.borrow_and_update().access_key_id(), "key0");
        fresh.changed().await.unwrap();
        assert_eq!(fresh.borrow_and_update().access_key_id(), "key1");
        drop(fresh);
        tokio::time::sleep(Duration::from_secs(100_000)).await;
        assert_eq!(asked.load(Ordering::Relaxed), 2, "nobody needs them any more");
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_the_message_says_where_they_were_looked_for() {
        let provider = SharedCredentialsProvider::new(Rotating { fails: true, ..Rotating::default() });
        let error = keep_fresh(provider).await.unwrap_err().to_string();
        assert!(error.contains("none here") && error.contains("AWS_PROFILE"), "{error}");
    }
}
