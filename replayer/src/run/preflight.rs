//! Is the target there, and does it take the credentials? Asked once, before anything is replayed.

use std::sync::Arc;

use bytes::Bytes;
use switchover_http1::RequestKind;

use crate::client::{ExchangeError, RawRequest, Sender, Source, Trouble};
use crate::rewrite::{self, TargetAuth};
use switchover_rewrite::version::Version;

const OK: u16 = 200;

/// Why the target can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// It does not answer.
    #[error("the target {target} is down: {reason}. Check --targetUri and that the cluster runs")]
    Down {
        /// `host:port`.
        target: String,
        /// What the attempts brought.
        reason: String,
    },
    /// It can't be trusted, or speaks no TLS.
    #[error("the target {target} can't be used: {reason} (--targetCaFile, --insecure)")]
    Untrusted {
        /// `host:port`.
        target: String,
        /// What the handshake brought, and what to do.
        reason: String,
    },
    /// It refuses the credentials.
    #[error("the target {target} refuses the credentials (status {status} to GET /). Check {flags}")]
    Refused {
        /// `host:port`.
        target: String,
        /// 401 or 403.
        status: u16,
        /// Where they come from.
        flags: &'static str,
    },
}

/// Asks for `GET /`, waiting for a target that is starting; `trouble` tells meanwhile why it does not answer. What version
/// it is, as far as it tells.
///
/// # Errors
/// See [`PreflightError`].
pub(super) async fn check(
    sender: &Sender,
    auth: &TargetAuth,
    trouble: Arc<Trouble>,
) -> Result<Option<Version>, PreflightError> {
    let target = sender.connector.target().authority();
    if let Err(error) = sender.connector.probe().await
        && error.is_permanent()
    {
        return Err(PreflightError::Untrusted { target, reason: error.to_string() });
    }
    let authorization = match auth {
        TargetAuth::Replace(value) => format!("Authorization: {value}\r\n"),
        TargetAuth::Keep | TargetAuth::Remove | TargetAuth::Sign { .. } => String::new(),
    };
    let host = sender.connector.host_header();
    let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{authorization}Connection: close\r\n\r\n");
    let request = RawRequest { head: head.into(), body: Bytes::new(), kind: RequestKind::Other };
    let source = Source { status: Some(OK), answer: None };
    let attempts = match sender.send(&mut sender.connection().with_trouble(trouble), &request, source).await {
        Ok(attempts) => attempts,
        Err(given_up) => return Err(PreflightError::Down { target, reason: given_up.reason }),
    };
    let Some(last) = attempts.kept.last() else { return Ok(None) };
    match (&last.outcome, auth) {
        (Ok(answer), _) if answer.status != 401 && answer.status != 403 => {
            Ok(rewrite::version(&answer.bytes))
        }
        (Ok(answer), TargetAuth::Keep) => {
            // The captured requests may bring credentials that it does take.
            tracing::warn!(target, status = answer.status, "the target wants credentials");
            Ok(None)
        }
        (Ok(answer), auth) => {
            let flags = match auth {
                TargetAuth::Sign { .. } => {
                    "--sigv4AuthHeaderServiceRegion, the AWS credentials and their rights, and this host's clock"
                }
                TargetAuth::Remove => "--removeAuthHeader: give credentials instead",
                _ => "--targetUsername and --targetPasswordFile, or --targetApiKeyFile",
            };
            Err(PreflightError::Refused { target, status: answer.status, flags })
        }
        (Err(error), _) => Err(PreflightError::Down { target, reason: describe(error) }),
    }
}

/// An answer that is no HTTP is mostly the wrong scheme.
fn describe(error: &ExchangeError) -> String {
    match error {
        ExchangeError::Unframable(_) => format!("{error}; if the port speaks TLS, use https://"),
        _ => error.to_string(),
    }
}
