//! `doctor` on secured clusters: which right is missing and how to give it, passwords that are wrong, and certificates
//! that nobody vouches for or that are over.

use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use switchover_testkit::lab::{Lab, Security};
use switchover_testkit::program::{Finished, eventually, run};

/// A user who may only read; the lab makes it everywhere.
const READER: (&str, &str) = ("reader", "Lab-reader-1");

/// The block of a cluster: its address, what it is trusted by, and who asks.
fn block(url: &str, ca: Option<&Path>, (user, password): (&str, &str)) -> Value {
    let mut block = json!({"endpoint": url, "basic_auth": {"username": user, "password": password}});
    if let Some(ca) = ca {
        block["ca_file"] = ca.to_str().into();
    }
    block
}

fn doctor(services: &Value) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("services.yaml");
    fs::write(&config, services.to_string()).unwrap();
    run("switchover", ["--config", config.to_str().unwrap(), "doctor", "--json"])
}

fn findings(finished: &Finished) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
    assert_eq!(answer["schema"], "switchover.doctor/1");
    answer["findings"].as_array().unwrap().clone()
}

/// Message and remedy of the findings of this check that are no praise, by severity.
fn found(finished: &Finished, subject: &str, check: &str, severity: &str) -> (String, String) {
    let findings = findings(finished);
    let one = findings
        .iter()
        .find(|one| one["subject"] == subject && one["check"] == check && one["severity"] == severity);
    let one = one.unwrap_or_else(|| panic!("no {severity} {subject} {check}: {findings:#?}"));
    (one["message"].as_str().unwrap().to_owned(), one["remedy"].as_str().unwrap_or_default().to_owned())
}

fn has_all(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn the_right_that_is_missing_is_named_with_its_remedy() {
    let source = Lab::shared_secured("elasticsearch", "7.17.29", Security::Tls);
    let target = Lab::shared_secured("opensearch", "2.19", Security::Tls);
    let all = (source.user(), source.password());
    let both = |source_user, target_user| {
        doctor(&json!({
            "source": block(source.url(), Some(source.ca()), source_user),
            "target": block(target.url(), Some(target.ca()), target_user),
        }))
    };
    let run = both(all, (target.user(), target.password()));
    for subject in ["source", "target"] {
        found(&run, subject, "rights", "ok");
    }
    assert!(findings(&run).iter().all(|one| one["severity"] != "error"), "{}", run.stdout);

    let run = both(READER, READER);
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let (message, remedy) = found(&run, "source", "rights", "error");
    has_all(
        &message,
        &[
            "register a repository (cluster:admin/repository/put)",
            "take snapshots (cluster:admin/snapshot/create)",
        ],
    );
    // Elasticsearch says which of its privileges hold them.
    assert_eq!(
        remedy,
        "give a role of this user the cluster privileges create_snapshot, manage, monitor_snapshot"
    );
    let (message, remedy) = found(&run, "target", "rights", "error");
    has_all(&message, &["make indices (indices:admin/create)", "write documents (indices:data/write/bulk)"]);
    has_all(
        &remedy,
        &["the cluster permissions indices:data/write/bulk", "the index permissions indices:admin/create on"],
    );
    let (message, remedy) = found(&run, "target", "rights", "warning");
    has_all(&message, &["index templates", "ingest pipelines", "store scripts", "set aliases"]);
    has_all(&remedy, &["cluster:admin/ingest/pipeline/put", "indices:admin/index_template/put"]);

    // Nothing of what was asked for was made, even for who may make everything.
    for secured in [&source, &target] {
        let (url, user) = (secured.url(), format!("{}:{}", secured.user(), secured.password()));
        let asked = Command::new("curl")
            .args(["-sSk", "-u", &user, &format!("{url}/_cluster/state/metadata")])
            .output();
        let state = String::from_utf8(asked.unwrap().stdout).unwrap().to_lowercase();
        assert!(state.contains("cluster_name") && !state.contains("doctor"), "{state}");
    }
}

#[test]
fn a_login_or_a_certificate_that_does_not_do_is_told_by_the_key_that_mends_it() {
    let target = Lab::shared_secured("opensearch", "2.19", Security::Tls);
    let wrong = (target.user(), "wrong-password");
    let run = doctor(&json!({"target": block(target.url(), Some(target.ca()), wrong)}));
    assert_eq!(run.code, Some(1));
    let (message, remedy) = found(&run, "target", "connect", "error");
    has_all(&message, &["401", target.url()]);
    has_all(&remedy, &["password_file", "target_cluster"]);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("wrong-password"));

    let right = (target.user(), target.password());
    let run = doctor(&json!({"target": block(target.url(), None, right)}));
    let (message, remedy) = found(&run, "target", "connect", "error");
    has_all(&message, &["UnknownIssuer", target.url()]);
    has_all(&remedy, &["ca_file of target_cluster", "allow_insecure"]);
    let mut insecure = block(target.url(), None, right);
    insecure["allow_insecure"] = true.into();
    found(&doctor(&json!({"target": insecure})), "target", "connect", "ok");
    // HTTP to a port that speaks TLS.
    let plain = target.url().replace("https://", "http://");
    let run = doctor(&json!({"target": block(&plain, None, right)}));
    has_all(&found(&run, "target", "connect", "error").0, &["https://"]);
}

/// A TLS server whose certificate is over, or signed by itself; killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let made = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// `ca.pem`, and `old.pem` of that authority, which held for a month of 2020.
fn expired(folder: &Path) {
    let subject = ["-subj", "/CN=ca", "-addext", "keyUsage=critical,keyCertSign"];
    let key = ["-newkey", "rsa:2048", "-nodes"];
    openssl(folder, &[&["req", "-x509", "-keyout", "ca.key", "-out", "ca.pem"][..], &key, &subject].concat());
    openssl(
        folder,
        &[&["req", "-keyout", "old.key", "-out", "old.csr", "-subj", "/CN=old"][..], &key].concat(),
    );
    fs::write(folder.join("index"), "").unwrap();
    fs::write(
        folder.join("ca.conf"),
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n[req]\ndistinguished_name=p\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n",
    )
    .unwrap();
    let dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
    let sign = [
        "ca", "-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "old.csr",
        "-out", "old.pem",
    ];
    openssl(folder, &[&sign[..], &dates].concat());
}

fn serve(folder: &Path, certificate: &str, key: &str) -> (Server, String) {
    // Free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let flags = ["s_server", "-quiet", "-www", "-cert", certificate, "-key", key, "-accept", &address];
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(flags).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server(command.spawn().unwrap());
    eventually("openssl s_server", || std::net::TcpStream::connect(&address).ok());
    (server, format!("https://{address}"))
}

#[test]
fn a_certificate_that_is_over_or_signed_by_itself_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    expired(folder.path());
    let (_server, url) = serve(folder.path(), "old.pem", "old.key");
    let ca = folder.path().join("ca.pem");
    let run = doctor(&json!({"source": block(&url, Some(&ca), READER)}));
    has_all(&found(&run, "source", "connect", "error").0, &["expired", "renew the server's certificate"]);

    // An authority's certificate is no server's, even for who trusts it.
    let (_server, url) = serve(folder.path(), "ca.pem", "ca.key");
    let run = doctor(&json!({"source": block(&url, Some(&ca), READER)}));
    has_all(&found(&run, "source", "connect", "error").0, &["CaUsedAsEndEntity", "CA:FALSE"]);

    let own =
        ["req", "-x509", "-config", "ca.conf", "-keyout", "own.key", "-out", "own.pem", "-subj", "/CN=own"];
    openssl(folder.path(), &[&own[..], &["-extensions", "e", "-newkey", "rsa:2048", "-nodes"]].concat());
    let (_server, url) = serve(folder.path(), "own.pem", "own.key");
    let run = doctor(&json!({"source": block(&url, None, READER)}));
    has_all(&found(&run, "source", "connect", "error").0, &["UnknownIssuer", "CA file"]);
    // It vouches for itself.
    let run = doctor(&json!({"source": block(&url, Some(&folder.path().join("own.pem")), READER)}));
    assert!(!found(&run, "source", "connect", "error").0.contains("TLS"), "{}", run.stdout);
}
