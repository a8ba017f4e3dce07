//! The commands, as `--help` tells them.

use crate::process::switchover;

/// A command that is no group.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    /// What its usage demands: flags and placeholders.
    pub(crate) needs: Vec<String>,
    /// The flag by which it does not ask before it does harm.
    pub(crate) agrees: Option<&'static str>,
}

const AGREES: [&str; 2] = ["--acknowledge-risk", "--yes"];

impl Leaf {
    pub(crate) fn name(&self) -> String {
        self.path.join(" ")
    }

    /// Whether it asks others. What is about this host's own services and settings must not be tried on any host.
    pub(crate) fn asks_others(&self) -> bool {
        self.path.first().is_none_or(|group| group != "agent")
    }
}

/// All of them.
pub(crate) fn leaves() -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(&[], &mut found);
    assert!(found.len() > 35, "{found:?}");
    found
}

fn walk(path: &[String], found: &mut Vec<Leaf>) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let run = switchover(&arguments);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{path:?}");
    let below: Vec<&str> = match run.stdout.split_once("\nCommands:\n") {
        // Names stand at the second column, what continues a description further right.
        Some((_, list)) => list
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .collect(),
        None => Vec::new(),
    };
    if below.is_empty() {
        let usage = run.stdout.lines().find_map(|line| line.strip_prefix("Usage: ")).expect("a usage");
        let words = usage.split_whitespace().skip(1 + path.len()).filter(|word| !word.starts_with('['));
        let needs = words.map(str::to_owned).collect();
        let agrees = AGREES.into_iter().find(|flag| run.stdout.contains(flag));
        found.push(Leaf { path: path.to_vec(), needs, agrees });
    }
    for name in below {
        walk(&[path, &[name.to_owned()]].concat(), found);
    }
}

/// Something that fits what a usage demands: clusters are at this address, and files are not there.
pub(crate) fn values(leaf: &Leaf, address: &str) -> Vec<String> {
    let (needs, mut flag) = (&leaf.needs, "");
    let needed = needs.iter().map(|word| {
        if word.starts_with("--") {
            flag = word;
            return word.clone();
        }
        let value = match word.trim_matches(|c| "<>.".contains(c)) {
            "CLUSTER" => "source",
            "SHELL" => "bash",
            "WORKERS" | "COUNT" | "N" => "1",
            "URI" if flag == "--repo" => "file:///nowhere/at/all",
            "URI" => return format!("http://{address}"),
            "PATH" if needs.iter().any(|need| need == "<CLUSTER>") => "/",
            _ => "missing",
        };
        value.to_owned()
    });
    needed.chain(leaf.agrees.map(str::to_owned)).collect()
}
