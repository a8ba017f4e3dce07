//! `—listenPort` is `--listenPort`: what word processors make of two hyphens, and the field's user guide has in the command
//! that people copy.

use std::ffi::OsString;

use clap::Command;

/// Hyphens' lookalikes: en dash, em dash, horizontal bar, minus.
const LOOKALIKES: [char; 4] = ['\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}'];

/// Arguments that are a flag of the command but for their dashes, with the dashes that were meant. All others stay as they are:
/// a value may begin with any character.
pub(crate) fn straightened(argv: Vec<OsString>, command: &Command) -> Vec<OsString> {
    argv.into_iter()
        .map(|argument| match argument.to_str().and_then(|text| flag(text, command)) {
            Some(flag) => flag.into(),
            None => argument,
        })
        .collect()
}

fn flag(text: &str, command: &Command) -> Option<String> {
    let rest = text.trim_start_matches(|c| c == '-' || LOOKALIKES.contains(&c));
    let dashes = &text[..text.len() - rest.len()];
    if !dashes.contains(LOOKALIKES) {
        return None;
    }
    let name = rest.split_once('=').map_or(rest, |(name, _)| name);
    let known = command.get_arguments().any(|arg| {
        arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
    });
    known.then(|| format!("--{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    fn read(argv: &[&str]) -> Vec<String> {
        let command = Command::new("agent").arg(Arg::new("port").long("listenPort").alias("listen-port"));
        let argv = argv.iter().map(Into::into).collect();
        straightened(argv, &command).into_iter().map(|one| one.into_string().unwrap()).collect()
    }

    #[test]
    fn long_dashes_before_a_flag_are_two_hyphens() {
        let typed =
            ["agent", "—listenPort", "–-listen-port", "–listenPort=1", "−−listenPort", "--listenPort"];
        let meant =
            ["agent", "--listenPort", "--listen-port", "--listenPort=1", "--listenPort", "--listenPort"];
        assert_eq!(read(&typed), meant);
    }

    #[test]
    fn what_is_no_flag_stays() {
        let typed = ["agent", "—other", "—", "value—listenPort", "—=listenPort", ""];
        assert_eq!(read(&typed), typed);
    }
}
