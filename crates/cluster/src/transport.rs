//! Turns what the HTTP and TLS layers report into a [`ClusterError`]. The usual mistakes (the wrong scheme for the
//! port, an unknown authority) come up as low-level words; here they get the advice that resolves them.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::client::MAX_RESPONSE_BYTES;
use crate::endpoint::Endpoint;
use crate::error::{ClusterError, ClusterErrorKind};

pub(crate) fn timed_out(endpoint: &Endpoint, timeout: Duration) -> ClusterError {
    let advice = "check that the cluster is not overloaded and that no firewall drops the packets";
    ClusterError::new(ClusterErrorKind::Timeout, endpoint, format!("no answer within {timeout:?}"), advice)
}

pub(crate) fn failed(endpoint: &Endpoint, error: &(dyn Error + 'static)) -> ClusterError {
    let chain = Chain::of(error);
    if let Some(tls) = chain.tls {
        let problem = format!("TLS handshake failed: {tls}");
        return ClusterError::new(ClusterErrorKind::Tls, endpoint, problem, switchover_tls::advice(tls));
    }
    if chain.too_large {
        let problem = format!("the answer is longer than {MAX_RESPONSE_BYTES} bytes");
        return ClusterError::new(
            ClusterErrorKind::ResponseTooLarge,
            endpoint,
            problem,
            "ask for less at a time",
        );
    }
    if chain.not_http {
        return ClusterError::not_a_cluster(endpoint, format!("the answer is not HTTP: {}", chain.reason))
            .or_wrong_scheme(endpoint);
    }
    let advice =
        "check that the cluster is up, that host and port are right and that they can be reached from here";
    let problem = format!("connection failed: {}", chain.reason);
    let error = ClusterError::new(ClusterErrorKind::Unreachable, endpoint, problem, advice);
    // A TLS port hangs up on plain text.
    if chain.closed_early { error.or_wrong_scheme(endpoint) } else { error }
}

/// What matters in the sources of an error.
struct Chain<'a> {
    tls: Option<&'a rustls::Error>,
    not_http: bool,
    closed_early: bool,
    too_large: bool,
    /// The innermost text: the outer ones only say which layer was at work.
    reason: String,
}

impl<'a> Chain<'a> {
    fn of(error: &'a (dyn Error + 'static)) -> Self {
        let mut chain =
            Self { tls: None, not_http: false, closed_early: false, too_large: false, reason: String::new() };
        let mut next = Some(error);
        while let Some(error) = next {
            chain.reason = error.to_string();
            if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
                chain.not_http |= hyper.is_parse();
                chain.closed_early |= hyper.is_incomplete_message();
            }
            chain.tls = chain.tls.or(error.downcast_ref());
            chain.too_large |= error.is::<http_body_util::LengthLimitError>();
            // io::Error skips the error it wraps when asked for its source.
            let io = error.downcast_ref::<io::Error>();
            chain.closed_early |= io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionReset);
            next = match io.and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        chain
    }
}

impl ClusterError {
    fn or_wrong_scheme(self, endpoint: &Endpoint) -> Self {
        if endpoint.is_https() { self } else { self.and_advice("or, if the port speaks TLS, use https://") }
    }
}
