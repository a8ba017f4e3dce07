//! Flags that say where the target is, whom to trust there and who we are to it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchover_settings::secret;
use switchover_sigv4::Signer;
use switchover_tls::ClientOptions;

use crate::options::{Auth, ClusterOptions, DEFAULT_TIMEOUT};

/// The flags, alike for all parts that write to the target.
#[derive(Debug, Clone, clap::Args)]
#[command(rename_all = "camelCase")]
pub struct TargetArgs {
    /// The target: http://host:port or https://host:port
    #[arg(long, alias = "targetHost", value_name = "URI", help_heading = "Target")]
    pub target_uri: String,
    /// Accept any certificate of the target
    #[arg(long, alias = "targetInsecure", conflicts_with = "target_ca_file", help_heading = "Target")]
    pub insecure: bool,
    /// PEM file of the authorities whose certificates are trusted, instead of the system's
    #[arg(long, alias = "targetCacert", value_name = "FILE", help_heading = "Target")]
    pub target_ca_file: Option<PathBuf>,
    /// PEM file with the client certificate to show
    #[arg(
        long,
        alias = "targetClientCert",
        value_name = "FILE",
        requires = "target_key_file",
        help_heading = "Target"
    )]
    pub target_cert_file: Option<PathBuf>,
    /// PEM file with its key
    #[arg(
        long,
        alias = "targetClientCertKey",
        value_name = "FILE",
        requires = "target_cert_file",
        help_heading = "Target"
    )]
    pub target_key_file: Option<PathBuf>,
    /// User for basic authentication
    #[arg(long, value_name = "NAME", group = "target-auth", help_heading = "Target")]
    pub target_username: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "target_username", help_heading = "Target")]
    pub target_password_file: Option<PathBuf>,
    /// The password itself. Every user of this host can read it: give --targetPasswordFile instead
    #[arg(
        long,
        value_name = "PASSWORD",
        requires = "target_username",
        conflicts_with = "target_password_file",
        hide = true
    )]
    pub target_password: Option<String>,
    /// File with an API key, as id:key or encoded
    #[arg(long, value_name = "FILE", group = "target-auth", help_heading = "Target")]
    pub target_api_key_file: Option<PathBuf>,
    /// Sign every request for AWS, with credentials of the default chain: es,eu-central-1, for serverless aoss,REGION
    #[arg(long, value_name = "SERVICE,REGION", group = "target-auth", help_heading = "Target")]
    pub sigv4_auth_header_service_region: Option<String>,
}

/// A flag about the target that does not fit. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TargetUsageError(String);

/// Who the flags say we are.
#[derive(Clone)]
pub enum Credentials {
    /// For basic authentication.
    Basic {
        /// As given.
        username: String,
        /// Never shown.
        password: String,
    },
    /// The encoded API key. Never shown.
    ApiKey(String),
    /// Every request is signed for AWS.
    Sign {
        /// `es` or `aoss`.
        service: String,
        /// The region.
        region: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { username, .. } => {
                out.debug_struct("Basic").field("username", username).finish_non_exhaustive()
            }
            Self::ApiKey(_) => out.debug_struct("ApiKey").finish_non_exhaustive(),
            Self::Sign { service, region } => {
                out.debug_struct("Sign").field("service", service).field("region", region).finish()
            }
        }
    }
}

impl TargetArgs {
    /// How to reach the target; reads the files with secrets, and gets AWS credentials where they are needed.
    ///
    /// # Errors
    /// When something can't be read, or flags do not go together.
    pub async fn options(&self) -> Result<ClusterOptions, TargetUsageError> {
        let auth = match self.credentials()? {
            None => Auth::None,
            Some(Credentials::Basic { username, password }) => Auth::Basic { username, password },
            Some(Credentials::ApiKey(key)) => Auth::ApiKey(key),
            Some(Credentials::Sign { service, region }) => {
                let signer = Signer::with_default_chain(&service, &region).await;
                let failed = |error| TargetUsageError(format!("--sigv4AuthHeaderServiceRegion: {error}"));
                Auth::SigV4(Arc::new(signer.map_err(failed)?))
            }
        };
        Ok(ClusterOptions { uri: self.target_uri.clone(), auth, tls: self.tls(), timeout: DEFAULT_TIMEOUT })
    }

    /// How to speak TLS to the target.
    #[must_use]
    pub fn tls(&self) -> ClientOptions {
        ClientOptions {
            ca_file: self.target_ca_file.clone(),
            insecure: self.insecure,
            cert_file: self.target_cert_file.clone(),
            key_file: self.target_key_file.clone(),
        }
    }

    /// Who we are to the target; reads the file with the secret.
    ///
    /// # Errors
    /// When it can't be read, or flags do not go together.
    pub fn credentials(&self) -> Result<Option<Credentials>, TargetUsageError> {
        if let Some(username) = &self.target_username {
            let password = match (&self.target_password_file, &self.target_password) {
                (Some(file), _) => read("--targetPasswordFile", file)?,
                (None, Some(password)) => {
                    tracing::warn!(
                        "--targetPassword shows the password to every user of this host; give --targetPasswordFile"
                    );
                    password.clone()
                }
                (None, None) => {
                    return Err(TargetUsageError(
                        "--targetUsername: give --targetPasswordFile too".to_owned(),
                    ));
                }
            };
            return Ok(Some(Credentials::Basic { username: username.clone(), password }));
        }
        if let Some(file) = &self.target_api_key_file {
            let key = read("--targetApiKeyFile", file)?;
            return Ok(Some(Credentials::ApiKey(encoded_api_key(key))));
        }
        let Some(scope) = &self.sigv4_auth_header_service_region else { return Ok(None) };
        let parts = scope.split_once(',').map(|(service, region)| (service.trim(), region.trim()));
        match parts.filter(|(service, region)| !service.is_empty() && !region.is_empty()) {
            Some((service, region)) => {
                Ok(Some(Credentials::Sign { service: service.to_owned(), region: region.to_owned() }))
            }
            None => Err(TargetUsageError(format!(
                "--sigv4AuthHeaderServiceRegion '{scope}': expected SERVICE,REGION such as es,eu-central-1"
            ))),
        }
    }
}

/// An API key as the header wants it, from `id:key` or the encoded form.
#[must_use]
pub fn encoded_api_key(key: String) -> String {
    if key.contains(':') { STANDARD.encode(&key) } else { key }
}

fn read(flag: &str, file: &Path) -> Result<String, TargetUsageError> {
    let secret = secret::read_file(file).map_err(|error| TargetUsageError(format!("{flag}: {error}")))?;
    match secret.contains(['\r', '\n']) {
        true => Err(TargetUsageError(format!("{flag}: the secret must be one line"))),
        false => Ok(secret),
    }
}
