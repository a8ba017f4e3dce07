//! From flags and property file to [`KafkaOptions`]. Whatever can be found wrong without asking a broker is found here.

use super::{KafkaArgs, KafkaAuthType};
use crate::options::files::{check_pem, check_readable, store_kind};
use crate::options::{Auth, KafkaOptions, Mechanism, OptionsError, Pem, Secret, Tls, TlsIdentity};
use crate::properties::translate::{FromFile, Login, translate};
use crate::{AwsCredentials, MskIam};
use clap::ValueEnum as _;
use std::ffi::OsString;
use switchover_settings::secret;

/// What the flags come to.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// How to reach the brokers.
    pub options: KafkaOptions,
    /// The topic.
    pub topic: String,
    /// What the user should hear, each a sentence for the log.
    pub warnings: Vec<String>,
}

/// What surrounds the process, so that tests can give it.
pub(super) struct Surroundings {
    pub(super) arguments: Vec<OsString>,
    pub(super) password: Option<String>,
}

impl KafkaArgs {
    /// What the flags come to; `None` when they name no brokers and nothing else of Kafka. Reads the files named.
    ///
    /// # Errors
    /// Whatever is wrong with flags or files: a usage error.
    pub fn resolve(&self, client_id: &str) -> Result<Option<Resolved>, OptionsError> {
        let arguments = std::env::args_os().collect();
        let password = std::env::var("KAFKA_PASSWORD").ok();
        self.resolve_in(client_id, &Surroundings { arguments, password })
    }

    pub(super) fn resolve_in(
        &self,
        client_id: &str,
        around: &Surroundings,
    ) -> Result<Option<Resolved>, OptionsError> {
        let mut file = self.property_file()?;
        let Some(brokers) = self.kafka_connection.clone().or(file.brokers.take()) else {
            return self.without_brokers().map_or(Ok(None), |given| {
                let missing = "--kafkaConnection (or bootstrap.servers in --kafkaPropertyFile)";
                Err(OptionsError::Missing { given: given.to_owned(), missing })
            });
        };
        check_brokers(&brokers)?;
        check_topic(&self.kafka_topic)?;
        let mut warnings = std::mem::take(&mut file.warnings);
        if let Some(path) = &self.kafka_property_file {
            for warning in &mut warnings {
                *warning = format!("{}, {warning}", path.display());
            }
        }
        for (flag, given) in [
            ("--kafkaListenerName", &self.kafka_listener_name),
            ("--kafkaSecretName", &self.kafka_secret_name),
        ] {
            if given.is_some() {
                warnings.push(format!("{flag} has no use here and is ignored"));
            }
        }
        let kind = self.kind(&file)?;
        let tls = self.tls(kind, &mut file)?;
        let auth = self.auth(kind, &brokers, &mut file, around, &mut warnings)?;
        if let (Auth::Password { mechanism: Mechanism::Plain, .. }, None) = (&auth, &tls) {
            warnings.push("the Kafka password is sent unencrypted; use TLS or scram".to_owned());
        }
        let client_id =
            self.kafka_client_id.clone().or(file.client_id).unwrap_or_else(|| client_id.to_owned());
        let options = KafkaOptions { brokers, client_id, auth, tls, tuning: file.tuning };
        Ok(Some(Resolved { options, topic: self.kafka_topic.clone(), warnings }))
    }

    fn property_file(&self) -> Result<FromFile, OptionsError> {
        let Some(path) = &self.kafka_property_file else { return Ok(FromFile::default()) };
        let text = std::fs::read(path).map_err(|error| OptionsError::File {
            flag: "--kafkaPropertyFile".to_owned(),
            path: path.clone(),
            reason: format!("{error}; check that the file exists and that this user may read it"),
        })?;
        // Old files are Latin-1; what is not UTF-8 is at most in a comment or a password.
        let text = String::from_utf8(text)
            .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
        translate(&text, path, &store_kind)
    }

    /// A flag that makes no sense without brokers.
    fn without_brokers(&self) -> Option<&'static str> {
        let given = [
            (self.kafka_auth_type.is_some(), "--kafkaAuthType"),
            (self.enable_msk_auth, "--enableMSKAuth"),
            (self.kafka_property_file.is_some(), "--kafkaPropertyFile"),
            (self.kafka_user_name.is_some(), "--kafkaUserName"),
            (self.kafka_password_file.is_some(), "--kafkaPasswordFile"),
            (self.kafka_ca_file.is_some(), "--kafkaCaFile"),
            (self.kafka_cert_file.is_some(), "--kafkaCertFile"),
        ];
        given.into_iter().find_map(|(given, flag)| given.then_some(flag))
    }

    /// The way to log in: by flag, else by file, else by what else was given.
    fn kind(&self, file: &FromFile) -> Result<KafkaAuthType, OptionsError> {
        let (typed, msk) = (self.kafka_auth_type, self.enable_msk_auth);
        if msk && typed.is_some_and(|typed| typed != KafkaAuthType::MskIam) {
            let why = "the first means msk-iam; give one of them";
            return Err(OptionsError::Conflict("--enableMSKAuth and --kafkaAuthType", why));
        }
        if let Some(typed) = typed.or(msk.then_some(KafkaAuthType::MskIam)) {
            return Ok(typed);
        }
        let sasl = file.protocol.is_none_or(|(sasl, _)| sasl);
        match (&file.login, file.protocol) {
            (Some(Login::Password(mechanism)), _) if sasl => Ok(match mechanism {
                Mechanism::Plain => KafkaAuthType::Plain,
                Mechanism::ScramSha256 => KafkaAuthType::ScramSha256,
                Mechanism::ScramSha512 => KafkaAuthType::ScramSha512,
            }),
            (Some(Login::MskIam { .. }), _) if sasl => Ok(KafkaAuthType::MskIam),
            (_, Some((true, _))) => Err(OptionsError::Missing {
                given: "security.protocol with SASL in --kafkaPropertyFile".to_owned(),
                missing: "sasl.mechanism, such as SCRAM-SHA-512",
            }),
            (_, Some((false, true))) => Ok(KafkaAuthType::Ssl),
            _ if self.kafka_user_name.is_some() || self.kafka_password_file.is_some() => {
                Err(OptionsError::Missing {
                    given: "--kafkaUserName or --kafkaPasswordFile".to_owned(),
                    missing: "--kafkaAuthType scram-sha-512, scram-sha-256 or plain",
                })
            }
            _ if self.kafka_ca_file.is_some() || self.kafka_cert_file.is_some() => Ok(KafkaAuthType::Ssl),
            _ => Ok(KafkaAuthType::None),
        }
    }

    fn tls(&self, kind: KafkaAuthType, file: &mut FromFile) -> Result<Option<Tls>, OptionsError> {
        let by_flag = [
            (self.kafka_ca_file.is_some(), "--kafkaCaFile"),
            (self.kafka_cert_file.is_some(), "--kafkaCertFile"),
            (self.kafka_key_file.is_some(), "--kafkaKeyFile"),
        ];
        let certificate_flag = by_flag.into_iter().find_map(|(given, flag)| given.then_some(flag));
        let no_use = |flag, instead| OptionsError::NoUse { flag, with: name(kind), instead };
        let encrypted = match kind {
            KafkaAuthType::None => {
                if let Some(flag) = certificate_flag {
                    return Err(no_use(flag, "use --kafkaAuthType ssl"));
                }
                false
            }
            KafkaAuthType::MskIam | KafkaAuthType::Ssl if self.kafka_without_tls => {
                return Err(no_use(
                    "--kafkaWithoutTls",
                    "it goes with scram-sha-512, scram-sha-256 and plain",
                ));
            }
            KafkaAuthType::MskIam | KafkaAuthType::Ssl => true,
            _ if self.kafka_without_tls => false,
            _ => file.protocol.is_none_or(|(_, tls)| tls) || certificate_flag.is_some(),
        };
        if !encrypted {
            return Ok(None);
        }
        let ca_flag = self.kafka_ca_file.clone().map(Pem::File);
        let ca = ca_flag.or(file.ca.take());
        if let Some(ca) = &ca {
            let flag = if self.kafka_ca_file.is_some() { "--kafkaCaFile" } else { "ssl.truststore.location" };
            // A directory of authorities is accepted in the place of a file.
            if !matches!(ca, Pem::File(path) if path.is_dir()) {
                check_pem(flag, ca, "CERTIFICATE")?;
            }
        }
        let identity = match (&self.kafka_cert_file, &self.kafka_key_file) {
            (Some(certificate), Some(key)) => Some(TlsIdentity::Pem {
                certificate: Pem::File(certificate.clone()),
                key: Pem::File(key.clone()),
                key_password: None,
            }),
            (Some(_), None) => {
                return Err(OptionsError::Missing {
                    given: "--kafkaCertFile".to_owned(),
                    missing: "--kafkaKeyFile",
                });
            }
            (None, Some(_)) => {
                return Err(OptionsError::Missing {
                    given: "--kafkaKeyFile".to_owned(),
                    missing: "--kafkaCertFile",
                });
            }
            (None, None) => file.identity.take(),
        };
        check_identity(identity.as_ref(), self.kafka_cert_file.is_some())?;
        Ok(Some(Tls { ca, identity, check_host_name: file.check_host_name.unwrap_or(true) }))
    }

    fn auth(
        &self,
        kind: KafkaAuthType,
        brokers: &str,
        file: &mut FromFile,
        around: &Surroundings,
        warnings: &mut Vec<String>,
    ) -> Result<Auth, OptionsError> {
        let mechanism = match kind {
            KafkaAuthType::Plain => Mechanism::Plain,
            KafkaAuthType::ScramSha256 => Mechanism::ScramSha256,
            KafkaAuthType::ScramSha512 => Mechanism::ScramSha512,
            KafkaAuthType::None | KafkaAuthType::Ssl | KafkaAuthType::MskIam => {
                let given = [
                    (self.kafka_user_name.is_some(), "--kafkaUserName"),
                    (self.kafka_password_file.is_some(), "--kafkaPasswordFile"),
                    (self.kafka_password.is_some(), "--kafkaPassword"),
                ];
                if let Some((_, flag)) = given.into_iter().find(|(given, _)| *given) {
                    let instead = "it goes with --kafkaAuthType scram-sha-512, scram-sha-256 and plain";
                    return Err(OptionsError::NoUse { flag, with: name(kind), instead });
                }
                if kind != KafkaAuthType::MskIam {
                    return Ok(Auth::None);
                }
                let credentials = match file.login.take() {
                    Some(Login::MskIam { role_arn: Some(arn), role_session_name, .. }) => {
                        AwsCredentials::Role { arn, session_name: role_session_name }
                    }
                    Some(Login::MskIam { profile: Some(profile), .. }) => AwsCredentials::Profile(profile),
                    _ => AwsCredentials::DefaultChain,
                };
                return Ok(Auth::MskIam(MskIam::new(MskIam::region_of(brokers)?, credentials)));
            }
        };
        let given = format!("--kafkaAuthType {}", mechanism.flag_value());
        let Some(user) = self.kafka_user_name.clone().or(file.user.take()) else {
            return Err(OptionsError::Missing { given, missing: "--kafkaUserName" });
        };
        let password = match (&self.kafka_password_file, &self.kafka_password) {
            (Some(_), Some(_)) => {
                return Err(OptionsError::Conflict(
                    "--kafkaPasswordFile and --kafkaPassword",
                    "give the file",
                ));
            }
            (Some(path), None) => Some(Secret::new(secret::read_file(path)?)),
            (None, Some(password)) => {
                if on_command_line(&around.arguments) {
                    warnings.push("--kafkaPassword: every user of this host can read a command line; use --kafkaPasswordFile or the variable KAFKA_PASSWORD".to_owned());
                }
                Some(Secret::new(password))
            }
            (None, None) => file.password.take().or(around.password.as_ref().map(Secret::new)),
        };
        let missing = "--kafkaPasswordFile (or the variable KAFKA_PASSWORD)";
        let password = password.ok_or(OptionsError::Missing { given, missing })?;
        Ok(Auth::Password { mechanism, user, password })
    }
}

fn name(kind: KafkaAuthType) -> String {
    let value = kind.to_possible_value();
    format!("--kafkaAuthType {}", value.as_ref().map_or("", |value| value.get_name()))
}

fn check_identity(identity: Option<&TlsIdentity>, by_flag: bool) -> Result<(), OptionsError> {
    let flags = ["--kafkaCertFile", "--kafkaKeyFile"];
    let [chain, key_flag] = if by_flag { flags } else { ["ssl.keystore.location"; 2] };
    match identity {
        None => Ok(()),
        Some(TlsIdentity::Pkcs12 { file, .. }) => check_readable("ssl.keystore.location", file),
        Some(TlsIdentity::Pem { certificate, key, .. }) => {
            check_pem(chain, certificate, "CERTIFICATE")?;
            check_pem(key_flag, key, "PRIVATE KEY")
        }
    }
}

fn check_brokers(brokers: &str) -> Result<(), OptionsError> {
    for entry in brokers.split(',') {
        let (host, port) = entry.trim().rsplit_once(':').unwrap_or((entry.trim(), "9092"));
        let bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        let wrong = host.is_empty() || bare_v6 || host.contains(['/', '@', ' ']);
        if wrong || port.parse::<u16>().is_ok_and(|port| port == 0) || port.parse::<u16>().is_err() {
            return Err(OptionsError::Brokers { value: brokers.to_owned(), entry: entry.to_owned() });
        }
    }
    Ok(())
}

fn check_topic(topic: &str) -> Result<(), OptionsError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let valid = (1..=249).contains(&topic.len()) && topic.chars().all(fits) && topic != "." && topic != "..";
    if valid { Ok(()) } else { Err(OptionsError::Topic(topic.to_owned())) }
}

/// Whether the password stands on the command line, and not in the configuration file or the environment.
fn on_command_line(arguments: &[OsString]) -> bool {
    arguments.iter().filter_map(|argument| argument.to_str()).any(|argument| {
        let flag = argument.split_once('=').map_or(argument, |(flag, _)| flag);
        matches!(flag, "--kafkaPassword" | "--kafka-password")
    })
}
