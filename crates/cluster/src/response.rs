//! One answer of a cluster, and what it says when it says no.

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{ClusterError, ClusterErrorKind};

/// The most bytes of an error's text that are shown when it is not the JSON a cluster would send.
const MAX_SHOWN_ERROR_BYTES: usize = 300;

/// One whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The cluster, for messages.
    pub(crate) endpoint: String,
    /// Method and path, for messages.
    pub(crate) request: String,
    /// As the cluster gave it; redirects are not followed.
    pub status: StatusCode,
    /// All headers of the answer.
    pub headers: HeaderMap,
    /// The body as it came, without transfer coding.
    pub body: Bytes,
}

impl Response {
    /// This answer, if its status is 2xx.
    ///
    /// # Errors
    /// With the cluster's own reason otherwise.
    pub fn success(self) -> Result<Self, ClusterError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let (kind, advice) = match self.status {
            StatusCode::UNAUTHORIZED => {
                (ClusterErrorKind::Unauthorized, "check the user name and the password")
            }
            StatusCode::FORBIDDEN => {
                (ClusterErrorKind::Forbidden, "give the user the permission, or use one that has it")
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => (
                ClusterErrorKind::Status,
                "the cluster is not ready or overloaded: check its health and try again",
            ),
            _ => (ClusterErrorKind::Status, "check the address, and the log of the cluster"),
        };
        let problem = match error_reason(&self.body) {
            reason if reason.is_empty() => format!("answered {}", self.status),
            reason => format!("answered {}: {reason}", self.status),
        };
        let overloaded = matches!(self.status.as_u16(), 429 | 502 | 503 | 504);
        Err(ClusterError::new(kind, &self.endpoint, problem, advice).passing(overloaded))
    }

    /// The body as JSON of the shape that is expected.
    ///
    /// # Errors
    /// [`ClusterErrorKind::NotACluster`] when it has another shape: something else is answering.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClusterError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.not_a_cluster(format!("{} is not answered as a cluster does: {error}", self.request))
        })
    }

    /// An error that says this answer can't be a cluster's.
    pub(crate) fn not_a_cluster(&self, problem: String) -> ClusterError {
        ClusterError::not_a_cluster(&self.endpoint, problem)
    }
}

/// The reason in an error's body: `{"error":{"type","reason"}}`, `{"error":"text"}`, or the text itself.
fn error_reason(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Body {
        error: Reason,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Reason {
        Typed { r#type: String, reason: Option<String> },
        Text(String),
    }
    let reason = match serde_json::from_slice(body) {
        Ok(Body { error: Reason::Typed { r#type, reason: Some(reason) } }) => format!("{reason} ({type})"),
        Ok(Body { error: Reason::Typed { r#type, reason: None } }) => r#type,
        Ok(Body { error: Reason::Text(text) }) => text,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    // Proxies answer with pages of HTML; an error stays one line.
    let mut line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > MAX_SHOWN_ERROR_BYTES {
        line.truncate(line.floor_char_boundary(MAX_SHOWN_ERROR_BYTES));
        line.push_str("...");
    }
    line
}
