//! What a document is in the snapshot.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use switchover_rewrite::documents::Document;

/// A document of the snapshot, without its source. Kept with a document that a rule failed for, so that the mended
/// rules can be followed later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin<'a> {
    /// Its index.
    #[serde(rename = "_index", borrow)]
    pub index: Cow<'a, str>,
    /// Its mapping type.
    #[serde(rename = "_type", borrow, default, skip_serializing_if = "Option::is_none")]
    pub doc_type: Option<Cow<'a, str>>,
    /// Its id.
    #[serde(rename = "_id", borrow)]
    pub id: Cow<'a, str>,
    /// Its routing.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Cow<'a, str>>,
    /// Its index holds documents of several types.
    #[serde(rename = "severalTypes", default)]
    pub several_types: bool,
}

impl Origin<'_> {
    /// As rules get it.
    pub(crate) fn document<'s>(&'s self, source: &'s [u8]) -> Document<'s> {
        Document {
            index: Cow::Borrowed(&self.index),
            doc_type: self.doc_type.as_deref().map(Cow::Borrowed),
            id: Cow::Borrowed(&self.id),
            routing: self.routing.as_deref().map(Cow::Borrowed),
            options: Vec::new(),
            source: Cow::Borrowed(source),
        }
    }
}
