//! Where a collector listens.

use std::fmt;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint, Uri};

/// A push that takes longer has failed. Connecting is part of it.
const PUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// `http://host:port` of a collector's OTLP/gRPC receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorEndpoint(Uri);

impl CollectorEndpoint {
    /// Reads `http://host:port`, or `host:port`.
    ///
    /// # Errors
    /// What is accepted, for clap to print after the flag and the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        const ACCEPTED: &str = "expected http://host:port of an OTLP/gRPC receiver (often port 4317)";
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = whole.parse().map_err(|error| format!("{error}; {ACCEPTED}"))?;
        match (uri.scheme_str(), uri.host(), uri.port_u16(), uri.path_and_query().map(|path| path.as_str())) {
            (Some("https"), ..) => Err(format!("TLS to a collector is not supported; {ACCEPTED}")),
            (_, _, _, Some(path)) if path != "/" => {
                Err(format!("the path {path} belongs to OTLP/HTTP; {ACCEPTED}"))
            }
            (Some("http"), Some(host), Some(1..), _) if !host.is_empty() && !text.contains('@') => {
                Ok(Self(uri))
            }
            _ => Err(ACCEPTED.to_owned()),
        }
    }

    /// A channel that connects when it is first used, and again after each failure. For a task of a runtime.
    pub(super) fn channel(&self) -> Channel {
        Endpoint::from(self.0.clone()).connect_timeout(PUSH_TIMEOUT).timeout(PUSH_TIMEOUT).connect_lazy()
    }
}

impl fmt::Display for CollectorEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted() {
        for (given, understood) in [
            ("http://collector:4317", "http://collector:4317/"),
            ("collector:4317", "http://collector:4317/"),
            (" 127.0.0.1:1 ", "http://127.0.0.1:1/"),
            ("http://[::1]:4317/", "http://[::1]:4317/"),
        ] {
            assert_eq!(CollectorEndpoint::parse(given).map(|it| it.to_string()), Ok(understood.to_owned()));
        }
        for wrong in [
            "",
            " ",
            "collector",
            "http://",
            "http://:4317",
            "http://h:0",
            "http://h:70000",
            "http://u:p@h:1",
            "grpc://h:1",
            "a b:1",
        ] {
            assert!(CollectorEndpoint::parse(wrong).is_err(), "{wrong}");
        }
        assert!(CollectorEndpoint::parse("https://h:1").unwrap_err().contains("TLS"));
        assert!(CollectorEndpoint::parse("http://h:4318/v1/metrics").unwrap_err().contains("OTLP/HTTP"));
    }
}
