//! Asks the target whether it would take what is planned, by simulations, which write nothing. A definition that several
//! items share is asked for once; what is refused is repaired as the refusal says, a bounded number of times.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use switchover_cluster::{Body, ClusterError, Method, Response};
use switchover_metadata::reduce::reduced;
use switchover_metadata::repair::{MAX_REPAIRS, repair};
use switchover_metadata::{Applied, Item, Kind, Outcome, Planned};

use super::clusters::Exit;
use crate::target::Target;

/// Simulations at a time: each makes an index in the memory of one node.
const ASKED_AT_ONCE: usize = 4;

const STEP: &str = "asking the target whether it takes an item";
const SIMULATE: &str = "/_index_template/_simulate";

/// What the target says to a definition.
#[derive(Debug, Clone)]
enum Verdict {
    /// It takes it, after these repairs.
    Taken(Vec<(Applied, Item)>),
    /// It refuses it, after these repairs: why.
    Refused(Vec<(Applied, Item)>, String),
    /// It can't be asked (no permission, no such API).
    NotAsked,
}

/// Asks for all items that are ready.
pub(super) async fn ask(target: &Target, items: &mut [Planned]) -> Result<(), Exit> {
    // By what is asked, the first item that has it.
    let mut asked: HashMap<String, usize> = HashMap::new();
    let mut questions = Vec::new();
    let mut same = Vec::new();
    for (at, planned) in items.iter().enumerate().filter(|(_, planned)| planned.is_ready()) {
        let Some(question) = question(planned) else { continue };
        let text = question.to_string();
        match asked.get(&text) {
            Some(first) => same.push((at, *first)),
            None => {
                asked.insert(text, at);
                questions.push((at, planned.item()));
            }
        }
    }
    let verdicts = stream::iter(questions)
        .map(|(at, item)| async move { verdict(target, item).await.map(|verdict| (at, verdict)) });
    let mut verdicts = verdicts.buffer_unordered(ASKED_AT_ONCE);
    let mut known = HashMap::new();
    while let Some(verdict) = verdicts.next().await {
        let (at, verdict) = verdict.map_err(Exit::cluster(STEP))?;
        known.insert(at, verdict);
    }
    drop(verdicts);
    for (at, first) in same {
        let verdict = match (known.get(&first), items.get(at)) {
            (Some(Verdict::Taken(repairs)), _) if repairs.is_empty() => Verdict::Taken(Vec::new()),
            (Some(Verdict::NotAsked), _) => Verdict::NotAsked,
            // Only what is taken as it is holds for all that look alike.
            (_, Some(planned)) => verdict(target, planned.item()).await.map_err(Exit::cluster(STEP))?,
            (_, None) => continue,
        };
        known.insert(at, verdict);
    }
    for (at, verdict) in known {
        if let Some(planned) = items.get_mut(at) {
            settle(planned, verdict);
        }
    }
    Ok(())
}

async fn verdict(target: &Target, item: Item) -> Result<Verdict, ClusterError> {
    match item.kind {
        Kind::Pipeline => pipeline(target, &item).await,
        _ => definition(target, item).await,
    }
}

fn question(planned: &Planned) -> Option<Value> {
    match planned.kind {
        Kind::Pipeline => Some(json!({"pipeline": planned.body})),
        _ => smaller(&planned.item()).unwrap_or_else(|| planned.item()).simulation(),
    }
}

/// The item with a definition that is taken if its own is, and that other items share.
fn smaller(item: &Item) -> Option<Item> {
    Some(Item { definition: reduced(&item.definition)?, ..item.clone() })
}

fn settle(planned: &mut Planned, verdict: Verdict) {
    let (repairs, refused) = match verdict {
        Verdict::Taken(repairs) => (repairs, None),
        Verdict::Refused(repairs, reason) => (repairs, Some(reason)),
        Verdict::NotAsked => return,
    };
    planned.asked = true;
    for (applied, repaired) in repairs {
        // Repairs are of the definition; the rest is this item's own.
        let item = Item { definition: repaired.definition, ..planned.item() };
        planned.change(&item, applied);
    }
    if let Some(reason) = refused {
        planned.outcome = Outcome::Refused(format!("failed on target cluster: {reason}"));
    }
}

async fn definition(target: &Target, mut item: Item) -> Result<Verdict, ClusterError> {
    if let Some(question) = smaller(&item).and_then(|item| item.simulation())
        && post(target, SIMULATE, &question).await?.status.is_success()
    {
        return Ok(Verdict::Taken(Vec::new()));
    }
    let mut repairs = Vec::new();
    loop {
        let Some(question) = item.simulation() else { return Ok(Verdict::NotAsked) };
        let answer = post(target, SIMULATE, &question).await?;
        match answer.status.as_u16() {
            200 => return Ok(Verdict::Taken(repairs)),
            400 => {}
            _ => return Ok(Verdict::NotAsked),
        }
        let refusal: Value = answer.json().unwrap_or_default();
        match repair(&mut item, &refusal).filter(|_| repairs.len() < MAX_REPAIRS) {
            Some(applied) => repairs.push((applied, item.clone())),
            None => return Ok(Verdict::Refused(repairs, reason(&refusal))),
        }
    }
}

/// A pipeline is made and run on an empty document; only that it can't be made counts.
async fn pipeline(target: &Target, item: &Item) -> Result<Verdict, ClusterError> {
    let body = json!({"pipeline": item.body(), "docs": [{"_index": "simulated", "_id": "1", "_source": {}}]});
    let answer = post(target, "/_ingest/pipeline/_simulate", &body).await?;
    Ok(match answer.status.as_u16() {
        200 => Verdict::Taken(Vec::new()),
        400 => Verdict::Refused(Vec::new(), reason(&answer.json().unwrap_or_default())),
        _ => Verdict::NotAsked,
    })
}

async fn post(target: &Target, path: &str, body: &Value) -> Result<Response, ClusterError> {
    target.ask(Method::POST, path, Some(Body::json(body.to_string()))).await
}

/// The innermost reason of a refusal, which is the most exact, after the outer ones.
pub(super) fn reason(refusal: &Value) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    let mut at = refusal.get("error");
    while let Some(error) = at {
        match error {
            Value::String(text) => reasons.push(text),
            other => reasons.extend(other.get("reason").and_then(Value::as_str)),
        }
        at = error.get("caused_by");
    }
    reasons.dedup();
    match reasons.is_empty() {
        true => "the target gives no reason".to_owned(),
        false => reasons.join(": "),
    }
}
