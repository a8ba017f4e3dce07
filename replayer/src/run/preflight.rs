//! Is the target there, and does it take the credentials? Asked once, before anything is replayed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use switchover_http1::RequestKind;

use crate::client::{self, Connection, RetryPolicy, Target};
use crate::rewrite::{self, Notes, Outgoing, TargetAuth};
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
    /// It refuses the credentials.
    #[error(
        "the target {target} refuses the credentials (status {status} to GET /). Check --targetUsername and --targetPasswordFile"
    )]
    Refused {
        /// `host:port`.
        target: String,
        /// 401 or 403.
        status: u16,
    },
}

/// Asks for `GET /`, waiting for a target that is starting. What version it is, as far as it tells.
///
/// # Errors
/// See [`PreflightError`].
pub(super) async fn check(
    target: &Arc<Target>,
    auth: &TargetAuth,
    response_timeout: Duration,
    retry: RetryPolicy,
) -> Result<Option<Version>, PreflightError> {
    let authority = target.authority();
    let authorization = match auth {
        TargetAuth::Replace(value) => format!("Authorization: {value}\r\n"),
        TargetAuth::Keep | TargetAuth::Remove => String::new(),
    };
    let head = format!("GET / HTTP/1.1\r\nHost: {authority}\r\n{authorization}Connection: close\r\n\r\n");
    let request = Outgoing {
        head: Bytes::from(head),
        body: Bytes::new(),
        body_edited: false,
        kind: RequestKind::Other,
        notes: Notes::default(),
    };
    let mut connection = Connection::new(Arc::clone(target), response_timeout);
    let down = |reason: String| PreflightError::Down { target: authority.clone(), reason };
    let attempts = client::send(&mut connection, &request, Some(OK), retry)
        .await
        .map_err(|exhausted| down(exhausted.to_string()))?;
    let last = attempts.kept.into_iter().next_back().map(|attempt| attempt.outcome);
    match last {
        Some(Ok(answer)) if answer.status == 401 || answer.status == 403 => {
            if *auth == TargetAuth::Keep {
                // The captured requests may bring credentials that it does take.
                tracing::warn!(target = authority, status = answer.status, "the target wants credentials");
                return Ok(None);
            }
            Err(PreflightError::Refused { target: authority, status: answer.status })
        }
        Some(Ok(answer)) => Ok(rewrite::version(&answer.bytes)),
        Some(Err(error)) => Err(down(error.to_string())),
        None => Err(down("nothing was sent".to_owned())),
    }
}
