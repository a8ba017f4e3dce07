//! OpenSearch's derived `_source` (`DerivedFieldGenerator` and the fetchers of its field types).

use switchover_lucene::ColumnValue;

use crate::source::SourceError;
use crate::sources::mapping::{Kind, Leaf, Object};
use crate::sources::rebuild::{self, Values, strange};

/// Objects of the mapping are there even if nothing is in them, as the server has it.
pub(crate) fn object(mapped: &Object, values: &mut Values<'_>) -> Result<String, SourceError> {
    let mut members = Vec::new();
    for leaf in &mapped.leaves {
        members.extend(self::leaf(leaf, values)?.map(|json| (leaf.name.clone(), json)));
    }
    for inner in &mapped.objects {
        members.push((inner.name.clone(), object(inner, values)?));
    }
    Ok(rebuild::object(&members))
}

fn leaf(leaf: &Leaf, values: &mut Values<'_>) -> Result<Option<String>, SourceError> {
    let json = match &leaf.kind {
        Kind::Alias | Kind::MatchOnlyText | Kind::Other => Vec::new(),
        // They lie in the order of signed numbers.
        Kind::UnsignedLong { .. } if leaf.doc_values => {
            let mut numbers = Vec::new();
            values.column(&leaf.path, |value| {
                if let ColumnValue::Number(number) = value {
                    numbers.push(number.cast_unsigned());
                }
            })?;
            numbers.sort_unstable();
            numbers.iter().map(u64::to_string).collect()
        }
        kind if leaf.doc_values => values.column_json(leaf, kind, &leaf.path)?,
        // Only these are stored in the form in which they are served.
        Kind::UnsignedLong { .. } | Kind::GeoPoint | Kind::HalfFloat
            if !values.stored(&leaf.path).is_empty() =>
        {
            return Err(strange(leaf));
        }
        _ => values.stored_json(leaf, &leaf.kind, &leaf.path)?,
    };
    Ok(rebuild::one_or_list(json))
}
