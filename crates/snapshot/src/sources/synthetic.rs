//! Elasticsearch's synthetic `_source` (`SourceLoader.Synthetic` and the loaders of its field types).

use std::collections::{BTreeMap, HashMap, HashSet};

use switchover_lucene::{ColumnValue, Segment, StoredValue};

use crate::source::SourceError;
use crate::sources::ignored::{self, Part};
use crate::sources::mapping::{Kind, Leaf, Object};
use crate::sources::rebuild::{self, Values, strange};
use crate::sources::{Sources, value};

/// What follows a field's name where the order of its values is kept.
pub(crate) const OFFSETS: &str = ".offsets";
const IGNORED_SOURCE: &str = "_ignored_source";
/// Malformed values of a field.
const MALFORMED: &str = "._ignore_malformed";
/// Values of a keyword that are too long for the index, and all of a text for matching only.
const ORIGINAL: &str = "._original";

/// Why documents of a segment can't be made.
pub(crate) fn obstacle(sources: &Sources, segment: &Segment, fields: &HashSet<&str>) -> Option<String> {
    let logs = sources.root.all_leaves().into_iter().filter(|leaf| leaf.kind == Kind::MatchOnlyText);
    let mut present = logs.filter(|leaf| fields.contains(leaf.path.as_str()));
    let leaf = present.find(|leaf| {
        let original = format!("{}{ORIGINAL}", leaf.path);
        // With subfields, and in newer formats, values may be somewhere else.
        leaf.has_subfields || !fields.contains(original.as_str()) || segment.has_doc_values(&original)
    })?;
    Some(format!("field {} has the type {} and keeps its values elsewhere", leaf.path, leaf.type_name))
}

pub(crate) fn document(sources: &Sources, values: &mut Values<'_>) -> Result<String, SourceError> {
    let mut ignored: HashMap<String, Vec<Part>> = HashMap::new();
    for value in values.stored(IGNORED_SOURCE) {
        let parts = match value {
            StoredValue::Bytes(bytes) => ignored::parts(bytes, sources.coalesced),
            _ => None,
        };
        let damaged = || SourceError::NotKept("its _ignored_source can't be read".to_owned());
        for part in parts.ok_or_else(damaged)? {
            ignored.entry(part.parent.clone()).or_default().push(part);
        }
    }
    if !sources.root.enabled {
        // All of it is one part.
        let whole = ignored.remove("").and_then(|parts| parts.into_iter().next());
        return Ok(whole.and_then(|part| part.json).unwrap_or_else(|| "{}".to_owned()));
    }
    Ok(object(&sources.root, values, &mut ignored)?.unwrap_or_else(|| "{}".to_owned()))
}

/// `None`: nothing is in it.
fn object(
    mapped: &Object,
    values: &mut Values<'_>,
    ignored: &mut HashMap<String, Vec<Part>>,
) -> Result<Option<String>, SourceError> {
    // By path, as the server orders them: what is stored as it was sent goes before what fields keep.
    let mut members: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for Part { path, name, json, .. } in ignored.remove(&mapped.path).unwrap_or_default() {
        members.entry(path).or_insert((name, Vec::new())).1.extend(json);
    }
    for (_, parts) in members.values_mut() {
        if parts.len() > 1 {
            let merged = merge(parts);
            *parts = vec![merged];
        }
    }
    for leaf in &mapped.leaves {
        if !members.contains_key(&leaf.path)
            && let Some(json) = self::leaf(leaf, values)?
        {
            members.insert(leaf.path.clone(), (leaf.name.clone(), vec![json]));
        }
    }
    for inner in &mapped.objects {
        if !members.contains_key(&inner.path)
            && let Some(json) = object(inner, values, ignored)?
        {
            members.insert(inner.path.clone(), (inner.name.clone(), vec![json]));
        }
    }
    let members: Vec<(String, String)> =
        members.into_values().filter_map(|(name, mut json)| Some((name, json.pop()?))).collect();
    Ok((!members.is_empty()).then(|| rebuild::object(&members)))
}

/// Several parts of a field are one list; those that are lists themselves become a part of it.
fn merge(parts: &[String]) -> String {
    let inner = |part: &String| {
        let part = part.trim();
        let inside = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).map(str::trim);
        inside.unwrap_or(part).to_owned()
    };
    let inner: Vec<String> = parts.iter().map(inner).filter(|part| !part.is_empty()).collect();
    rebuild::list(&inner)
}

fn leaf(leaf: &Leaf, values: &mut Values<'_>) -> Result<Option<String>, SourceError> {
    let mut json = match &leaf.kind {
        Kind::Alias | Kind::Other => return Ok(None),
        Kind::Text => {
            let stored = values.stored_json(leaf, &leaf.kind, &leaf.path)?;
            return match &leaf.keyword {
                Some(keyword) if stored.is_empty() => {
                    let mut json = values.stored_json(leaf, &Kind::Keyword, keyword)?;
                    if json.is_empty() {
                        json = values.column_json(leaf, &Kind::Keyword, keyword)?;
                    }
                    json.extend(values.stored_json(leaf, &Kind::Keyword, &format!("{keyword}{ORIGINAL}"))?);
                    Ok(rebuild::one_or_list(json))
                }
                _ => Ok(rebuild::one_or_list(stored)),
            };
        }
        Kind::MatchOnlyText => {
            return Ok(rebuild::one_or_list(values.stored_json(
                leaf,
                &leaf.kind,
                &format!("{}{ORIGINAL}", leaf.path),
            )?));
        }
        Kind::Binary => return binary(leaf, values),
        Kind::Keyword if leaf.stored => Sorted::plain(values.stored_json(leaf, &leaf.kind, &leaf.path)?),
        kind => {
            let sorted = sorted(leaf, kind, values)?;
            if leaf.normalized && !sorted.values.is_empty() {
                let reason = format!("field {} keeps normalized values only", leaf.path);
                return Err(SourceError::NotKept(reason));
            }
            sorted
        }
    };
    if leaf.kind == Kind::Keyword {
        json.values.extend(values.stored_json(leaf, &leaf.kind, &format!("{}{ORIGINAL}", leaf.path))?);
    } else {
        let malformed = values.stored(&format!("{}{MALFORMED}", leaf.path));
        let malformed: Option<Vec<String>> = malformed.iter().map(|value| as_sent(*value)).collect();
        json.values.extend(malformed.ok_or_else(|| strange(leaf))?);
    }
    Ok(if json.is_list { Some(rebuild::list(&json.values)) } else { rebuild::one_or_list(json.values) })
}

/// A field's values.
struct Sorted {
    values: Vec<String>,
    /// Known to have been sent as a list.
    is_list: bool,
}

impl Sorted {
    fn plain(values: Vec<String>) -> Self {
        Self { values, is_list: false }
    }
}

fn sorted(leaf: &Leaf, kind: &Kind, values: &mut Values<'_>) -> Result<Sorted, SourceError> {
    let mut distinct = values.column_json(leaf, kind, &leaf.path)?;
    let mut offsets = None;
    if !leaf.has_subfields {
        values.column(&format!("{}{OFFSETS}", leaf.path), |value| {
            if let ColumnValue::Bytes(bytes) = value {
                offsets = Some(places(bytes));
            }
        })?;
    }
    let Some(offsets) = offsets else {
        return Ok(Sorted::plain(distinct));
    };
    // Numbers are kept as often as they were sent, places count them once.
    distinct.dedup();
    let at = |place: &i64| match usize::try_from(*place) {
        Err(_) => Some("null".to_owned()),
        Ok(place) => distinct.get(place).cloned(),
    };
    let ordered = offsets.and_then(|offsets| offsets.iter().map(at).collect::<Option<Vec<_>>>());
    Ok(Sorted { values: ordered.ok_or_else(|| strange(leaf))?, is_list: true })
}

/// Which of the sorted values stands at each place of the list that was sent; -1 for null.
fn places(bytes: &[u8]) -> Option<Vec<i64>> {
    let mut rest = bytes;
    let mut number = || {
        let zigzag = value::vint(&mut rest)?;
        i64::try_from(zigzag).ok().map(|zigzag| zigzag >> 1 ^ -(zigzag & 1))
    };
    let count = number()?;
    (0..count).map(|_| number()).collect()
}

fn binary(leaf: &Leaf, values: &mut Values<'_>) -> Result<Option<String>, SourceError> {
    let mut json = Some(Vec::new());
    values.column(&leaf.path, |value| {
        json = match value {
            ColumnValue::Bytes(bytes) => value::binaries(bytes),
            ColumnValue::Number(_) => None,
        };
    })?;
    Ok(rebuild::one_or_list(json.ok_or_else(|| strange(leaf))?))
}

/// A malformed value as it was sent.
fn as_sent(value: StoredValue<'_>) -> Option<String> {
    match value {
        StoredValue::Bytes(bytes) => ignored::value_json(bytes),
        StoredValue::Text(bytes) => Some(value::text(bytes)),
        StoredValue::Int(number) => Some(number.to_string()),
        StoredValue::Long(number) => Some(number.to_string()),
        StoredValue::Float(number) => serde_json::to_string(&number).ok(),
        StoredValue::Double(number) => serde_json::to_string(&number).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_field_become_one_list() {
        let parts = ["1", "[2, [3]]", "[ ]", r#"{"a":[4]}"#].map(str::to_owned);
        assert_eq!(merge(&parts), r#"[1,2, [3],{"a":[4]}]"#);
    }

    #[test]
    fn places_of_values_in_a_list() {
        assert_eq!(places(&[8, 2, 0, 1, 2]).unwrap(), [1, 0, -1, 1]);
        assert_eq!(places(&[0]).unwrap(), [0; 0]);
        assert_eq!(places(&[8, 2]), None);
    }
}
