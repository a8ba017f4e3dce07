//! Where a secret comes from: a file, an environment variable, a credential that systemd hands to the unit, or, as the
//! existing console has it, the services file itself.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

/// The folder in which systemd puts the credentials of a unit (`LoadCredential=`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

#[derive(Clone)]
pub(crate) enum SecretSource {
    Inline(String),
    File(PathBuf),
    Environment(String),
    Credential(String),
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => out.write_str("Inline(***)"),
            Self::File(path) => write!(out, "File({})", path.display()),
            Self::Environment(name) => write!(out, "Environment({name})"),
            Self::Credential(name) => write!(out, "Credential({name})"),
        }
    }
}

impl SecretSource {
    /// The secret: one line, not empty.
    pub(super) fn read(&self, folder: &Path) -> Result<String> {
        let (secret, from) = match self {
            Self::Inline(secret) => (secret.clone(), "the secret".to_owned()),
            Self::File(path) => {
                let path = folder.join(path);
                (switchover_settings::secret::read_file(&path)?, format!("the secret in {}", path.display()))
            }
            Self::Environment(name) => {
                let told = format!("the environment variable {name}");
                let secret = std::env::var(name).map_err(|_| anyhow!("{told} is not set, or not UTF-8"))?;
                (secret, told)
            }
            Self::Credential(name) => {
                if name.is_empty() || name.contains('/') {
                    bail!("{name:?} is no name of a credential");
                }
                let folder = std::env::var_os(CREDENTIALS).with_context(|| {
                    format!("the credential {name} is not given: start this from a unit with LoadCredential={name}:FILE")
                })?;
                let path = PathBuf::from(folder).join(name);
                (switchover_settings::secret::read_file(&path)?, format!("the credential {name}"))
            }
        };
        if secret.is_empty() || secret.contains(['\r', '\n']) {
            bail!("{from} must be one line, and not empty");
        }
        Ok(secret)
    }
}
