//! Where the source cluster is: flags, or else the services file.

use std::path::{Path, PathBuf};

use clap::Args;
use switchover_cluster::{Auth, ClusterOptions};
use switchover_settings::secret;

use crate::failure::Failure;
use crate::services::{Services, Side};

/// The flags.
#[derive(Debug, Args)]
#[command(rename_all = "camelCase")]
pub(crate) struct SourceArgs {
    /// The source cluster: http(s)://host:port [default: source_cluster of the services file]
    #[arg(long, aliases = ["sourceHost", "source-host", "source-uri"], value_name = "URI", conflicts_with = "repo", help_heading = "Source")]
    pub(crate) source_uri: Option<String>,
    /// User for basic authentication
    #[arg(
        long,
        alias = "source-username",
        value_name = "NAME",
        requires = "source_uri",
        help_heading = "Source"
    )]
    source_username: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "source_username", help_heading = "Source")]
    source_password_file: Option<PathBuf>,
    /// Accept any certificate of the source
    #[arg(long, alias = "source-insecure", requires = "source_uri", help_heading = "Source")]
    source_insecure: bool,
    /// PEM file of the authorities whose certificates are trusted
    #[arg(long, aliases = ["source-cacert", "sourceCacert"], value_name = "FILE", requires = "source_uri", help_heading = "Source")]
    source_ca_file: Option<PathBuf>,
}

impl SourceArgs {
    /// What the flags say; `None` when they name no source.
    pub(crate) fn options(&self) -> Result<Option<ClusterOptions>, Failure> {
        let Some(uri) = &self.source_uri else { return Ok(None) };
        let mut options = ClusterOptions::new(uri.as_str());
        options.tls.insecure = self.source_insecure;
        options.tls.ca_file.clone_from(&self.source_ca_file);
        options.auth = match (&self.source_username, &self.source_password_file) {
            (None, _) => Auth::None,
            (Some(_), None) => {
                return Err(Failure::Usage("--sourceUsername: give --sourcePasswordFile too".to_owned()));
            }
            (Some(username), Some(file)) => {
                let password = secret::read_file(file);
                let password =
                    password.map_err(|error| Failure::Usage(format!("--sourcePasswordFile: {error}")))?;
                Auth::Basic { username: username.clone(), password }
            }
        };
        Ok(Some(options))
    }

    /// The same, or what the services file says.
    pub(crate) async fn or_services(&self, config: &Path) -> Result<ClusterOptions, Failure> {
        if let Some(options) = self.options()? {
            return Ok(options);
        }
        let source = Services::load(config)?.cluster(Side::Source).await?;
        source.ok_or_else(|| {
            let message =
                "the services file has no source_cluster; give it there, or --sourceUri, or a --repo with its --snapshot";
            Failure::Usage(message.to_owned())
        })
    }
}
