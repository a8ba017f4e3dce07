//! The block `kafka`, which becomes the flags that agent and replayer have for the same: one place says what they mean.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use switchover_kafka::{DEFAULT_TOPIC, KafkaArgs, KafkaAuthType};

use super::secret::SecretSource;
use super::{block, one_of, present};

/// Where the existing console looks for the password of `scram` when it is not told.
const DEFAULT_PASSWORD_ENV: &str = "KAFKA_SCRAM_PASSWORD";

/// How to reach the brokers.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Keys")]
pub(crate) struct KafkaBlock {
    brokers: Option<String>,
    topic: Option<String>,
    access: Access,
}

#[derive(Debug)]
enum Access {
    Standard,
    Msk(Authorities),
    Password {
        kind: KafkaAuthType,
        user: String,
        password: SecretSource,
        ca: Option<PathBuf>,
        without_tls: bool,
    },
    Tls(Certificates),
    PropertyFile(PathBuf),
}

impl KafkaBlock {
    /// The same as flags; reads the password.
    pub(crate) fn args(&self, folder: &Path, flags: KafkaArgs) -> Result<KafkaArgs> {
        let mut args = KafkaArgs { kafka_connection: self.brokers.clone(), ..flags };
        // Unless a flag names another one.
        if let Some(topic) = self.topic.as_ref().filter(|_| args.kafka_topic == DEFAULT_TOPIC) {
            args.kafka_topic.clone_from(topic);
        }
        let at = |path: &PathBuf| Some(folder.join(path));
        match &self.access {
            Access::Standard => args.kafka_auth_type = Some(KafkaAuthType::None),
            Access::Msk(authorities) => {
                args.kafka_auth_type = Some(KafkaAuthType::MskIam);
                args.kafka_ca_file = authorities.ca_cert_path.as_ref().and_then(at);
            }
            Access::Password { kind, user, password, ca, without_tls } => {
                args.kafka_auth_type = Some(*kind);
                args.kafka_user_name = Some(user.clone());
                args.kafka_password = Some(password.read(folder).context("kafka")?);
                args.kafka_ca_file = ca.as_ref().and_then(at);
                args.kafka_without_tls = *without_tls;
            }
            Access::Tls(certificates) => {
                args.kafka_auth_type = Some(KafkaAuthType::Ssl);
                args.kafka_ca_file = certificates.ca_cert_path.as_ref().and_then(at);
                args.kafka_cert_file = certificates.cert_path.as_ref().and_then(at);
                args.kafka_key_file = certificates.key_path.as_ref().and_then(at);
            }
            Access::PropertyFile(path) => args.kafka_property_file = at(path),
        }
        Ok(args)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with broker_endpoints")]
struct Keys {
    broker_endpoints: Option<String>,
    topic: Option<String>,
    #[serde(default, deserialize_with = "present")]
    standard: bool,
    #[serde(default, deserialize_with = "block")]
    msk: Option<Authorities>,
    scram: Option<Password>,
    plain: Option<Password>,
    #[serde(default, deserialize_with = "block")]
    ssl: Option<Certificates>,
    property_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "nothing, or a mapping with ca_cert_path")]
struct Authorities {
    ca_cert_path: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "nothing, or a mapping with ca_cert_path, cert_path and key_path"
)]
struct Certificates {
    ca_cert_path: Option<PathBuf>,
    cert_path: Option<PathBuf>,
    key_path: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with username and password_file")]
struct Password {
    username: String,
    password: Option<String>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    password_credential: Option<String>,
    ca_cert_path: Option<PathBuf>,
    mechanism: Option<Mechanism>,
    #[serde(default)]
    without_tls: bool,
}

#[derive(Clone, Copy, Deserialize)]
enum Mechanism {
    #[serde(rename = "SCRAM-SHA-512", alias = "scram-sha-512")]
    Sha512,
    #[serde(rename = "SCRAM-SHA-256", alias = "scram-sha-256")]
    Sha256,
}

impl Password {
    fn access(self, kind: KafkaAuthType) -> Result<Access, String> {
        let kind = match (self.mechanism, kind) {
            (None | Some(Mechanism::Sha512), KafkaAuthType::ScramSha512) => kind,
            (Some(Mechanism::Sha256), KafkaAuthType::ScramSha512) => KafkaAuthType::ScramSha256,
            (None, kind) => kind,
            (Some(_), _) => return Err("mechanism goes with scram".into()),
        };
        let given = [
            self.password.map(SecretSource::Inline),
            self.password_file.map(SecretSource::File),
            self.password_env.map(SecretSource::Environment),
            self.password_credential.map(SecretSource::Credential),
        ];
        let password = match given.iter().all(Option::is_none) {
            true => SecretSource::Environment(DEFAULT_PASSWORD_ENV.to_owned()),
            false => one_of("password_file, password_env, password_credential and password", given)?,
        };
        Ok(Access::Password {
            kind,
            user: self.username,
            password,
            ca: self.ca_cert_path,
            without_tls: self.without_tls,
        })
    }
}

impl TryFrom<Keys> for KafkaBlock {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let given = [
            keys.standard.then_some(Ok(Access::Standard)),
            keys.msk.map(|authorities| Ok(Access::Msk(authorities))),
            keys.scram.map(|password| password.access(KafkaAuthType::ScramSha512)),
            keys.plain.map(|password| password.access(KafkaAuthType::Plain)),
            keys.ssl.map(|certificates| Ok(Access::Tls(certificates))),
            keys.property_file.map(|path| Ok(Access::PropertyFile(path))),
        ];
        let access = one_of("standard, msk, scram, plain, ssl and property_file", given)??;
        if keys.broker_endpoints.is_none() && !matches!(access, Access::PropertyFile(_)) {
            return Err("missing field `broker_endpoints`".into());
        }
        Ok(Self { brokers: keys.broker_endpoints, topic: keys.topic, access })
    }
}
