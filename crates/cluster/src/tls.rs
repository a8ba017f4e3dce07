//! Which certificates are accepted: the system's authorities, those of one file, or, when asked for, any.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use switchover_tls::{ClientOptions, TlsError};

use crate::endpoint::Endpoint;
use crate::error::{ClusterError, ClusterErrorKind};

pub(crate) fn client_config(
    endpoint: &Endpoint,
    options: &ClientOptions,
) -> Result<ClientConfig, ClusterError> {
    let fail = |problem, advice| ClusterError::new(ClusterErrorKind::Tls, endpoint, problem, advice);
    if !endpoint.is_https() && *options == ClientOptions::default() {
        return trusting_nobody()
            .map_err(|error| fail(format!("TLS cannot be set up: {error}"), "report this as a defect"));
    }
    options.load().map_err(|error| match error {
        TlsError::File { .. } => fail(
            format!("TLS file {error}"),
            "give readable PEM files: certificates of the authorities to trust, or certificate and key to show",
        ),
        TlsError::NoSystemRoots(reason) => fail(
            format!("the system's root certificates cannot be loaded: {reason}"),
            "install the ca-certificates package, or give a CA file",
        ),
        TlsError::Settings(problem) => fail(problem, "report this as a defect"),
    })
}

/// A plain address must work on a machine that has no root certificates at all.
fn trusting_nobody() -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}
