//! TLS as a server: which certificate to show, and which clients to let in.

use crate::{TlsError, pem, provider};
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};
use std::path::PathBuf;
use std::sync::Arc;

/// How to speak TLS to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// PEM file with the certificate chain.
    pub cert_chain_file: PathBuf,
    /// PEM file with its key.
    pub key_file: PathBuf,
    /// The authorities whose client certificates are accepted; without them clients show none.
    pub client_ca: Option<ClientCa>,
    /// Refuse clients without a certificate.
    pub require_client_auth: bool,
}

/// Where the authorities of clients are, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCa {
    /// In this file.
    File(PathBuf),
    /// In the environment variable of this name.
    Variable(String),
}

impl ClientCa {
    fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Variable(_) => None,
        }
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        match self {
            Self::File(path) => pem::roots(path),
            Self::Variable(name) => pem::roots_in_variable(name),
        }
    }

    fn error(&self, reason: impl ToString) -> TlsError {
        match self {
            Self::File(path) => TlsError::file(path, reason),
            Self::Variable(name) => TlsError::variable(name, reason),
        }
    }
}

impl ServerOptions {
    /// All files that count.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        [Some(&self.cert_chain_file), Some(&self.key_file), self.client_ca.as_ref().and_then(ClientCa::file)]
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
        let verifier = match &self.client_ca {
            None if self.require_client_auth => {
                return Err(TlsError::Settings(
                    "client certificates are required, but no authority is trusted for them; give a client CA file".to_owned(),
                ));
            }
            None => Arc::new(NoClientAuth),
            Some(authorities) => {
                let roots = Arc::new(authorities.roots()?);
                let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
                let builder =
                    if self.require_client_auth { builder } else { builder.allow_unauthenticated() };
                builder.build().map_err(|error| authorities.error(error))?
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
