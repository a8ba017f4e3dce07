//! The blocks `source_cluster` and `target_cluster`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use switchover_cluster::{Auth, ClusterOptions};
use switchover_sigv4::Signer;

use super::secret::SecretSource;
use super::{block, one_of, present};

/// What signs requests of a managed domain; collections have `aoss`.
const DEFAULT_SERVICE: &str = "es";

/// A cluster and who we are to it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Keys")]
pub(super) struct ClusterBlock {
    pub(super) endpoint: String,
    insecure: bool,
    ca_file: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    access: Access,
}

#[derive(Debug)]
enum Access {
    None,
    Basic { username: String, password: SecretSource },
    ApiKey(SecretSource),
    SigV4(SigV4),
}

impl ClusterBlock {
    pub(super) async fn options(&self, folder: &Path) -> Result<ClusterOptions> {
        let mut options = ClusterOptions::new(&self.endpoint);
        options.tls.insecure = self.insecure;
        options.tls.ca_file = self.ca_file.as_ref().map(|path| folder.join(path));
        if let Some((certificate, key)) = &self.identity {
            options.tls.cert_file = Some(folder.join(certificate));
            options.tls.key_file = Some(folder.join(key));
        }
        options.auth = match &self.access {
            Access::None => Auth::None,
            Access::Basic { username, password } => {
                let password = password.read(folder).context("basic_auth")?;
                Auth::Basic { username: username.clone(), password }
            }
            Access::ApiKey(key) => {
                Auth::ApiKey(switchover_cluster::encoded_api_key(key.read(folder).context("api_key")?))
            }
            Access::SigV4(sigv4) => sigv4.auth().await.context("sigv4")?,
        };
        Ok(options)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with endpoint")]
struct Keys {
    endpoint: String,
    #[serde(default)]
    allow_insecure: bool,
    ca_file: Option<PathBuf>,
    client_cert_file: Option<PathBuf>,
    client_key_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "present")]
    no_auth: bool,
    basic_auth: Option<BasicAuth>,
    api_key: Option<ApiKey>,
    #[serde(default, deserialize_with = "block")]
    sigv4: Option<SigV4>,
    sigv4_signing_endpoint: Option<IgnoredAny>,
    /// Free text there; the console asks the cluster.
    #[serde(default, rename = "version")]
    _version: IgnoredAny,
    /// A second address of the source there; here the agent is not a cluster.
    #[serde(default, rename = "proxy")]
    _proxy: IgnoredAny,
}

impl TryFrom<Keys> for ClusterBlock {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        if keys.sigv4_signing_endpoint.is_some() {
            return Err(
                "sigv4_signing_endpoint is not supported: requests are signed for the endpoint's own host"
                    .into(),
            );
        }
        let identity = match (keys.client_cert_file, keys.client_key_file) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("client_cert_file and client_key_file go together".into()),
        };
        let given = [
            keys.no_auth.then_some(Access::None),
            keys.basic_auth.map(|basic| Access::Basic { username: basic.username, password: basic.password }),
            keys.api_key.map(|key| Access::ApiKey(key.0)),
            keys.sigv4.map(Access::SigV4),
        ];
        let access = match given.iter().all(Option::is_none) {
            true => Access::None,
            false => one_of("no_auth, basic_auth, api_key and sigv4", given)?,
        };
        Ok(Self {
            endpoint: keys.endpoint,
            insecure: keys.allow_insecure,
            ca_file: keys.ca_file,
            identity,
            access,
        })
    }
}

#[derive(Deserialize)]
#[serde(try_from = "BasicKeys")]
struct BasicAuth {
    username: String,
    password: SecretSource,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with username and password_file")]
struct BasicKeys {
    username: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    password_credential: Option<String>,
    user_secret_arn: Option<IgnoredAny>,
    k8s_secret_name: Option<IgnoredAny>,
}

impl TryFrom<BasicKeys> for BasicAuth {
    type Error = String;

    fn try_from(keys: BasicKeys) -> Result<Self, String> {
        if keys.user_secret_arn.is_some() || keys.k8s_secret_name.is_some() {
            return Err("user_secret_arn and k8s_secret_name are not read here: put the password into a file that only this user may read, and name it with password_file".into());
        }
        let given = [
            keys.password.map(SecretSource::Inline),
            keys.password_file.map(SecretSource::File),
            keys.password_env.map(SecretSource::Environment),
            keys.password_credential.map(SecretSource::Credential),
        ];
        let password = one_of("password_file, password_env, password_credential and password", given)?;
        let username = keys.username.unwrap_or_default();
        if username.is_empty() || matches!(&password, SecretSource::Inline(password) if password.is_empty()) {
            return Err("the user name and the password must not be empty".into());
        }
        Ok(Self { username, password })
    }
}

#[derive(Deserialize)]
#[serde(try_from = "ApiKeyKeys")]
struct ApiKey(SecretSource);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with key_file")]
struct ApiKeyKeys {
    key_file: Option<PathBuf>,
    key_env: Option<String>,
    key_credential: Option<String>,
}

impl TryFrom<ApiKeyKeys> for ApiKey {
    type Error = String;

    fn try_from(keys: ApiKeyKeys) -> Result<Self, String> {
        let given = [
            keys.key_file.map(SecretSource::File),
            keys.key_env.map(SecretSource::Environment),
            keys.key_credential.map(SecretSource::Credential),
        ];
        one_of("key_file, key_env and key_credential", given).map(Self)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a mapping with region and service")]
struct SigV4 {
    region: Option<String>,
    service: Option<String>,
}

impl SigV4 {
    async fn auth(&self) -> Result<Auth> {
        let from_environment = || std::env::var("AWS_REGION").ok();
        let region = self.region.clone().or_else(from_environment);
        let region = region.context("no region: give region, or set AWS_REGION")?;
        let service = self.service.as_deref().unwrap_or(DEFAULT_SERVICE);
        Ok(Auth::SigV4(Arc::new(Signer::with_default_chain(service, &region).await?)))
    }
}
