use std::ffi::OsString;

use super::*;
use crate::client::Target;
use crate::rewrite::TargetAuth;

fn options(arguments: &[&str]) -> Result<Options, String> {
    let argv = ["replayer"].iter().chain(arguments).map(OsString::from);
    let settings: Settings =
        switchover_settings::try_parse_from("REPLAYER_TEST", argv).map_err(|error| error.to_string())?;
    settings.options().map_err(|error| error.to_string())
}

#[test]
fn defaults() {
    let options = options(&["--targetUri", "http://h:9200", "--captureLogDir", "log"]).unwrap();
    assert_eq!((options.target, options.tls), (Target { host: "h".to_owned(), port: 9200 }, None));
    assert!(matches!(options.input, Input::Logs(_)));
    assert_eq!(
        (options.until, options.speed, options.auth),
        (Until::End, Speed::Factor(1.0), TargetAuth::Keep)
    );
    assert_eq!((options.response_timeout, options.max_differences), (Duration::from_secs(150), 0));
    assert_eq!(options.tuple_dir, PathBuf::from("tuples"));
    assert_eq!(options.dead_letter_dir, PathBuf::from("dead-letters"));
    assert_eq!((options.retry_deadline, options.max_concurrent_requests), (Duration::from_secs(300), 1000));
    assert_eq!(options.non_retryable, DEFAULT_NON_RETRYABLE.iter().map(ToString::to_string).collect());
}

#[test]
fn kafka_never_ends_unless_told() {
    let target = ["--target-uri", "http://h/", "--kafka-connection", "b:9092"];
    let kafka = options(&target).unwrap();
    assert!(matches!(&kafka.input, Input::Kafka { topic, group_id, .. }
        if topic == "logging-traffic-topic" && group_id == "logging-group-default"));
    assert_eq!((kafka.until, kafka.target.port), (Until::Never, 80));
    assert_eq!(options(&[&target[..], &["--until", "end"]].concat()).unwrap().until, Until::End);
}

#[test]
fn wrong_usage_names_the_flag_and_what_is_accepted() {
    let log = ["--captureLogDir", "d"];
    for (uri, reason) in [
        ("h:9200", "no http:// or https://"),
        ("http://h:1/path", "path"),
        ("http://u:p@h:1", "credentials"),
        ("http://h:99999", "port"),
        ("http://:1", "host"),
        ("http://::1:9200", "brackets"),
    ] {
        let error = options(&[&["--targetUri", uri][..], &log].concat()).unwrap_err();
        assert!(error.contains("--targetUri") && error.contains(reason), "{uri}: {error}");
    }
    let target = ["--targetUri", "http://[::1]:9200"];
    assert_eq!(options(&[&target[..], &log].concat()).unwrap().target.host, "::1");
    for (arguments, reason) in [
        (&[][..], "no input"),
        (&["--captureLogDir", "d", "--input", "-"], "more than one input"),
        (&["--input", "-", "--speedupFactor", "0"], "max"),
        (&["--input", "-", "--targetResponseTimeout", "5"], "duration"),
        (&["--input", "-", "--targetUsername", "u"], "--targetPasswordFile"),
        (&["--input", "-", "--targetUsername", "u:v", "--targetPassword", "p"], "colon"),
        (
            &["--input", "-", "--targetUsername", "u", "--targetPassword", "p", "--removeAuthHeader"],
            "cannot be used",
        ),
        (&["--input", "-", "--sigv4AuthHeaderServiceRegion", "es"], "SERVICE,REGION"),
        (&["--input", "-", "--sigv4AuthHeaderServiceRegion", "es,"], "SERVICE,REGION"),
        (&["--input", "-", "--targetApiKeyFile", "/nonexistent/k"], "--targetApiKeyFile"),
        (&["--input", "-", "--insecure"], "no meaning for http"),
        (&["--input", "-", "--targetCertFile", "c"], "--targetKeyFile"),
        (&["--input", "-", "--maxConcurrentRequests", "0"], "1.."),
        (
            &["--input", "-", "--targetUsername", "u", "--targetPasswordFile", "/nonexistent/p"],
            "/nonexistent/p",
        ),
    ] {
        let error = options(&[&target[..], arguments].concat()).unwrap_err();
        assert!(error.contains(reason), "{arguments:?}: {error}");
    }
}

#[test]
fn the_password_comes_from_a_file_and_is_never_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "open sesame\n").unwrap();
    let path = file.path().to_str().unwrap();
    let options = options(&[
        "--targetUri",
        "http://h",
        "--input",
        "-",
        "--targetUsername",
        "u",
        "--targetPasswordFile",
        path,
    ])
    .unwrap();
    assert_eq!(options.auth, TargetAuth::Replace("Basic dTpvcGVuIHNlc2FtZQ==".to_owned()));
    assert!(!format!("{options:?}").contains("dTpvcGVu"));
}

#[test]
fn https_has_a_port_of_its_own_and_its_files() {
    let base = ["--targetUri", "https://h", "--input", "-"];
    let tls = |arguments: &[&str]| options(&[&base[..], arguments].concat()).unwrap();
    let plain = tls(&[]);
    assert_eq!((plain.target.port, plain.tls), (443, Some(switchover_tls::ClientOptions::default())));
    let given = tls(&["--targetCaFile", "ca", "--targetCertFile", "c", "--targetKeyFile", "k"]).tls.unwrap();
    assert_eq!(given.files(), ["ca", "c", "k"].map(PathBuf::from));
    assert!(tls(&["--insecure"]).tls.unwrap().insecure);
}

#[test]
fn api_keys_and_signatures() {
    let base = ["--targetUri", "http://h", "--input", "-"];
    let auth = |arguments: &[&str]| options(&[&base[..], arguments].concat()).unwrap().auth;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for (key, header) in [("id:key\n", "ApiKey aWQ6a2V5"), ("aWQ6a2V5", "ApiKey aWQ6a2V5")] {
        std::fs::write(file.path(), key).unwrap();
        assert_eq!(auth(&["--targetApiKeyFile", path]), TargetAuth::Replace(header.to_owned()));
    }
    std::fs::write(file.path(), "two\nlines\n").unwrap();
    let error = options(&[&base[..], &["--targetApiKeyFile", path]].concat()).unwrap_err();
    assert!(error.contains("one line"), "{error}");
    let sign = TargetAuth::Sign { service: "es".to_owned(), region: "eu-central-1".to_owned() };
    assert_eq!(auth(&["--sigv4AuthHeaderServiceRegion", "es, eu-central-1"]), sign);
    let types = options(&[&base[..], &["--nonRetryableDocExceptionTypes", "a,b"]].concat()).unwrap();
    assert_eq!(types.non_retryable, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}
