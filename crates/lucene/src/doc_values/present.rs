//! Which documents have a value of a field, and which of the values is a document's.

use crate::bits::Bits;

/// Which documents have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WithValue {
    All,
    Some(Bits),
}

/// Documents with a value, counted.
#[derive(Debug)]
pub(crate) struct Present {
    documents: WithValue,
    /// For a part of the documents: how many before each 64 have a value.
    ranks: Vec<u32>,
}

impl Present {
    pub(crate) fn new(documents: WithValue) -> Self {
        let ranks = match &documents {
            WithValue::All => Vec::new(),
            WithValue::Some(bits) => bits.ranks(),
        };
        Self { documents, ranks }
    }

    /// How many documents before this one have a value; `None` when it has none itself.
    pub(crate) fn index(&self, document: u32) -> Option<u32> {
        match &self.documents {
            WithValue::All => Some(document),
            WithValue::Some(bits) => {
                Some(self.ranks.get(document as usize / 64)? + bits.rank_in_word(document)?)
            }
        }
    }
}
