//! What `backfill stop` leaves on this host beside the archive: that there was a backfill, and how far it came. A stopped
//! backfill must not begin anew by itself: it would write what is in the snapshot over what was written since.

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::settings::Settings;
use crate::failure::Failure;
use crate::fleet::files;

const FILE: &str = "stopped.json";

/// A backfill that was stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stopped {
    /// The phase that it was in.
    pub(super) phase: String,
    /// Its working state.
    pub(super) archive: PathBuf,
    /// By this host's clock.
    pub(super) at_unix_ms: u64,
}

impl Stopped {
    pub(super) fn read(settings: &Settings) -> Result<Option<Self>, Failure> {
        let path = settings.session_dir().join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let read = serde_json::from_slice(&bytes);
                Ok(Some(read.with_context(|| format!("{} is damaged", path.display()))?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow::anyhow!("cannot read {}: {error}", path.display()).into()),
        }
    }

    pub(super) fn write(&self, settings: &Settings) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(self).context("cannot write what was stopped")?;
        Ok(files::replace(&settings.session_dir().join(FILE), &bytes)?)
    }

    pub(super) fn forget(settings: &Settings) -> Result<(), Failure> {
        let path = settings.session_dir().join(FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(anyhow::anyhow!("cannot remove {}: {error}", path.display()).into())
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; working state archived to: {}", self.phase, self.archive.display())
    }
}
