//! Flags of the group's commands.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use switchover_settings::value;

use super::client::Access;
use super::journal::{Mode, Place};

/// The longest name: it becomes part of names of units and tables.
const MAX_NAME_CHARS: usize = 32;

/// Which attachment.
#[derive(Clone, Debug, Args)]
pub(crate) struct Which {
    /// The attachment's name, where a host has several nodes: the agent is then switchover-agent@NAME.service, configured
    /// by agent-NAME.yaml
    #[arg(long, default_value = DEFAULT_NAME, value_parser = name)]
    pub(super) name: String,
    /// Folder of what is known of attachments
    #[arg(
        long,
        alias = "stateDir",
        env = "SWITCHOVER_ATTACH_STATE_DIR",
        default_value = "/var/lib/switchover/attach",
        hide = true
    )]
    state_dir: PathBuf,
}

/// Of the only attachment of a host.
pub(super) const DEFAULT_NAME: &str = "agent";

impl Which {
    pub(super) fn place(&self) -> Place {
        Place::new(&self.state_dir, &self.name)
    }
}

fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match !text.is_empty() && text.len() <= MAX_NAME_CHARS && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected at most {MAX_NAME_CHARS} of a-z, 0-9 and -")),
    }
}

/// `key=value` of the agent's file.
fn setting(text: &str) -> Result<(String, String), String> {
    let accepted =
        || "expected KEY=VALUE with a flag of switchover-agent, such as kafkaConnection=broker:9092";
    let (key, value) = text.split_once('=').ok_or_else(accepted)?;
    let fits = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
    if fits && !value.contains('\n') {
        Ok((key.to_owned(), value.to_owned()))
    } else {
        Err(accepted().to_owned())
    }
}

#[derive(Debug, Args)]
#[command(rename_all = "camelCase")]
pub(crate) struct AttachArgs {
    #[command(flatten)]
    pub(super) which: Which,
    /// How clients come to the agent
    #[arg(long, value_enum)]
    pub(super) mode: Mode,
    /// Only check, and show what would be done
    #[arg(long, alias = "dry-run")]
    pub(super) dry_run: bool,
    /// Undo all, unless `agent confirm` is called within this time
    #[arg(long, alias = "confirm-within", value_name = "DURATION", value_parser = value::duration)]
    pub(super) confirm_within: Option<Duration>,
    /// Show the commands for several nodes, one after the other, instead of doing anything
    #[arg(long, value_name = "HOST,...", value_delimiter = ',')]
    pub(super) hosts: Vec<String>,

    /// The port of the node's clients
    #[arg(long, value_name = "PORT", default_value_t = 9200, help_heading = "Node")]
    pub(super) port: u16,
    /// The port that becomes used: relocate: the node's, redirect: the agent's
    #[arg(long, alias = "new-port", value_name = "PORT", default_value_t = 19200, help_heading = "Node")]
    pub(super) new_port: u16,
    /// The node's unit of systemd [default: that of the process that listens on the port]
    #[arg(long, value_name = "UNIT", help_heading = "Node")]
    pub(super) service: Option<String>,
    /// The node's file of settings [default: that of the process]
    #[arg(long, alias = "node-config", value_name = "FILE", help_heading = "Node")]
    pub(super) node_config: Option<PathBuf>,
    /// How long the node may take to come back after its restart
    #[arg(long, alias = "health-timeout", value_name = "DURATION", default_value = "180s", value_parser = value::duration, help_heading = "Node")]
    pub(super) health_timeout: Duration,
    /// Restart the node though no other one serves clients meanwhile
    #[arg(long, alias = "force-single", help_heading = "Node")]
    pub(super) force_single: bool,
    #[command(flatten)]
    pub(super) access: Access,

    /// A setting of the agent's file; may be repeated
    #[arg(long, alias = "agent-setting", value_name = "KEY=VALUE", value_parser = setting, help_heading = "Agent")]
    pub(super) agent_setting: Vec<(String, String)>,
    /// The agent's file [default: /etc/switchover/agent.yaml]
    #[arg(long, alias = "agent-config", value_name = "FILE", help_heading = "Agent")]
    pub(super) agent_config: Option<PathBuf>,
    /// Address on which the agent listens [default: the node's; all when it has several]
    #[arg(long, alias = "listen-address", value_name = "IP", help_heading = "Agent")]
    pub(super) listen_address: Option<IpAddr>,

    /// How long connections that were open before the redirect may take to end
    #[arg(long, alias = "wait-old", value_name = "DURATION", default_value = "10s", value_parser = value::duration, help_heading = "Redirect")]
    pub(super) wait_old: Duration,
    /// Close them then; clients connect again, requests in flight on them fail
    #[arg(long, alias = "close-old", help_heading = "Redirect")]
    pub(super) close_old: bool,
    /// The host's firewall allows what comes to the agent's port
    #[arg(long, alias = "ignore-firewall", help_heading = "Redirect")]
    pub(super) ignore_firewall: bool,
}

#[derive(Debug, Args)]
#[command(rename_all = "camelCase")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(super) which: Which,
    /// Gaps that ended before this time do not count: seconds since 1970, such as those of a snapshot's start
    #[arg(long, value_name = "SECONDS")]
    pub(super) since: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_settings() {
        assert!(name("node-2").is_ok());
        for wrong in ["", "a b", "A", "../x", "a_b", &"a".repeat(33)] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(setting("kafkaConnection=a:1,b:2"), Ok(("kafkaConnection".into(), "a:1,b:2".into())));
        assert!(setting("a").is_err() && setting("a b=1").is_err() && setting("a=1\nb: 2").is_err());
    }
}
