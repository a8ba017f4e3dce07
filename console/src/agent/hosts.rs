//! `agent attach --hosts`: what to type on each host, with the health of the cluster in between. No login of our own: how one
//! gets to the hosts, and who may, is known elsewhere.

use std::fmt::Write as _;

use super::args::AttachArgs;
use super::journal::Mode;
use super::plan;

/// A coordinator that is back has its shards back within this time, or the roll stops.
const GREEN_SECONDS: u32 = 600;

pub(super) fn commands(args: &AttachArgs, given: &[String]) -> String {
    let own = without_hosts(given).iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let flag = plan::flag(&args.which.name);
    let port = args.port;
    let mut text = String::from(
        "# One host after the other. Stop at the first command that fails (exit code other than 0).\n",
    );
    for host in &args.hosts {
        let health = format!(
            "curl -sSf 'http://{host}:{port}/_cluster/health?wait_for_status=green&wait_for_no_relocating_shards=true&timeout={GREEN_SECONDS}s' | grep '\"timed_out\":false'"
        );
        // Writing to a string can't fail.
        let _ = writeln!(text, "\n# {host}");
        let _ = writeln!(text, "sudo switchover {own}");
        if args.confirm_within.is_some() {
            let _ = writeln!(text, "sudo switchover agent confirm{flag}");
        }
        let _ = writeln!(text, "sudo switchover agent status{flag}");
        if args.mode == Mode::Relocate {
            let _ = writeln!(text, "{health}");
        }
    }
    text.push_str("\n# Undo, on each host, in the same way: sudo switchover agent detach");
    text.push_str(&flag);
    text.push('\n');
    text
}

/// The arguments as they were given, for one host.
fn without_hosts(given: &[String]) -> Vec<String> {
    let mut words = given.iter().skip(1);
    let mut left = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--hosts" => drop(words.next()),
            word if word.starts_with("--hosts=") => {}
            word => left.push(word.to_owned()),
        }
    }
    left
}

/// As a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_one_host() {
        let given = [
            "switchover",
            "agent",
            "attach",
            "--hosts",
            "a,b",
            "--mode",
            "redirect",
            "--agentSetting",
            "x=it's",
        ];
        let words = without_hosts(&given.map(str::to_owned));
        let line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        assert_eq!(line, "agent attach --mode redirect --agentSetting 'x=it'\\''s'");
        assert_eq!(without_hosts(&["x", "--hosts=a", "y"].map(str::to_owned)), ["y"]);
    }
}
