//! What must be so before anything is changed. Each finding says what to do about it.

use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow};
use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;
use serde_json::Value;

use super::args::AttachArgs;
use super::client::{Client, Condition};
use super::journal::{Attachment, Mode};
use super::node::Found;
use super::plan::{self, Plan};
use super::{redirect, sockets, systemd};

/// Room for the capture log below which an attachment makes no sense.
const MIN_FREE_BYTES: u64 = 1 << 30;
/// Of a connection to another coordinator or a broker.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Findings in the order in which they were looked for.
#[derive(Debug, Default)]
pub(super) struct Checks {
    lines: Vec<String>,
    errors: usize,
}

impl Checks {
    fn ok(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("ok       {}", what.as_ref()));
    }

    fn warn(&mut self, what: impl AsRef<str>, remedy: &str) {
        self.lines.push(format!("WARNING  {}\n         -> {remedy}", what.as_ref()));
    }

    fn error(&mut self, what: impl AsRef<str>, remedy: &str) {
        self.lines.push(format!("ERROR    {}\n         -> {remedy}", what.as_ref()));
        self.errors += 1;
    }

    fn judge(&mut self, fine: bool, what: impl AsRef<str>, otherwise: impl AsRef<str>, remedy: &str) {
        if fine { self.ok(what) } else { self.error(otherwise, remedy) }
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(super) fn verdict(&self) -> Result<()> {
        match self.errors {
            0 => Ok(()),
            1 => Err(anyhow!("a check failed, nothing was changed")),
            count => Err(anyhow!("{count} checks failed, nothing was changed")),
        }
    }

    /// Before anything can be found.
    pub(super) fn of_host(&mut self) {
        let root = geteuid().is_root();
        self.judge(root, "root", "this user can't change services and rules", "run it with sudo");
        let there = systemd::is_there();
        let remedy = "attach by hand: docs/agent.md, 'Put it in front of a node'";
        self.judge(there, "systemd runs this host", "systemd does not run this host", remedy);
    }

    /// What the plan rests on. Gives the node's condition for comparison.
    pub(super) fn of_plan(
        &mut self,
        plan: &Plan,
        found: &Found,
        args: &AttachArgs,
        node: &Client,
    ) -> Result<Condition> {
        let attachment = &plan.attachment;
        self.units(attachment)?;
        self.ports(attachment, args)?;
        self.agent(plan);
        self.room(plan);
        let condition = self.condition(node)?;
        match attachment.mode {
            Mode::Relocate => {
                self.judge(
                    !found.port_is_argument,
                    "the port comes from the node's file",
                    "the node's port is an argument of its process, which wins over its file",
                    "take http.port out of the unit's arguments, or use --mode redirect",
                );
                self.others(node, &condition, args)?;
            }
            Mode::Redirect => self.rules(attachment, args),
        }
        if found.node.tls && !plan::speaks_tls(plan) {
            self.error(
                "the node speaks TLS with a key that is in no PEM file, so the agent can't speak it",
                "give --agentSetting sslCertChainFile=FILE --agentSetting sslKeyFile=FILE",
            );
        }
        Ok(condition)
    }

    fn units(&mut self, attachment: &Attachment) -> Result<()> {
        let (agent, node) = (&attachment.agent.unit, &attachment.node.unit);
        let remedy = "install the package switchover-agent";
        self.judge(
            systemd::is_installed(agent)?,
            format!("{agent} is installed"),
            format!("there is no {agent}"),
            remedy,
        );
        let free = matches!(systemd::state(agent)?.as_str(), "inactive" | "failed");
        let remedy = "stop it first: it would have to be restarted under its clients";
        self.judge(free, format!("{agent} does not run yet"), format!("{agent} runs already"), remedy);
        let remedy = "name the node's unit with --service";
        self.judge(
            systemd::is_installed(node)?,
            format!("the node is {node}, configured by {}", attachment.node.config.display()),
            format!("systemd does not know {node}"),
            remedy,
        );
        if attachment.mode == Mode::Redirect {
            let unit = plan::holder(&attachment.name);
            let remedy = "install the package switchover, which brings it";
            self.judge(
                systemd::is_installed(&unit)?,
                format!("{unit} is installed"),
                format!("there is no {unit}"),
                remedy,
            );
        }
        Ok(())
    }

    fn ports(&mut self, attachment: &Attachment, args: &AttachArgs) -> Result<()> {
        let all = sockets::all()?;
        let taken = !sockets::listening(&all, args.new_port).is_empty();
        let port = args.new_port;
        self.judge(
            !taken,
            format!("port {port} is free"),
            format!("port {port} is taken"),
            "give --newPort another one",
        );
        let admin = attachment.agent.admin;
        let free = TcpListener::bind(admin).is_ok();
        let remedy = "give --agentSetting adminAddress=127.0.0.1:PORT another one";
        self.judge(
            free,
            format!("the agent's admin address {admin} is free"),
            format!("{admin}, the agent's admin address, can't be had"),
            remedy,
        );
        Ok(())
    }

    /// The agent's own check of its settings, as the user that it runs as: files, certificates and rights.
    fn agent(&mut self, plan: &Plan) {
        let agent = &plan.attachment.agent;
        let remedy = "mend the agent's settings (--agentSetting), or the rights of the files that it names";
        match check_settings(plan) {
            Ok(()) => self.ok(format!("user {} may use all that the agent's settings name", agent.uid)),
            Err(error) => self.error(format!("{error:#}"), remedy),
        }
        let settings = super::yaml::flatten(&String::from_utf8_lossy(plan.content(&agent.config)));
        let settings = settings.unwrap_or_default();
        let Some(brokers) = settings.get("kafkaConnection").or_else(|| settings.get("kafkaBrokers")) else {
            return self.ok("no Kafka: the capture log stays on this host");
        };
        match brokers.split(',').find(|broker| reaches(broker.trim())) {
            Some(broker) => self.ok(format!("Kafka: {broker} accepts connections")),
            None => self.error(
                format!("no broker of {brokers} accepts a connection"),
                "check the address, and that the network lets this host reach it",
            ),
        }
    }

    fn room(&mut self, plan: &Plan) {
        let agent = &plan.attachment.agent;
        let settings = super::yaml::flatten(&String::from_utf8_lossy(plan.content(&agent.config)));
        let directory = settings.ok().and_then(|settings| settings.get("captureLogDir").cloned());
        let directory = directory.unwrap_or_else(|| "/var/lib/switchover-agent".to_owned());
        let there = Path::new(&directory).ancestors().find(|folder| folder.is_dir());
        let Some(Ok(room)) = there.map(statvfs) else {
            return self.warn(format!("the room for {directory} is not known"), "look at it by hand");
        };
        let free = room.blocks_available() * room.fragment_size();
        let mib = free >> 20;
        self.judge(
            free >= MIN_FREE_BYTES,
            format!("{mib} MiB are free for {directory}"),
            format!("only {mib} MiB are free for {directory}"),
            "make room, or give --agentSetting captureLogDir=DIR on another disk",
        );
    }

    fn condition(&mut self, node: &Client) -> Result<Condition> {
        let condition = node.condition()?;
        match condition.health.as_deref() {
            None => self.warn(
                "the cluster's health is not known: it wants a user",
                "give --username and --passwordFile, or look at it by hand",
            ),
            Some("red") => {
                self.error("the cluster is red", "mend the cluster first: GET _cluster/allocation/explain")
            }
            Some(health) => self.ok(format!("the cluster is {health}")),
        }
        Ok(condition)
    }

    /// While the node restarts somebody else must serve its clients.
    fn others(&mut self, node: &Client, own: &Condition, args: &AttachArgs) -> Result<()> {
        let others = match own.node {
            Some(_) => node.other_coordinators(own.node.as_deref())?,
            None => Vec::new(),
        };
        match others.iter().find(|address| reaches(address)) {
            Some(address) => self.ok(format!("{address} serves clients while this node restarts")),
            None if args.force_single => {
                self.warn("no other node is known to serve clients while this one restarts", "it was asked for by --forceSingle");
            }
            None => self.error(
                "no other node is known to serve clients while this one restarts",
                "give --forceSingle if clients can wait that long, or use --mode redirect, which restarts nothing",
            ),
        }
        Ok(())
    }

    fn rules(&mut self, attachment: &Attachment, args: &AttachArgs) {
        let Some(rules) = &attachment.redirect else { return };
        match rules.check() {
            Ok(()) => self.ok("the kernel takes the rules"),
            Err(error) => self.error(format!("{error:#}"), "use --mode relocate"),
        }
        let v6_is_left = rules.addresses.len() < attachment.node.addresses.len();
        if v6_is_left {
            self.warn(
                "the node serves this host only, and clients that connect to ::1 are not captured",
                "let them connect to 127.0.0.1; agent status counts those that do not",
            );
        }
        let remedy = format!(
            "allow `ct status dnat tcp dport {}` where the firewall allows {}, as packets come with the agent's port, then give --ignoreFirewall",
            rules.agent_port, rules.client_port
        );
        match redirect::ruleset_of_others().map(|rules| filters_input(&rules)) {
            _ if args.ignore_firewall => self.ok("the firewall is not looked at (--ignoreFirewall)"),
            Ok(None) => self.ok("no firewall of this host is in the way"),
            Ok(Some(chain)) => {
                self.error(format!("a firewall filters what comes in (nftables chain {chain})"), &remedy)
            }
            Err(error) => self.error(format!("the firewall can't be looked at: {error:#}"), &remedy),
        }
    }
}

/// The first chain of others that filters incoming packets.
fn filters_input(ruleset: &Value) -> Option<String> {
    let objects = ruleset["nftables"].as_array()?;
    let chains = objects.iter().map(|object| &object["chain"]).filter(|chain| chain["hook"] == "input");
    let of_chain = |chain: &Value| {
        let rules = objects.iter().map(|object| &object["rule"]);
        rules.filter(|rule| rule["table"] == chain["table"] && rule["chain"] == chain["name"]).count()
    };
    chains
        .filter(|chain| !chain["table"].as_str().unwrap_or_default().starts_with("switchover_"))
        .find(|chain| chain["policy"] == "drop" || of_chain(chain) > 0)
        .map(|chain| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text(&chain["family"]), text(&chain["table"]), text(&chain["name"]))
        })
}

fn reaches(address: &str) -> bool {
    let Ok(addresses) = address.to_socket_addrs() else { return false };
    addresses.into_iter().any(|to: SocketAddr| TcpStream::connect_timeout(&to, CONNECT_TIMEOUT).is_ok())
}

/// `switchover-agent --checkConfig` on a copy of the planned file, as the agent's user.
fn check_settings(plan: &Plan) -> Result<()> {
    let agent = &plan.attachment.agent;
    let folder = std::env::temp_dir().join(format!("switchover-attach-{}", std::process::id()));
    let checked = check_copy(plan, &folder);
    // What is left of it is a file in a temporary folder.
    drop(std::fs::remove_dir_all(&folder));
    let output = checked?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("error: ").to_owned();
        return Err(anyhow!("switchover-agent refuses {}: {said}", agent.config.display()));
    }
    Ok(())
}

fn check_copy(plan: &Plan, folder: &Path) -> Result<std::process::Output> {
    use std::os::unix::fs::{DirBuilderExt, chown};
    let agent = &plan.attachment.agent;
    let copy = folder.join("agent.yaml");
    std::fs::DirBuilder::new().mode(0o700).create(folder)?;
    std::fs::write(&copy, plan.content(&agent.config))?;
    chown(folder, Some(agent.uid), None)?;
    chown(&copy, Some(agent.uid), None)?;
    let program = program(&agent.unit)?;
    let user = agent.uid.to_string();
    Command::new("setpriv")
        .args(["--reuid", &user, "--regid", &user, "--init-groups", "--"])
        .args([&program, "--checkConfig", "--config"])
        .arg(&copy)
        .env("STATE_DIRECTORY", folder)
        .current_dir(folder)
        .output()
        .map_err(|error| anyhow!("cannot run setpriv: {error}; install the package util-linux"))
}

/// The program that a unit starts.
fn program(unit: &str) -> Result<String> {
    let started = systemd::property(unit, "ExecStart")?;
    let path = started.split("path=").nth(1).and_then(|rest| rest.split([' ', ';']).next());
    path.map(str::to_owned).ok_or_else(|| anyhow!("{unit} starts no program"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn firewalls() {
        let chain = |table: &str, hook: &str, policy: &str| json!({"chain": {"family": "inet", "table": table, "name": "in", "hook": hook, "policy": policy}});
        let rule = |table: &str| json!({"rule": {"table": table, "chain": "in"}});
        let of = |objects: &[Value]| filters_input(&json!({"nftables": objects}));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[chain("filter", "input", "accept"), chain("nat", "output", "drop")]), None);
        assert_eq!(of(&[chain("filter", "input", "drop")]).as_deref(), Some("inet filter in"));
        assert_eq!(
            of(&[chain("filter", "input", "accept"), rule("filter")]).as_deref(),
            Some("inet filter in")
        );
        assert_eq!(of(&[chain("switchover_agent", "input", "accept"), rule("switchover_agent")]), None);
    }
}
