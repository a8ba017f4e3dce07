//! Transformers of the existing tool's configuration, for what a cluster knows besides documents. Scripts see an item in
//! that tool's shape, `{"type": "index_template", "name": "logs", "body": {...}}`, one at a time, and return one, a list, or
//! an empty list for an item that is not meant.

use serde_json::Value;

use crate::outcome::Stop;
use crate::transformer::{Transformer, Transformers};
use crate::types::TypeRouting;

/// Items that one may become: a script that doubles them in every step must come to an end.
const MAX_ITEMS: usize = 1000;

impl Transformers {
    /// Lets all of them change an item, in order.
    ///
    /// # Errors
    /// Of the first that fails.
    pub fn apply_to_item(&self, item: Value) -> Result<Vec<Value>, Stop> {
        let mut items = vec![item];
        for (name, transformer) in &self.chain {
            let mut changed = Vec::with_capacity(items.len());
            for item in items {
                changed.extend(transformer.apply_to_item(item).map_err(|stop| stop.by(name))?);
                if changed.len() > MAX_ITEMS {
                    return Err(Stop::failed(format!("one item became more than {MAX_ITEMS}")).by(name));
                }
            }
            items = changed;
        }
        Ok(items)
    }

    /// Where the first type table among them says that types go.
    #[must_use]
    pub fn type_routing(&self) -> Option<&TypeRouting> {
        self.chain.iter().find_map(|(_, transformer)| match transformer {
            Transformer::Versions(versions) => Some(versions.types()),
            _ => None,
        })
    }
}

impl Transformer {
    fn apply_to_item(&self, item: Value) -> Result<Vec<Value>, Stop> {
        let text = match self {
            Self::Script(script) => script.transform(&item.to_string())?,
            Self::JmesPath(expression) => expression.find(&item.to_string())?,
            Self::Conditional(predicate, chain) => {
                return match predicate.is_true(&item.to_string())? {
                    true => chain.apply_to_item(item),
                    false => Ok(vec![item]),
                };
            }
            // Type tables are followed where types are removed ([`Transformers::type_routing`]).
            Self::Versions(_) | Self::TypeRemoval | Self::Noop => return Ok(vec![item]),
        };
        match serde_json::from_str(&text) {
            Ok(Value::Array(items)) => Ok(items),
            Ok(Value::Null) => Err(Stop::failed("returned nothing")),
            Ok(one) => Ok(vec![one]),
            Err(error) => Err(Stop::failed(format!("what it returned is not JSON: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::transformer::Files;

    struct NoFiles;

    impl Files for NoFiles {
        fn read(&self, path: &str) -> Result<String, String> {
            Err(format!("no {path}"))
        }

        fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
            Err(format!("no {directory}"))
        }
    }

    fn transformers(config: &Value) -> Transformers {
        Transformers::parse_for_documents(&config.to_string(), &NoFiles).unwrap()
    }

    fn script(body: &str) -> Value {
        let source = format!("function main(bindings) {{ return item => {{ {body} }}; }} (() => main)()");
        json!({"JsonJSTransformerProvider": {"initializationScript": source, "bindingsObject": {"prefix": "x-"}}})
    }

    fn item(name: &str) -> Value {
        json!({"type": "template", "name": name, "body": {"settings": {"a": 1}}})
    }

    #[test]
    fn one_becomes_one_several_or_none() {
        let renamed = transformers(&json!([
            script("item.name = bindings.prefix + item.name; return item;"),
            script("item.get('body').set('order', 3); return [item, Object.assign({}, item, {name: 'b'})];"),
        ]));
        let made = renamed.apply_to_item(item("a")).unwrap();
        assert_eq!((made.len(), &made[0]["name"], &made[1]["name"]), (2, &json!("x-a"), &json!("b")));
        assert_eq!(made[0]["body"], json!({"settings": {"a": 1}, "order": 3}));
        assert_eq!(
            transformers(&json!([script("return [];")])).apply_to_item(item("a")).unwrap(),
            [] as [Value; 0]
        );
    }

    #[test]
    fn a_predicate_sees_the_item() {
        let config = json!([{"JsonConditionalTransformerProvider": [
            {"JsonJMESPathPredicateProvider": {"script": "name == 'a'"}},
            [script("item.name = 'c'; return item;")],
        ]}, {"NoopTransformerProvider": null}]);
        let conditional = transformers(&config);
        assert_eq!(conditional.apply_to_item(item("a")).unwrap()[0]["name"], "c");
        assert_eq!(conditional.apply_to_item(item("b")).unwrap(), [item("b")]);
        assert!(conditional.type_routing().is_none());
    }

    #[test]
    fn what_fails_is_told_by_its_place() {
        for body in ["throw new Error('no good');", "return null;", "for (;;) { item.x = 1; }"] {
            let failed = transformers(&json!([script(body)])).apply_to_item(item("a"));
            let Err(Stop::Failed { reason }) = failed else { panic!("{body}") };
            assert!(reason.starts_with("JsonJSTransformerProvider[0]: "), "{reason}");
        }
        let doubling = vec![script("return [item, item];"); 12];
        let Err(Stop::Failed { reason }) = transformers(&json!(doubling)).apply_to_item(item("a")) else {
            panic!("not stopped")
        };
        assert!(reason.contains("1000"), "{reason}");
    }
}
