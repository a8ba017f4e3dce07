//! What holds for every command, those included that come later.

use clap::{Arg, ArgAction};
use switchover_settings::name;

use super::*;

/// Every command with its path, the groups included.
fn all() -> Vec<(String, Command)> {
    fn walk(path: &str, command: &Command, found: &mut Vec<(String, Command)>) {
        found.push((path.to_owned(), command.clone()));
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            walk(&format!("{path} {}", below.get_name()), below, found);
        }
    }
    let mut command = command();
    command.build();
    let mut found = Vec::new();
    walk("switchover", &command, &mut found);
    found
}

fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| arg.get_long().is_some())
        .filter(|arg| !matches!(arg.get_action(), ArgAction::Help | ArgAction::Version))
}

#[test]
fn the_definition_is_sound() {
    command().debug_assert();
    assert!(all().len() > 40);
}

#[test]
fn every_flag_is_spelled_both_ways() {
    for (path, command) in all() {
        for arg in flags(&command) {
            let long = arg.get_long().unwrap();
            let names: Vec<&str> =
                arg.get_all_aliases().unwrap_or_default().into_iter().chain([long]).collect();
            assert!(
                names.contains(&&*name::kebab(long)),
                "{path} --{long} has no kebab-case twin: {names:?}"
            );
            let camel = if long.contains('-') { name::camel(long) } else { long.to_owned() };
            assert!(names.contains(&&*camel), "{path} --{long} has no camelCase twin: {names:?}");
        }
    }
}

#[test]
fn every_command_says_what_it_is_for_and_every_argument_what_it_means() {
    let mut silent = Vec::new();
    for (path, command) in all() {
        let purpose = command.get_about().map(ToString::to_string).unwrap_or_default();
        if purpose.trim().is_empty() || purpose.contains("\n\n") {
            silent.push(path.clone());
        }
        let shown = command.get_arguments().filter(|arg| !arg.is_hide_set() && !command.is_hide_set());
        silent.extend(
            shown.filter(|arg| arg.get_help().is_none()).map(|arg| format!("{path} {}", arg.get_id())),
        );
    }
    assert!(silent.is_empty(), "without a help: {silent:?}");
}

#[test]
fn every_command_takes_json() {
    for (path, command) in all() {
        let json = flags(&command).find(|arg| arg.get_long() == Some("json"));
        assert!(json.is_some_and(|arg| !arg.get_action().takes_values()), "{path} has no --json");
    }
}

#[test]
fn the_json_of_curl_is_a_body() {
    let words = |line: &str| arguments(line.split(' ').map(OsString::from)).collect::<Vec<_>>();
    let read =
        |line: &str| words(line).into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>();
    let expected = ["x", "--json", "clusters", "curl", "source", "/", "--json-body", "{}"];
    assert_eq!(read("x --json clusters curl source / --json {}"), expected);
    assert_eq!(read("x clusters curl target / --json={}")[5], "--json-body={}");
    assert_eq!(read("x clusters cat-indices --json")[3], "--json");
    assert!(asks_for_json(&words("x --json clusters curl source /")));
    assert!(asks_for_json(&words("x clusters cat-indexes --json")));
    assert!(!asks_for_json(&words("x clusters curl source / --json {}")));
    assert!(!asks_for_json(&words("x in-new-session p -- --json")));
}
