use std::ffi::OsString;

use super::*;

fn options(arguments: &[&str]) -> Result<Options, String> {
    let argv = ["replayer"].iter().chain(arguments).map(OsString::from);
    let settings: Settings =
        switchover_settings::try_parse_from("REPLAYER_TEST", argv).map_err(|error| error.to_string())?;
    settings.options().map_err(|error| error.to_string())
}

#[test]
fn defaults() {
    let options = options(&["--targetUri", "http://h:9200", "--captureLogDir", "log"]).unwrap();
    assert_eq!(options.target, Target { host: "h".to_owned(), port: 9200 });
    assert!(matches!(options.input, Input::Logs(_)));
    assert_eq!(
        (options.until, options.speed, options.auth),
        (Until::End, Speed::Factor(1.0), TargetAuth::Keep)
    );
    assert_eq!((options.response_timeout, options.max_differences), (Duration::from_secs(150), 0));
    assert_eq!(options.tuple_dir, PathBuf::from("tuples"));
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
        ("https://h:1", "TLS"),
        ("h:9200", "no http://"),
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
