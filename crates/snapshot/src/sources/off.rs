//! Documents of indices whose `_source` is switched off.
//!
//! Nothing tells what the client sent but stored fields and doc values. What the index can't tell apart is made in its
//! simplest form: a list of one value as that value, null and empty lists as no field, numbers in texts as numbers. All
//! else must be known exactly.

use std::collections::HashSet;

use crate::source::SourceError;
use crate::sources::Sources;
use crate::sources::date::DateFormat;
use crate::sources::mapping::{Kind, Leaf, Object};
use crate::sources::rebuild::{self, Values};

/// Why documents can't be made: `fields` are those of a segment.
pub(crate) fn obstacle(sources: &Sources, fields: &HashSet<&str>) -> Option<String> {
    if let Some(object) =
        sources.root.all_objects().into_iter().find(|object| !object.enabled || object.leaves_out)
    {
        let path = if object.path.is_empty() { "the mapping" } else { object.path.as_str() };
        return Some(format!("{path} leaves fields out of the index (enabled or dynamic)"));
    }
    if sources.leaves_out {
        let settings =
            "index.mapping.ignore_malformed, ignore_above or total_fields.ignore_dynamic_beyond_limit";
        return Some(format!("the index leaves values out ({settings})"));
    }
    let leaves = sources.root.all_leaves();
    let copied: HashSet<&str> =
        leaves.iter().flat_map(|leaf| leaf.copies_to.iter().map(String::as_str)).collect();
    leaves.into_iter().find_map(|leaf| {
        let why = why_not(leaf, fields.contains(leaf.path.as_str()))
            .or_else(|| copied.contains(leaf.path.as_str()).then_some("others are copied to it"))?;
        Some(format!("field {}: {why}", leaf.path))
    })
}

fn why_not(leaf: &Leaf, present: bool) -> Option<&'static str> {
    // No document of the segment shows whether it had values of such a field.
    if !leaf.indexed && !leaf.doc_values && !leaf.stored && leaf.kind != Kind::Alias {
        return Some("it is neither indexed nor stored");
    }
    if leaf.may_ignore {
        return Some("some of its values may not be in the index (ignore_above, ignore_malformed)");
    }
    if leaf.null_value {
        return Some("null has a value of its own (null_value)");
    }
    if !present {
        return None;
    }
    match &leaf.kind {
        _ if leaf.normalized => Some("its values are normalized"),
        Kind::HalfFloat | Kind::GeoPoint => Some("its values are rounded"),
        Kind::Date { format: Some(format), only_format: true, .. } if format.is_exact() => None,
        Kind::Date { .. } => Some("its format does not tell in which form a date was sent"),
        Kind::Text if !leaf.stored => Some("it is text and not stored"),
        Kind::Binary if !leaf.stored => Some("it is not stored"),
        _ if !leaf.stored && !leaf.doc_values => Some("it has neither doc values nor is it stored"),
        _ => None,
    }
}

pub(crate) fn document(sources: &Sources, values: &mut Values<'_>) -> Result<String, SourceError> {
    Ok(object(&sources.root, values)?.unwrap_or_else(|| "{}".to_owned()))
}

fn object(mapped: &Object, values: &mut Values<'_>) -> Result<Option<String>, SourceError> {
    let mut members = Vec::new();
    for leaf in &mapped.leaves {
        members.extend(self::leaf(leaf, values)?.map(|json| (leaf.name.clone(), json)));
    }
    for inner in &mapped.objects {
        members.extend(object(inner, values)?.map(|json| (inner.name.clone(), json)));
    }
    Ok((!members.is_empty()).then(|| rebuild::object(&members)))
}

fn leaf(leaf: &Leaf, values: &mut Values<'_>) -> Result<Option<String>, SourceError> {
    let several = |why: &str| {
        let reason = format!("a document has several values of field {}, {why}", leaf.path);
        Err(SourceError::NotKept(reason))
    };
    if matches!(leaf.kind, Kind::Alias | Kind::MatchOnlyText | Kind::Other) {
        return Ok(None);
    }
    // Of milliseconds the number is what they are sent as, if not in quotes.
    let millis = matches!(leaf.kind, Kind::Date { format: Some(DateFormat::EpochMillis), nanos: false, .. });
    let kind = if millis { &Kind::Integer } else { &leaf.kind };
    let stored = leaf.stored && !matches!(leaf.kind, Kind::UnsignedLong { .. });
    if stored {
        let json = values.stored_json(leaf, kind, &leaf.path)?;
        if json.len() > 1 && leaf.path != leaf.name {
            return several("and it is not known which object each was in");
        }
        return Ok(rebuild::one_or_list(json));
    }
    let json = values.column_json(leaf, kind, &leaf.path)?;
    if json.len() > 1 {
        return several("whose order is not kept");
    }
    Ok(rebuild::one_or_list(json))
}
