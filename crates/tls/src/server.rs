//! TLS as a server: which certificate to show, and which clients to let in.

use crate::{TlsError, pem, provider};
use rustls::ServerConfig;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use std::path::PathBuf;
use std::sync::Arc;

/// How to speak TLS to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// PEM file with the certificate chain.
    pub cert_chain_file: PathBuf,
    /// PEM file with its key.
    pub key_file: PathBuf,
    /// PEM file of the authorities whose client certificates are accepted; without it clients show none.
    pub client_ca_file: Option<PathBuf>,
    /// Refuse clients without a certificate.
    pub require_client_auth: bool,
}

impl ServerOptions {
    /// All files that count.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        [Some(&self.cert_chain_file), Some(&self.key_file), self.client_ca_file.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// Reads and checks everything.
    ///
    /// # Errors
    /// When a file can't be used, or the options do not go together.
    pub fn load(&self) -> Result<ServerConfig, TlsError> {
        let verifier = match &self.client_ca_file {
            None if self.require_client_auth => {
                return Err(TlsError::Settings(
                    "client certificates are required, but no authority is trusted for them; give a client CA file".to_owned(),
                ));
            }
            None => Arc::new(NoClientAuth),
            Some(file) => {
                let builder =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(pem::roots(file)?), provider());
                let builder =
                    if self.require_client_auth { builder } else { builder.allow_unauthenticated() };
                builder.build().map_err(|error| TlsError::file(file, error))?
            }
        };
        let shown = SingleCertAndKey::from(pem::certified_key(&self.cert_chain_file, &self.key_file)?);
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Settings(format!("TLS cannot be set up: {error}")))?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(shown));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}
