//! `agent attach`: checks, shows the plan, follows it step by step, and undoes all when one fails. A step is in the journal
//! before it begins.

use std::collections::HashSet;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use switchover_coordinate::unix_ms;

use super::admin;
use super::args::AttachArgs;
use super::checks::Checks;
use super::client::{Access, Client, Condition};
use super::journal::{Attachment, Edit, Phase, Place, Step};
use super::node::{self, Known};
use super::plan::{self, Plan};
use super::sockets::{self, Ends};
use super::{compare, files, gaps, guard, systemd, undo};
use crate::failure::Failure;
use crate::output::{Output, harmless};

/// The agent may take so long to start, and to capture after it.
const AGENT_LIMIT: Duration = Duration::from_secs(30);
/// The redirect may take so long to be there.
const REDIRECT_LIMIT: Duration = Duration::from_secs(10);
/// Connections that are closed may take so long to be gone.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(50);
/// Of the agent's file where it is made.
const AGENT_CONFIG_MODE: u32 = 0o640;

pub(super) fn run(args: &AttachArgs, as_json: bool) -> Result<(), Failure> {
    let place = args.which.place();
    let mut out = Output::stdout();
    let mut checks = Checks::default();
    checks.of_host();
    if checks.verdict().is_err() {
        return refused(&checks, &mut out);
    }
    let _lock = place.lock()?.ok_or_else(|| anyhow!("another command is changing this attachment"))?;
    if let Some(there) = place.load()? {
        let state = match there.phase {
            Phase::Attached => "it is attached already",
            Phase::Attaching | Phase::Detaching => "an earlier attempt was not finished",
        };
        let flag = plan::flag(place.name());
        return Err(anyhow!("{state}; `switchover agent detach{flag}` undoes it").into());
    }
    let known = Known { unit: args.service.clone(), config: args.node_config.clone() };
    let mut found = node::find(args.port, &known)?;
    let access = access(args, &found);
    let direct = client(&access, &found.node, args.port)?;
    found.node.version = direct.version()?.map(|version| version.to_string()).unwrap_or_default();
    let mut plan = Plan::make(args, &place, &found)?;
    let before = checks.of_plan(&plan, &found, args, &direct)?;
    // Its connection would be one that the redirect comes too late for.
    drop(direct);
    let text = plan.text(args);
    for line in checks.lines() {
        eprintln!("{}", harmless_lines(line));
    }
    if args.dry_run && as_json {
        let verdict = checks.verdict().is_ok();
        let content = [
            ("wouldAttach".to_owned(), verdict.into()),
            ("checks".to_owned(), checks.lines().to_vec().into()),
            ("plan".to_owned(), text.into()),
        ];
        out.document("agent-plan", content.into_iter().collect())?;
        out.flush()?;
        return Ok(checks.verdict()?);
    }
    if args.dry_run {
        out.bytes(text.as_bytes())?;
        out.flush()?;
        return Ok(checks.verdict()?);
    }
    eprint!("{text}");
    checks.verdict()?;
    let mut attaching = Attaching { args, place: &place, plan: &mut plan, access: &access, before };
    if let Err(error) = attaching.all() {
        return Err(rolled_back(&place, &mut plan.attachment, error));
    }
    done(args, &place, &mut plan.attachment)?;
    super::status::show(&place, None, as_json)
}

fn refused(checks: &Checks, out: &mut Output) -> Result<(), Failure> {
    out.flush()?;
    checks.lines().iter().for_each(|line| eprintln!("{line}"));
    Ok(checks.verdict()?)
}

/// Names of the host's files must not steer the terminal.
fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

fn rolled_back(place: &Place, attachment: &mut Attachment, error: anyhow::Error) -> Failure {
    eprintln!("failed: {error:#}");
    eprintln!("undoing what was done");
    match undo::all(place, attachment) {
        Ok(notes) => {
            notes.iter().for_each(|note| eprintln!("{note}"));
            error.context("not attached, all is as before").into()
        }
        Err(undoing) => {
            let flag = plan::flag(place.name());
            let name = guard::timer(place.name());
            anyhow!(
                "not attached ({error:#}), and not all is undone: {undoing:#}; {name} tries it again, as does `switchover agent detach{flag}`"
            )
            .into()
        }
    }
}

fn done(args: &AttachArgs, place: &Place, attachment: &mut Attachment) -> Result<()> {
    let now = unix_ms();
    attachment.phase = Phase::Attached;
    attachment.since_ms = now;
    attachment.confirm_until_ms = args
        .confirm_within
        .map(|limit| now.saturating_add(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)));
    if attachment.confirm_until_ms.is_none() {
        attachment.steps.retain(|step| *step != Step::Guard);
    }
    place.save(attachment)?;
    match attachment.confirm_until_ms {
        None => guard::uninstall(place.name()),
        Some(_) => Ok(()),
    }
}

/// How the node is reached by this command: with what the operator gave, else with what the node's settings name.
fn access(args: &AttachArgs, found: &node::Found) -> Access {
    let mut access = args.access.clone();
    if access.ca_file.is_none() && !access.insecure {
        access.ca_file.clone_from(&found.tls.authorities);
    }
    access
}

pub(super) fn uri(node: &super::journal::Node, port: u16) -> String {
    let scheme = if node.tls { "https" } else { "http" };
    format!("{scheme}://{}:{port}", node.host)
}

fn client(access: &Access, node: &super::journal::Node, port: u16) -> Result<Client> {
    Client::new(access, &uri(node, port))
}

/// The steps that are being done.
struct Attaching<'a> {
    args: &'a AttachArgs,
    place: &'a Place,
    plan: &'a mut Plan,
    access: &'a Access,
    before: Condition,
}

impl Attaching<'_> {
    fn all(&mut self) -> Result<()> {
        for step in self.plan.steps.clone() {
            self.save_originals(&step)?;
            self.plan.attachment.steps.push(step.clone());
            self.place.save(&self.plan.attachment)?;
            let began = Instant::now();
            self.one(&step)?;
            tracing::debug!(step = ?step, elapsed = ?began.elapsed(), "done");
        }
        Ok(())
    }

    /// Copies first, then the journal that names them, then the change.
    fn save_originals(&self, step: &Step) -> Result<()> {
        let (Step::AgentConfig(edit) | Step::MoveNode { edit, .. }) = step else { return Ok(()) };
        let bytes = files::read_if_there(&edit.path)?.unwrap_or_default();
        if files::sha256(&bytes) != edit.original_sha256 {
            bail!("{} was edited meanwhile; start again", edit.path.display());
        }
        match &edit.original {
            Some(copy) => files::write_private(copy, &bytes),
            None => Ok(()),
        }
    }

    fn one(&mut self, step: &Step) -> Result<()> {
        let attachment = &self.plan.attachment;
        let agent = &attachment.agent;
        match step {
            Step::Guard => guard::install(self.place.name()),
            Step::AgentConfig(edit) => self.edit(edit),
            Step::MoveNode { edit, .. } => self.move_node(edit),
            Step::StartAgent { .. } => {
                systemd::call(&["enable", "--quiet", &agent.unit])?;
                systemd::start("start", &agent.unit, AGENT_LIMIT)?;
                admin::wait_until_capturing(agent.admin, AGENT_LIMIT)
            }
            Step::CompareAnswers => {
                let node = client(self.access, &attachment.node, attachment.node_port())?;
                let agent = client(self.access, &attachment.node, agent.port)?;
                compare::both(&node, &agent)
            }
            Step::Ordering { drop_in } => {
                if let Some(folder) = drop_in.parent() {
                    std::fs::create_dir_all(folder)
                        .with_context(|| format!("cannot make {}", folder.display()))?;
                }
                let text = format!(
                    "# Stopped and restarted with the agent, and there before the node serves anybody.\n[Unit]\nPartOf={0}\nAfter={0}\nBefore={1}\n",
                    agent.unit, attachment.node.unit
                );
                files::write(drop_in, text.as_bytes(), 0o644)?;
                systemd::call(&["daemon-reload"]).map(drop)
            }
            Step::Redirect => self.redirect(),
            Step::OldConnections => self.old_connections(),
        }
    }

    fn edit(&self, edit: &Edit) -> Result<()> {
        let content = self.plan.content(&edit.path);
        if edit.original.is_some() {
            return files::replace(&edit.path, content);
        }
        files::write(&edit.path, content, AGENT_CONFIG_MODE)?;
        let group = nix::unistd::User::from_uid(self.plan.attachment.agent.uid.into())?.map(|user| user.gid);
        std::os::unix::fs::chown(&edit.path, None, group.map(|group| group.as_raw()))
            .with_context(|| format!("cannot give {} to the agent's group", edit.path.display()))
    }

    fn move_node(&mut self, edit: &Edit) -> Result<()> {
        self.edit(edit)?;
        if let Some(Step::MoveNode { restarted, .. }) = self.plan.attachment.steps.last_mut() {
            *restarted = true;
        }
        self.place.save(&self.plan.attachment)?;
        let node = &self.plan.attachment.node;
        eprintln!("restarting {}", node.unit);
        systemd::start("restart", &node.unit, self.args.health_timeout)?;
        let moved = client(self.access, node, self.plan.attachment.node_port())?;
        moved.wait_until_like(&self.before, self.args.health_timeout)
    }

    fn redirect(&self) -> Result<()> {
        let attachment = &self.plan.attachment;
        let unit = plan::holder(self.place.name());
        systemd::call(&["enable", "--quiet", &unit])?;
        systemd::start("start", &unit, REDIRECT_LIMIT)?;
        let rules = attachment.redirect.as_ref().context("the journal lacks the redirect")?;
        let until = Instant::now() + REDIRECT_LIMIT;
        while rules.is_on()? != Some(true) {
            if Instant::now() > until {
                bail!("{unit} did not switch the redirect on; journalctl -u {unit} says why");
            }
            thread::sleep(POLL);
        }
        self.proven()
    }

    /// A connection to the client port must come to the agent: other rules of the host may stand before ours.
    fn proven(&self) -> Result<()> {
        let Attachment { node, agent, .. } = &self.plan.attachment;
        let count =
            || admin::status(agent.admin)?["connections"]["total"].as_u64().context("no connections.total");
        let (before, until) = (count()?, Instant::now() + REDIRECT_LIMIT);
        let _connection = TcpStream::connect((node.host.trim_matches(['[', ']']), node.client_port))
            .with_context(|| format!("port {} refuses connections behind the redirect", node.client_port))?;
        while count()? == before {
            if Instant::now() > until {
                bail!(
                    "a connection to port {} does not come to the agent: other rules of this host are before ours",
                    node.client_port
                );
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn old_connections(&self) -> Result<()> {
        let agent = &self.plan.attachment.agent;
        let port = self.plan.attachment.node.client_port;
        let mut until = Instant::now() + self.args.wait_old;
        let mut closes = self.args.close_old;
        loop {
            let old = sockets::past_the_agent_now(port, agent.uid)?;
            // That all is captured from now on is for the redirect's keeper to say: it looks all the time.
            let lasts = gaps::read(&self.place.gaps())?.last().is_none_or(|gap| gap.to.is_none());
            if old.is_empty() && !lasts {
                return Ok(());
            }
            if Instant::now() > until {
                if !closes {
                    return Ok(());
                }
                close(&old)?;
                closes = false;
                until += CLOSE_LIMIT;
            }
            thread::sleep(POLL);
        }
    }
}

/// Ends connections of the node in the kernel; their clients connect again.
pub(super) fn close(connections: &HashSet<Ends>) -> Result<()> {
    for (node, client) in connections {
        // ss wants an IPv4 address of an IPv6 socket in the form that the socket has: it is asked for both.
        for mapped in [false, true] {
            let shown = |ip: std::net::IpAddr| match ip {
                std::net::IpAddr::V4(ip) if mapped => format!("[::ffff:{ip}]"),
                std::net::IpAddr::V4(ip) => ip.to_string(),
                std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            };
            let filter = [
                "src".to_owned(),
                format!("{}:{}", shown(node.ip()), node.port()),
                "dst".to_owned(),
                format!("{}:{}", shown(client.ip()), client.port()),
            ];
            let done = Command::new("ss").args(["--kill", "--no-header", "--tcp"]).args(&filter).output();
            let done = done.context("cannot run ss; install the package iproute2")?;
            if !done.status.success() {
                bail!("ss --kill failed: {}", String::from_utf8_lossy(&done.stderr).trim());
            }
        }
    }
    Ok(())
}

/// Whether a file is as an edit left it.
pub(super) fn is_as_edited(path: &Path, edit: &Edit) -> Result<bool> {
    Ok(files::read_if_there(path)?.is_some_and(|bytes| files::sha256(&bytes) == edit.edited_sha256))
}
