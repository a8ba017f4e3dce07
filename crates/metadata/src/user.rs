//! What users want changed: scripts as the existing tool (opensearch-migrations) has them, in that tool's shape of an item,
//! and rules (`crates/rewrite`, as for requests of the replayer), to which an item is the request that would make it,
//! `PUT /_index_template/NAME` with its body. They come after all other rules, scripts first.

mod scripted;

use std::borrow::Cow;

use serde_json::Value;
use switchover_rewrite::headers::Headers;
use switchover_rewrite::outcome::Stop;
use switchover_rewrite::request::Request;
use switchover_rewrite::rules::Rules;
use switchover_rewrite::transformer::Transformers;

use crate::item::{Item, Kind};
use crate::plan::Outcome;
use crate::rules::{Applied, Severity};

/// What users declare.
#[derive(Debug, Default)]
pub struct UserRules {
    /// Scripts, of `--transformerConfig`.
    pub transformers: Transformers,
    /// Rules, of `--rewriteRules`.
    pub rules: Rules,
    /// An item that they fail for is made without their changes.
    pub keep_on_error: bool,
}

impl UserRules {
    /// The items that one becomes, each with what was done.
    ///
    /// # Errors
    /// What becomes of an item that they reject, or that they can't be followed for.
    pub(crate) fn apply(&self, item: Item) -> Result<Vec<(Item, Vec<Applied>)>, Outcome> {
        match self.changed(&item) {
            Err(Outcome::Refused(reason)) if self.keep_on_error => {
                let applied = Applied {
                    rule: "user-rules".to_owned(),
                    severity: Severity::Lossy,
                    path: String::new(),
                    detail: format!("not followed: {reason}"),
                };
                Ok(vec![(item, vec![applied])])
            }
            changed => changed,
        }
    }

    fn changed(&self, item: &Item) -> Result<Vec<(Item, Vec<Applied>)>, Outcome> {
        let mut made = scripted::apply(&self.transformers, item)?;
        for (item, applied) in &mut made {
            applied.extend(declared(&self.rules, item)?);
        }
        Ok(made)
    }
}

/// Lets declared rules change an item; what they did.
fn declared(rules: &Rules, item: &mut Item) -> Result<Vec<Applied>, Outcome> {
    let Some(folder) = folder(item.kind).filter(|_| !rules.is_empty()) else { return Ok(Vec::new()) };
    let path = format!("{folder}{}", switchover_rest::percent::encode(&item.name));
    let body = item.body().to_string().into_bytes();
    let plain = |_: &[u8], _: &[u8]| Err("it has no content coding".to_owned());
    let mut request = Request::new("PUT", &path, None, Headers::default(), Cow::Borrowed(&body), plain);
    rules.apply(&mut request).map_err(|stop| match stop {
        Stop::Rejected { filter } => Outcome::LeftOut(filter),
        Stop::Failed { reason } => Outcome::Refused(format!("--rewriteRules: {reason}")),
    })?;
    if !request.edited().any() {
        return Ok(Vec::new());
    }
    let refused = |reason: String| Outcome::Refused(format!("--rewriteRules: {reason}"));
    let new_path = request.path().to_owned();
    let name = new_path.strip_prefix(folder).filter(|name| !name.is_empty() && !name.contains('/'));
    let name = name.and_then(switchover_rest::percent::decode);
    let name = name.ok_or_else(|| {
        refused(format!("{new_path} is not the path of {} {}", item.kind.word(), item.name))
    })?;
    let body: Value = serde_json::from_slice(request.body().map_err(refused)?)
        .map_err(|error| refused(format!("the body is not JSON any more: {error}")))?;
    *item = Item::parse(item.kind, name, &body);
    Ok(vec![Applied {
        rule: "user-rules".to_owned(),
        severity: Severity::Lossless,
        path: new_path,
        detail: "changed by --rewriteRules".to_owned(),
    }])
}

/// What the path of an item begins with; `None` for kinds that are nothing but names.
fn folder(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Index => Some("/"),
        Kind::LegacyTemplate => Some("/_template/"),
        Kind::IndexTemplate => Some("/_index_template/"),
        Kind::ComponentTemplate => Some("/_component_template/"),
        Kind::Pipeline => Some("/_ingest/pipeline/"),
        Kind::Script => Some("/_scripts/"),
        Kind::DataStream | Kind::Alias => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &str = r#"
- name: fewer copies
  match: { method: PUT, path: "/logs-*" }
  set: { path: "/new-logs-$1", body: { /settings/index.number_of_replicas: "0" } }
- name: not these
  match: { path: "/_template/old-*" }
  reject: true
- name: astray
  match: { path: "/_scripts/*" }
  set: { path: "/elsewhere" }
"#;

    fn item(kind: Kind, name: &str) -> Item {
        Item::parse(kind, name, &json!({"settings": {"index.number_of_replicas": "2"}, "x": 1}))
    }

    #[test]
    fn items_are_changed_renamed_and_left_out() {
        let rules = Rules::parse("rules.yaml", RULES).unwrap();
        let mut index = item(Kind::Index, "logs-ü");
        assert_eq!(declared(&rules, &mut index).unwrap()[0].rule, "user-rules");
        assert_eq!(index.name, "new-logs-ü");
        assert_eq!(index.definition.settings["index.number_of_replicas"], "0");
        let mut other = item(Kind::Index, "other");
        assert_eq!(declared(&rules, &mut other), Ok(Vec::new()));
        assert_eq!(other, item(Kind::Index, "other"));
        let left_out = declared(&rules, &mut item(Kind::LegacyTemplate, "old-1")).unwrap_err();
        assert!(matches!(&left_out, Outcome::LeftOut(why) if why.contains("not these")), "{left_out:?}");
        let refused = declared(&rules, &mut item(Kind::Script, "s")).unwrap_err();
        assert!(matches!(&refused, Outcome::Refused(why) if why.contains("/elsewhere")), "{refused:?}");
        assert_eq!(declared(&Rules::default(), &mut item(Kind::Index, "logs-1")), Ok(Vec::new()));
    }
}
