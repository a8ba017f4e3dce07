//! Flags that say where the target is, whom to trust there and who we are to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchover_cluster::{ClusterOptions, Credentials, TargetArgs, TargetUsageError};
use switchover_tls::ClientOptions;

use super::UsageError;
use crate::client::Target;
use crate::rewrite::TargetAuth;

const HTTP_PORT: &str = "80";
const HTTPS_PORT: &str = "443";

#[derive(Debug, clap::Args)]
#[command(rename_all = "camelCase")]
pub(super) struct ReplayTargetArgs {
    /// Credentials given here replace the captured Authorization header.
    #[command(flatten)]
    target: TargetArgs,
    /// Send requests without the captured Authorization header
    #[arg(long, group = "target-auth", help_heading = "Target")]
    remove_auth_header: bool,
}

impl ReplayTargetArgs {
    /// Where the target is, and for https how to speak TLS.
    pub(super) fn target(&self) -> Result<(Target, Option<ClientOptions>), UsageError> {
        let (target, https) = parse(&self.target.target_uri)?;
        let tls = self.target.tls();
        if https {
            return Ok((target, Some(tls)));
        }
        if tls == ClientOptions::default() {
            return Ok((target, None));
        }
        let uri = self.target.target_uri.clone();
        Err(UsageError::TargetUri { uri, reason: "flags for TLS have no meaning for http" })
    }

    /// How to reach it as a cluster of our own, with credentials that are given here.
    pub(super) async fn cluster(&self) -> Result<ClusterOptions, TargetUsageError> {
        self.target.options().await
    }

    /// Who we are; reads the file with the secret.
    pub(super) fn auth(&self) -> Result<TargetAuth, UsageError> {
        Ok(match self.target.credentials()? {
            Some(Credentials::Basic { username, .. }) if username.contains(':') => {
                return Err(UsageError::Target(format!(
                    "--targetUsername '{username}': basic authentication can't carry a colon in the name"
                )));
            }
            Some(Credentials::Basic { username, password }) => {
                let encoded = STANDARD.encode(format!("{username}:{password}"));
                TargetAuth::Replace(format!("Basic {encoded}"))
            }
            Some(Credentials::ApiKey(key)) => TargetAuth::Replace(format!("ApiKey {key}")),
            Some(Credentials::Sign { service, region }) => TargetAuth::Sign { service, region },
            None if self.remove_auth_header => TargetAuth::Remove,
            None => TargetAuth::Keep,
        })
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
