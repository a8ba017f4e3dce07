//! Follows a plan. One item that fails does not stop the others. Ctrl-C stops between two items, so that of each it is
//! known whether it was made; a second one does not wait for the target's answer.

use std::collections::HashSet;

use anyhow::anyhow;
use serde_json::{Map, Value, json};
use switchover_cluster::{Body, ClusterError, Method, Response, path_part};
use switchover_metadata::repair::{MAX_REPAIRS, repair};
use switchover_metadata::{Item, Kind, Planned};
use tokio::signal::unix::{SignalKind, signal};

use super::args::OnExisting;
use super::clusters::Exit;
use super::{Action, asking, existing};
use crate::target::Target;

/// What to send.
struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
}

/// What was done.
pub(super) struct Done {
    /// About each item.
    pub(super) actions: Vec<Action>,
    /// By Ctrl-C.
    pub(super) interrupted: bool,
}

/// Does what the plan says. `may_repair`: what the target refuses may be sent otherwise.
pub(super) async fn run(
    target: &Target,
    items: &mut [Planned],
    on_existing: OnExisting,
    may_repair: bool,
) -> Result<Done, Exit> {
    let before = existing::read(target, items).await?;
    let mut actions = Vec::with_capacity(items.len());
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| anyhow!("cannot be told of Ctrl-C: {error}; nothing was made"))?;
    let (mut interrupted, mut abandoned) = (false, false);
    for planned in items.iter_mut() {
        let action = before.action(planned);
        if interrupted && matches!(action, Action::ToMake | Action::Differs(_)) {
            actions.push(Action::NotTried);
            continue;
        }
        let mut work = Box::pin(follow(target, planned, action, on_existing, may_repair));
        let done = tokio::select! {
            done = &mut work => done,
            _ = interrupts.recv() => {
                interrupted = true;
                eprintln!("stopping after this item; Ctrl-C again does not wait for it");
                tokio::select! {
                    done = work => done,
                    _ = interrupts.recv() => {
                        abandoned = true;
                        Action::Failed("interrupted; whether it was made is not known: migrate again".to_owned())
                    }
                }
            }
        };
        actions.push(done);
    }
    if !abandoned {
        tokio::select! {
            verified = verify(target, items, &mut actions) => verified?,
            _ = interrupts.recv() => interrupted = true,
        }
    }
    Ok(Done { actions, interrupted })
}

async fn follow(
    target: &Target,
    planned: &mut Planned,
    action: Action,
    on_existing: OnExisting,
    may_repair: bool,
) -> Action {
    let failed = |error: &ClusterError| Action::Failed(format!("failed on target cluster: {error}"));
    match (action, on_existing) {
        (Action::ToMake, _) => match make(target, planned, may_repair).await {
            Ok(None) => Action::Made(Vec::new()),
            Ok(Some(reason)) => Action::Failed(format!("failed on target cluster: {reason}")),
            Err(error) => failed(&error),
        },
        (Action::Differs(places), OnExisting::Fail) => {
            Action::Failed(format!("already exists, and differs: {}", places.join(", ")))
        }
        (Action::Differs(places), OnExisting::Update) => {
            match update(target, planned, &places, may_repair).await {
                Ok(None) => Action::Updated(Vec::new()),
                Ok(Some(reason)) => Action::Failed(format!("already exists, and can't be changed: {reason}")),
                Err(error) => failed(&error),
            }
        }
        (other, _) => other,
    }
}

/// Makes one item; why the target refused it.
async fn make(
    target: &Target,
    planned: &mut Planned,
    may_repair: bool,
) -> Result<Option<String>, ClusterError> {
    for repairs in 0.. {
        let response = send(target, request(&planned.item())).await?;
        if response.status.is_success() {
            return Ok(None);
        }
        let refusal: Value = response.json().unwrap_or_default();
        let mut item = planned.item();
        let repaired = match response.status.as_u16() {
            400 if may_repair && repairs < MAX_REPAIRS => repair(&mut item, &refusal),
            _ => None,
        };
        match repaired {
            Some(applied) => planned.change(&item, applied),
            // Sent twice because the first answer was lost: what is there is compared afterwards.
            None if refusal
                .pointer("/error/type")
                .is_some_and(|kind| kind == "resource_already_exists_exception") =>
            {
                return Ok(None);
            }
            None => return Ok(Some(asking::reason(&refusal))),
        }
    }
    Ok(None)
}

/// Changes an item that is there. Of an index only what can be changed.
async fn update(
    target: &Target,
    planned: &mut Planned,
    places: &[String],
    may_repair: bool,
) -> Result<Option<String>, ClusterError> {
    if planned.kind != Kind::Index {
        return make(target, planned, may_repair).await;
    }
    let item = planned.item();
    let path = path_part(&item.name);
    let differing: HashSet<&str> = places.iter().map(String::as_str).collect();
    let settings: Map<String, Value> = item
        .definition
        .settings
        .iter()
        .filter(|(name, _)| differing.contains(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut reasons = Vec::new();
    let mapping = places.iter().any(|place| place.starts_with("mappings"));
    let parts = [
        ("_settings", Value::Object(settings.clone()), !settings.is_empty()),
        ("_mapping", Value::Object(item.definition.mappings), mapping),
    ];
    for (part, body, _) in parts.into_iter().filter(|(_, _, differs)| *differs) {
        let request = Request { method: Method::PUT, path: format!("/{path}/{part}"), body: Some(body) };
        let response = send(target, request).await?;
        if !response.status.is_success() {
            reasons.push(asking::reason(&response.json().unwrap_or_default()));
        }
    }
    Ok((!reasons.is_empty()).then(|| reasons.join("; ")))
}

async fn send(target: &Target, request: Request) -> Result<Response, ClusterError> {
    let body = request.body.map(|body| Body::json(body.to_string()));
    target.ask(request.method, &request.path, body).await
}

fn request(item: &Item) -> Request {
    let name = path_part(&item.name);
    let put = |path: String| Request { method: Method::PUT, path, body: Some(item.body()) };
    match item.kind {
        // Shards need not be there for the next item to be made.
        Kind::Index => put(format!("/{name}?wait_for_active_shards=0")),
        Kind::ComponentTemplate => put(format!("/_component_template/{name}")),
        Kind::IndexTemplate => put(format!("/_index_template/{name}")),
        Kind::LegacyTemplate => put(format!("/_template/{name}")),
        Kind::Pipeline => put(format!("/_ingest/pipeline/{name}")),
        Kind::Script => put(format!("/_scripts/{name}")),
        Kind::DataStream => {
            Request { method: Method::PUT, path: format!("/_data_stream/{name}"), body: None }
        }
        Kind::Alias => {
            let indices = item.rest.get("indices").and_then(Value::as_object);
            let add = |(index, parameters): (&String, &Value)| {
                let mut add = parameters.as_object().cloned().unwrap_or_default();
                add.insert("index".to_owned(), index.as_str().into());
                add.insert("alias".to_owned(), item.name.as_str().into());
                json!({"add": add})
            };
            let actions: Vec<Value> = indices.into_iter().flatten().map(add).collect();
            let body = Some(json!({"actions": actions}));
            Request { method: Method::POST, path: "/_aliases".to_owned(), body }
        }
    }
}

/// What was made is read again: a template of the target may have added to it.
async fn verify(target: &Target, items: &[Planned], actions: &mut [Action]) -> Result<(), Exit> {
    if !actions.iter().any(|action| matches!(action, Action::Made(_) | Action::Updated(_))) {
        return Ok(());
    }
    let now = existing::read(target, items).await?;
    for (planned, action) in items.iter().zip(actions) {
        let found = match action {
            Action::Made(_) | Action::Updated(_) => now.differences(planned),
            _ => continue,
        };
        match (found, action) {
            (None, action) => {
                *action = Action::Failed("the target said that it is made, and has it not".to_owned())
            }
            (Some(found), Action::Made(places) | Action::Updated(places)) => *places = found,
            _ => {}
        }
    }
    Ok(())
}
