//! One bulk request, until each of its documents is taken or refused.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use switchover_cluster::{Body, Method, StatusCode};

use super::outgoing::Outgoing;
use crate::target::Target;

const PATH: &str = "/_bulk?filter_path=items.*.status,items.*.error";
/// Documents that the target has no room for are sent so often.
const MAX_ROUNDS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A block on an index or the cluster, such as for a full disk: some versions give it the status 403.
const BLOCKED: &str = "\"cluster_block_exception\"";

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// `error`: as JSON.
    Refused {
        status: u16,
        error: String,
    },
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, alias = "create")]
    index: Outcome<'a>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    status: u16,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// Sends the documents. A verdict for each, `None` where it is not known that the target took it; then the error says
/// why: the target can't be asked, or has no room after all attempts.
pub(super) async fn send(
    target: &Target,
    documents: &[Outgoing<'_>],
) -> (Vec<Option<Verdict>>, Option<anyhow::Error>) {
    let mut verdicts = vec![None; documents.len()];
    let ended = fill(target, documents, &mut verdicts).await;
    (verdicts, ended.err())
}

async fn fill(target: &Target, documents: &[Outgoing<'_>], verdicts: &mut [Option<Verdict>]) -> Result<()> {
    let mut pause = target.pause(FIRST_PAUSE);
    let mut reason = String::new();
    for round in 0..MAX_ROUNDS {
        if round > 0 {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        // Pieces of what is left; one that is too long for the target is halved.
        let left: Vec<usize> = (0..documents.len()).filter(|at| verdicts[*at].is_none()).collect();
        let mut pieces = vec![left.as_slice()];
        while let Some(piece) = pieces.pop() {
            match attempt(target, documents, piece).await? {
                Attempt::Answered(answers) => {
                    for (at, (later, verdict)) in piece.iter().zip(answers) {
                        match verdict {
                            Verdict::Refused { error, .. } if later => reason = error,
                            verdict => verdicts[*at] = Some(verdict),
                        }
                    }
                }
                Attempt::Refused(_) if piece.len() > 1 => {
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.extend([second, first]);
                }
                Attempt::Refused(verdict) => {
                    for at in piece {
                        verdicts[*at] = Some(verdict.clone());
                    }
                }
            }
        }
        if verdicts.iter().all(Option::is_some) {
            return Ok(());
        }
    }
    let endpoint = target.endpoint();
    bail!("{endpoint}: no room for documents after {MAX_ROUNDS} attempts: {reason}; try again when it has");
}

enum Attempt {
    /// For each document; `true`: it may be taken later.
    Answered(Vec<(bool, Verdict)>),
    /// The request as a whole.
    Refused(Verdict),
}

async fn attempt(target: &Target, documents: &[Outgoing<'_>], piece: &[usize]) -> Result<Attempt> {
    let mut body = String::new();
    for line in piece.iter().filter_map(|at| documents.get(*at)) {
        for part in [&line.action, &line.source] {
            body.push_str(part);
            body.push('\n');
        }
    }
    let response = target.ask(Method::POST, PATH, Some(Body::lines(body))).await?;
    let status = response.status;
    let response = match response.success() {
        Err(error) if matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE) => {
            let error = serde_json::Value::from(error.to_string()).to_string();
            return Ok(Attempt::Refused(Verdict::Refused { status: status.as_u16(), error }));
        }
        other => other?,
    };
    let answer: Option<Answer<'_>> = serde_json::from_slice(&response.body).ok();
    match answer.filter(|answer| answer.items.len() == piece.len()) {
        Some(answer) => Ok(Attempt::Answered(answer.items.iter().map(|item| judge(&item.index)).collect())),
        None => bail!(
            "{}: the answer to a bulk of {} documents is not one; check that nothing stands between this host and the cluster",
            target.endpoint(),
            piece.len()
        ),
    }
}

fn judge(outcome: &Outcome<'_>) -> (bool, Verdict) {
    let error = outcome.error.map_or("null", RawValue::get);
    let later = match outcome.status {
        // An equal or a newer one is there.
        200..=299 | 409 => return (false, Verdict::Taken),
        429 | 500..=599 => true,
        403 => error.contains(BLOCKED),
        _ => false,
    };
    (later, Verdict::Refused { status: outcome.status, error: error.to_owned() })
}
