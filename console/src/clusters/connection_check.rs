//! `clusters connection-check`: can the clusters be used, and what are they?

use std::time::Duration;

use serde_json::{Map, Value, json};
use switchover_cluster::Version;

use super::{Answer, Selected, ask, connect, error_json, heading, verdict};
use crate::failure::Failure;
use crate::output::Output;

/// Whoever checks a connection is waiting for the answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn run(clusters: &[Selected], json: bool) -> Result<(), Failure> {
    let answers = ask(clusters, async |options| connect(options, CHECK_TIMEOUT)?.version().await).await;
    let mut out = Output::stdout();
    if json {
        out.document(answers_json(&answers))?;
    } else {
        answers_text(&answers, &mut out)?;
    }
    out.flush()?;
    verdict("connection-check", &answers)
}

fn answers_text(answers: &[Answer<Version>], out: &mut Output) -> Result<(), Failure> {
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            out.line("")?;
        }
        out.line(heading(answer.side))?;
        match &answer.outcome {
            None => out.line(format_args!("No {} cluster defined.", answer.side.name()))?,
            Some(Ok(version)) => out.line(format_args!("Successfully connected! {version}"))?,
            Some(Err(error)) => {
                out.line(format_args!("Unable to connect to cluster with error: {error}"))?;
            }
        }
    }
    Ok(())
}

fn answers_json(answers: &[Answer<Version>]) -> Map<String, Value> {
    let entry = |answer: &Answer<Version>| match &answer.outcome {
        None => Value::Null,
        Some(Ok(version)) => json!({
            "connected": true,
            "distribution": version.distribution.to_string(),
            "version": version.number,
        }),
        Some(Err(error)) => json!({ "connected": false, "error": error_json(error) }),
    };
    answers.iter().map(|answer| (answer.side.key().to_owned(), entry(answer))).collect()
}
