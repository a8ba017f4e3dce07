//! `backfill retry-failed`: sends refused documents again, after the target, its mappings or the documents were mended.
//! What the target takes now leaves the file; what it refuses again stays, with the newest error.

mod send;

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use switchover_cluster::TargetArgs;

use super::failed_file::{self, FailedFile, Line};
use crate::failure::Failure;
use crate::output::Output;
use crate::target::Target;
use send::{Verdict, send};

/// Exit code when documents are left.
const STILL_REFUSED: u8 = 4;
/// Bytes of lines that are sent at once; a longer document goes alone.
const BATCH_BYTES: usize = 5 * 1024 * 1024;

/// What came of a file.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Outcome {
    file: String,
    /// On the target now, or a newer document of the same id.
    taken: u64,
    /// Refused again, or never sent because it is no JSON.
    refused: u64,
    /// Lines that are none of a failed document; left as they are.
    unreadable: u64,
    /// Not sent, as the target could not be asked any more.
    unsent: u64,
}

pub(super) async fn run(directory: &Path, args: &TargetArgs, as_json: bool) -> Result<(), Failure> {
    let target = Target::connect(args).await?;
    let mut outcomes = Vec::new();
    let mut failure = None;
    for path in failed_file::list(directory)? {
        let mut outcome = Outcome { file: path.display().to_string(), ..Outcome::default() };
        let retried = retry(&target, &path, &mut outcome).await;
        outcomes.push(outcome);
        if let Err(error) = retried {
            failure = Some(error);
            break;
        }
    }
    let sum = |count: fn(&Outcome) -> u64| outcomes.iter().map(count).sum::<u64>();
    let (taken, refused) = (sum(|outcome| outcome.taken), sum(|outcome| outcome.refused));
    let (unreadable, unsent) = (sum(|outcome| outcome.unreadable), sum(|outcome| outcome.unsent));
    let mut out = Output::stdout();
    if as_json {
        let files = json!(outcomes);
        out.json(&json!({"taken": taken, "refused": refused, "unreadable": unreadable, "unsent": unsent, "files": files}))?;
    } else {
        let heading = ["TAKEN", "REFUSED", "UNREADABLE", "UNSENT", "FILE"].map(str::to_owned);
        let row = |outcome: &Outcome| {
            let counts = [outcome.taken, outcome.refused, outcome.unreadable, outcome.unsent];
            let [taken, refused, unreadable, unsent] = counts.map(|count| count.to_string());
            [taken, refused, unreadable, unsent, outcome.file.clone()]
        };
        out.table(&heading, &outcomes.iter().map(row).collect::<Vec<_>>())?;
    }
    out.flush()?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    if unreadable > 0 {
        let problem = "lines are none of a failed document; look at them in the files named above";
        return Err(anyhow::anyhow!("{unreadable} {problem}").into());
    }
    if refused > 0 { Err(Failure::Verdict(STILL_REFUSED)) } else { Ok(()) }
}

/// Sends the documents of a file. When that fails, what was taken until then has left the file all the same.
async fn retry(target: &Target, path: &Path, outcome: &mut Outcome) -> Result<()> {
    let Some(mut file) = FailedFile::open(path)? else { return Ok(()) };
    let mut failure = None;
    let mut batch: Vec<Vec<u8>> = Vec::new();
    let mut batch_bytes = 0;
    loop {
        let line = file.next_line()?;
        let full = line.as_ref().is_none_or(|line| batch_bytes + line.len() > BATCH_BYTES);
        if full && !batch.is_empty() {
            let ended = settle(target, &mut file, &batch, outcome, failure.is_some()).await?;
            failure = failure.or(ended);
            batch.clear();
            batch_bytes = 0;
        }
        let Some(line) = line else { break };
        batch_bytes += line.len();
        batch.push(line);
    }
    file.replace()?;
    let file = || format!("{}: the documents that were not taken are still in it", path.display());
    failure.map_or(Ok(()), |error| Err(error).with_context(file))
}

/// Sends a batch and keeps what was not taken; `only_keep`: all of it. Gives what ends the sending.
async fn settle(
    target: &Target,
    file: &mut FailedFile,
    batch: &[Vec<u8>],
    outcome: &mut Outcome,
    only_keep: bool,
) -> Result<Option<anyhow::Error>> {
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for raw in batch {
        match Line::parse(raw) {
            Some(line) if line.is_document() && !only_keep => {
                documents.push(line);
                lines.push(raw);
                continue;
            }
            Some(line) if line.is_document() => outcome.unsent += 1,
            Some(_) => outcome.refused += 1,
            None => outcome.unreadable += 1,
        }
        file.keep(raw)?;
    }
    if documents.is_empty() {
        return Ok(None);
    }
    let (verdicts, ended) = send(target, &documents).await;
    for ((mut line, raw), verdict) in documents.into_iter().zip(lines).zip(verdicts) {
        match verdict {
            Some(Verdict::Taken) => outcome.taken += 1,
            Some(Verdict::Refused { status, error }) => {
                outcome.refused += 1;
                let error: Box<RawValue> = serde_json::from_str(&error)?;
                (line.status, line.error) = (status, &error);
                file.keep(&serde_json::to_vec(&line)?)?;
            }
            None => {
                outcome.unsent += 1;
                file.keep(raw)?;
            }
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests;
