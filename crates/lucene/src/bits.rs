//! A set of document numbers.

use std::ops::Range;

/// One bit for each document of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    length: u32,
}

impl Bits {
    pub(crate) fn all(length: u32) -> Self {
        Self::from_words(vec![u64::MAX; words(length)], length)
    }

    pub(crate) fn none(length: u32) -> Self {
        Self { words: vec![0; words(length)], length }
    }

    /// Bits beyond the length are cleared.
    pub(crate) fn from_words(mut words: Vec<u64>, length: u32) -> Self {
        words.resize(self::words(length), 0);
        if let (Some(last), 1..) = (words.last_mut(), length % 64) {
            *last &= (1 << (length % 64)) - 1;
        }
        Self { words, length }
    }

    pub(crate) fn get(&self, doc: u32) -> bool {
        self.words.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 != 0)
    }

    /// Documents beyond the length are left out.
    pub(crate) fn set(&mut self, doc: u32) {
        if doc < self.length
            && let Some(word) = self.words.get_mut(doc as usize / 64)
        {
            *word |= 1 << (doc % 64);
        }
    }

    /// 64 documents at once, beginning with one that 64 divides; those beyond the length are left out.
    pub(crate) fn set_word(&mut self, first: u32, bits: u64) {
        let within = match self.length.saturating_sub(first) {
            0 => 0,
            left @ 1..64 => (1 << left) - 1,
            _ => u64::MAX,
        };
        if let Some(word) = self.words.get_mut(first as usize / 64) {
            *word |= bits & within;
        }
    }

    pub(crate) fn set_range(&mut self, docs: Range<u32>) {
        docs.for_each(|doc| self.set(doc));
    }

    pub(crate) fn remove(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    pub(crate) fn keep(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// How many are set before each 64.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut before = 0;
        let rank = |word: &u64| {
            before += word.count_ones();
            before - word.count_ones()
        };
        self.words.iter().map(rank).collect()
    }

    /// How many of its 64 are set before a document; `None` when it is not set itself.
    pub(crate) fn rank_in_word(&self, doc: u32) -> Option<u32> {
        let word = self.get(doc).then(|| self.words.get(doc as usize / 64).copied()).flatten()?;
        Some((word & ((1 << (doc % 64)) - 1)).count_ones())
    }

    pub(crate) fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }
}

fn words(length: u32) -> usize {
    (length as usize).div_ceil(64)
}
