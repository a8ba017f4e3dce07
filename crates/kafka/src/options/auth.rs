//! Who we are to the brokers, and whom we trust.

use crate::MskIam;
use rdkafka::ClientConfig;
use std::fmt;
use std::path::PathBuf;

/// How the client proves who it is, beside a certificate.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all, or by the certificate in [`Tls::identity`].
    None,
    /// User and password by SASL.
    Password {
        /// How the password is proved.
        mechanism: Mechanism,
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// IAM credentials for Amazon MSK.
    MskIam(MskIam),
}

/// SASL mechanisms with a user and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// The password itself is sent.
    Plain,
    /// The password is proved, SHA-256.
    ScramSha256,
    /// The password is proved, SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// As Kafka writes it.
    #[must_use]
    pub fn sasl_name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    /// As `--kafkaAuthType` takes it.
    #[must_use]
    pub fn flag_value(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::ScramSha256 => "scram-sha-256",
            Self::ScramSha512 => "scram-sha-512",
        }
    }
}

/// A text that is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// PEM text and where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file; the library reads it when a client is made.
    File(PathBuf),
    /// The text itself.
    Inline(String),
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Inline(_) => f.write_str("(inline PEM)"),
        }
    }
}

/// The client's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsIdentity {
    /// Certificate chain and private key.
    Pem {
        /// The chain, our own certificate first.
        certificate: Pem,
        /// The private key.
        key: Pem,
        /// What the key is encrypted with.
        key_password: Option<Secret>,
    },
    /// A PKCS#12 file with both.
    Pkcs12 {
        /// The file.
        file: PathBuf,
        /// What it is encrypted with.
        password: Option<Secret>,
    },
}

/// Encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Authorities that may sign the brokers' certificates; `None` takes those that the host trusts.
    pub ca: Option<Pem>,
    /// Our own certificate.
    pub identity: Option<TlsIdentity>,
    /// Whether the certificate must be for the broker's name.
    pub check_host_name: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { ca: None, identity: None, check_host_name: true }
    }
}

/// The library reads the host's authorities where they are usually found; needed where OpenSSL is linked in.
const HOST_AUTHORITIES: &str = "probe";

fn set_pem(config: &mut ClientConfig, what: &str, pem: &Pem) {
    match pem {
        Pem::File(path) => config.set(format!("ssl.{what}.location"), path.to_string_lossy()),
        Pem::Inline(text) => config.set(format!("ssl.{what}.pem"), text),
    };
}

impl Tls {
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        match &self.ca {
            Some(pem) => set_pem(config, "ca", pem),
            None => _ = config.set("ssl.ca.location", HOST_AUTHORITIES),
        }
        match &self.identity {
            None => {}
            Some(TlsIdentity::Pem { certificate, key, key_password }) => {
                set_pem(config, "certificate", certificate);
                set_pem(config, "key", key);
                if let Some(password) = key_password {
                    config.set("ssl.key.password", password.reveal());
                }
            }
            Some(TlsIdentity::Pkcs12 { file, password }) => {
                config.set("ssl.keystore.location", file.to_string_lossy());
                config.set("ssl.keystore.password", password.as_ref().map_or("", Secret::reveal));
            }
        }
        let algorithm = if self.check_host_name { "https" } else { "none" };
        config.set("ssl.endpoint.identification.algorithm", algorithm);
    }
}

impl Auth {
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        match self {
            Self::None => {}
            Self::Password { mechanism, user, password } => {
                config.set("sasl.mechanism", mechanism.sasl_name());
                config.set("sasl.username", user);
                config.set("sasl.password", password.reveal());
            }
            Self::MskIam(_) => _ = config.set("sasl.mechanism", "OAUTHBEARER"),
        }
    }
}
