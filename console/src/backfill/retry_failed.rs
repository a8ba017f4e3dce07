//! `backfill retry-failed`: sends refused documents again, after the target, its mappings or the documents were mended.
//! What the target takes now leaves the file; what it refuses again stays, with the newest error.

mod outgoing;
mod send;

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use switchover_documents::Placement;

use super::failed_file::{self, FailedFile, Line};
use crate::failure::Failure;
use crate::output::Output;
use crate::target::Target;
use outgoing::outgoing;
use send::{Verdict, send};

/// Exit code when documents are left.
const STILL_REFUSED: u8 = 4;
/// The JSON's form, and its version.
const SCHEMA: &str = "switchover.backfill.retry-failed/1";
/// Bytes of lines that are sent at once; a longer document goes alone.
const BATCH_BYTES: usize = 5 * 1024 * 1024;

/// What came of a file.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Outcome {
    file: String,
    /// On the target now, or a newer document of the same id.
    taken: u64,
    /// Refused again, or never sent because it is no JSON, or a rule fails for it still.
    refused: u64,
    /// Left out, as rules say now.
    dropped: u64,
    /// Lines that are none of a failed document; left as they are.
    unreadable: u64,
    /// Not sent, as the target could not be asked any more.
    unsent: u64,
}

pub(super) async fn run(
    directory: &Path,
    placement: &Placement,
    target: &Target,
    as_json: bool,
) -> Result<(), Failure> {
    let mut outcomes = Vec::new();
    let mut failure = None;
    for path in failed_file::list(directory)? {
        let mut outcome = Outcome { file: path.display().to_string(), ..Outcome::default() };
        let retried = retry(target, placement, &path, &mut outcome).await;
        outcomes.push(outcome);
        if let Err(error) = retried {
            failure = Some(error);
            break;
        }
    }
    let sum = |count: fn(&Outcome) -> u64| outcomes.iter().map(count).sum::<u64>();
    let (taken, refused) = (sum(|outcome| outcome.taken), sum(|outcome| outcome.refused));
    let (unreadable, unsent) = (sum(|outcome| outcome.unreadable), sum(|outcome| outcome.unsent));
    let dropped = sum(|outcome| outcome.dropped);
    let mut out = Output::stdout();
    if as_json {
        let files = json!(outcomes);
        out.json(&json!({"schema": SCHEMA, "taken": taken, "refused": refused, "dropped": dropped, "unreadable": unreadable, "unsent": unsent, "files": files}))?;
    } else {
        let heading = ["TAKEN", "REFUSED", "UNREADABLE", "UNSENT", "FILE"].map(str::to_owned);
        let row = |outcome: &Outcome| {
            let counts = [outcome.taken, outcome.refused, outcome.unreadable, outcome.unsent];
            let [taken, refused, unreadable, unsent] = counts.map(|count| count.to_string());
            [taken, refused, unreadable, unsent, outcome.file.clone()]
        };
        out.table(&heading, &outcomes.iter().map(row).collect::<Vec<_>>())?;
        if dropped > 0 {
            out.line(format_args!("dropped by rules: {dropped} documents"))?;
        }
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
async fn retry(target: &Target, placement: &Placement, path: &Path, outcome: &mut Outcome) -> Result<()> {
    let Some(mut file) = FailedFile::open(path)? else { return Ok(()) };
    let mut failure = None;
    let mut batch: Vec<Vec<u8>> = Vec::new();
    let mut batch_bytes = 0;
    loop {
        let line = file.next_line()?;
        let full = line.as_ref().is_none_or(|line| batch_bytes + line.len() > BATCH_BYTES);
        if full && !batch.is_empty() {
            let ended = settle(target, placement, &mut file, &batch, outcome, failure.is_some()).await?;
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
    placement: &Placement,
    file: &mut FailedFile,
    batch: &[Vec<u8>],
    outcome: &mut Outcome,
    only_keep: bool,
) -> Result<Option<anyhow::Error>> {
    let mut lines = Vec::new();
    for raw in batch {
        match Line::parse(raw) {
            Some(line) if line.is_document() && !only_keep => {
                lines.push((line, raw));
                continue;
            }
            Some(line) if line.is_document() => outcome.unsent += 1,
            Some(_) => outcome.refused += 1,
            None => outcome.unreadable += 1,
        }
        file.keep(raw)?;
    }
    // A line may stand for several documents: it is done when all of them are.
    let (mut documents, mut sent) = (Vec::new(), Vec::new());
    for (line, raw) in &lines {
        match outgoing(line, placement) {
            Ok(made) if made.is_empty() => outcome.dropped += 1,
            Ok(made) => {
                sent.push((line, raw, documents.len()..documents.len() + made.len()));
                documents.extend(made);
            }
            Err(reason) => {
                outcome.refused += 1;
                refuse(file, line, 0, &serde_json::Value::from(reason).to_string())?;
            }
        }
    }
    if documents.is_empty() {
        return Ok(None);
    }
    let (verdicts, ended) = send(target, &documents).await;
    for (line, raw, places) in sent {
        let verdicts = verdicts.get(places).unwrap_or_default();
        let worst = verdicts.iter().find(|verdict| !matches!(verdict, Some(Verdict::Taken)));
        match worst {
            None => outcome.taken += 1,
            Some(Some(Verdict::Refused { status, error })) => {
                outcome.refused += 1;
                refuse(file, line, *status, error)?;
            }
            Some(_) => {
                outcome.unsent += 1;
                file.keep(raw)?;
            }
        }
    }
    Ok(ended)
}

/// Keeps a line with a newer error, which is JSON.
fn refuse(file: &mut FailedFile, line: &Line<'_>, status: u16, error: &str) -> Result<()> {
    let error: &RawValue = serde_json::from_str(error)?;
    file.keep(&serde_json::to_vec(&Line { status, error, ..line.clone() })?)
}

#[cfg(test)]
mod tests;
