use super::*;

use clap::Parser;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    rules: RuleArgs,
}

fn args(arguments: &[&str]) -> RuleArgs {
    Flags::try_parse_from(["x"].iter().chain(arguments)).unwrap().rules
}

#[test]
fn the_digest_is_of_everything_that_rules_are_made_of() {
    let directory = std::env::temp_dir().join(format!("switchover-rule-args-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let script = write("s.js", "(() => () => d => d)()");
    let config = format!(r#"{{"JsonJSTransformerProvider":{{"initializationScriptFile":"{script}"}}}}"#);
    let rules = write("r.yaml", "- {name: r, drop: true}");
    let digest = |arguments: &[&str]| args(arguments).for_documents().unwrap().1;
    let first = digest(&["--docTransformerConfig", &config, "--rewriteRules", &rules]);
    assert_eq!(first, digest(&["--transformerConfig", &config, "--rewriteRules", &rules]));
    let send = ["--transformerConfig", &config, "--rewriteRules", &rules, "--onTransformError", "send"];
    assert_ne!(first, digest(&send));
    write("s.js", "(() => () => d => [d])()");
    let second = digest(&["--transformerConfig", &config, "--rewriteRules", &rules]);
    assert_ne!(first, second);
    write("r.yaml", "- {name: q, drop: true}");
    assert_ne!(second, digest(&["--transformerConfig", &config, "--rewriteRules", &rules]));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn rules_for_requests_are_none_for_documents() {
    let path = std::env::temp_dir().join(format!("switchover-rule-args-{}.yaml", std::process::id()));
    std::fs::write(&path, "- {name: r, match: {path: /a/**}, reject: true}").unwrap();
    let args = args(&["--rewriteRules", path.to_str().unwrap()]);
    assert!(!args.for_requests(None).unwrap().1.is_empty());
    let error = args.for_documents().unwrap_err().to_string();
    assert!(error.starts_with("--rewriteRules ") && error.contains("path"), "{error}");
    std::fs::remove_file(&path).unwrap();
}
