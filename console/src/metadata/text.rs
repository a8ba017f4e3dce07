//! The report for people, with the headings that scripts of the field look for.

use switchover_metadata::{Planned, Severity};

use super::Action;
use super::report::{LISTS, Report, description, failure};
use crate::failure::Failure;
use crate::output::{Output, harmless};

/// A value in a change is cut here.
const MAX_VALUE_BYTES: usize = 100;

pub(super) fn print(report: &Report, details: bool, out: &mut Output) -> Result<(), Failure> {
    out.line("Clusters:")?;
    cluster(out, "Source", &report.source)?;
    cluster(out, "Target", &report.target)?;
    out.line("")?;
    out.line(if report.dry_run { "Migration Candidates:" } else { "Migrated Items:" })?;
    for (heading, _, kinds) in LISTS {
        out.line(format_args!("   {heading}:"))?;
        let mut items: Vec<_> = report.items().filter(|(planned, _)| kinds.contains(&planned.kind)).collect();
        // Those that are well first, as the existing tool lists them.
        items.sort_by_key(|(planned, action)| (rank(action), planned.name.as_str()));
        if items.is_empty() {
            out.line("      <NONE FOUND>")?;
        }
        for (planned, action) in items {
            item(out, planned, action, details)?;
        }
        out.line("")?;
    }
    out.line("Transformations:")?;
    let transformations = report.transformations();
    if transformations.is_empty() {
        out.line("   <NONE FOUND>")?;
    }
    for (name, (severity, count)) in transformations {
        out.line(format_args!("   {name} ({}, {count} item(s)):", severity.as_str()))?;
        for line in description(name) {
            out.line(format_args!("      {line}"))?;
        }
    }
    if !report.plan.not_migrated.is_empty() {
        out.line("\nNot migrated:")?;
        for what in &report.plan.not_migrated {
            out.line(format_args!("   {}", harmless(what)))?;
        }
    }
    out.line("\nResults:")?;
    let errors = report.errors();
    out.line(format_args!("   {} issue(s) detected", errors.len()))?;
    if !errors.is_empty() {
        out.line("Issues:")?;
        for error in errors {
            out.line(format_args!("   {}", harmless(&error)))?;
        }
    }
    Ok(())
}

fn cluster(out: &mut Output, side: &str, pairs: &[(&'static str, String)]) -> Result<(), Failure> {
    out.line(format_args!("   {side}:"))?;
    let value = |name: &str| pairs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    out.line(format_args!("      Type: {} ({})", value("Type"), harmless(value("Version"))))?;
    for (name, value) in pairs.iter().filter(|(name, _)| !matches!(*name, "Type" | "Version")) {
        out.line(format_args!("      {name}: {}", harmless(value)))?;
    }
    Ok(())
}

fn rank(action: &Action) -> u8 {
    match action {
        Action::Failed(_) | Action::NotTried => 2,
        Action::LeftOut(_) | Action::Differs(_) => 1,
        Action::ToMake | Action::Unchanged | Action::Made(_) | Action::Updated(_) => 0,
    }
}

fn item(out: &mut Output, planned: &Planned, action: &Action, details: bool) -> Result<(), Failure> {
    let name = harmless(&planned.name);
    let from =
        planned.source_name.as_ref().map_or_else(String::new, |from| format!(" (from {})", harmless(from)));
    let line = match action {
        Action::ToMake => format!("- {name}{from}"),
        Action::Made(places) if places.is_empty() => format!("- {name}{from}"),
        Action::Unchanged => format!("- {name}{from} already exists, unchanged"),
        Action::Updated(places) if places.is_empty() => format!("- {name}{from} updated"),
        Action::Made(places) | Action::Updated(places) => {
            format!(
                "WARN - {name}{from} is made, and differs on the target: {}",
                harmless(&places.join(", "))
            )
        }
        Action::Differs(places) => {
            format!("WARN - {name}{from} already exists, and differs: {}", harmless(&places.join(", ")))
        }
        Action::LeftOut(reason) => format!("WARN - {name} skipped due to filter: {}", harmless(reason)),
        Action::Failed(_) | Action::NotTried => {
            format!("ERROR - {name}{from} {}", harmless(failure(action).unwrap_or_default()))
        }
    };
    out.line(format_args!("      {line}"))?;
    if matches!(action, Action::LeftOut(_)) {
        return Ok(());
    }
    for applied in planned.rules.iter().filter(|applied| details || applied.severity > Severity::Lossless) {
        let severity = applied.severity.as_str();
        let (path, detail) = (harmless(&applied.path), harmless(&applied.detail));
        out.line(format_args!("           {severity:<8}  {}  {path}: {detail}", applied.rule))?;
    }
    for change in planned.changes.iter().filter(|_| details) {
        let shown = |value: &Option<serde_json::Value>| {
            let mut text = value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            if text.len() > MAX_VALUE_BYTES {
                text.truncate(text.floor_char_boundary(MAX_VALUE_BYTES));
                text.push_str("...");
            }
            harmless(&text)
        };
        let (before, after) = (shown(&change.before), shown(&change.after));
        out.line(format_args!("           {}: {before} -> {after}", harmless(&change.path)))?;
    }
    Ok(())
}
