//! What holds for every command, found by walking through `--help`: what is added later falls under it by itself.

mod interrupted;
mod tree;

use std::fs;

use serde_json::{Value, json};

use crate::process::{Run, command, switchover};
use crate::scripted::nobody;
use tree::{Leaf, leaves, values};

/// These work without a host, and have done their work; a report of what is wrong is made of what is away, too.
const NO_HOST: [&str; 4] = ["backfill describe", "bugreport", "completion", "man"];
/// This one stays, whatever is away.
const STAYS: [&str; 1] = ["serve"];

/// Both clusters and the broker at one address, and a folder that nobody can see.
pub(super) fn services(address: &str) -> String {
    format!(
        "source: {{endpoint: 'http://{address}'}}\ntarget: {{endpoint: 'http://{address}'}}\n\
         kafka: {{broker_endpoints: '{address}', standard: }}\n\
         snapshot: {{snapshot_name: s, fs: {{repo_path: /nowhere/at/all}}}}\n\
         backfill: {{reindex_from_snapshot: {{state_dir: state}}}}\n"
    )
}

/// Runs it in an empty folder with that services file.
fn run(leaf: &Leaf, address: &str, before: &[&str], behind: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("services.yaml");
    fs::write(&config, services(address)).unwrap();
    let given = values(leaf, address);
    let words = leaf.path.iter().chain(&given).map(String::as_str);
    let config = ["--config", config.to_str().unwrap()];
    let arguments: Vec<&str> =
        config.iter().chain(before).copied().chain(words).chain(behind.iter().copied()).collect();
    Run::of(command(&arguments).current_dir(folder.path()).output().unwrap())
}

/// The failure as a script reads it.
fn error(run: &Run, name: &str) -> Value {
    let line = run.stderr.lines().last().unwrap_or_default();
    let error: Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {}", run.stderr));
    assert_eq!(
        (&error["schema"], &error["exitCode"]),
        (&json!("switchover.error/1"), &json!(run.code)),
        "{name}"
    );
    for key in ["kind", "message"] {
        assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{name}: {error}");
    }
    assert_eq!(error["causes"].as_array().map(Vec::is_empty), Some(false), "{name}: {error}");
    error
}

#[test]
fn an_unknown_flag_is_wrong_usage() {
    for leaf in leaves() {
        let run = run(&leaf, "127.0.0.1:1", &[], &["--no-such-flag"]);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{}", leaf.name());
        assert!(run.stderr.contains("--no-such-flag"), "{}: {}", leaf.name(), run.stderr);
    }
}

#[test]
fn a_failure_is_json_where_that_is_asked_for() {
    let run = switchover(&["--json", "clusters", "cat-indexes"]);
    let told = error(&run, "cat-indexes");
    assert_eq!((run.code, &told["kind"], run.stderr.lines().count()), (2, &json!("usage"), 1));
    assert!(told["whatToDo"].as_str().unwrap().contains("cat-indices"), "{told}");
    let told = error(&switchover(&["clusters", "--json"]), "clusters");
    assert!(told["message"].as_str().unwrap().contains("cat-indices"), "{told}");
    error(&switchover(&["--json"]), "nothing");
    let run = switchover(&["snapshot", "status", "--json", "--config", "/nowhere/s.yaml"]);
    let told = error(&run, "no services file");
    assert_eq!((run.code, &told["host"]), (1, &Value::Null));
    assert!(told["whatToDo"].as_str().unwrap().contains("switchover init"), "{told}");
    assert_eq!(switchover(&["--json", "--help"]).code, 0);
}

/// A host that is away is never a success, and is named.
#[test]
fn a_dead_host_fails_every_command_and_is_named() {
    let address = nobody().trim_start_matches("http://").to_owned();
    let checks: Vec<_> = leaves()
        .into_iter()
        .filter(|leaf| leaf.asks_others() && !STAYS.contains(&&*leaf.name()))
        .map(|leaf| {
            let address = address.clone();
            std::thread::spawn(move || {
                let (name, run) = (leaf.name(), run(&leaf, &address, &["--json"], &[]));
                for text in [&run.stdout, &run.stderr] {
                    assert!(!text.contains('\u{1b}'), "{name} is coloured: {text:?}");
                }
                if run.code == 0 {
                    assert!(NO_HOST.contains(&&*name), "{name} succeeded: {}{}", run.stdout, run.stderr);
                    return;
                }
                let whole = format!("{}{}", run.stdout, run.stderr);
                // A verdict is in the answer, everything else in the error.
                let answer = serde_json::from_str::<Value>(&run.stdout).ok();
                let told = answer.is_some_and(|answer| answer["schema"].is_string());
                if !(told && run.stderr.is_empty()) && run.code != 130 {
                    error(&run, &name);
                }
                let named = [&*address, "missing", "/nowhere"].iter().any(|word| whole.contains(word));
                assert!(named || run.code == 2, "{name} names nothing: {whole}");
            })
        })
        .collect();
    for check in checks {
        check.join().unwrap();
    }
}

#[test]
fn the_kind_host_and_advice_of_a_failure_are_apart() {
    let address = nobody();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("services.yaml");
    fs::write(&config, format!("target: {{endpoint: '{address}'}}\n")).unwrap();
    let run =
        switchover(&["--config", config.to_str().unwrap(), "--json", "clusters", "curl", "target", "/"]);
    let told = error(&run, "curl");
    assert_eq!((&told["kind"], &told["host"]), (&json!("unreachable"), &json!(address)));
    assert!(told["whatToDo"].as_str().unwrap().starts_with("check that the cluster is up"), "{told}");
    assert!(told["message"].as_str().unwrap().contains(&address), "{told}");
}
