//! What is known of all items, as JSON: the keys of the existing tool (opensearch-migrations), and what it does not tell.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use switchover_metadata::rules::{self, Severity};
use switchover_metadata::{Kind, Plan, Planned};

use super::Action;
use super::clusters::Sides;
use super::source::Source;

/// The JSON's form, and its version.
const SCHEMA: &str = "switchover.metadata/1";
/// Some items failed.
const SOME_FAILED: u8 = 1;
/// All did.
const ALL_FAILED: u8 = 5;
/// Ctrl-C came before all was done; as a shell shows it.
const INTERRUPTED: u8 = 130;

/// Lists of items: heading, key, kinds.
pub(super) const LISTS: [(&str, &str, &[Kind]); 7] = [
    ("Index Templates", "indexTemplates", &[Kind::LegacyTemplate, Kind::IndexTemplate]),
    ("Component Templates", "componentTemplates", &[Kind::ComponentTemplate]),
    ("Indexes", "indexes", &[Kind::Index]),
    ("Aliases", "aliases", &[Kind::Alias]),
    ("Data Streams", "dataStreams", &[Kind::DataStream]),
    ("Ingest Pipelines", "ingestPipelines", &[Kind::Pipeline]),
    ("Stored Scripts", "storedScripts", &[Kind::Script]),
];

#[derive(Debug)]
pub(super) struct Report {
    pub(super) source: Vec<(&'static str, String)>,
    pub(super) target: Vec<(&'static str, String)>,
    pub(super) plan: Plan,
    /// Of each item of the plan.
    pub(super) actions: Vec<Action>,
    pub(super) dry_run: bool,
    /// Before all was done.
    pub(super) interrupted: bool,
}

impl Report {
    pub(super) fn new(sides: &Sides, plan: Plan, actions: Vec<Action>, dry_run: bool) -> Self {
        Self { source: source(sides), target: target(sides), plan, actions, dry_run, interrupted: false }
    }

    pub(super) fn items(&self) -> impl Iterator<Item = (&Planned, &Action)> {
        self.plan.items.iter().zip(&self.actions)
    }

    /// Items that failed: what a person must look into.
    pub(super) fn errors(&self) -> Vec<String> {
        let failed = self.items().filter_map(|(planned, action)| Some((planned, failure(action)?)));
        failed
            .map(|(planned, reason)| format!("{} {}: {reason}", planned.kind.word(), planned.name))
            .collect()
    }

    pub(super) fn code(&self) -> u8 {
        let failed = self.errors().len();
        let tried = self.actions.iter().filter(|action| !matches!(action, Action::LeftOut(_))).count();
        match failed {
            _ if self.interrupted => INTERRUPTED,
            0 => 0,
            all if all == tried => ALL_FAILED,
            _ => SOME_FAILED,
        }
    }

    /// What rules did, with how many items each.
    pub(super) fn transformations(&self) -> BTreeMap<&str, (Severity, usize)> {
        let mut counted = BTreeMap::new();
        for planned in self.plan.items.iter().filter(|planned| planned.is_ready()) {
            let mut names: Vec<(&str, Severity)> =
                planned.rules.iter().map(|applied| (applied.rule.as_str(), applied.severity)).collect();
            names.sort();
            names.dedup_by_key(|(name, _)| *name);
            for (name, severity) in names {
                counted.entry(name).or_insert((severity, 0)).1 += 1;
            }
        }
        counted
    }

    pub(super) fn json(&self) -> Value {
        let mut items = Map::new();
        items.insert("dryRun".to_owned(), self.dry_run.into());
        for (_, key, kinds) in LISTS {
            let of_kind = self.items().filter(|(planned, _)| kinds.contains(&planned.kind));
            items.insert(key.to_owned(), of_kind.map(|(planned, action)| item(planned, action)).collect());
        }
        let transformers = self.transformations().into_iter().map(|(name, (severity, count))| {
            json!({"name": name, "description": description(name), "severity": severity, "items": count})
        });
        let errors = self.errors();
        let mut report = json!({
            "schema": SCHEMA,
            "clusters": {"source": pairs(&self.source), "target": pairs(&self.target)},
            "items": items,
            "transformations": {"transformers": transformers.collect::<Vec<_>>()},
            "notMigrated": self.plan.not_migrated,
            "errors": errors,
            "interrupted": self.interrupted,
            "errorCode": self.code(),
        });
        if let (false, Some(report)) = (errors.is_empty(), report.as_object_mut()) {
            report.insert("errorMessage".to_owned(), format!("{} issue(s) detected", errors.len()).into());
        }
        report
    }
}

/// What a rule does, for a person.
pub(super) fn description(rule: &str) -> Vec<&'static str> {
    match (rules::all().find(|known| known.name == rule), rule) {
        (Some(rule), _) => vec![rule.does, rule.why],
        (None, "repair") => vec!["leaves out what the target refused"],
        (None, _) => Vec::new(),
    }
}

pub(super) fn failure(action: &Action) -> Option<&str> {
    match action {
        Action::Failed(reason) => Some(reason),
        Action::NotTried => Some("not tried: the command was stopped before"),
        _ => None,
    }
}

fn item(planned: &Planned, action: &Action) -> Value {
    let mut item = Map::new();
    let mut set = |name: &str, value: Value| drop(item.insert(name.to_owned(), value));
    set("name", planned.name.as_str().into());
    set("kind", serde_json::to_value(planned.kind).unwrap_or_default());
    if let Some(name) = &planned.source_name {
        set("sourceName", name.as_str().into());
    }
    let (word, failed, places) = match action {
        Action::ToMake => ("create", None, None),
        Action::Unchanged => ("unchanged", None, None),
        Action::Differs(places) => {
            ("differs", Some(("METADATA_ALREADY_EXISTS", "already exists", false)), Some(places))
        }
        Action::Made(places) => ("created", None, Some(places)),
        Action::Updated(places) => ("updated", None, Some(places)),
        Action::LeftOut(_) => {
            ("leftOut", Some(("SKIPPED_DUE_TO_FILTER", "skipped due to filter", false)), None)
        }
        Action::Failed(_) => {
            ("failed", Some(("TARGET_CLUSTER_FAILURE", "failed on target cluster", true)), None)
        }
        Action::NotTried => ("notTried", Some(("TARGET_CLUSTER_FAILURE", "not tried", true)), None),
    };
    set("action", word.into());
    set("successful", failed.is_none_or(|(_, _, fatal)| !fatal).into());
    if let Some((kind, message, fatal)) = failed {
        let mut failure = json!({"type": kind, "message": message, "fatal": fatal});
        let reason = match action {
            Action::LeftOut(reason) | Action::Failed(reason) => Some(reason),
            _ => None,
        };
        if let (Some(reason), Some(failure)) = (reason, failure.as_object_mut()) {
            failure.insert("exception".to_owned(), reason.as_str().into());
        }
        set("failure", failure);
    }
    if let Some(places) = places.filter(|places| !places.is_empty()) {
        set("differences", places.as_slice().into());
    }
    if !matches!(action, Action::LeftOut(_)) {
        set("targetWasAsked", planned.asked.into());
        set("rules", serde_json::to_value(&planned.rules).unwrap_or_default());
        set("changes", serde_json::to_value(&planned.changes).unwrap_or_default());
    }
    Value::Object(item)
}

fn pairs(pairs: &[(&'static str, String)]) -> Value {
    let key = |name: &str| match name {
        "Type" => "type",
        "Version" => "version",
        "Local repository" => "localRepository",
        "S3 repository" => "s3Repository",
        "Snapshot" => "snapshot",
        "Uri" => "uri",
        "Protocol" => "protocol",
        _ => "tlsVerification",
    };
    pairs.iter().map(|(name, value)| (key(name).to_owned(), Value::from(value.as_str()))).collect()
}

fn source(sides: &Sides) -> Vec<(&'static str, String)> {
    match &sides.source {
        None => vec![("Type", "Plan".to_owned()), ("Version", sides.source_name.clone())],
        Some(Source::Live { cluster, shown, .. }) => vec![
            ("Type", "Remote Cluster".to_owned()),
            ("Version", shown.to_uppercase()),
            ("Uri", cluster.endpoint()),
        ],
        Some(Source::Snapshot { snapshot, shown, repository, .. }) => {
            let place = if repository.starts_with("s3://") { "S3 repository" } else { "Local repository" };
            vec![
                ("Type", "Snapshot".to_owned()),
                ("Version", shown.to_uppercase()),
                (place, repository.clone()),
                ("Snapshot", snapshot.info().name.clone()),
            ]
        }
    }
}

fn target(sides: &Sides) -> Vec<(&'static str, String)> {
    let uri = sides.target.endpoint();
    let protocol = uri.split("://").next().unwrap_or_default().to_uppercase();
    let verified = if sides.target_options.tls.insecure { "Disabled" } else { "Enabled" };
    vec![
        ("Type", "Remote Cluster".to_owned()),
        ("Version", sides.target_name.to_uppercase()),
        ("Uri", uri),
        ("Protocol", protocol),
        ("TLS Verification", verified.to_owned()),
    ]
}
