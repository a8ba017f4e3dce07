//! Flags that say where the target is, whom to trust there and who we are to it.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchover_settings::secret;
use switchover_tls::ClientOptions;

use super::UsageError;
use crate::client::Target;
use crate::rewrite::TargetAuth;

const HTTP_PORT: &str = "80";
const HTTPS_PORT: &str = "443";

#[derive(Debug, clap::Args)]
#[command(rename_all = "camelCase")]
pub(super) struct TargetArgs {
    /// Cluster that the requests are sent to: http://host:port or https://host:port
    #[arg(long, value_name = "URI", help_heading = "Target")]
    target_uri: String,
    /// Accept any certificate of the target
    #[arg(long, conflicts_with = "target_ca_file", help_heading = "Target")]
    insecure: bool,
    /// PEM file of the authorities whose certificates are trusted, instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    target_ca_file: Option<PathBuf>,
    /// PEM file with the client certificate to show
    #[arg(long, value_name = "FILE", requires = "target_key_file", help_heading = "Target")]
    target_cert_file: Option<PathBuf>,
    /// PEM file with its key
    #[arg(long, value_name = "FILE", requires = "target_cert_file", help_heading = "Target")]
    target_key_file: Option<PathBuf>,
    /// User for basic authentication; replaces the captured Authorization header
    #[arg(long, value_name = "NAME", group = "auth", help_heading = "Target")]
    target_username: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "target_username", help_heading = "Target")]
    target_password_file: Option<PathBuf>,
    /// The password itself. Every user of this host can read it: give --targetPasswordFile instead
    #[arg(
        long,
        value_name = "PASSWORD",
        requires = "target_username",
        conflicts_with = "target_password_file",
        hide = true
    )]
    target_password: Option<String>,
    /// File with an API key, as id:key or encoded; replaces the captured Authorization header
    #[arg(long, value_name = "FILE", group = "auth", help_heading = "Target")]
    target_api_key_file: Option<PathBuf>,
    /// Sign every request for AWS, with credentials of the default chain: es,eu-central-1, for serverless aoss,REGION
    #[arg(long, value_name = "SERVICE,REGION", group = "auth", help_heading = "Target")]
    sigv4_auth_header_service_region: Option<String>,
    /// Send requests without the captured Authorization header
    #[arg(long, group = "auth", help_heading = "Target")]
    remove_auth_header: bool,
}

impl TargetArgs {
    /// Where the target is, and for https how to speak TLS.
    pub(super) fn target(&self) -> Result<(Target, Option<ClientOptions>), UsageError> {
        let (target, https) = parse(&self.target_uri)?;
        let tls = ClientOptions {
            ca_file: self.target_ca_file.clone(),
            insecure: self.insecure,
            cert_file: self.target_cert_file.clone(),
            key_file: self.target_key_file.clone(),
        };
        if https {
            return Ok((target, Some(tls)));
        }
        if tls == ClientOptions::default() {
            return Ok((target, None));
        }
        let uri = self.target_uri.clone();
        Err(UsageError::TargetUri { uri, reason: "flags for TLS have no meaning for http" })
    }

    /// Who we are; reads the file with the secret.
    pub(super) fn auth(&self) -> Result<TargetAuth, UsageError> {
        let read = |flag, file: &PathBuf| {
            let secret = secret::read_file(file).map_err(|error| UsageError::Secret { flag, error })?;
            match secret.contains(['\r', '\n']) {
                true => Err(UsageError::Target(format!("{flag}: the secret must be one line"))),
                false => Ok(secret),
            }
        };
        if let Some(user) = &self.target_username {
            let password = match (&self.target_password_file, &self.target_password) {
                (Some(file), _) => read("--targetPasswordFile", file)?,
                (None, Some(password)) => {
                    tracing::warn!(
                        "--targetPassword shows the password to every user of this host; give --targetPasswordFile"
                    );
                    password.clone()
                }
                (None, None) => {
                    return Err(UsageError::Target(
                        "--targetUsername: give --targetPasswordFile too".to_owned(),
                    ));
                }
            };
            if user.contains(':') {
                return Err(UsageError::Target(format!(
                    "--targetUsername '{user}': basic authentication can't carry a colon in the name"
                )));
            }
            return Ok(TargetAuth::Replace(format!(
                "Basic {}",
                STANDARD.encode(format!("{user}:{password}"))
            )));
        }
        if let Some(file) = &self.target_api_key_file {
            let key = read("--targetApiKeyFile", file)?;
            let encoded = if key.contains(':') { STANDARD.encode(&key) } else { key };
            return Ok(TargetAuth::Replace(format!("ApiKey {encoded}")));
        }
        if let Some(scope) = &self.sigv4_auth_header_service_region {
            let parts = scope.split_once(',').map(|(service, region)| (service.trim(), region.trim()));
            return match parts.filter(|(service, region)| !service.is_empty() && !region.is_empty()) {
                Some((service, region)) => {
                    Ok(TargetAuth::Sign { service: service.to_owned(), region: region.to_owned() })
                }
                None => Err(UsageError::Target(format!(
                    "--sigv4AuthHeaderServiceRegion '{scope}': expected SERVICE,REGION such as es,eu-central-1"
                ))),
            };
        }
        Ok(if self.remove_auth_header { TargetAuth::Remove } else { TargetAuth::Keep })
    }
}

/// Host and port, and whether to speak TLS.
fn parse(uri: &str) -> Result<(Target, bool), UsageError> {
    let wrong = |reason| UsageError::TargetUri { uri: without_credentials(uri), reason };
    let (https, rest) = match uri.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        _ => return Err(wrong("no http:// or https:// in front")),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return Err(wrong("credentials belong in --targetUsername and --targetPasswordFile"));
    }
    if authority.contains(['/', '?', '#', ' ']) {
        return Err(wrong("a path has no meaning here"));
    }
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() || (bracketed.is_none() && host.contains(':')) {
        return Err(wrong("the host is missing or an IPv6 address without brackets"));
    }
    let port = port.unwrap_or(if https { HTTPS_PORT } else { HTTP_PORT });
    let port = port.parse().map_err(|_| wrong("the port is not a number up to 65535"))?;
    Ok((Target { host: host.to_owned(), port }, https))
}

/// The URI as it may be shown.
fn without_credentials(uri: &str) -> String {
    match (uri.split_once("://"), uri.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        _ => uri.to_owned(),
    }
}
