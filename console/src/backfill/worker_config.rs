//! The settings of workers, as the file that they are started with: secrets are in no command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::settings::Settings;
use crate::fleet::files;
use crate::fleet::target_keys::{self, absolute};

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
    for (key, value) in target_keys::of(&settings.target, &directory)? {
        set(&key, value);
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
    let text = serde_json::to_vec_pretty(&target_keys::checked("backfill", keys)?)
        .context("cannot write the settings of workers")?;
    files::replace(&path, &text)?;
    Ok(PathBuf::from(absolute(&path)?))
}
