//! The kernel's rules that lead clients of the node's port to the agent, and the way to switch them on and off.
//!
//! The rules look the port up in a set whose one element expires ([`EXPIRES_AFTER`]) unless it is put in again: a dead
//! man's switch in the kernel. So clients reach the node again whatever happens to the process that keeps the rules: killed,
//! stopped, starved. (nftables' `owner` flag would only cover its end, and `nft` of Debian 11 and Ubuntu 20.04 lacks it.)
//!
//! The table stays while the switch is off, until the agent has ended: without a chain for NAT the kernel translates no
//! connection any more, also not those that are open, and their clients would wait for ever. And its other chain closes the
//! agent's own port to other hosts, which else would be a second entrance that no rule for the client port guards.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The element of the set lives so long.
pub(super) const EXPIRES_AFTER: Duration = Duration::from_secs(3);
/// What `nft` says of a table that is not there.
const NO_SUCH_TABLE: &str = "No such file or directory";

/// What is led where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Redirect {
    pub(super) table: String,
    pub(super) client_port: u16,
    pub(super) agent_port: u16,
    /// Its own connections reach the node.
    pub(super) agent_uid: u32,
    /// The addresses of the node; empty: all of the host.
    pub(super) addresses: Vec<IpAddr>,
    /// Connections past the agent are closed.
    pub(super) close_old: bool,
}

impl Redirect {
    /// The name of the table for an attachment of this name.
    pub(super) fn table(name: &str) -> String {
        format!("switchover_{}", name.replace('-', "_"))
    }

    /// The table, with the switch off.
    pub(super) fn ruleset(&self) -> String {
        let Self { table, agent_port, agent_uid, .. } = self;
        let of_family = |prefix, v4: bool| {
            let addresses: Vec<_> = self.addresses.iter().filter(|ip| ip.is_ipv4() == v4).collect();
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            (!addresses.is_empty()).then(|| format!("{prefix} daddr {{ {list} }}"))
        };
        let matches = match self.addresses.is_empty() {
            true => vec!["fib daddr type local".to_owned()],
            false => [of_family("ip", true), of_family("ip6", false)].into_iter().flatten().collect(),
        };
        let redirects: String = matches.iter().fold(String::new(), |mut text, ours| {
            let _ = writeln!(text, "    {ours} tcp dport @live counter redirect to :{agent_port}");
            text
        });
        format!(
            "table inet {table} {{
  set live {{ type inet_service; flags timeout; }}
  chain local {{ type nat hook output priority -100; policy accept;
    meta skuid {agent_uid} accept
{redirects}  }}
  chain remote {{ type nat hook prerouting priority -100; policy accept;
{redirects}  }}
  chain entrance {{ type filter hook input priority 0; policy accept;
    tcp dport != {agent_port} accept
    iifname \"lo\" accept
    ct status dnat accept
    counter reject with tcp reset
  }}
}}
"
        )
    }

    /// Makes the table anew.
    pub(super) fn install(&self) -> Result<()> {
        // In one transaction: the table that may be there goes when the new one comes.
        let table = &self.table;
        nft(&format!("table inet {table} {{ }}\ndelete table inet {table}\n{}", self.ruleset()))
    }

    /// Whether the kernel would take the table.
    pub(super) fn check(&self) -> Result<()> {
        run(Command::new("nft").args(["--check", "--file", "-"]), &self.ruleset()).map(drop)
    }

    /// Switches on, or goes on for another [`EXPIRES_AFTER`].
    pub(super) fn on(&self) -> Result<()> {
        let Self { table, client_port, .. } = self;
        let element = format!("element inet {table} live {{ {client_port}");
        let seconds = EXPIRES_AFTER.as_secs();
        // An element that is there keeps its time: it is deleted and added in one transaction, which sees no gap. The
        // first line makes sure that there is one to delete.
        nft(&format!(
            "add {element} timeout {seconds}s }}\ndelete {element} }}\nadd {element} timeout {seconds}s }}\n"
        ))
    }

    /// Switches off: new connections reach the node.
    pub(super) fn off(&self) -> Result<()> {
        switch_off(&self.table)
    }

    /// Whether clients are led to the agent now; `None`: there is no table.
    pub(super) fn is_on(&self) -> Result<Option<bool>> {
        let arguments = ["--json", "list", "set", "inet", &self.table, "live"];
        let listed = output(Command::new("nft").args(arguments), "")?;
        let said = String::from_utf8_lossy(&listed.stderr);
        if !listed.status.success() {
            if said.contains(NO_SUCH_TABLE) {
                return Ok(None);
            }
            bail!("nft can't list the table {}: {}", self.table, said.trim());
        }
        let page: Value = serde_json::from_slice(&listed.stdout).context("nft's answer is not JSON")?;
        let objects = page["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Some(objects.iter().any(|object| object["set"]["elem"].as_array().is_some_and(|e| !e.is_empty()))))
    }
}

/// Switches off what a table may switch on. Connections that are open stay where they are.
pub(super) fn switch_off(table: &str) -> Result<()> {
    // A table without chains, where there was none, does nothing.
    nft(&format!(
        "table inet {table} {{\nset live {{ type inet_service; flags timeout; }}\n}}\nflush set inet {table} live\n"
    ))
}

/// Removes a table, if it is there. Connections that it translates end.
pub(super) fn remove(table: &str) -> Result<()> {
    nft(&format!("table inet {table} {{ }}\ndelete table inet {table}\n"))
}

/// All rules of the host, without ours.
pub(super) fn ruleset_of_others() -> Result<Value> {
    let listed = run(Command::new("nft").args(["--json", "list", "ruleset"]), "")?;
    serde_json::from_slice(&listed.stdout).context("nft's answer is not JSON")
}

fn nft(script: &str) -> Result<()> {
    run(Command::new("nft").args(["--file", "-"]), script).map(drop)
}

fn run(command: &mut Command, input: &str) -> Result<Output> {
    let done = output(command, input)?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let first = said.lines().next().unwrap_or("it said nothing");
        bail!("nft refuses the rules: {first}; are you root, and does this kernel have nf_tables with NAT?");
    }
    Ok(done)
}

fn output(command: &mut Command, input: &str) -> Result<Output> {
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.context("cannot run nft; install the package nftables")?;
    if let Some(mut stdin) = child.stdin.take() {
        // What it makes of less than all, it says itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output().context("cannot run nft")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_for_all_addresses_and_for_some() {
        let mut redirect = Redirect {
            table: Redirect::table("node-2"),
            client_port: 9200,
            agent_port: 19200,
            agent_uid: 998,
            addresses: Vec::new(),
            close_old: false,
        };
        let text = redirect.ruleset();
        assert!(text.starts_with("table inet switchover_node_2 {"), "{text}");
        assert_eq!(
            text.matches("fib daddr type local tcp dport @live counter redirect to :19200").count(),
            2
        );
        redirect.addresses = vec!["10.0.0.5".parse().unwrap(), "fd00::5".parse().unwrap()];
        let text = redirect.ruleset();
        assert_eq!(text.matches("    ip daddr { 10.0.0.5 } tcp dport @live").count(), 2);
        assert_eq!(text.matches("    ip6 daddr { fd00::5 } tcp dport @live").count(), 2);
        assert!(!text.contains("fib"));
    }
}
