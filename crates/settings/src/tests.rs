use super::*;
use clap::FromArgMatches as _;
use std::io::Write;

#[derive(Debug, Parser)]
#[command(rename_all = "camelCase")]
struct Flags {
    #[arg(long, alias = "kafkaBrokers")]
    kafka_connection: Option<String>,
    #[arg(long, default_value_t = 9200)]
    listen_port: u16,
    #[arg(long)]
    destination_uri: String,
    #[arg(long)]
    no_capture: bool,
    #[arg(long = "enableMSKAuth")]
    enable_msk_auth: bool,
}

fn parsed(prefix: &str, args: &[&str]) -> Result<Flags, SettingsError> {
    try_parse_from(prefix, std::iter::once("prog").chain(args.iter().copied()).map(OsString::from))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn camel_kebab_and_alias_are_the_same_flag() {
    for flag in ["--kafkaConnection", "--kafka-connection", "--kafkaBrokers", "--kafka-brokers"] {
        let flags = parsed("SETTINGS_A", &["--destinationUri", "u", flag, "k:9092"]).unwrap();
        assert_eq!(flags.kafka_connection.as_deref(), Some("k:9092"), "{flag}");
    }
}

#[test]
fn the_file_gives_defaults_even_for_required_flags_and_a_flag_wins() {
    let file = file("destinationUri: http://from-file\nlisten-port: 9201\nnoCapture: true\n");
    let path = file.path().to_str().unwrap();
    let flags = parsed("SETTINGS_B", &["--config", path]).unwrap();
    assert_eq!(
        (flags.destination_uri.as_str(), flags.listen_port, flags.no_capture),
        ("http://from-file", 9201, true)
    );
    let flags = parsed("SETTINGS_B", &["--listenPort=9300", &format!("--config={path}")]).unwrap();
    assert_eq!(flags.listen_port, 9300);
}

#[test]
fn wrong_input_names_the_flag_the_value_and_the_place() {
    let error =
        parsed("SETTINGS_C", &["--destinationUri", "u", "--listenPort", "none"]).unwrap_err().to_string();
    assert!(error.contains("--listenPort") && error.contains("none"), "{error}");
    let unknown = file("destinationUri: u\nlistenprot: 1\n");
    let error =
        parsed("SETTINGS_C", &["--config", unknown.path().to_str().unwrap()]).unwrap_err().to_string();
    assert!(error.contains("listenprot") && error.contains(unknown.path().to_str().unwrap()), "{error}");
    let broken = file("destinationUri: [1\n");
    let error = parsed("SETTINGS_C", &["--config", broken.path().to_str().unwrap()]).unwrap_err().to_string();
    assert!(error.contains("line"), "{error}");
    assert!(parsed("SETTINGS_C", &["--config", "no-such-file.yaml"]).is_err());
}

#[test]
fn every_flag_has_an_environment_variable() {
    let command = spelled_four_ways(Flags::command(), "SWITCHOVER_AGENT");
    let variables: Vec<_> =
        command.get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned)).collect();
    assert!(variables.contains(&"SWITCHOVER_AGENT_KAFKA_CONNECTION".to_owned()), "{variables:?}");
    assert_eq!(variables.len(), 5);
}

#[test]
fn json_inline_in_base64_and_in_a_file_is_the_same() {
    use base64::Engine as _;
    let json = r#"{"destinationUri":"http://es:9200","listenPort":9201,"noCapture":true}"#;
    let base64 = base64::engine::general_purpose::STANDARD.encode(json);
    let file = file(json);
    for args in [
        ["---INLINE-JSON", json],
        ["---INLINE-JSON", &base64],
        ["---JSON-FILE", file.path().to_str().unwrap()],
    ] {
        let flags = parsed("SETTINGS_J", &args).unwrap();
        assert_eq!(
            (flags.destination_uri.as_str(), flags.listen_port, flags.no_capture),
            ("http://es:9200", 9201, true)
        );
    }
    for wrong in ["[1]", "%%%", r#"{"listenprot":1}"#] {
        let error = parsed("SETTINGS_J", &["---INLINE-JSON", wrong]).unwrap_err().to_string();
        assert!(error.contains("---INLINE-JSON"), "{error}");
    }
    assert!(parsed("SETTINGS_J", &["---INLINE-JSON"]).is_err());
}

/// What a command line comes to when these variables of the existing tool are set.
fn parsed_among(variables: &[(&str, &str)], given: Option<&Given>, args: &[&str]) -> Result<Flags, String> {
    let environment = Environment { prefix: "SETTINGS_E", existing_tool: Some("THEIRS") };
    let command = spelled_four_ways(Flags::command(), environment.prefix);
    let command = match given {
        Some(given) => config_file::apply(command, given).unwrap(),
        None => command,
    };
    let variable = |name: &str| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
    };
    let command = environment.existing_tools(command, variable);
    let mut matches = command
        .try_get_matches_from(std::iter::once("prog").chain(args.iter().copied()))
        .map_err(|error| error.to_string())?;
    Flags::from_arg_matches_mut(&mut matches).map_err(|error| error.to_string())
}

#[test]
fn variables_of_the_existing_tool_are_between_flags_and_file() {
    let variables = [
        ("THEIRS_DESTINATION_URI", "theirs"),
        ("THEIRS_KAFKA_BROKERS", "k:1"),
        ("THEIRS_LISTEN_PORT", "9201"),
        ("THEIRS_NO_CAPTURE", "true"),
        ("THEIRS_ENABLE_M_S_K_AUTH", "true"),
    ];
    let flags = parsed_among(&variables, None, &[]).unwrap();
    assert_eq!(
        (flags.destination_uri.as_str(), flags.kafka_connection.as_deref(), flags.listen_port),
        ("theirs", Some("k:1"), 9201)
    );
    assert!(flags.no_capture && flags.enable_msk_auth);
    let flags = parsed_among(&variables, None, &["--listenPort", "9202"]).unwrap();
    assert_eq!(flags.listen_port, 9202);
    let given = Given::Inline(r#"{"listenPort":9203,"destinationUri":"file"}"#.to_owned());
    assert_eq!(parsed_among(&variables, Some(&given), &[]).unwrap().listen_port, 9201);
    assert_eq!(parsed_among(&[], Some(&given), &[]).unwrap().listen_port, 9203);
    let error = parsed_among(&[("THEIRS_LISTEN_PORT", "none")], Some(&given), &[]).unwrap_err();
    assert!(error.contains("--listenPort") && error.contains("none"), "{error}");
}

#[test]
fn help_does_not_show_what_was_given() {
    let given = Given::Inline(r#"{"kafkaConnection":"a-secret"}"#.to_owned());
    let variables = [("THEIRS_DESTINATION_URI", "another-secret")];
    let help = parsed_among(&variables, Some(&given), &["--help"]).unwrap_err();
    assert!(help.contains("--kafkaConnection") && !help.contains("secret"), "{help}");
}
