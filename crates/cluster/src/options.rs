//! What a caller says about a cluster. Nothing here shows a password: these values end up in logs and in panics.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use switchover_sigv4::Signer;
use switchover_tls::ClientOptions;

/// How long one request may take, from connecting to the last byte of the answer, unless the caller says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a cluster is and how to be let in.
#[derive(Clone)]
pub struct ClusterOptions {
    /// `http(s)://host[:port][/prefix]`, without credentials and without a query.
    pub uri: String,
    /// Who we are to the cluster.
    pub auth: Auth,
    /// How far its certificate is trusted; without effect for `http`.
    pub tls: ClientOptions,
    /// Limit of one request: connecting, sending, and the whole answer.
    pub timeout: Duration,
}

impl ClusterOptions {
    /// No auth, the system's root certificates, [`DEFAULT_TIMEOUT`].
    pub fn new(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), auth: Auth::None, tls: ClientOptions::default(), timeout: DEFAULT_TIMEOUT }
    }
}

impl fmt::Debug for ClusterOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ClusterOptions")
            .field("uri", &without_credentials(&self.uri))
            .field("auth", &self.auth)
            .field("tls", &self.tls)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Who we are to the cluster.
#[derive(Clone)]
pub enum Auth {
    /// No `Authorization` header.
    None,
    /// HTTP Basic (RFC 7617), in UTF-8.
    Basic {
        /// Must not hold a colon: Basic ends the name at the first one.
        username: String,
        /// Never shown.
        password: String,
    },
    /// `Authorization: ApiKey`, with the encoded key. Never shown.
    ApiKey(String),
    /// Every request is signed for AWS.
    SigV4(Arc<Signer>),
}

impl fmt::Debug for Auth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => out.write_str("None"),
            Self::Basic { username, .. } => {
                out.debug_struct("Basic").field("username", username).finish_non_exhaustive()
            }
            Self::ApiKey(_) => out.debug_struct("ApiKey").finish_non_exhaustive(),
            Self::SigV4(signer) => out.debug_tuple("SigV4").field(signer).finish(),
        }
    }
}

/// The URI as it may be shown: a password typed into it by mistake is cut out.
pub(crate) fn without_credentials(uri: &str) -> String {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = uri.split_at(start);
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        Some(at) => format!("{scheme}***{}", &rest[at..]),
        None => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password() {
        let mut options = ClusterOptions::new("https://bob:in-the-uri@host:9200/p@th");
        options.auth = Auth::Basic { username: "bob".into(), password: "in-the-auth".into() };
        let shown = format!("{options:?}");
        assert!(shown.contains("https://***@host:9200/p@th"), "{shown}");
        assert!(shown.contains("bob") && !shown.contains("in-the"), "{shown}");
    }

    #[test]
    fn a_uri_without_credentials_is_shown_as_it_is() {
        for uri in ["http://host", "host:9200", "http://[::1]:9200/a@b", "http://h?q=a@b", "", "://"] {
            assert_eq!(without_credentials(uri), uri);
        }
    }
}
