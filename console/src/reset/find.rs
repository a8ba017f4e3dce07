//! Looks everywhere for what the migration made. A place that can't be looked at is a problem of the plan, and hides
//! nothing of the others.

mod host;
mod source;
mod target;
mod topic;

use anyhow::Result;

use super::ResetArgs;
use super::item::{At, Item, Kind, LeftAlone, Plan};
use crate::failure::Failure;
use crate::services::Services;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    items: Vec<Item>,
    left_alone: Vec<LeftAlone>,
    problems: Vec<String>,
}

impl Found {
    fn leave(&mut self, at: At, kind: Kind, name: &str, because: impl Into<String>) {
        if self.left_alone.iter().any(|left| (left.at, left.kind, &*left.name) == (at, kind, name)) {
            return;
        }
        let (name, because) = (name.to_owned(), because.into());
        self.left_alone.push(LeftAlone { at, kind, name, because });
    }

    fn look(&mut self, place: &str, looked: Result<()>) {
        if let Err(error) = looked {
            self.problems.push(format!("{place}: {error:#}"));
        }
    }
}

/// All that is there now.
pub(super) async fn plan(config: &std::path::Path, args: &ResetArgs) -> Result<Plan, Failure> {
    let services = Services::load(config)?;
    let mut found = Found::default();
    let looked = target::look(config, &services, &mut found).await;
    if looked.is_err() {
        // Workers may be at work on what was found.
        found.items.retain(|item| item.at != At::Target);
    }
    found.look("target", looked);
    let looked = source::look(&services, &mut found).await;
    found.look("source", looked);
    let looked = topic::look(&services, &args.consumer_group, &mut found);
    found.look("kafka", looked);
    let looked = host::look(&services.state_dir(), args, &mut found);
    found.look("host", looked);
    Ok(Plan::new(found.items, found.left_alone, found.problems)?)
}
