//! The items of the answer to a bulk, one after the other: there may be a million of them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Calls `take` with what each item says under the name of its action. `None` when the body is not the answer to a bulk, or
/// `take` wants no more.
pub(crate) fn each_item<'a, T: Deserialize<'a>>(
    body: &'a [u8],
    take: impl FnMut(T) -> Option<()>,
) -> Option<()> {
    let mut body = serde_json::Deserializer::from_slice(body);
    (&mut body).deserialize_map(Answer(take, PhantomData)).ok()?;
    body.end().ok()
}

struct Answer<F, T>(F, PhantomData<T>);

impl<'a, T: Deserialize<'a>, F: FnMut(T) -> Option<()>> Visitor<'a> for Answer<F, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer to a bulk")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut fields: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(name) = fields.next_key::<Name>()? {
            if matches!(name, Name::Items) {
                fields.next_value_seed(Items(&mut self.0, PhantomData))?;
                found = true;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("items")) }
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Items,
    #[serde(other)]
    Other,
}

struct Items<'f, F, T>(&'f mut F, PhantomData<T>);

impl<'a, T: Deserialize<'a>, F: FnMut(T) -> Option<()>> serde::de::DeserializeSeed<'a> for Items<'_, F, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, items: D) -> Result<(), D::Error> {
        items.deserialize_seq(self)
    }
}

impl<'a, T: Deserialize<'a>, F: FnMut(T) -> Option<()>> Visitor<'a> for Items<'_, F, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a bulk")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(One(item)) = items.next_element()? {
            (self.0)(item).ok_or_else(|| A::Error::custom("no more wanted"))?;
        }
        Ok(())
    }
}

/// The value of an object's only field.
struct One<T>(T);

impl<'a, T: Deserialize<'a>> Deserialize<'a> for One<T> {
    fn deserialize<D: Deserializer<'a>>(item: D) -> Result<Self, D::Error> {
        struct OneVisitor<T>(PhantomData<T>);
        impl<'a, T: Deserialize<'a>> Visitor<'a> for OneVisitor<T> {
            type Value = One<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item of a bulk")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut fields: A) -> Result<One<T>, A::Error> {
                let item = fields.next_entry::<IgnoredAny, T>()?;
                let (_, item) = item.ok_or_else(|| A::Error::custom("an item without a result"))?;
                match fields.next_key::<IgnoredAny>()? {
                    None => Ok(One(item)),
                    Some(IgnoredAny) => Err(A::Error::custom("an item with two results")),
                }
            }
        }
        item.deserialize_map(OneVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Item {
        status: u16,
    }

    fn statuses(body: &str) -> Option<Vec<u16>> {
        let mut found = Vec::new();
        each_item(body.as_bytes(), |item: Item| {
            found.push(item.status);
            (item.status < 500).then_some(())
        })?;
        Some(found)
    }

    #[test]
    fn items_whatever_stands_around_them() {
        let item = r#"{"index":{"_id":"1","status":201}}"#;
        assert_eq!(
            statuses(&format!(r#"{{"took":1,"items":[{item},{item}],"x":{{}}}}"#)),
            Some(vec![201, 201])
        );
        assert_eq!(statuses(r#"{"items":[]}"#), Some(vec![]));
        for broken in
            ["", "{}", "[]", r#"{"items":[{}]}"#, r#"{"items":[1]}"#, r#"{"items":[]} x"#, r#"{"items":["#]
        {
            assert_eq!(statuses(broken), None, "{broken}");
        }
        assert_eq!(statuses(r#"{"items":[{"index":{"status":503}}]}"#), None, "it was enough");
    }

    #[derive(Deserialize)]
    struct Whole {
        items: Vec<HashMap<String, Item>>,
    }

    fn text() -> impl Strategy<Value = String> {
        let item = prop_oneof![
            8 => (200_u16..300).prop_map(|status| format!(r#"{{"index":{{"_id":"é\\n","status":{status}}}}}"#)),
            1 => Just("{}".to_owned()),
            1 => Just(r#"{"a":{"status":1},"b":{"status":2}}"#.to_owned()),
        ];
        (prop::collection::vec(item, 0..5), any::<bool>(), 0..400_usize).prop_map(|(items, before, cut)| {
            let items = format!(r#""items":[{}]"#, items.join(" , "));
            let text = if before {
                format!(r#"{{"took":1,{items}}}"#)
            } else {
                format!(r#" {{{items},"errors":{{}}}} "#)
            };
            text.get(..cut).unwrap_or(&text).to_owned()
        })
    }

    proptest! {
        #[test]
        fn one_after_the_other_they_are_those_of_the_whole(text in text()) {
            let whole: Option<Whole> = serde_json::from_str(&text).ok();
            let single = whole.filter(|whole| whole.items.iter().all(|item| item.len() == 1));
            let wanted: Option<Vec<u16>> = single
                .map(|whole| whole.items.into_iter().flat_map(HashMap::into_values).map(|item| item.status).collect());
            prop_assert_eq!(statuses(&text), wanted);
        }
    }
}
