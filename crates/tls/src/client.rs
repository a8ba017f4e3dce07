//! TLS as a client: whom to trust, and what to show.

use crate::any_certificate::AnyCertificate;
use crate::{TlsError, pem, provider};
use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;
use rustls::sign::SingleCertAndKey;
use std::path::PathBuf;
use std::sync::Arc;

/// How to speak TLS to a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// PEM file of the authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure: bool,
    /// PEM file with the certificate chain to show.
    pub cert_file: Option<PathBuf>,
    /// PEM file with the key of that certificate.
    pub key_file: Option<PathBuf>,
}

impl ClientOptions {
    /// All files that count.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        [&self.ca_file, &self.cert_file, &self.key_file].into_iter().flatten().cloned().collect()
    }

    /// Reads and checks everything.
    ///
    /// # Errors
    /// When a file can't be used, or the options do not go together.
    pub fn load(&self) -> Result<ClientConfig, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Settings(format!("TLS cannot be set up: {error}")))?;
        let builder = if self.insecure {
            let verifier = Arc::new(AnyCertificate::new(provider()));
            builder.dangerous().with_custom_certificate_verifier(verifier)
        } else if let Some(file) = &self.ca_file {
            builder.with_root_certificates(pem::roots(file)?)
        } else {
            builder.with_root_certificates(pem::system_roots()?)
        };
        match (&self.cert_file, &self.key_file) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(chain), Some(key)) => {
                let shown: Arc<dyn ResolvesClientCert> =
                    Arc::new(SingleCertAndKey::from(pem::certified_key(chain, key)?));
                Ok(builder.with_client_cert_resolver(shown))
            }
            _ => Err(TlsError::Settings(
                "a client certificate needs its key, and a key its certificate; give both".to_owned(),
            )),
        }
    }
}
