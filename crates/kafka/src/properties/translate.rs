//! What a Java client's properties mean to librdkafka.

mod guarantees;
mod stores;
mod tuning;

pub(crate) use stores::StoreKind;

use super::{Property, jaas, parse};
use crate::options::{Mechanism, OptionsError, Pem, Secret, TlsIdentity, Tuning};
use std::collections::BTreeMap;
use std::path::Path;

/// What a property file says.
#[derive(Debug, Default)]
pub(crate) struct FromFile {
    pub(crate) brokers: Option<String>,
    pub(crate) client_id: Option<String>,
    /// Whether SASL and whether TLS.
    pub(crate) protocol: Option<(bool, bool)>,
    pub(crate) login: Option<Login>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) ca: Option<Pem>,
    pub(crate) identity: Option<TlsIdentity>,
    pub(crate) check_host_name: Option<bool>,
    pub(crate) tuning: Tuning,
    pub(crate) warnings: Vec<String>,
}

/// The way of logging in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Login {
    Password(Mechanism),
    MskIam { profile: Option<String>, role_arn: Option<String>, role_session_name: Option<String> },
}

/// Tells what kind of store a file is; the translation itself reads nothing.
pub(crate) type Probe<'a> = &'a dyn Fn(&Path) -> Option<StoreKind>;

/// The properties that are left to be translated, each with its last value.
pub(super) struct Left<'a> {
    path: &'a Path,
    by_name: BTreeMap<String, (usize, String)>,
}

impl Left<'_> {
    fn take(&mut self, name: &str) -> Option<(usize, String)> {
        self.by_name.remove(name)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|(_, value)| value).filter(|value| !value.trim().is_empty())
    }

    fn error(&self, line: usize, name: &str, reason: impl Into<String>) -> OptionsError {
        OptionsError::Property {
            path: self.path.to_owned(),
            line,
            name: name.to_owned(),
            reason: reason.into(),
        }
    }
}

/// # Errors
/// [`OptionsError::Property`].
pub(crate) fn translate(text: &str, path: &Path, probe: Probe<'_>) -> Result<FromFile, OptionsError> {
    let by_name = parse(text)
        .into_iter()
        .map(|Property { line, name, value }| (name, (line, value)))
        .collect::<BTreeMap<_, _>>();
    let mut left = Left { path, by_name };
    let mut file = FromFile::default();
    for native in ["metadata.broker.list", "bootstrap.servers"] {
        file.brokers = left.text(native).or(file.brokers);
    }
    file.client_id = left.text("client.id");
    protocol(&mut left, &mut file)?;
    login(&mut left, &mut file)?;
    stores::take(&mut left, &mut file, probe)?;
    guarantees::take(&mut left, &mut file)?;
    tuning::take(&mut left, &mut file)?;
    Ok(file)
}

fn protocol(left: &mut Left<'_>, file: &mut FromFile) -> Result<(), OptionsError> {
    const NAME: &str = "security.protocol";
    let Some((line, value)) = left.take(NAME) else { return Ok(()) };
    file.protocol = Some(match value.trim().to_ascii_uppercase().as_str() {
        "PLAINTEXT" => (false, false),
        "SSL" => (false, true),
        "SASL_PLAINTEXT" => (true, false),
        "SASL_SSL" => (true, true),
        _ => {
            let reason = format!("'{value}' is none of PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL");
            return Err(left.error(line, NAME, reason));
        }
    });
    Ok(())
}

/// The handler classes of Amazon's library; its work is done by this program.
const IAM_CLASSES: &str = "software.amazon.msk.auth.iam.";

fn login(left: &mut Left<'_>, file: &mut FromFile) -> Result<(), OptionsError> {
    const JAAS: &str = "sasl.jaas.config";
    file.user = left.text("sasl.username");
    file.password = left.text("sasl.password").map(Secret::new);
    let mut iam = false;
    for handler in ["sasl.client.callback.handler.class", "sasl.login.callback.handler.class"] {
        if left.by_name.get(handler).is_some_and(|(_, class)| class.starts_with(IAM_CLASSES)) {
            left.take(handler);
            iam = true;
        }
    }
    let mechanism = left.take("sasl.mechanisms");
    let mechanism = left.take("sasl.mechanism").or(mechanism);
    let jaas = match left.take(JAAS) {
        None => None,
        Some((line, text)) => {
            Some((line, jaas::parse(&text).map_err(|reason| left.error(line, JAAS, reason))?))
        }
    };
    let option = |name: &str| jaas.as_ref().and_then(|(_, jaas)| jaas.options.get(name).cloned());
    let Some((line, name)) = mechanism else {
        return match jaas {
            Some((line, _)) => {
                Err(left.error(line, JAAS, "sasl.mechanism is missing, such as SCRAM-SHA-512"))
            }
            None => Ok(()),
        };
    };
    let password = match name.trim().to_ascii_uppercase().as_str() {
        "PLAIN" => Some(Mechanism::Plain),
        "SCRAM-SHA-256" => Some(Mechanism::ScramSha256),
        "SCRAM-SHA-512" => Some(Mechanism::ScramSha512),
        "AWS_MSK_IAM" => None,
        "OAUTHBEARER" if iam => None,
        "OAUTHBEARER" => {
            return Err(left.error(
                line,
                "sasl.mechanism",
                "OAUTHBEARER is supported for Amazon MSK only: write AWS_MSK_IAM",
            ));
        }
        _ => {
            let reason = format!(
                "'{name}' is not supported; accepted: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, AWS_MSK_IAM"
            );
            return Err(left.error(line, "sasl.mechanism", reason));
        }
    };
    let fits: &[&str] = match password {
        Some(Mechanism::Plain) => &["PlainLoginModule"],
        Some(_) => &["ScramLoginModule"],
        None => &["IAMLoginModule", "OAuthBearerLoginModule"],
    };
    if let Some((line, jaas)) = jaas.as_ref().filter(|(_, jaas)| !fits.contains(&jaas.module.as_str())) {
        let reason = format!("{} does not fit sasl.mechanism={name}, which takes {}", jaas.module, fits[0]);
        return Err(left.error(*line, JAAS, reason));
    }
    file.login = Some(match password {
        Some(mechanism) => {
            file.user = option("username").or(file.user.take());
            file.password = option("password").map(Secret::new).or(file.password.take());
            Login::Password(mechanism)
        }
        None => Login::MskIam {
            profile: option("awsProfileName"),
            role_arn: option("awsRoleArn"),
            role_session_name: option("awsRoleSessionName"),
        },
    });
    Ok(())
}

#[cfg(test)]
mod tests;
