//! Undoing steps, the last first. Each can be done again after a crash in its middle: a step leaves the journal when it is
//! undone and not before.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::attach::{is_as_edited, uri};
use super::client::Client;
use super::journal::{Attachment, Edit, Phase, Place, Step};
use super::yaml::{self, TakenBack};
use super::{files, guard, plan, redirect, sockets, systemd};

/// The node may take so long to serve its clients again after its restart.
const NODE_LIMIT: Duration = Duration::from_secs(180);

/// Undoes all steps and forgets the attachment. What comes back is worth telling.
pub(super) fn all(place: &Place, attachment: &mut Attachment) -> Result<Vec<String>> {
    attachment.phase = Phase::Detaching;
    place.save(attachment)?;
    let mut notes = Vec::new();
    while let Some(step) = attachment.steps.last().cloned() {
        one(place, attachment, &step, &mut notes)?;
        attachment.steps.pop();
        place.save(attachment)?;
    }
    // It is gone by now, unless it was confirmed or the step is not in the journal any more.
    guard::uninstall(place.name())?;
    place.forget()?;
    Ok(notes)
}

fn one(place: &Place, attachment: &Attachment, step: &Step, notes: &mut Vec<String>) -> Result<()> {
    let agent = &attachment.agent;
    match step {
        // Last of all, when there is nothing left to guard.
        Step::Guard | Step::CompareAnswers | Step::OldConnections => Ok(()),
        Step::AgentConfig(edit) => restore(edit, notes),
        Step::MoveNode { edit, restarted } => {
            restore(edit, notes)?;
            if *restarted { move_back(attachment) } else { Ok(()) }
        }
        Step::StartAgent { was_enabled } => {
            if !systemd::is_installed(&agent.unit)? {
                return Ok(());
            }
            if !was_enabled {
                systemd::call(&["disable", "--quiet", "--no-reload", &agent.unit])?;
            }
            if !systemd::stop(&agent.unit)? {
                guard::install(place.name())?;
                bail!(
                    "new clients reach the node already, but {} has not ended its last requests; {} undoes the rest when it has",
                    agent.unit,
                    guard::timer(place.name())
                );
            }
            systemd::call(&["reset-failed", &agent.unit]).ok();
            // Once for all that was disabled and removed: it takes its time.
            systemd::call(&["daemon-reload"])?;
            // Not before: it translates the connections of these requests.
            match &attachment.redirect {
                Some(rules) => redirect::remove(&rules.table),
                None => Ok(()),
            }
        }
        Step::Ordering { drop_in } => {
            files::remove(drop_in)?;
            // Others may have theirs in it.
            drop(drop_in.parent().map(std::fs::remove_dir));
            Ok(())
        }
        Step::Redirect => {
            let unit = plan::holder(place.name());
            if systemd::is_installed(&unit)? {
                systemd::call(&["disable", "--quiet", "--no-reload", &unit])?;
                systemd::stop(&unit)?;
                systemd::call(&["reset-failed", &unit]).ok();
            }
            redirect::switch_off(&redirect::Redirect::table(place.name()))
        }
    }
}

/// The original bytes; where somebody edited the file since, only our lines are taken out.
fn restore(edit: &Edit, notes: &mut Vec<String>) -> Result<()> {
    let path = edit.path.display();
    let Some(now) = files::read_if_there(&edit.path)? else {
        if edit.original.is_some() {
            bail!("{path} is gone; its original is {}", shown(edit.original.as_deref()));
        }
        return Ok(());
    };
    if edit.original.is_some() && files::sha256(&now) == edit.original_sha256 {
        return Ok(());
    }
    if is_as_edited(&edit.path, edit)? {
        let Some(copy) = &edit.original else { return files::remove(&edit.path) };
        let bytes = files::read_if_there(copy)?.unwrap_or_default();
        if files::sha256(&bytes) != edit.original_sha256 {
            bail!(
                "the copy {} of {path} is damaged; take these changes out by hand: {:?}",
                copy.display(),
                edit.changes
            );
        }
        return files::replace(&edit.path, &bytes);
    }
    let mut text = String::from_utf8(now).with_context(|| format!("{path} is not UTF-8"))?;
    for change in edit.changes.iter().rev() {
        match yaml::take_back(&text, change).with_context(|| path.to_string())? {
            TakenBack::Text(back) => text = back,
            TakenBack::NotOurs => {
                notes.push(format!("{path}: {} was changed since and is left as it is", change.key));
            }
        }
    }
    notes.push(format!("{path} was edited since: only our own lines were taken out of it"));
    files::replace(&edit.path, text.as_bytes())
}

fn shown(path: Option<&Path>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

/// The node reads its old port again.
fn move_back(attachment: &Attachment) -> Result<()> {
    let node = &attachment.node;
    let is_back = {
        let listening = sockets::listening(&sockets::all()?, node.client_port);
        let main: Option<u32> = systemd::property(&node.unit, "MainPID")?.parse().ok();
        // Done by the one who was here before us.
        !listening.is_empty() && sockets::holder(&listening) == main
    };
    if !is_back {
        systemd::start("restart", &node.unit, NODE_LIMIT)?;
    }
    Client::anonymous(&uri(node, node.client_port))?.wait_until_answering(NODE_LIMIT)
}
