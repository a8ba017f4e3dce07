//! A services file, and the console that reads it.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::process::{Run, command, switchover, with_input};

pub(crate) struct Services {
    pub(crate) folder: TempDir,
}

impl Services {
    pub(crate) fn new(text: &str) -> Self {
        let services = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(services.path(), text).unwrap();
        services
    }

    pub(crate) fn both(source: &str, target: &str) -> Self {
        Self::new(&format!(
            "source_cluster: {{endpoint: '{source}', no_auth: }}\ntarget_cluster: {{endpoint: '{target}', no_auth: }}\n"
        ))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("services.yaml")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let path = self.path();
        switchover(&[&["--config", path.to_str().unwrap()], arguments].concat())
    }

    /// The same with answers to what the command asks.
    pub(crate) fn answer(&self, arguments: &[&str], input: &str) -> Run {
        let path = self.path();
        with_input(command(&[&["--config", path.to_str().unwrap()], arguments].concat()), input)
    }
}
