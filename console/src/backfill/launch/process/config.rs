//! The settings of workers, as the file that they are started with: secrets are in no command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use switchover_cluster::Auth;

use crate::backfill::files;
use crate::backfill::settings::Settings;

/// Writes the file, and those with secrets that it names; its path.
pub(super) fn write(settings: &Settings) -> Result<PathBuf> {
    let directory = settings.session_dir();
    let mut keys = settings.block.options.clone();
    let mut given = Vec::new();
    let mut set = |key: &str, value: Value| {
        if keys.insert(key.to_owned(), value).is_some() {
            given.push(key.to_owned());
        }
    };
    let Some(snapshot) = &settings.snapshot else {
        bail!(
            "Snapshot is not set: add a block snapshot with snapshot_name and one of fs and s3 to the services file"
        );
    };
    set("repoUri", snapshot.repository.clone().into());
    set("snapshotName", snapshot.name.clone().into());
    for (key, value) in [("s3Region", &snapshot.region), ("s3Endpoint", &snapshot.endpoint)] {
        if let Some(value) = value {
            set(key, value.clone().into());
        }
    }
    set("targetUri", settings.target.uri.clone().into());
    let tls = &settings.target.tls;
    if tls.insecure {
        set("insecure", true.into());
    }
    for (key, file) in
        [("targetCaFile", &tls.ca_file), ("targetCertFile", &tls.cert_file), ("targetKeyFile", &tls.key_file)]
    {
        if let Some(file) = file {
            set(key, absolute(file)?.into());
        }
    }
    let secret = |name: &str, secret: &str| -> Result<Value> {
        let path = directory.join(name);
        files::replace(&path, secret.as_bytes())?;
        Ok(absolute(&path)?.into())
    };
    match &settings.target.auth {
        Auth::None => {}
        Auth::Basic { username, password } => {
            set("targetUsername", username.clone().into());
            set("targetPasswordFile", secret("target-password", password)?);
        }
        Auth::ApiKey(key) => set("targetApiKeyFile", secret("target-api-key", key)?),
        Auth::SigV4(signer) => {
            let (service, region) = signer.scope();
            set("sigv4AuthHeaderServiceRegion", format!("{service},{region}").into());
        }
    }
    if let Some(uri) = &settings.block.coordinator_uri {
        set("coordinatorUri", uri.clone().into());
    }
    if !settings.block.session_name.is_empty() {
        set("sessionName", settings.block.session_name.clone().into());
    }
    set("until", "never".into());
    if !given.is_empty() {
        bail!(
            "backfill options {}: the console sets these from other keys of the services file",
            given.join(", ")
        );
    }
    let failed = settings.failed_documents();
    keys.insert("failedDocumentDir".to_owned(), absolute(&failed)?.into());
    let path = directory.join("worker.yaml");
    let text = serde_json::to_vec_pretty(&checked(keys)?).context("cannot write the settings of workers")?;
    files::replace(&path, &text)?;
    Ok(PathBuf::from(absolute(&path)?))
}

/// Workers are not started in this directory.
fn absolute(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))?;
    path.into_os_string().into_string().map_err(|path| anyhow::anyhow!("{} is no UTF-8", path.display()))
}

/// What is switched off is left out: a flag that takes no value is there or not.
fn checked(keys: Map<String, Value>) -> Result<Map<String, Value>> {
    for (key, value) in &keys {
        if value.is_object() || value.is_null() {
            bail!("backfill options, {key}: a text, a number, true or a list of these is needed");
        }
    }
    Ok(keys.into_iter().filter(|(_, value)| *value != Value::Bool(false)).collect())
}
