//! Errors: by type, not by text. The reason is written for people and differs from version to version; what was thrown
//! inside the node (`caused_by`) is nobody's contract either.

use std::collections::BTreeSet;

use super::{Walk, Zone};
use crate::json::{Kind, Value};
use crate::rules;

impl Walk<'_> {
    pub(super) fn error(&mut self, source: Value<'_>, target: Value<'_>) {
        match (source.kind(), target.kind()) {
            // Old style: the error is its own text.
            (Kind::Text, Kind::Text) => {}
            (Kind::Object, Kind::Object) => {
                self.within("type", |walk| walk.error_type(source.get("type"), target.get("type")));
                self.within("root_cause", |walk| walk.root_causes(source, target));
            }
            // Elasticsearch 1 writes the exceptions as Java does.
            (Kind::Text, Kind::Object) if is_named(source, target) => self.expect(rules::ERROR_NAME),
            _ => self.differ("type", Some(source), Some(target), Zone::Envelope),
        }
    }

    fn error_type(&mut self, source: Option<Value<'_>>, target: Option<Value<'_>>) {
        match (source.and_then(|source| source.text()), target.and_then(|target| target.text())) {
            (one, other) if one == other => {}
            (Some(one), Some(other)) if rules::same_error(&one, &other) => self.expect(rules::ERROR_NAME),
            _ => self.differ("value", source, target, Zone::Envelope),
        }
    }

    /// As a set: how many shards failed is each cluster's own affair.
    fn root_causes(&mut self, source: Value<'_>, target: Value<'_>) {
        let types = |error: Value<'_>| -> BTreeSet<String> {
            let causes = error.get("root_cause").map(|causes| causes.items()).into_iter().flatten();
            causes.filter_map(|cause| Some(cause.get("type")?.text()?.into_owned())).collect()
        };
        let (source, target) = (types(source), types(target));
        if source == target {
            return;
        }
        let covered = |some: &BTreeSet<String>, by: &dyn Fn(&str) -> bool| some.iter().all(|name| by(name));
        let renamed = covered(&source, &|one| target.iter().any(|other| rules::same_error(one, other)))
            && covered(&target, &|other| source.iter().any(|one| rules::same_error(one, other)));
        if renamed {
            return self.expect(rules::ERROR_NAME);
        }
        let shown = |types: BTreeSet<String>| types.into_iter().collect::<Vec<_>>().join(", ");
        self.within("*", |walk| {
            walk.within("type", |walk| walk.differ_by("value", shown(source), shown(target)))
        });
    }
}

/// Whether one of the exceptions in the text, as in `VersionConflictEngineException[[a][0] ...]`, is the target's type.
fn is_named(text: Value<'_>, error: Value<'_>) -> bool {
    let (Some(text), Some(kind)) = (text.text(), error.get("type").and_then(|kind| kind.text())) else {
        return false;
    };
    text.split('[').any(|before| {
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
        let name = before.get(start..).unwrap_or_default();
        name.ends_with("Exception") && rules::same_error(&snake_case(name), &kind)
    })
}

/// `VersionConflictEngineException` as `version_conflict_engine_exception`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
