//! What attaching would do, made before anything is done, so that it can be shown, and so that an edit which is not possible
//! stops it before the first step.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::User;
use switchover_coordinate::unix_ms;

use super::args::{AttachArgs, DEFAULT_NAME};
use super::guard;
use super::journal::{Agent, Attachment, Edit, Mode, Place, Step};
use super::node::Found;
use super::redirect::Redirect;
use super::yaml::{self, Change};
use super::{files, systemd};

pub(super) const HTTP_PORT: &str = "http.port";
const HTTP_PUBLISH_PORT: &str = "http.publish_port";
/// Where packages put the agent's files.
const CONFIG_FOLDER: &str = "/etc/switchover";
const DEFAULT_ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9199);

/// What is to be done, and the contents for it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) attachment: Attachment,
    /// All, in order.
    pub(super) steps: Vec<Step>,
    /// The edited files.
    pub(super) contents: Vec<(PathBuf, Vec<u8>)>,
}

impl Plan {
    pub(super) fn content(&self, path: &Path) -> &[u8] {
        let found = self.contents.iter().find(|(of, _)| of == path);
        found.map(|(_, content)| content.as_slice()).unwrap_or_default()
    }

    pub(super) fn make(args: &AttachArgs, place: &Place, found: &Found) -> Result<Self> {
        let node = found.node.clone();
        let agent_unit = match place.name() {
            DEFAULT_NAME => "switchover-agent.service".to_owned(),
            name => format!("switchover-agent@{name}.service"),
        };
        let agent_config = args.agent_config.clone().unwrap_or_else(|| match place.name() {
            DEFAULT_NAME => Path::new(CONFIG_FOLDER).join("agent.yaml"),
            name => Path::new(CONFIG_FOLDER).join(format!("agent-{name}.yaml")),
        });
        let user = match systemd::property(&agent_unit, "User")? {
            user if user.is_empty() => "switchover-agent".to_owned(),
            user => user,
        };
        let uid = User::from_name(&user).ok().flatten().map(|user| user.uid.as_raw());
        let uid = uid.with_context(|| {
            format!("there is no user {user} for {agent_unit}; install the package switchover-agent")
        })?;
        if args.mode == Mode::Redirect && uid == 0 {
            bail!(
                "{agent_unit} runs as root: its connections can't be told from those of clients; give it a user of its own"
            );
        }
        let relocates = args.mode == Mode::Relocate;
        let (agent_port, node_port) =
            if relocates { (args.port, args.new_port) } else { (args.new_port, args.port) };

        let mut plan_edits = Edits::new(place);
        let scheme = if node.tls { "https" } else { "http" };
        let mut settings = vec![
            ("destinationUri".to_owned(), format!("{scheme}://{}:{node_port}", node.host)),
            ("listenPort".to_owned(), agent_port.to_string()),
        ];
        if let Some(address) = listen_address(args, &node.addresses)? {
            settings.push(("listenAddress".to_owned(), yaml_text(&address.to_string())));
        }
        settings.extend(tls_settings(found, args));
        settings.extend(args.agent_setting.iter().map(|(key, value)| (key.clone(), yaml_text(value))));
        let agent_edit = plan_edits.edit("agent.original", &agent_config, &settings)?;
        let agent_settings = yaml::flatten(&String::from_utf8_lossy(plan_edits.last()))?;
        let admin = agent_settings.get("adminAddress").map_or(Ok(DEFAULT_ADMIN), |text| text.parse());
        let admin = admin.with_context(|| format!("adminAddress in {}", agent_config.display()))?;

        let agent = Agent { unit: agent_unit, config: agent_config, uid, port: agent_port, admin };
        let mut steps = vec![Step::Guard, Step::AgentConfig(agent_edit)];
        if relocates {
            let mut changes = vec![(HTTP_PORT.to_owned(), node_port.to_string())];
            if !found.settings.contains_key(HTTP_PUBLISH_PORT) {
                // Clients that sniff ask nodes for their addresses: they must go on to come to the agent.
                changes.push((HTTP_PUBLISH_PORT.to_owned(), args.port.to_string()));
            }
            let path = files::real(&node.config)?;
            let edit = plan_edits.edit("node.original", &path, &changes)?;
            steps.push(Step::MoveNode { edit, restarted: false });
        }
        steps.extend([
            Step::StartAgent { was_enabled: systemd::is_enabled(&agent.unit) },
            Step::CompareAnswers,
        ]);
        let redirect = (!relocates).then(|| Redirect {
            table: Redirect::table(place.name()),
            client_port: args.port,
            agent_port,
            agent_uid: uid,
            addresses: redirected(&node.addresses),
            close_old: args.close_old,
        });
        if redirect.is_some() {
            let drop_in = format!("/etc/systemd/system/{}.d/order.conf", holder(place.name()));
            steps.extend([Step::Ordering { drop_in: drop_in.into() }, Step::Redirect, Step::OldConnections]);
        }
        let attachment = Attachment::new(place.name(), args.mode, (node, agent), redirect, unix_ms());
        Ok(Self { attachment, steps, contents: plan_edits.contents })
    }

    /// For people, and for a diff in a change request.
    pub(super) fn text(&self, args: &AttachArgs) -> String {
        let Attachment { node, agent, mode, name, .. } = &self.attachment;
        let what = if node.version.is_empty() { "the node" } else { &node.version };
        let mut text = format!(
            "Plan: attach {} to {what} ({}, port {}) by {}\n",
            agent.unit,
            node.unit,
            node.client_port,
            mode.name()
        );
        for (number, step) in self.steps.iter().enumerate() {
            let said = self.step(step, args, name);
            // Writing to a string can't fail.
            let _ = writeln!(text, "{:2}. {said}", number + 1);
        }
        let confirm = args.confirm_within.map(|limit| {
            format!("Undone by {} unless confirmed within {} s.\n", guard::timer(name), limit.as_secs())
        });
        text.push_str(&confirm.unwrap_or_default());
        let _ = writeln!(text, "Undo: switchover agent detach{}", flag(name));
        text
    }

    fn step(&self, step: &Step, args: &AttachArgs, name: &str) -> String {
        let Attachment { node, agent, .. } = &self.attachment;
        match step {
            Step::Guard => {
                format!(
                    "until all is done, {} undoes it if this command or the host dies",
                    guard::timer(name)
                )
            }
            Step::AgentConfig(edit) => format!("edit {}{}", edit.path.display(), diff(&edit.changes)),
            Step::MoveNode { edit, .. } => format!(
                "edit {}{}\n    systemctl restart {}, wait at most {} s until the cluster is as before",
                edit.path.display(),
                diff(&edit.changes),
                node.unit,
                args.health_timeout.as_secs()
            ),
            Step::StartAgent { .. } => {
                format!("systemctl enable --now {}, wait until it captures", agent.unit)
            }
            Step::CompareAnswers => {
                let count = super::compare::READS.len();
                format!("compare the answers of node and agent to {count} reads")
            }
            Step::Ordering { .. } => format!("start {} after the redirect when the host boots", node.unit),
            Step::Redirect => {
                let unit = holder(name);
                format!(
                    "systemctl enable --now {unit}: new connections to port {} reach the agent",
                    node.client_port
                )
            }
            Step::OldConnections => {
                let then = if args.close_old { "close" } else { "tell of" };
                format!(
                    "wait at most {} s for connections from before, then {then} them",
                    args.wait_old.as_secs()
                )
            }
        }
    }
}

/// The unit that keeps the redirect of an attachment.
pub(super) fn holder(name: &str) -> String {
    format!("switchover-redirect@{name}.service")
}

/// ` --name NAME` where it is needed.
pub(super) fn flag(name: &str) -> String {
    if name == DEFAULT_NAME { String::new() } else { format!(" --name {name}") }
}

fn diff(changes: &[Change]) -> String {
    changes.iter().fold(String::new(), |mut text, Change { old_line, new_line, .. }| {
        let old = old_line.iter().map(|line| format!("\n    -{line}")).collect::<String>();
        let _ = write!(text, "{old}\n    +{new_line}");
        text
    })
}

/// Edits that are planned, with their contents.
struct Edits<'a> {
    place: &'a Place,
    contents: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Edits<'a> {
    fn new(place: &'a Place) -> Self {
        Self { place, contents: Vec::new() }
    }

    fn last(&self) -> &[u8] {
        self.contents.last().map(|(_, content)| content.as_slice()).unwrap_or_default()
    }

    fn edit(&mut self, copy: &str, path: &Path, settings: &[(String, String)]) -> Result<Edit> {
        let told = || path.display().to_string();
        let original = files::read_if_there(path)?;
        let bytes = original.clone().unwrap_or_default();
        let mut text =
            String::from_utf8(bytes.clone()).with_context(|| format!("{} is not UTF-8", told()))?;
        let mut changes = Vec::new();
        for (key, value) in settings {
            if let Some((edited, change)) = yaml::set(&text, key, value).with_context(told)? {
                text = edited;
                changes.push(change);
            }
        }
        let edit = Edit {
            path: path.to_owned(),
            original: original.map(|_| self.place.file(copy)),
            original_sha256: files::sha256(&bytes),
            edited_sha256: files::sha256(text.as_bytes()),
            changes,
        };
        self.contents.push((path.to_owned(), text.into_bytes()));
        Ok(edit)
    }
}

/// A value as it stands in the file: quoted where YAML would read something else.
fn yaml_text(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,".contains(c);
    match value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/') && value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', "''")),
    }
}

/// The agent's `listenAddress`: a node that only its own host reaches must not become open to others.
fn listen_address(args: &AttachArgs, addresses: &[IpAddr]) -> Result<Option<IpAddr>> {
    if args.listen_address.is_some() || addresses.is_empty() {
        return Ok(args.listen_address);
    }
    if addresses.iter().all(IpAddr::is_loopback) {
        return Ok(addresses.iter().find(|ip| ip.is_ipv4()).or(addresses.first()).copied());
    }
    match (args.mode, addresses) {
        // Redirected connections arrive at other addresses; the rules close the port for others.
        (Mode::Redirect, _) => Ok(None),
        (Mode::Relocate, [only]) => Ok(Some(*only)),
        (Mode::Relocate, several) => {
            let several = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            bail!(
                "the node listens on {several} and the agent can listen on one address or on all: give --listenAddress, :: for all"
            )
        }
    }
}

/// Loopback only: the agent listens on IPv4 there.
fn redirected(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let loopback = !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback);
    let v4 = addresses.iter().any(IpAddr::is_ipv4);
    addresses.iter().filter(|ip| !(loopback && v4 && ip.is_ipv6())).copied().collect()
}

/// Whether the planned settings let the agent speak TLS with clients.
pub(super) fn speaks_tls(plan: &Plan) -> bool {
    let text = String::from_utf8_lossy(plan.content(&plan.attachment.agent.config)).into_owned();
    yaml::flatten(&text).is_ok_and(|settings| settings.contains_key("sslCertChainFile"))
}

fn tls_settings(found: &Found, args: &AttachArgs) -> Vec<(String, String)> {
    if !found.node.tls {
        return Vec::new();
    }
    let file = |key: &str, path: &Option<PathBuf>| {
        path.as_ref().map(|path| (key.to_owned(), yaml_text(&path.display().to_string())))
    };
    let authorities = args.access.ca_file.clone().or_else(|| found.tls.authorities.clone());
    let mut settings: Vec<_> = [
        file("sslCertChainFile", &found.tls.certificate),
        file("sslKeyFile", &found.tls.key),
        file("destinationCaFile", &authorities),
    ]
    .into_iter()
    .flatten()
    .collect();
    if args.access.insecure {
        settings.retain(|(key, _)| key != "destinationCaFile");
        settings.push(("insecureDestination".to_owned(), "true".to_owned()));
    }
    settings
}
