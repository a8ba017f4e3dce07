//! Transformers of the existing tool's configuration, for documents.

use std::borrow::Cow;

use super::{Document, Foreseen, NO_TYPE, message, through};
use crate::json::Numbers;
use crate::outcome::Stop;
use crate::transformer::{Transformer, Transformers};
use crate::types::TypeRouting;

impl Transformers {
    /// Lets all of them change a document, in order.
    ///
    /// # Errors
    /// Of the first that fails.
    pub fn apply_to_document<'a>(&self, document: Document<'a>) -> Result<Vec<Document<'a>>, Stop> {
        through(document, &self.chain, |(name, transformer), document| {
            transformer.apply_to_document(document).map_err(|stop| stop.by(name))
        })
    }

    pub(super) fn foresee(&self, now: Foreseen) -> Option<Foreseen> {
        self.chain.iter().try_fold(now, |now, (_, transformer)| match transformer {
            Transformer::Noop => Some(now),
            Transformer::TypeRemoval => Some(Foreseen { doc_type: None, ..now }),
            Transformer::Versions(versions) => {
                match target(versions.types(), &now.index, now.doc_type.as_deref()).map(Cow::into_owned) {
                    Some(index) => Some(now.moved(index)),
                    None => now.dropped(),
                }
            }
            // What a script does is not known before it does it.
            Transformer::Script(_) | Transformer::JmesPath(_) | Transformer::Conditional(..) => {
                Some(now.open())
            }
        })
    }
}

impl Transformer {
    fn apply_to_document<'a>(&self, mut document: Document<'a>) -> Result<Vec<Document<'a>>, Stop> {
        match self {
            Self::Noop => {}
            Self::TypeRemoval => document.doc_type = None,
            Self::Versions(versions) => {
                let target = target(versions.types(), &document.index, document.doc_type.as_deref());
                let Some(target) = target.map(Cow::into_owned) else { return Ok(Vec::new()) };
                if target != document.index {
                    document.index = Cow::Owned(target);
                }
                document.doc_type = None;
            }
            Self::Script(script) => {
                let result = script.transform(&message::list(&document)?)?;
                return message::read(&result, &document, Numbers::Double);
            }
            Self::JmesPath(expression) => {
                let result = expression.find(&message::list(&document)?)?;
                return message::read(&result, &document, Numbers::Double);
            }
            Self::Conditional(predicate, chain) => {
                if predicate.is_true(&message::list(&document)?)? {
                    return chain.apply_to_document(document);
                }
            }
        }
        Ok(vec![document])
    }
}

/// The table's answer, the same as for a request that names the type in its path.
fn target<'t>(types: &'t TypeRouting, index: &'t str, doc_type: Option<&str>) -> Option<Cow<'t, str>> {
    types.target(index, doc_type.unwrap_or(NO_TYPE))
}
