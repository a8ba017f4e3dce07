//! The services file: what the console works on. It is the `migration_services.yaml` of the existing migration
//! console as far as clusters go, so that a file written for one serves both; the blocks of other commands are
//! accepted and not looked at. A key that is not known is an error, because a misspelt one would be a wish ignored.

mod backfill;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use switchover_cluster::{Auth, ClusterOptions};

pub(crate) use backfill::{BackfillBlock, Launch, MAX_SCALE};

/// The clusters that are defined.
#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) source_cluster: Option<ClusterOptions>,
    pub(crate) target_cluster: Option<ClusterOptions>,
    pub(crate) backfill: Option<BackfillBlock>,
    pub(crate) snapshot: Option<SnapshotPlace>,
}

impl Services {
    /// Reads the file, and the password files it names (relative to its own folder).
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let advice = "write one, or name another with --config or SWITCHOVER_CONFIG";
            anyhow!("cannot read the services file {}: {error}; {advice}", path.display())
        })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .with_context(|| format!("services file {}", path.display()))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self> {
        // An empty file is a null document.
        let file = yaml_serde::from_str::<Option<File>>(text)?.unwrap_or_default();
        let options = |key: &'static str, block: Option<Block>| {
            block.map(|block| block.options(folder).context(key)).transpose()
        };
        Ok(Self {
            source_cluster: options("source_cluster", file.source_cluster)?,
            target_cluster: options("target_cluster", file.target_cluster)?,
            backfill: file.backfill.map(|jobs| jobs.reindex_from_snapshot.unwrap_or_default()),
            snapshot: file.snapshot,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    #[serde(alias = "source")]
    source_cluster: Option<Block>,
    #[serde(alias = "target")]
    target_cluster: Option<Block>,
    backfill: Option<backfill::Jobs>,
    #[serde(rename = "metrics_source")]
    _metrics_source: IgnoredAny,
    snapshot: Option<SnapshotPlace>,
    #[serde(rename = "metadata_migration")]
    _metadata_migration: IgnoredAny,
    #[serde(rename = "replay")]
    _replay: IgnoredAny,
    #[serde(rename = "kafka")]
    _kafka: IgnoredAny,
    #[serde(rename = "client_options")]
    _client_options: IgnoredAny,
}

/// What the backfill needs to know of the snapshot.
#[derive(Debug, Deserialize)]
pub(crate) struct SnapshotPlace {
    pub(crate) snapshot_name: String,
    pub(crate) s3: Option<S3>,
    pub(crate) fs: Option<Fs>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct S3 {
    pub(crate) repo_uri: String,
    pub(crate) aws_region: Option<String>,
    pub(crate) endpoint: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Fs {
    pub(crate) repo_path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    endpoint: String,
    #[serde(default)]
    allow_insecure: bool,
    ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "present")]
    no_auth: bool,
    basic_auth: Option<BasicAuth>,
    /// Free text there; the console asks the cluster.
    #[serde(default, rename = "version")]
    _version: IgnoredAny,
    /// A second address of the source there; here the agent is not a cluster.
    #[serde(default, rename = "proxy")]
    _proxy: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicAuth {
    username: String,
    password: Option<String>,
    password_file: Option<PathBuf>,
}

/// `no_auth:` is written with nothing behind it.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl Block {
    fn options(self, folder: &Path) -> Result<ClusterOptions> {
        let mut options = ClusterOptions::new(self.endpoint);
        options.tls.insecure = self.allow_insecure;
        options.tls.ca_file = self.ca_file.map(|path| folder.join(path));
        options.auth = match (self.no_auth, self.basic_auth) {
            (true, Some(_)) => bail!("no_auth and basic_auth exclude each other; keep one"),
            (_, None) => Auth::None,
            (false, Some(basic)) => basic.auth(folder).context("basic_auth")?,
        };
        Ok(options)
    }
}

impl BasicAuth {
    fn auth(self, folder: &Path) -> Result<Auth> {
        let password = match (self.password, self.password_file) {
            (Some(password), None) => password,
            (None, Some(path)) => switchover_settings::secret::read_file(&folder.join(path))?,
            (Some(_), Some(_)) => bail!("password and password_file exclude each other; keep one"),
            (None, None) => bail!("no password; give password_file or password"),
        };
        if self.username.is_empty() || password.is_empty() {
            bail!("the user name and the password must not be empty");
        }
        Ok(Auth::Basic { username: self.username, password })
    }
}

#[cfg(test)]
mod tests;
