//! `agent status`: what is true now. Everything is looked at anew; the journal only says what should be.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use switchover_coordinate::unix_ms;

use super::journal::{Attachment, Mode, Phase, Place, Step};
use super::plan::{self, HTTP_PORT};
use super::{admin, attach, client::Client, gaps, hold, sockets, systemd, yaml};
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::utc;

/// Exit codes besides 0.
const UNKNOWN: u8 = 1;
const PARTIAL: u8 = 3;
const UNFINISHED: u8 = 4;
const NOT_ATTACHED: u8 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    /// All that clients send is captured, and was since the attachment.
    Attached,
    /// Something was or is not captured, or is not as it should be.
    Partial,
    /// `attach` or `detach` has not come to its end.
    Unfinished,
    NotAttached,
    /// It could not be found out.
    Unknown,
}

/// What is found, and what is wrong.
#[derive(Debug, Default)]
struct Findings {
    fine: Vec<String>,
    wrong: Vec<String>,
    unknown: Vec<String>,
    gaps: Vec<gaps::Gap>,
    past: Vec<(String, usize)>,
}

impl Findings {
    fn judge(&mut self, fine: bool, what: impl Into<String>, otherwise: impl Into<String>) {
        if fine { self.fine.push(what.into()) } else { self.wrong.push(otherwise.into()) }
    }

    /// Looks at something; that it can't be looked at is a finding too.
    fn try_to(&mut self, look: impl FnOnce(&mut Self) -> Result<()>) {
        if let Err(error) = look(self) {
            self.unknown.push(format!("{error:#}"));
        }
    }
}

/// Tells how the attachment is; gaps that ended before `since` (milliseconds) do not count.
pub(super) fn show(place: &Place, since: Option<u64>, as_json: bool) -> Result<(), Failure> {
    let loaded = place.load();
    let mut findings = Findings::default();
    let state = match &loaded {
        Err(error) => {
            findings.unknown.push(format!("{error:#}"));
            State::Unknown
        }
        Ok(None) => State::NotAttached,
        Ok(Some(attachment)) => of(attachment, place, since, &mut findings),
    };
    let attachment = loaded.ok().flatten();
    let mut out = Output::stdout();
    if as_json {
        out.document("agent-status", document(place, attachment.as_ref(), state, &findings))?;
    } else {
        for line in text(place, attachment.as_ref(), state, &findings) {
            out.line(harmless(&line))?;
        }
    }
    out.flush()?;
    match state {
        State::Attached => Ok(()),
        State::Partial => Err(Failure::Verdict(PARTIAL)),
        State::Unfinished => Err(Failure::Verdict(UNFINISHED)),
        State::NotAttached => Err(Failure::Verdict(NOT_ATTACHED)),
        State::Unknown => Err(Failure::Verdict(UNKNOWN)),
    }
}

fn of(attachment: &Attachment, place: &Place, since: Option<u64>, findings: &mut Findings) -> State {
    if attachment.phase != Phase::Attached {
        let doing = if attachment.phase == Phase::Attaching { "attaching" } else { "detaching" };
        let flag = plan::flag(place.name());
        findings.wrong.push(match place.is_locked() {
            Ok(true) => format!("a command is {doing} now"),
            _ => format!(
                "{doing} was not finished; `switchover agent detach{flag}` undoes it, as does a timer"
            ),
        });
        return State::Unfinished;
    }
    findings.try_to(|findings| agent(attachment, since, findings));
    findings.try_to(|findings| node(attachment, findings));
    match attachment.mode {
        Mode::Relocate => findings.try_to(|findings| moved(attachment, findings)),
        Mode::Redirect => findings.try_to(|findings| redirected(attachment, place, since, findings)),
    }
    match (findings.wrong.is_empty(), findings.unknown.is_empty()) {
        (false, _) => State::Partial,
        (true, false) => State::Unknown,
        (true, true) => State::Attached,
    }
}

fn agent(attachment: &Attachment, since: Option<u64>, findings: &mut Findings) -> Result<()> {
    let agent = &attachment.agent;
    let state = systemd::state(&agent.unit)?;
    if state != "active" {
        findings.wrong.push(format!("{} is {state}; journalctl -u {0} says why", agent.unit));
        return Ok(());
    }
    let page = match admin::status(agent.admin) {
        Ok(page) => page,
        Err(error) => {
            findings.wrong.push(format!("{} runs and does not answer: {error:#}", agent.unit));
            return Ok(());
        }
    };
    let text = |key: &str| page[key].as_str().unwrap_or("not said").to_owned();
    let captures = page["state"] == "capturing";
    let requests = page["captured"]["requests"].as_u64().unwrap_or_default();
    findings.judge(
        captures,
        format!("{} captures; {requests} requests since its start", agent.unit),
        format!("the agent is {}: {}", text("state"), text("reason")),
    );
    for gap in page["gaps"].as_array().into_iter().flatten() {
        let (from, to) = (gap["from"].as_u64().unwrap_or_default(), gap["to"].as_u64());
        let gap = gaps::Gap { from, to, reason: gap["reason"].as_str().unwrap_or_default().to_owned() };
        count_gap(gap, attachment.since_ms, since, findings);
    }
    Ok(())
}

fn count_gap(gap: gaps::Gap, attached_ms: u64, since: Option<u64>, findings: &mut Findings) {
    let counts_from = since.unwrap_or_default().max(attached_ms);
    if gap.to.is_some_and(|to| to <= counts_from) {
        return;
    }
    let shown = |ms| utc::date_and_time(i64::try_from(ms).unwrap_or_default()).unwrap_or_default();
    let to = gap.to.map_or_else(|| "now".to_owned(), shown);
    findings.wrong.push(format!("not all was captured from {} to {to} UTC: {}", shown(gap.from), gap.reason));
    findings.gaps.push(gap);
}

fn node(attachment: &Attachment, findings: &mut Findings) -> Result<()> {
    let (node, port) = (&attachment.node, attachment.node_port());
    let listening = sockets::listening(&sockets::all().context("cannot read /proc/net/tcp")?, port);
    let agents = listening.iter().all(|socket| socket.uid == attachment.agent.uid);
    if listening.is_empty() || agents {
        findings.wrong.push(format!("the node does not listen on port {port}; {} runs?", node.unit));
        return Ok(());
    }
    // Who asks from here in redirect mode is led to the agent as well, which asks the node.
    match Client::anonymous(&attach::uri(node, port))?.get("/") {
        Ok(response) if response.status.is_server_error() => {
            findings.wrong.push(format!("the node on port {port} answers {}", response.status));
        }
        Ok(_) => findings.fine.push(format!("the node answers on port {port}")),
        Err(error) => findings.wrong.push(format!("the node on port {port}: {error}")),
    }
    Ok(())
}

fn moved(attachment: &Attachment, findings: &mut Findings) -> Result<()> {
    let (agent, node) = (&attachment.agent, &attachment.node);
    let listening = sockets::listening(&sockets::all()?, agent.port);
    let ours = listening.iter().any(|socket| socket.uid == agent.uid);
    findings.judge(
        ours,
        format!("the agent has the clients' port {}", agent.port),
        format!("the agent does not listen on the clients' port {}", agent.port),
    );
    for step in &attachment.steps {
        let Step::MoveNode { edit, .. } = step else { continue };
        let text = std::fs::read_to_string(&edit.path)
            .with_context(|| format!("cannot read {}", edit.path.display()))?;
        let settings = yaml::flatten(&text).with_context(|| edit.path.display().to_string())?;
        let port = settings.get(HTTP_PORT).map_or("the default", String::as_str);
        let wanted = attachment.node_port().to_string();
        findings.judge(
            port == wanted,
            format!("{} keeps the node on port {wanted}", node.config.display()),
            format!(
                "{} was edited since: at its next start the node takes {HTTP_PORT} {port}, not {wanted}",
                node.config.display()
            ),
        );
    }
    Ok(())
}

fn redirected(
    attachment: &Attachment,
    place: &Place,
    since: Option<u64>,
    findings: &mut Findings,
) -> Result<()> {
    for gap in gaps::read(&place.gaps())? {
        count_gap(gap, attachment.since_ms, since, findings);
    }
    let past = sockets::past_the_agent_now(attachment.node.client_port, attachment.agent.uid)?;
    if !past.is_empty() {
        findings.wrong.push(format!("capture is partial: {}", hold::shown(&past)));
        findings.past =
            sockets::clients(&past).into_iter().map(|(host, count)| (host.to_string(), count)).collect();
    }
    let unit = plan::holder(place.name());
    let state = systemd::state(&unit)?;
    findings.judge(state == "active", format!("{unit} is active"), format!("{unit} is {state}"));
    let rules = attachment.redirect.as_ref().context("the journal lacks the redirect")?;
    let on = rules.is_on()?;
    let port = attachment.node.client_port;
    findings.judge(
        on == Some(true),
        format!("new connections to port {port} reach the agent"),
        format!("the redirect is off: connections to port {port} reach the node, uncaptured"),
    );
    Ok(())
}

fn headline(place: &Place, attachment: Option<&Attachment>, state: State) -> String {
    let what = attachment.map(|attachment| {
        let version = match attachment.node.version.as_str() {
            "" => "the node",
            version => version,
        };
        format!("{version} ({}) by {}", attachment.node.unit, attachment.mode.name())
    });
    let what = what.unwrap_or_default();
    match state {
        State::Attached => format!("attached to {what}: all is captured"),
        State::Partial => format!("attached to {what}: NOT all is captured, or something is wrong"),
        State::Unfinished => format!("UNFINISHED attachment to {what}"),
        State::NotAttached => format!("not attached ({})", place.name()),
        State::Unknown => format!("UNKNOWN {what}").trim_end().to_owned(),
    }
}

fn text(place: &Place, attachment: Option<&Attachment>, state: State, findings: &Findings) -> Vec<String> {
    let mut lines = vec![headline(place, attachment, state)];
    lines.extend(findings.wrong.iter().map(|line| format!("  WRONG    {line}")));
    lines.extend(findings.unknown.iter().map(|line| format!("  UNKNOWN  {line}")));
    lines.extend(findings.fine.iter().map(|line| format!("  ok       {line}")));
    if let Some(until) = attachment.and_then(|attachment| attachment.confirm_until_ms) {
        let left = until.saturating_sub(unix_ms()) / 1000;
        let flag = plan::flag(place.name());
        lines.push(format!("  undone in {left} s unless confirmed: switchover agent confirm{flag}"));
    }
    lines
}

fn document(
    place: &Place,
    attachment: Option<&Attachment>,
    state: State,
    findings: &Findings,
) -> serde_json::Map<String, Value> {
    let past: Vec<_> =
        findings.past.iter().map(|(client, count)| json!({"client": client, "connections": count})).collect();
    let page = json!({
        "name": place.name(),
        "state": state,
        "mode": attachment.map(|attachment| attachment.mode),
        "node": attachment.map(|attachment| &attachment.node),
        "nodePort": attachment.map(Attachment::node_port),
        "agent": attachment.map(|attachment| &attachment.agent),
        "since": attachment.map(|attachment| attachment.since_ms),
        "confirmUntil": attachment.and_then(|attachment| attachment.confirm_until_ms),
        "wrong": findings.wrong,
        "unknown": findings.unknown,
        "fine": findings.fine,
        "gaps": findings.gaps,
        "pastTheAgent": past,
    });
    match page {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}
