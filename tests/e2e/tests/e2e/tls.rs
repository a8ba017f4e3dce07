//! TLS on both sides of the agent, with real secured clusters behind it.

use std::path::{Path, PathBuf};
use std::process::Command;
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::lab::{Lab, Security, certificates};
use switchover_testkit::program::{eventually, run};

/// curl's standard output and whether it succeeded; no status is an error to it.
fn curl(arguments: &[&str]) -> (bool, String) {
    let output =
        Command::new("curl").args(["-sS", "--max-time", "20"]).args(arguments).output().expect("curl");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).to_str().expect("UTF-8").to_owned()
}

/// Flags for TLS towards clients with the lab's certificates.
fn server_flags(certificates: &Path) -> Vec<String> {
    ["--sslCertChainFile", "node.pem", "--sslKeyFile", "node.key"]
        .chunks(2)
        .flat_map(|pair| [pair[0].to_owned(), path(certificates, pair[1])])
        .collect()
}

fn start(destination: &str, directory: &Path, flags: &[String]) -> Agent {
    Agent::start(destination, directory, &flags.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn secured_clusters_of_each_kind_answer_the_same_through_tls_on_both_sides() {
    let certificates = certificates();
    for (product, version) in
        [("opensearch", "2.19"), ("elasticsearch", "7.17.29"), ("elasticsearch", "8.19.0")]
    {
        let source = Lab::shared_secured(product, version, Security::Tls);
        let directory = tempfile::tempdir().unwrap();
        let mut flags = server_flags(&certificates);
        flags.extend(["--destinationCaFile".to_owned(), source.ca().to_str().unwrap().to_owned()]);
        let mut agent = start(source.url(), directory.path(), &flags);
        let (_, port) = agent.address.rsplit_once(':').unwrap();
        let through = format!("https://localhost:{port}");
        let ca = path(&certificates, "ca.pem");
        let (direct_ca, user) =
            (source.ca().to_str().unwrap().to_owned(), format!("{}:{}", source.user(), source.password()));

        let index = format!("/tls-{}", version.replace('.', "-"));
        let json = ["-H", "content-type: application/json", "-u", &user, "--cacert", &ca];
        let bulk = "{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"index\":{\"_id\":\"2\"}}\n{\"a\":2}\n";
        let bulk_url = format!("{through}{index}/_bulk?refresh=true");
        let (done, text) = curl(&[&json[..], &["-XPOST", "--data-binary", bulk, &bulk_url]].concat());
        assert!(done && text.contains("\"errors\":false"), "{product} {version}: {text}");
        for page in [
            format!("{index}/_doc/1"),
            format!("{index}/_search?sort=a&filter_path=hits.hits"),
            "/".to_owned(),
        ] {
            let (_, seen) = curl(&["-u", &user, "--cacert", &ca, &format!("{through}{page}")]);
            let (_, direct) =
                curl(&["-u", &user, "--cacert", &direct_ca, &format!("{}{page}", source.url())]);
            assert_eq!(seen, direct, "{product} {version}");
        }
        let (_, refused) = curl(&["--cacert", &ca, &format!("{through}{index}/_doc/1")]);
        assert!(refused.contains("401") || refused.contains("Unauthorized"), "{refused}");

        let status = agent.status();
        assert_eq!(status["lost"]["records"], 0, "{status}");
        assert!(agent.terminate().success());
        let log = records::of_log(&Agent::log_dir(directory.path()));
        assert_eq!(records::transactions(&log).len(), 5, "{product} {version}");
        // The secret is nowhere in the log: what clients send as basic authentication is a hash there.
        for file in std::fs::read_dir(Agent::log_dir(directory.path())).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let basic = b"Authorization: Basic ";
            assert!(!bytes.windows(basic.len()).any(|window| window == basic));
        }
    }
}

#[test]
fn client_certificates_are_optional_or_required_and_the_agent_shows_its_own() {
    let certificates = certificates();
    let source = Lab::shared_secured("opensearch", "2.19", Security::Tls);
    let (ca, cert, key) =
        (path(&certificates, "ca.pem"), path(&certificates, "client.pem"), path(&certificates, "client.key"));
    let with_cert = ["--cacert", ca.as_str(), "--cert", cert.as_str(), "--key", key.as_str()];
    for required in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let mut flags = server_flags(&certificates);
        // The node takes the agent's client certificate for the user `capture`.
        for (flag, value) in [
            ("--sslTrustCertFile", &ca),
            ("--destinationCaFile", &ca),
            ("--destinationCertFile", &cert),
            ("--destinationKeyFile", &key),
        ] {
            flags.extend([flag.to_owned(), value.clone()]);
        }
        if required {
            flags.push("--requireClientAuth".to_owned());
        }
        let agent = start(source.url(), directory.path(), &flags);
        let (_, port) = agent.address.rsplit_once(':').unwrap();
        let url = format!("https://localhost:{port}/_plugins/_security/authinfo");
        let (done, text) = curl(&[&with_cert[..], &[&url]].concat());
        assert!(done && text.contains("capture"), "{text}");
        let (done, text) = curl(&["--cacert", &ca, &url]);
        assert_eq!(done, !required, "{text}");
        assert_eq!(text.contains("capture"), !required, "{text}");
    }
}

#[test]
fn who_is_not_trusted_is_not_talked_to() {
    let certificates = certificates();
    let source = Lab::shared_secured("opensearch", "2.19", Security::Tls);
    let (_, port) = source.url().rsplit_once(':').unwrap();
    let ca = path(&certificates, "ca.pem");
    let directory = tempfile::tempdir().unwrap();
    let stranger = stranger(directory.path());
    let answer = |destination: &str, flags: &[&str]| {
        let directory = tempfile::tempdir().unwrap();
        let agent = Agent::start(destination, directory.path(), flags);
        let (_, text) = curl(&["-u", "admin:Lab-admin-1", &agent.url()]);
        text
    };
    // an authority that did not sign the node's certificate, and a name that is not in it
    let text = answer(source.url(), &["--destinationCaFile", stranger.0.to_str().unwrap()]);
    assert!(text.contains("node_unreachable") && text.contains("certificate"), "{text}");
    let text = answer(&format!("https://127.0.0.2:{port}"), &["--destinationCaFile", &ca]);
    assert!(text.contains("node_unreachable"), "{text}");
    let text = answer(source.url(), &["--insecureDestination"]);
    assert!(text.contains("cluster_name"), "{text}");
}

/// A self-signed certificate and its key.
fn stranger(directory: &Path) -> (PathBuf, PathBuf) {
    let (cert, key) = (directory.join("stranger.pem"), directory.join("stranger.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{made:?}");
    (cert, key)
}

#[test]
fn a_new_certificate_is_taken_over_and_a_bad_one_is_refused() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let certificates = certificates();
    let (cert, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    let install = |from: (&Path, &Path)| {
        std::fs::copy(from.0, &cert).unwrap();
        std::fs::copy(from.1, &key).unwrap();
    };
    let old = (certificates.join("node.pem"), certificates.join("node.key"));
    install((&old.0, &old.1));
    let flags = ["--sslCertChainFile", cert.to_str().unwrap(), "--sslKeyFile", key.to_str().unwrap()];
    let agent = Agent::start(source.url(), directory.path(), &flags);
    let (_, port) = agent.address.rsplit_once(':').unwrap();
    let url = format!("https://localhost:{port}/");
    let old_ca = path(&certificates, "ca.pem");
    let works_with = |ca: &str| curl(&["--cacert", ca, &url]).0;
    assert!(works_with(&old_ca));

    // the key does not belong to the certificate: the old one stays
    let new = stranger(directory.path());
    std::fs::copy(&new.0, &cert).unwrap();
    agent.signal("HUP");
    eventually("the bad certificate is refused", || agent.log_text().contains("are refused").then_some(()));
    assert!(agent.log_text().contains("key.pem"), "{}", agent.log_text());
    assert!(works_with(&old_ca));

    // now it does; nobody has to send a signal
    std::fs::copy(&new.1, &key).unwrap();
    eventually("the new certificate is in use", || works_with(new.0.to_str().unwrap()).then_some(()));
    assert!(!works_with(&old_ca));
}

#[test]
fn files_that_do_not_fit_are_named_before_anything_starts() {
    let certificates = certificates();
    let directory = tempfile::tempdir().unwrap();
    let check = |flags: &[&str]| {
        let base = ["--destinationUri", "http://127.0.0.1:1", "--checkConfig", "--captureLogDir"];
        let log = path(directory.path(), "log");
        run("switchover-agent", base.into_iter().chain([log.as_str()]).chain(flags.iter().copied()))
    };
    let (cert, key) = (path(&certificates, "node.pem"), path(&certificates, "node.key"));
    let good = check(&["--sslCertChainFile", &cert, "--sslKeyFile", &key]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(!directory.path().join("log").exists(), "a check creates nothing");
    let wrong_key = path(&certificates, "client.key");
    for (flags, said) in [
        (&["--sslCertChainFile", &cert, "--sslKeyFile", &wrong_key][..], "client.key"),
        (&["--sslCertChainFile", "/nowhere", "--sslKeyFile", &key][..], "/nowhere"),
        (&["--sslCertChainFile", &key, "--sslKeyFile", &key][..], "holds no certificate"),
        (&["--sslCertChainFile", &cert][..], "--sslKeyFile"),
        (&["---INLINE-JSON", &format!(r#"{{"sslKeyFile":"{key}"}}"#)][..], "--sslCertChainFile"),
        (&["--requireClientAuth"][..], "--sslCertChainFile"),
        (
            &["--sslCertChainFile", &cert, "--sslKeyFile", &key, "--sslTrustCertPemEnvVar", "NO_SUCH_PEM"][..],
            "NO_SUCH_PEM",
        ),
        (&["--destinationCaFile", &cert][..], "--destinationUri is http://"),
        (&["--setHeader", "Content-Length", "3"][..], "frames the message"),
        (&["--suppressCaptureForMethod", "("][..], "regular expression"),
        (&["--redactHeader", "none", "--redactHeader", "x"][..], "none"),
    ] {
        let checked = check(flags);
        assert_eq!(checked.code, Some(2), "{flags:?}: {checked:?}");
        assert!(checked.stderr.contains(said), "{flags:?}: {checked:?}");
    }
}
