//! What users want changed in documents that come out of a snapshot, on their way to the target.
//!
//! A document goes through the transformers of a configuration, then through the declared rules. Each step makes none,
//! one or several of it; what no step touched keeps its bytes. Whether documents of an index and a type end up in an
//! index that is known beforehand is told by [`DocumentRules::foresee`], so that a target can be checked first.

mod declared;
mod message;
mod steps;
mod template;

use std::borrow::Cow;

use crate::outcome::Stop;
use crate::transformer::Transformers;

pub use declared::DeclaredDocumentRules;

/// The type of documents of an index that has none, as requests name it.
pub const NO_TYPE: &str = "_doc";

/// A document and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<'a> {
    /// The index: that of the snapshot, until a rule says another.
    pub index: Cow<'a, str>,
    /// Its mapping type; none for later versions, and after a rule has said what becomes of it.
    pub doc_type: Option<Cow<'a, str>>,
    /// Its id.
    pub id: Cow<'a, str>,
    /// Its routing.
    pub routing: Option<Cow<'a, str>>,
    /// Further members of its bulk action, as JSON ([`OPTIONS`]).
    pub options: Vec<(&'static str, String)>,
    /// Its `_source`: a JSON object.
    pub source: Cow<'a, [u8]>,
}

/// What a rule may say in a bulk action beside the document's address.
pub const OPTIONS: [&str; 7] =
    ["op_type", "version", "version_type", "pipeline", "if_seq_no", "if_primary_term", "require_alias"];

/// All rules for documents.
#[derive(Debug, Default)]
pub struct DocumentRules {
    /// Followed first.
    pub transformers: Transformers,
    /// Followed then.
    pub declared: DeclaredDocumentRules,
}

/// What can be said of documents before they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Where they go.
    pub index: String,
    /// What is left of the type, as in [`Document::doc_type`].
    pub doc_type: Option<String>,
    /// Otherwise only those that rules leave where they are; others may go anywhere.
    pub certain: bool,
}

impl DocumentRules {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transformers.is_empty() && self.declared.is_empty()
    }

    /// What the rules make of a document: nothing when they drop it.
    ///
    /// # Errors
    /// Of the first rule that can't be followed, with its name.
    pub fn apply<'a>(&self, document: Document<'a>) -> Result<Vec<Document<'a>>, Stop> {
        let mut documents = Vec::new();
        for document in self.transformers.apply_to_document(document)? {
            documents.extend(self.declared.apply(document)?);
        }
        Ok(documents)
    }

    /// Where documents of an index and a type will be; `None`: all of them are dropped.
    #[must_use]
    pub fn foresee(&self, index: &str, doc_type: Option<&str>) -> Option<Foreseen> {
        let (index, doc_type) = (index.to_owned(), doc_type.map(str::to_owned));
        let now = Foreseen { index, doc_type, certain: true };
        self.transformers.foresee(now).and_then(|now| self.declared.foresee(now))
    }
}

/// What becomes of a document that goes through several steps, each of which may make none or several of it.
fn through<'a, S>(
    document: Document<'a>,
    steps: &[S],
    apply: impl Fn(&S, Document<'a>) -> Result<Vec<Document<'a>>, Stop>,
) -> Result<Vec<Document<'a>>, Stop> {
    let mut documents = vec![document];
    for step in steps {
        let mut next = Vec::with_capacity(documents.len());
        for document in documents {
            next.extend(apply(step, document)?);
        }
        documents = next;
    }
    Ok(documents)
}

impl Foreseen {
    /// A rule sends all of them there.
    fn moved(self, index: String) -> Self {
        Self { index, doc_type: None, ..self }
    }

    /// A rule drops all that come to it.
    fn dropped(self) -> Option<Self> {
        (!self.certain).then_some(self)
    }

    /// What becomes of them is up to each.
    fn open(self) -> Self {
        Self { certain: false, ..self }
    }
}

#[cfg(test)]
mod tests;
