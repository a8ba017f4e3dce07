//! A thread that always has a token at hand.
//!
//! The library asks for a token on whatever thread polls it, and must be answered at once: credentials may take
//! seconds (STS, the instance's metadata service), and no runtime may be started within another. So this thread gets
//! them ahead of time and the library's callback only reads what is there. One provider is kept for the life of the
//! program, as it caches credentials; tokens made from them cost a signature.

use super::AwsCredentials;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_msk_iam_sasl_signer::generate_auth_token_from_credentials_provider as sign;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use switchover_sigv4::with_causes;

/// One attempt to get credentials and sign.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(20);
/// How long a client waits for the first token: one attempt and a little.
const FIRST_TOKEN_LIMIT: Duration = Duration::from_secs(25);
/// Pause after a failure, doubled with each.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// The library takes a token for good for this long at most, so that it soon asks again and gets a newer one. Being
/// late does no harm: it uses what it has.
const HANDED_OUT_FOR: Duration = Duration::from_secs(20);
/// A token is not handed out when less than this is left of it.
const MIN_LEFT: Duration = Duration::from_secs(1);

/// A token and its end in Unix milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) expires_ms: i64,
}

#[derive(Debug, Default)]
struct Slot {
    token: Option<Token>,
    /// Why the last attempt failed.
    failure: Option<String>,
    /// The brokers refused what there is: a new one is wanted before its time.
    refused: bool,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Shared {
    fn wait<'a>(
        &'a self,
        slot: MutexGuard<'a, Slot>,
        limit: Duration,
        done: impl Fn(&mut Slot) -> bool,
    ) -> MutexGuard<'a, Slot> {
        let waited = self.changed.wait_timeout_while(slot, limit, |slot| !done(slot));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source of tokens. Its thread ends with it.
#[derive(Debug)]
pub(crate) struct Tokens {
    shared: Arc<Shared>,
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.shared.slot().stopped = true;
        self.shared.changed.notify_all();
    }
}

impl Tokens {
    pub(super) fn start(
        region: String,
        credentials: AwsCredentials,
        renew_every: Duration,
    ) -> std::io::Result<Arc<Self>> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("msk-token".to_owned()).spawn(move || {
            let provider = runtime.block_on(provider(&region, &credentials));
            let source = Source { region, credentials, provider, renew_every };
            source.run(&runtime, &theirs);
        })?;
        Ok(Arc::new(Self { shared }))
    }

    /// What there is now. Never waits.
    pub(crate) fn current(&self) -> Result<Token, String> {
        let slot = self.shared.slot();
        match (&slot.token, &slot.failure) {
            (Some(token), _) if token.expires_ms > unix_ms() + MIN_LEFT.as_millis() as i64 => {
                let soon = unix_ms() + HANDED_OUT_FOR.as_millis() as i64;
                Ok(Token { text: token.text.clone(), expires_ms: token.expires_ms.min(soon) })
            }
            (_, Some(failure)) => Err(failure.clone()),
            (_, None) => Err("no token yet".to_owned()),
        }
    }

    /// The brokers did not take the token: credentials may have changed, or a clock.
    pub(crate) fn refused(&self) {
        self.shared.slot().refused = true;
        self.shared.changed.notify_all();
    }

    /// Waits for the first token; returns at once when the last attempt failed.
    pub(crate) fn wait(&self) -> Result<Token, String> {
        let deadline = Instant::now() + FIRST_TOKEN_LIMIT;
        let mut slot = self.shared.slot();
        while slot.token.is_none() && slot.failure.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("no AWS credentials within {} s", FIRST_TOKEN_LIMIT.as_secs()));
            }
            slot = self.shared.changed.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(slot);
        self.current()
    }
}

struct Source {
    region: String,
    credentials: AwsCredentials,
    provider: Result<SharedCredentialsProvider, String>,
    renew_every: Duration,
}

impl Source {
    fn run(&self, runtime: &tokio::runtime::Runtime, shared: &Shared) {
        let mut retry = RETRY;
        loop {
            let made = runtime.block_on(self.token());
            let mut slot = shared.slot();
            let pause = match made {
                Ok(token) => {
                    slot.token = Some(token);
                    slot.failure = None;
                    retry = RETRY;
                    self.renew_every
                }
                Err(failure) => {
                    tracing::warn!(reason = failure, "no token for amazon msk, trying again");
                    slot.failure = Some(failure);
                    let pause = retry;
                    retry = (retry * 2).min(RETRY_MAX);
                    pause
                }
            };
            slot.refused = false;
            shared.changed.notify_all();
            let least = pause.min(RETRY);
            let done = |slot: &mut Slot, at_once: bool| slot.stopped || (at_once && slot.refused);
            let slot = shared.wait(slot, least, |slot| done(slot, false));
            if shared.wait(slot, pause - least, |slot| done(slot, true)).stopped {
                return;
            }
        }
    }

    async fn token(&self) -> Result<Token, String> {
        let provider = self.provider.clone()?;
        let signing = sign(Region::new(self.region.clone()), provider);
        let (text, expires_ms) = match tokio::time::timeout(ATTEMPT_LIMIT, signing).await {
            Ok(Ok(signed)) => signed,
            Ok(Err(error)) => return Err(self.explain(&with_causes(&error))),
            Err(_) => return Err(self.explain(&format!("no answer within {} s", ATTEMPT_LIMIT.as_secs()))),
        };
        let own = unix_ms() + (self.renew_every * 2).as_millis() as i64;
        Ok(Token { text, expires_ms: expires_ms.min(own) })
    }

    fn explain(&self, reason: &str) -> String {
        match &self.credentials {
            AwsCredentials::DefaultChain => format!(
                "no AWS credentials: {reason}; the default chain was asked (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the shared files and AWS_PROFILE, web identity, ECS or EKS, EC2 instance profile): give one of these the right of kafka-cluster:Connect"
            ),
            AwsCredentials::Profile(profile) => format!(
                "no AWS credentials from profile {profile}: {reason}; check ~/.aws/config and ~/.aws/credentials (or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE) of this user"
            ),
            AwsCredentials::Role { arn, .. } => format!(
                "cannot assume the role {arn}: {reason}; check that the credentials of the default chain may sts:AssumeRole it"
            ),
            AwsCredentials::Fixed { .. } => format!("cannot sign with the AWS credentials given: {reason}"),
        }
    }
}

async fn provider(region: &str, credentials: &AwsCredentials) -> Result<SharedCredentialsProvider, String> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.to_owned()));
    match credentials {
        AwsCredentials::Fixed { access_key_id, secret_access_key, session_token } => {
            let session_token = session_token.as_ref().map(|token| token.reveal().to_owned());
            let fixed =
                Credentials::new(access_key_id, secret_access_key.reveal(), session_token, None, "given");
            return Ok(SharedCredentialsProvider::new(fixed));
        }
        AwsCredentials::Profile(profile) => loader = loader.profile_name(profile),
        AwsCredentials::DefaultChain | AwsCredentials::Role { .. } => {}
    }
    let config = loader.load().await;
    if let AwsCredentials::Role { arn, session_name } = credentials {
        let name = session_name.as_deref().unwrap_or("switchover");
        let role = aws_config::sts::AssumeRoleProvider::builder(arn).session_name(name).configure(&config);
        return Ok(SharedCredentialsProvider::new(role.build().await));
    }
    config.credentials_provider().ok_or_else(|| "no credentials provider is configured".to_owned())
}

fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
