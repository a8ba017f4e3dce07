//! `agent`: puts the capture agent in front of a node of this host, and takes it away again. Everything that is changed is
//! written down first (`journal`), so that it can be undone: by `detach`, by `attach` itself when a step fails, and by a
//! timer (`guard`) when nobody else is left.

mod admin;
mod args;
mod attach;
mod checks;
mod client;
mod compare;
mod files;
mod gaps;
mod guard;
mod hold;
mod hosts;
mod journal;
mod node;
mod plan;
mod redirect;
mod sockets;
mod status;
mod systemd;
#[cfg(test)]
mod tests;
mod undo;
mod watch;
mod yaml;

use anyhow::{Context, anyhow};
use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;
use args::{AttachArgs, StatusArgs, Which};
use journal::{Phase, Place, Step};

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Put the agent in front of a node of this host. Whatever fails, all is undone.
    Attach(Box<AttachArgs>),
    /// Take the agent away: every file as it was, clients at the node.
    Detach(Which),
    /// Keep what was attached with --confirmWithin.
    Confirm(Which),
    /// Say whether all is captured. Exit code 3: not all is, or something is wrong; 4: attaching or detaching is not
    /// finished; 5: not attached; 1: it can't be found out.
    Status(StatusArgs),
    /// Keep the redirect of an attachment.
    #[command(hide = true)]
    RedirectHold(Which),
    /// Switch a redirect off that nobody keeps any more.
    #[command(hide = true)]
    RedirectRelease(Which),
    /// Undo what is unfinished, or was not confirmed in time.
    #[command(hide = true)]
    Guard(Which),
}

pub(crate) fn run(command: AgentCommand, as_json: bool) -> Result<(), Failure> {
    match command {
        AgentCommand::Attach(args) if !args.hosts.is_empty() => {
            let given: Vec<String> = std::env::args().collect();
            let mut out = Output::stdout();
            out.bytes(hosts::commands(&args, &given).as_bytes())?;
            out.flush()
        }
        AgentCommand::Attach(args) => attach::run(&args, as_json),
        AgentCommand::Detach(which) => detach(&which.place(), as_json),
        AgentCommand::Confirm(which) => confirm(&which.place(), as_json),
        AgentCommand::Status(args) => {
            status::show(&args.which.place(), args.since.map(|seconds| seconds.saturating_mul(1000)), as_json)
        }
        AgentCommand::RedirectHold(which) => Ok(hold::run(&which.place())?),
        AgentCommand::RedirectRelease(which) => {
            Ok(redirect::switch_off(&redirect::Redirect::table(which.place().name()))?)
        }
        AgentCommand::Guard(which) => Ok(guard::run(&which.place())?),
    }
}

fn locked(place: &Place) -> anyhow::Result<journal::Lock> {
    place.lock()?.with_context(|| {
        format!("another command is changing the attachment {}; wait for its end", place.name())
    })
}

fn detach(place: &Place, as_json: bool) -> Result<(), Failure> {
    let _lock = locked(place)?;
    let mut out = Output::stdout();
    let notes = match place.load()? {
        None => vec!["nothing was attached".to_owned()],
        Some(mut attachment) => {
            let unit = attachment.node.unit.clone();
            let mut notes =
                undo::all(place, &mut attachment).context("not all is undone; call detach again")?;
            notes.push(format!("detached: clients reach {unit} on port {}", attachment.node.client_port));
            notes
        }
    };
    if as_json {
        out.document("agent-detach", [("notes".to_owned(), notes.into())].into_iter().collect())?;
    } else {
        for note in notes {
            out.line(note)?;
        }
    }
    out.flush()
}

fn confirm(place: &Place, as_json: bool) -> Result<(), Failure> {
    let _lock = locked(place)?;
    let attachment = place.load()?.filter(|attachment| attachment.phase == Phase::Attached);
    let mut attachment = attachment.ok_or_else(|| anyhow!("nothing is attached that could be confirmed"))?;
    attachment.confirm_until_ms = None;
    attachment.steps.retain(|step| *step != Step::Guard);
    place.save(&attachment)?;
    guard::uninstall(place.name())?;
    status::show(place, None, as_json)
}
