//! Why a cluster could not be used. The text is part of the product: it names the cluster, the reason as the
//! cluster or the system gave it, and the next thing to try.

use std::borrow::Cow;

/// A failed use of a cluster. `Display` is a whole sentence: `ENDPOINT: PROBLEM; NEXT STEP`.
#[derive(Debug, thiserror::Error)]
#[error("{endpoint}: {problem}; {advice}")]
pub struct ClusterError {
    kind: ClusterErrorKind,
    endpoint: String,
    problem: String,
    advice: Cow<'static, str>,
    /// The status was one of those that pass.
    overloaded: bool,
}

/// What kind of thing went wrong, for code that decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterErrorKind {
    /// The address given is not one of a cluster.
    BadUri,
    /// No connection, or it broke before the answer was whole.
    Unreachable,
    /// The TLS handshake failed, or the certificates to trust could not be read.
    Tls,
    /// No whole answer within the time allowed.
    Timeout,
    /// The request can't be signed: no credentials any more. May pass.
    Unsigned,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// Any other answer that is not a success.
    Status,
    /// The answer is longer than [`MAX_RESPONSE_BYTES`](crate::MAX_RESPONSE_BYTES).
    ResponseTooLarge,
    /// Something answered, but not as Elasticsearch or OpenSearch does.
    NotACluster,
}

impl ClusterErrorKind {
    /// The kind as one camelCase word, for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadUri => "badUri",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Unsigned => "unsigned",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Status => "status",
            Self::ResponseTooLarge => "responseTooLarge",
            Self::NotACluster => "notACluster",
        }
    }
}

impl ClusterError {
    pub(crate) fn new(
        kind: ClusterErrorKind,
        endpoint: impl ToString,
        problem: impl Into<String>,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            endpoint: endpoint.to_string(),
            problem: problem.into(),
            advice: advice.into(),
            overloaded: false,
        }
    }

    /// An answer that can't be what Elasticsearch or OpenSearch says.
    pub(crate) fn not_a_cluster(endpoint: impl ToString, problem: impl Into<String>) -> Self {
        let advice = "check that the address is the HTTP port of an Elasticsearch or OpenSearch node";
        Self::new(ClusterErrorKind::NotACluster, endpoint, problem, advice)
    }

    /// The same failure, of a status that passes.
    pub(crate) fn passing(self, overloaded: bool) -> Self {
        Self { overloaded, ..self }
    }

    /// The same failure with one more thing to try.
    pub(crate) fn and_advice(mut self, more: &str) -> Self {
        self.advice = format!("{}, {more}", self.advice).into();
        self
    }

    /// Whether the same request may succeed a little later: the cluster was away, slow or overloaded.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self.kind {
            ClusterErrorKind::Unreachable | ClusterErrorKind::Timeout | ClusterErrorKind::Unsigned => true,
            ClusterErrorKind::Status => self.overloaded,
            ClusterErrorKind::BadUri
            | ClusterErrorKind::Tls
            | ClusterErrorKind::Unauthorized
            | ClusterErrorKind::Forbidden
            | ClusterErrorKind::ResponseTooLarge
            | ClusterErrorKind::NotACluster => false,
        }
    }

    /// The cluster's address, as it may be shown.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The next thing to try.
    #[must_use]
    pub fn advice(&self) -> &str {
        &self.advice
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ClusterErrorKind {
        self.kind
    }
}
