//! `--planFile`: a plan that somebody may look at, and edit, before it is followed.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use switchover_metadata::Plan;
use switchover_metadata::plan::SCHEMA;

use super::clusters::Exit;
use crate::failure::Failure;

/// The file has its name only when it is whole.
pub(super) fn write(file: &Path, plan: &Plan) -> Result<()> {
    let partial = file.with_added_extension(std::process::id().to_string());
    let written = || -> Result<()> {
        let text = serde_json::to_vec_pretty(plan)?;
        let mut new = File::create(&partial)?;
        new.write_all(&text)?;
        new.sync_all()?;
        Ok(fs::rename(&partial, file)?)
    };
    written()
        .inspect_err(|_| {
            // It may not have been made at all.
            let _ = fs::remove_file(&partial);
        })
        .with_context(|| format!("--planFile {}: cannot write it", file.display()))
}

pub(super) fn read(file: &Path) -> Result<Plan, Exit> {
    let wrong = |error: &dyn std::fmt::Display| {
        Exit::from(Failure::Usage(format!("--planFile {}: {error}", file.display())))
    };
    let text = fs::read(file).map_err(|error| wrong(&format!("cannot read it: {error}")))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| wrong(&format!("not a plan: {error}")))?;
    match plan.schema == SCHEMA {
        true => Ok(plan),
        false => {
            Err(wrong(&format!("a plan of another version ({}); make it anew with evaluate", plan.schema)))
        }
    }
}
