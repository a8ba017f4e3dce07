//! Real clusters and brokers for tests, started by `tests/lab/lab`.
//!
//! One call gives a running server. A shared one is started by whichever test of a run asks first, and serves all of
//! them, also those in other processes (the lab holds the lock); it runs on until `lab down --all`. A private one
//! belongs to the test that asked, which may kill it, and is gone with its handle.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running server of the lab.
#[derive(Debug)]
pub struct Lab {
    name: String,
    address: String,
    private: bool,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/lab/lab")
}

/// Runs a command of the lab; its stdout.
fn lab(args: &[&str]) -> String {
    let output = Command::new(script()).args(args).output().expect("tests/lab/lab can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "lab {}: {said}", args.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Lab {
    /// The shared Elasticsearch of this version.
    ///
    /// # Panics
    /// When it does not come up; says what the lab says.
    #[must_use]
    pub fn elasticsearch(version: &str) -> Self {
        Self::up(&["elasticsearch", version, "--shared"], false)
    }

    /// The shared OpenSearch of this version.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn opensearch(version: &str) -> Self {
        Self::up(&["opensearch", version, "--shared"], false)
    }

    /// The shared Kafka broker.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn kafka() -> Self {
        Self::up(&["kafka", "--shared"], false)
    }

    /// A Kafka broker of this test's own.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn private_kafka() -> Self {
        Self::up(&["kafka"], true)
    }

    fn up(args: &[&str], private: bool) -> Self {
        let line = lab(&[&["up"], args].concat());
        let described: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let text = |key: &str| described[key].as_str().map(str::to_owned);
        let address = text("url").or_else(|| text("bootstrap")).expect("url or bootstrap");
        Self { name: text("name").expect("a name"), address, private }
    }

    /// `http://host:port` of a cluster.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.address
    }

    /// `host:port` of a broker.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.address
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When it is not running, or is shared with other tests.
    pub fn kill(&self) {
        assert!(self.private, "a shared server is not one test's to kill");
        lab(&["kill", &self.name]);
    }

    /// Starts it again with its data and its port.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(&self) {
        lab(&["start", &self.name]);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.private {
            // A test that failed says more than a server that is left over.
            let _ = Command::new(script()).args(["down", &self.name, "--purge"]).output();
        }
    }
}
