//! Buckets of aggregations, by key. Buckets of ranges come in the order of the request and are paired by place.

use std::collections::HashMap;

use super::{Walk, Zone};
use crate::json::{Kind, Value};
use crate::rules;

/// Fields of a range bucket that follow from the request.
const BOUNDS: [&str; 5] = ["key", "from", "to", "from_as_string", "to_as_string"];

impl Walk<'_> {
    pub(super) fn buckets(&mut self, source: Value<'_>, target: Value<'_>) {
        let is_range = |bucket: Value<'_>| bucket.get("from").is_some() || bucket.get("to").is_some();
        if source.items().any(is_range) && source.items().count() == target.items().count() {
            return self.within("*", |walk| {
                for (source, target) in source.items().zip(target.items()) {
                    walk.range(source, target);
                }
            });
        }
        if source.items().any(|bucket| bucket.get("key").is_none()) {
            return self.array(source, target, Zone::Computed);
        }
        self.by_key(source, target);
    }

    fn by_key(&mut self, source: Value<'_>, target: Value<'_>) {
        let mut others: HashMap<(Kind, &[u8]), Value<'_>> =
            target.items().filter_map(|bucket| Some((identity(bucket)?, bucket))).collect();
        let mut same_keys = true;
        self.within("*", |walk| {
            for bucket in source.items() {
                match identity(bucket).and_then(|key| others.remove(&key)) {
                    Some(other) => walk.value(bucket, other, Zone::Computed),
                    None => {
                        same_keys = false;
                        walk.differ("missing", Some(bucket), None, Zone::Computed);
                    }
                }
            }
            let mut extra: Vec<_> = others.into_values().collect();
            extra.sort_by_key(|bucket| bucket.raw());
            for bucket in extra {
                same_keys = false;
                walk.differ("extra", None, Some(bucket), Zone::Computed);
            }
        });
        // Buckets of one count may change places.
        let order = |list: Value<'_>| {
            list.items().map(identity).map(|key| key.map(|(_, key)| key.to_vec())).collect::<Vec<_>>()
        };
        let counts = |list: Value<'_>| {
            list.items()
                .map(|bucket| bucket.get("doc_count").map(|count| count.raw().to_vec()))
                .collect::<Vec<_>>()
        };
        if same_keys && order(source) != order(target) && counts(source) != counts(target) {
            self.differ("order", Some(source), Some(target), Zone::Computed);
        }
    }

    fn range(&mut self, source: Value<'_>, target: Value<'_>) {
        let now = self.asked.now;
        for (name, value) in source.fields() {
            let name = String::from_utf8_lossy(name);
            let other = target.get(&name);
            self.within(&name, |walk| match other {
                Some(other) if now && BOUNDS.contains(&&*name) => {
                    if value.raw() != other.raw() {
                        walk.expect(rules::NOW);
                    }
                }
                Some(other) => walk.field(&name, value, other, Zone::Computed),
                None => walk.only(&name, Some(value), None, Zone::Computed),
            });
        }
        for (name, value) in target.fields() {
            let name = String::from_utf8_lossy(name);
            if source.get(&name).is_none() {
                self.within(&name, |walk| walk.only(&name, None, Some(value), Zone::Computed));
            }
        }
    }
}

fn identity(bucket: Value<'_>) -> Option<(Kind, &[u8])> {
    let key = bucket.get("key")?;
    Some((key.kind(), key.raw()))
}
