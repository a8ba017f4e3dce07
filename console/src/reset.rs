//! `reset`: lists what a trial migration left on both clusters, in Kafka and on this host, and removes it item by item.
//!
//! Only what the migration is known to have made is on the list: `metadata migrate` and `snapshot create` keep records of it,
//! and an index that a backfill made is younger than the backfill. What may be of it, and nobody knows, is named and left.

mod find;
mod item;
mod remove;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};
use switchover_cluster::path_part;

use self::item::{Item, Kind, Plan};
use self::remove::{Outcome, remove};
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::runtime::block_on;
use crate::services::Services;
use crate::utc;

/// Exit code when something is not what the plan says, and was left.
const CHANGED: u8 = 3;

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// List what would be removed, and keep that as a plan; nothing is removed.
    #[arg(long, required_unless_present = "apply", conflicts_with = "apply")]
    plan: bool,
    /// Remove what this plan names (its id, or a file); without one, what is there now.
    #[arg(long, value_name = "PLAN", num_args = 0..=1, default_missing_value = "")]
    apply: Option<String>,
    /// Do not ask for each item.
    #[arg(long, alias = "acknowledge-risk", requires = "apply")]
    yes: bool,
    /// The replayers' consumer group.
    #[arg(long, value_name = "GROUP", default_value = "logging-group-default")]
    consumer_group: String,
    /// The console's own files, too: archives, records, refused documents.
    #[arg(long)]
    local_state: bool,
    /// A folder of tuples that is removed, too.
    #[arg(long, value_name = "DIR")]
    tuples_dir: Vec<PathBuf>,
}

pub(crate) fn run(args: &ResetArgs, config: &Path, json: bool) -> Result<(), Failure> {
    block_on(async {
        match &args.apply {
            None => plan(args, config, json).await,
            Some(name) => apply(args, name, config, json).await,
        }
    })
}

/// Where an item of a cluster is asked for and removed.
fn path(kind: Kind, name: &str) -> String {
    let name = path_part(name);
    match kind {
        Kind::Alias => format!("/_alias/{name}"),
        Kind::DataStream => format!("/_data_stream/{name}"),
        Kind::IndexTemplate => format!("/_index_template/{name}"),
        Kind::LegacyTemplate => format!("/_template/{name}"),
        Kind::ComponentTemplate => format!("/_component_template/{name}"),
        Kind::Pipeline => format!("/_ingest/pipeline/{name}"),
        Kind::Script => format!("/_scripts/{name}"),
        // The name that people see is an alias.
        Kind::Coordination => format!("/{name}{}", switchover_coordinate::BEHIND_SUFFIX),
        Kind::Index
        | Kind::Topic
        | Kind::ConsumerGroup
        | Kind::Snapshot
        | Kind::Repository
        | Kind::Folder => {
            format!("/{name}")
        }
    }
}

async fn plan(args: &ResetArgs, config: &Path, as_json: bool) -> Result<(), Failure> {
    let plan = Box::pin(find::plan(config, args)).await?;
    let path = plan.keep(&Services::load(config)?.state_dir())?;
    let mut out = Output::stdout();
    if as_json {
        let content = serde_json::to_value(&plan).map_err(anyhow::Error::from)?;
        let mut content = content.as_object().cloned().unwrap_or_default();
        content.shift_remove("schema");
        content.insert("file".to_owned(), path.display().to_string().into());
        out.document("reset.plan", content)?;
    } else {
        print(&plan, &mut out)?;
        if !plan.items.is_empty() {
            out.line(format_args!("plan {}; remove it with: switchover reset --apply {}", plan.id, plan.id))?;
        }
    }
    out.flush()?;
    told(&plan)
}

fn print(plan: &Plan, out: &mut Output) -> Result<(), Failure> {
    let heading = ["WHERE", "WHAT", "NAME", "DOCUMENTS", "CREATED (UTC)", "BECAUSE"].map(str::to_owned);
    let row = |item: &Item| {
        let text = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let [at, kind] = [item.at.word(), item.kind.word()].map(str::to_owned);
        [at, kind, item.name.clone(), text(item.documents), created(item), item.because.clone()]
    };
    match plan.items.is_empty() {
        true => out.line("Nothing of the migration is left.")?,
        false => out.table(&heading, &plan.items.iter().map(row).collect::<Vec<_>>())?,
    }
    for left in &plan.left_alone {
        let what = format!("{} {} {}", left.at.word(), left.kind.word(), left.name);
        out.line(harmless(&format!("stays: {what}: {}", left.because)))?;
    }
    Ok(())
}

fn created(item: &Item) -> String {
    let at = item.created_unix_ms.and_then(|at| i64::try_from(at).ok()).and_then(utc::date_and_time);
    at.unwrap_or_else(|| "-".to_owned())
}

/// Fails when something could not be looked at.
fn told(plan: &Plan) -> Result<(), Failure> {
    for problem in &plan.problems {
        eprintln!("error: {}", harmless(problem));
    }
    match plan.problems.len() {
        0 => Ok(()),
        count => {
            Err(anyhow!("{count} places could not be looked at, as told above, and more may be left; mend that and run it again").into())
        }
    }
}

async fn apply(args: &ResetArgs, name: &str, config: &Path, as_json: bool) -> Result<(), Failure> {
    let services = Services::load(config)?;
    let state_dir = services.state_dir();
    let planned = match name {
        "" => None,
        name => Some(Plan::read(&state_dir, name).map_err(|error| Failure::Usage(format!("{error:#}")))?),
    };
    let now = Box::pin(find::plan(config, args)).await?;
    let planned = planned.unwrap_or_else(|| now.clone());
    let mut out = Output::stdout();
    let mut asking = Asking { all: args.yes, none: false };
    let mut outcomes = Vec::new();
    for item in &planned.items {
        let there = now.items.iter().find(|there| item.is_named_as(there));
        let outcome = match there.is_none() || asking.wanted(item)? {
            false => Outcome::Kept,
            true => remove(&services, item, there).await,
        };
        if !as_json {
            out.line(harmless(&line(item, &outcome)))?;
            out.flush()?;
        }
        outcomes.push((item, outcome));
    }
    if as_json {
        let items: Vec<Value> = outcomes.iter().map(|(item, outcome)| json(item, outcome)).collect();
        let content = json!({"id": planned.id, "items": items, "leftAlone": now.left_alone});
        out.document("reset.apply", content.as_object().cloned().unwrap_or_default())?;
    } else if planned.items.is_empty() {
        out.line("Nothing of the migration is left.")?;
    }
    out.flush()?;
    let count = |which: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, outcome)| which(outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    if failed > 0 {
        return Err(anyhow!("{failed} items could not be removed; the same command tries them again").into());
    }
    told(&now)?;
    match count(|outcome| matches!(outcome, Outcome::Changed)) {
        0 => Ok(()),
        _ => Err(Failure::Verdict(CHANGED)),
    }
}

fn line(item: &Item, outcome: &Outcome) -> String {
    let title = item.title();
    match outcome {
        Outcome::Removed => format!("removed: {title}"),
        Outcome::Gone => format!("not there any more: {title}"),
        Outcome::Changed => format!("changed since the plan, left: {title}"),
        Outcome::Kept => format!("left: {title}"),
        Outcome::Failed(error) => format!("failed: {title}: {error:#}"),
    }
}

fn json(item: &Item, outcome: &Outcome) -> Value {
    let (word, reason) = match outcome {
        Outcome::Removed => ("removed", None),
        Outcome::Gone => ("gone", None),
        Outcome::Changed => ("changed", None),
        Outcome::Kept => ("left", None),
        Outcome::Failed(error) => ("failed", Some(format!("{error:#}"))),
    };
    json!({"at": item.at, "kind": item.kind, "name": item.name, "outcome": word, "reason": reason})
}

/// Asks for each item, until the person says that all, or none, are meant.
struct Asking {
    all: bool,
    none: bool,
}

impl Asking {
    fn wanted(&mut self, item: &Item) -> Result<bool, Failure> {
        if self.all || self.none {
            return Ok(self.all);
        }
        let documents = item.documents.map(|count| format!(", {count} documents")).unwrap_or_default();
        let created = match item.created_unix_ms {
            Some(_) => format!(", made {} UTC", created(item)),
            None => String::new(),
        };
        eprint!("Remove {}{documents}{created}? [y/N/all/quit]: ", harmless(&item.title()));
        // What was not told must not be agreed to.
        std::io::stderr().flush().map_err(|error| anyhow!("cannot ask: {error}"))?;
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.map_err(|error| anyhow!("cannot read the answer: {error}"))?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "all" => self.all = true,
            "quit" | "q" => self.none = true,
            "" if answer.is_empty() => self.none = true,
            _ => {}
        }
        Ok(self.all)
    }
}
