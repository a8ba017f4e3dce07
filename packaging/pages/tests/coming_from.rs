//! docs/coming-from-opensearch-migrations.md says which flags of the existing tool are taken: exactly those are.

use clap::Command;
use std::path::Path;
use switchover_pages::daemons;

/// What the page says of a flag that we refuse.
const REFUSED: &str = "not taken";
/// Fewer rows than this, and the page was not read as it is written.
const MIN_FLAGS: usize = 100;

fn takes(command: &Command, flag: &str) -> bool {
    command.get_arguments().any(|arg| {
        arg.get_long() == Some(flag) || arg.get_all_aliases().is_some_and(|all| all.contains(&flag))
    })
}

/// Names that stand as `--NAME` in backticks, alone or with a value.
fn flags(cell: &str) -> Vec<&str> {
    let code = cell.split('`').skip(1).step_by(2);
    let names = code.filter_map(|code| code.strip_prefix("--"));
    names.map(|code| code.split([' ', '=']).next().unwrap_or_default()).collect()
}

#[test]
fn every_flag_of_the_page_is_taken_or_refused_as_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coming-from-opensearch-migrations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let daemons = daemons();
    let (mut command, mut checked, mut wrong) = (None, 0, Vec::new());
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            command = daemons.iter().find(|one| heading.ends_with(&format!("`{}`", one.get_name())));
        }
        let (Some(command), Some(row)) = (command, line.strip_prefix("| ")) else { continue };
        let (theirs, ours) = row.split_once(" | ").unwrap();
        for flag in flags(theirs) {
            checked += 1;
            if takes(command, flag) == ours.starts_with(REFUSED) {
                wrong.push(format!("{}: --{flag}: {ours}", command.get_name()));
            }
        }
        let answered = flags(ours).into_iter().filter(|flag| !takes(command, flag));
        wrong.extend(answered.map(|flag| format!("{}: --{flag} is ours, says the page", command.get_name())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked >= MIN_FLAGS, "{checked}");
}

/// As the field's user guide has it, long dashes included.
#[test]
fn the_user_guides_command_is_taken() {
    let typed = "switchover-agent --kafkaConnection b-1.a.kafka.eu-central-1.amazonaws.com:9098 --destinationUri \
                 http://localhost:19200 \u{2014}listenPort 9200 \u{2014}enableMSKAuth --insecureDestination";
    let cli: switchover_agent::cli::Cli = switchover_settings::try_parse_from(
        switchover_agent::cli::ENVIRONMENT,
        typed.split_whitespace().map(Into::into),
    )
    .unwrap();
    assert_eq!(cli.listen_port, 9200);
    assert!(cli.insecure_destination && cli.kafka.enable_msk_auth);
}
