//! The agent in the place of the existing tool's proxy, with that tool's own settings.

use std::process::Command;
use switchover_e2e::scripted::{Node, ok};
use switchover_testkit::agent::Agent;
use switchover_testkit::http::ask;
use switchover_testkit::lab::certificates;
use switchover_testkit::program::binary;

#[test]
fn its_variables_and_its_options_without_a_use() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary("switchover-agent"));
    command
        .env("CAPTURE_PROXY_SUPPRESS_CAPTURE_FOR_METHOD", "DELETE")
        .env("CAPTURE_PROXY_MAX_TRAFFIC_BUFFER_SIZE", "1048576")
        .env("CAPTURE_PROXY_LISTEN_PORT", "1");
    // The port is given by a flag, which wins.
    let agent =
        Agent::start_by(command, &node.url, directory.path(), &["--destinationConnectionPoolSize", "10"]);
    assert_eq!(ask(&agent.url(), "PUT", "/i/_doc/1", "{}").status, 200);
    assert_eq!(ask(&agent.url(), "DELETE", "/i/_doc/1", "").status, 200);
    agent.await_status("the write is captured", |status| status["captured"]["requests"] == 1);
    let log = agent.log_text();
    for option in ["--maxTrafficBufferSize", "--destinationConnectionPoolSize"] {
        assert_eq!(log.matches(&format!("{option} is not used: ")).count(), 1, "{log}");
    }
}

#[test]
fn authorities_of_clients_in_a_variable() {
    let (node, certificates) = (Node::start(ok), certificates());
    let path = |name: &str| certificates.join(name).to_str().expect("UTF-8").to_owned();
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary("switchover-agent"));
    command.env("CLIENT_CA", std::fs::read_to_string(path("ca.pem")).unwrap());
    let (cert, key) = (path("node.pem"), path("node.key"));
    let flags = ["--sslCertChainFile", &cert, "--sslKeyFile", &key, "--sslTrustCertPemEnvVar", "CLIENT_CA"];
    let agent = Agent::start_by(
        command,
        &node.url,
        directory.path(),
        &[&flags[..], &["--requireClientAuth"]].concat(),
    );
    let (_, port) = agent.address.rsplit_once(':').unwrap();
    let url = format!("https://localhost:{port}/");
    let curl = |more: &[&str]| {
        let base = ["-sS", "--max-time", "20", "--cacert", &path("ca.pem"), &url].map(str::to_owned);
        Command::new("curl").args(base).args(more).output().expect("curl")
    };
    assert!(!curl(&[]).status.success());
    let shown = curl(&["--cert", &path("client.pem"), "--key", &path("client.key")]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("answer"), "{shown:?}");
}
