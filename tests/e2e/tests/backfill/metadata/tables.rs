//! The tables of rules, checked by what a real server says to their examples.

use serde_json::Value;
use switchover_metadata::rules::{self, Without};
use switchover_metadata::{Item, Kind, Version};
use switchover_testkit::http::ask;

/// What a rule changes is refused or misunderstood without it, and taken with it. `unknown`: how names of rules begin
/// whose modules this server lacks.
pub fn hold_for(url: &str, target: &str, unknown: &[&str]) {
    let target: Version = target.parse().unwrap();
    let mut wrong = Vec::new();
    let asked = rules::all().filter(|rule| rule.target.has(target) && rule.without != Without::Plugin);
    for rule in asked.filter(|rule| !unknown.iter().any(|begin| rule.name.starts_with(begin))) {
        if let Err((status, answer)) = made(url, rule.name, rule.after) {
            wrong.push(format!("{} makes what is refused: {status} {answer}", rule.name));
        }
        match (rule.without, made(url, rule.name, rule.before)) {
            (Without::Refused, Ok(())) => wrong.push(format!("{} changes what is taken", rule.name)),
            (Without::Misunderstood, Err((_, answer))) => {
                wrong.push(format!(
                    "{} changes what is refused, and not only misunderstood: {answer}",
                    rule.name
                ));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{target}:\n{}", wrong.join("\n"));
}

/// Makes an example and removes it again.
fn made(url: &str, name: &str, body: &str) -> Result<(), (u16, String)> {
    let body: Value = serde_json::from_str(body).unwrap();
    let is_template = body.get("index_patterns").is_some() || body.get("template").is_some();
    let composable = ["template", "data_stream", "allow_auto_create"];
    let is_composable =
        is_template && composable.iter().any(|name| body.get(name).is_some_and(|it| !it.is_string()));
    let (kind, folder) = match (
        is_template,
        is_composable
            || name.starts_with("template-elastic")
            || name.starts_with("template-l")
            || name.starts_with("template-d"),
    ) {
        (false, _) => (Kind::Index, ""),
        (true, true) => (Kind::IndexTemplate, "_index_template/"),
        (true, false) => (Kind::LegacyTemplate, "_template/"),
    };
    let item = Item::parse(kind, name, &body);
    let path = format!("/{folder}rule-{name}");
    let answer = ask(url, "PUT", &format!("{path}?timeout=30s"), &item.body().to_string());
    ask(url, "DELETE", &path, "");
    match answer.status {
        200 => Ok(()),
        status => Err((status, String::from_utf8_lossy(&answer.body).into_owned())),
    }
}
