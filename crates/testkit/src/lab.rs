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
    access: Option<Access>,
    described: Value,
    private: bool,
}

/// How to get into a secured server.
#[derive(Debug)]
struct Access {
    user: String,
    password: String,
    ca: PathBuf,
}

/// What a secured search server asks of its clients. The user `reader` (Lab-reader-1) may only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// A user and a password, over HTTP.
    Plain,
    /// The same over HTTPS, with a certificate of the lab's own authority.
    Tls,
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

/// The directory of `ca.pem` and of `node`, `client` (CN=capture) and `admin`, each `.pem` and `.key`.
///
/// # Panics
/// When they cannot be made; says what the lab says.
#[must_use]
pub fn certificates() -> PathBuf {
    PathBuf::from(lab(&["certs"]).trim_end())
}

/// Starts an instance or a cluster; what the lab says of it.
pub(crate) fn described(args: &[&str]) -> Value {
    let line = lab(&[&["up"], args].concat());
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"))
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

    /// An Elasticsearch of this test's own; for versions that only one test needs, which then does not outlive it.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn private_elasticsearch(version: &str) -> Self {
        Self::up(&["elasticsearch", version], true)
    }

    /// The shared OpenSearch of this version.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn opensearch(version: &str) -> Self {
        Self::up(&["opensearch", version, "--shared"], false)
    }

    /// An OpenSearch of this test's own, to be killed and started again.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn private_opensearch(version: &str) -> Self {
        Self::up(&["opensearch", version], true)
    }

    /// The shared search server of this version that asks for a user: `elasticsearch` 7.17 and 8.19, `opensearch`.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn shared_secured(product: &str, version: &str, security: Security) -> Self {
        let security = match security {
            Security::Plain => "plain",
            Security::Tls => "tls",
        };
        Self::up(&[product, version, "--shared", "--security", security], false)
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

    /// The same, but the broker tells its clients to come to `address`: a proxy that leads to it.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn kafka_behind(address: &str) -> Self {
        Self::up(&["kafka", "--set", &format!("advertised.listeners=PLAINTEXT://{address}")], true)
    }

    /// The shared broker with a listener for every way to log in.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn kafka_secured() -> Self {
        Self::up(&["kafka", "--shared", "--security", "all"], false)
    }

    fn up(args: &[&str], private: bool) -> Self {
        Self::new(described(args), private)
    }

    pub(crate) fn new(described: Value, private: bool) -> Self {
        let text = |key: &str| described[key].as_str().map(str::to_owned);
        let address = text("url").or_else(|| text("bootstrap")).expect("url or bootstrap");
        let access = text("user").map(|user| Access {
            user,
            password: text("password").expect("a password"),
            ca: text("ca").expect("a CA").into(),
        });
        Self { name: text("name").expect("a name"), address, access, described, private }
    }

    /// `http://host:port` of a cluster; `https` if its security is [`Security::Tls`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.address
    }

    /// `host:port` of a broker.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.address
    }

    /// The user who may do everything on a secured cluster.
    ///
    /// # Panics
    /// When this one asks for no user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.access().user
    }

    /// The password of [`Self::user`].
    ///
    /// # Panics
    /// When this one asks for no user.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.access().password
    }

    /// The PEM file of the authority whose certificates a secured cluster trusts and, with [`Security::Tls`], shows.
    ///
    /// # Panics
    /// When this one asks for no user.
    #[must_use]
    pub fn ca(&self) -> &Path {
        &self.access().ca
    }

    /// `host:port` of a listener of [`Self::kafka_secured`]: `scram`, `scramclear` (without TLS), `plain`, `mtls`, `tls`,
    /// `msk` or `mskshort`, where tokens expire after 20 s.
    ///
    /// # Panics
    /// When there is none of this name.
    #[must_use]
    pub fn listener(&self, name: &str) -> &str {
        let address = self.described["listeners"][name].as_str();
        address.unwrap_or_else(|| panic!("{} has no listener {name}", self.name))
    }

    /// Runs Kafka's topic tool, such as `--create --topic t --config max.message.bytes=20000`.
    ///
    /// # Panics
    /// When it fails.
    pub fn topics(&self, args: &[&str]) {
        lab(&[&["kafka-topics", &self.name], args].concat());
    }

    /// Runs Kafka's tool for access rules on [`Self::kafka_secured`].
    ///
    /// # Panics
    /// When it fails.
    pub fn acls(&self, args: &[&str]) {
        lab(&[&["kafka-acls", &self.name], args].concat());
    }

    /// What the server has written to its log.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        let path = self.described["log"].as_str().expect("a log");
        String::from_utf8_lossy(&std::fs::read(path).expect("the log can be read")).into_owned()
    }

    /// The server's own directory; a broker's partitions are below `data`.
    ///
    /// # Panics
    /// When the lab does not say.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.described["dir"].as_str().expect("a directory").into()
    }

    /// The folder in which a search server may make file-system snapshots (its `path.repo`).
    ///
    /// # Panics
    /// When it is a broker.
    #[must_use]
    pub fn repository(&self) -> PathBuf {
        self.described["repo"].as_str().expect("a search server").into()
    }

    fn access(&self) -> &Access {
        self.access.as_ref().unwrap_or_else(|| panic!("{} is not secured", self.name))
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
