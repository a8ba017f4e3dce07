//! Which items of a captured bulk went to the target. Answers to bulks are compared item by item, so when a rule leaves
//! lines out, the source's answer has items that the target was never asked for.

use std::borrow::Cow;

use crate::json::Value;

/// Why answers to a bulk can't be paired.
pub(crate) const OTHER_ITEMS: &str = "a rule changed how many items the bulk has";

/// What of a request's items was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SentItems {
    /// All of them, as captured; also of requests that are no bulk.
    #[default]
    All,
    /// Some, the others were left out.
    Some {
        /// Their places in the captured request, from 0, in order.
        places: Vec<usize>,
        /// How many items were captured.
        of: usize,
    },
    /// Others: it can't be told which of them was captured where.
    Others,
}

impl SentItems {
    /// What stands in a tuple's `sentItems`: the places and how many there were, `null` for others.
    #[must_use]
    pub(crate) fn in_tuple(field: Option<Value<'_>>) -> Self {
        let Some(field) = field else { return Self::All };
        let number = |value: Value<'_>| std::str::from_utf8(value.raw()).ok()?.parse().ok();
        let of = field.get("of").and_then(number);
        let places = field.get("places").and_then(|places| places.items().map(number).collect());
        match (of, places) {
            (Some(of), Some(places)) => Self::Some { places, of },
            _ => Self::Others,
        }
    }

    /// As a tuple's field; `None` when there is nothing to say.
    #[must_use]
    pub fn to_json(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::All => None,
            Self::Some { places, of } => {
                let places: Vec<String> = places.iter().map(ToString::to_string).collect();
                Some(format!("{{\"places\":[{}],\"of\":{of}}}", places.join(",")).into())
            }
            Self::Others => Some("null".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    #[test]
    fn what_is_written_is_read() {
        for items in [SentItems::All, SentItems::Some { places: vec![0, 7], of: 9 }, SentItems::Others] {
            let json = items.to_json().map_or("{}".to_owned(), |json| format!("{{\"sentItems\":{json}}}"));
            let mut tape = Tape::default();
            let tuple = tape.parse(json.as_bytes()).unwrap();
            assert_eq!(SentItems::in_tuple(tuple.get("sentItems")), items, "{json}");
        }
        let mut tape = Tape::default();
        for odd in ["[]", "{\"places\":[-1],\"of\":2}", "{\"places\":[1]}", "3"] {
            let json = format!("{{\"sentItems\":{odd}}}");
            let tuple = tape.parse(json.as_bytes()).unwrap();
            assert_eq!(SentItems::in_tuple(tuple.get("sentItems")), SentItems::Others, "{odd}");
        }
    }
}
