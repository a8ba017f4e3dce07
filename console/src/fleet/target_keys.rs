//! Settings of the programs that are started here, as the file that they are started with: secrets are in no command line.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use switchover_cluster::{Auth, ClusterOptions};

use super::files;

/// How to reach the target, by the names of the flags. Secrets become files in `directory`.
pub(crate) fn of(target: &ClusterOptions, directory: &Path) -> Result<Map<String, Value>> {
    let mut keys = Map::new();
    let mut set = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    set("targetUri", target.uri.clone().into());
    // A services file may say how certificates are to be checked where there are none; the programs' flags may not.
    let with_tls = target.uri.to_ascii_lowercase().starts_with("https:");
    if let Some(tls) = with_tls.then_some(&target.tls) {
        if tls.insecure {
            set("insecure", true.into());
        }
        for (key, file) in [
            ("targetCaFile", &tls.ca_file),
            ("targetCertFile", &tls.cert_file),
            ("targetKeyFile", &tls.key_file),
        ] {
            if let Some(file) = file {
                set(key, absolute(file)?.into());
            }
        }
    }
    match &target.auth {
        Auth::None => {}
        Auth::Basic { username, password } => {
            set("targetUsername", username.clone().into());
            set("targetPasswordFile", secret_file(directory, "target-password", password)?);
        }
        Auth::ApiKey(key) => {
            set("targetApiKeyFile", secret_file(directory, "target-api-key", key)?);
        }
        Auth::SigV4(signer) => {
            let (service, region) = signer.scope();
            set("sigv4AuthHeaderServiceRegion", format!("{service},{region}").into());
        }
    }
    Ok(keys)
}

/// Keeps a secret in a file; its path.
pub(crate) fn secret_file(directory: &Path, name: &str, secret: &str) -> Result<Value> {
    let path = directory.join(name);
    files::replace(&path, secret.as_bytes())?;
    Ok(absolute(&path)?.into())
}

/// Workers are not started in this directory.
pub(crate) fn absolute(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))?;
    path.into_os_string().into_string().map_err(|path| anyhow::anyhow!("{} is no UTF-8", path.display()))
}

/// What is switched off is left out: a flag that takes no value is there or not.
pub(crate) fn checked(job: &str, keys: Map<String, Value>) -> Result<Map<String, Value>> {
    for (key, value) in &keys {
        if value.is_object() || value.is_null() {
            bail!("{job} options, {key}: a text, a number, true or a list of these is needed");
        }
    }
    Ok(keys.into_iter().filter(|(_, value)| *value != Value::Bool(false)).collect())
}
