//! Replacements of ranges of a text, gathered in any order and made at once.

use std::ops::Range;

use super::scan::{self, Member};

/// Replacements in one text.
#[derive(Debug)]
pub struct Splices<'a> {
    text: &'a [u8],
    edits: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'a> Splices<'a> {
    /// None yet.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, edits: Vec::new() }
    }

    /// Whether nothing is replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Puts `new` in the place of `range`.
    pub fn replace(&mut self, range: Range<usize>, new: impl Into<Vec<u8>>) {
        self.edits.push((range, new.into()));
    }

    /// Cuts out ranges.
    pub fn remove(&mut self, ranges: impl IntoIterator<Item = Range<usize>>) {
        self.edits.extend(ranges.into_iter().map(|range| (range, Vec::new())));
    }

    /// Writes a member in front of the others.
    pub fn prepend(&mut self, object: &Range<usize>, empty: bool, name: &str, value: &[u8]) {
        let comma: &[u8] = if empty { b"" } else { b"," };
        let member = [&quoted(name), b":".as_slice(), value, comma].concat();
        self.replace(object.start + 1..object.start + 1, member);
    }

    /// The text with all replacements; `None` when there are none. A replacement inside an earlier one's range is
    /// left out: the range is gone.
    #[must_use]
    pub fn finish(mut self) -> Option<Vec<u8>> {
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let grown: usize = self.edits.iter().map(|(_, new)| new.len()).sum();
        let mut out = Vec::with_capacity(self.text.len() + grown);
        let mut copied = 0;
        for (range, new) in self.edits {
            if range.start < copied {
                continue;
            }
            out.extend_from_slice(self.text.get(copied..range.start).unwrap_or_default());
            out.extend_from_slice(&new);
            copied = range.end;
        }
        out.extend_from_slice(self.text.get(copied..).unwrap_or_default());
        Some(out)
    }
}

/// A string as JSON.
#[must_use]
pub(crate) fn quoted(text: &str) -> Vec<u8> {
    // A string can always be written.
    serde_json::to_vec(text).unwrap_or_default()
}

/// The value of the last member of that name: the one that counts where there are several.
#[must_use]
pub fn value_of(text: &[u8], members: &[Member], name: &str) -> Option<Range<usize>> {
    members.iter().rev().find(|member| scan::is(text, &member.key, name)).map(|member| member.value.clone())
}

/// What to cut out so that the members for which `goes` says so are gone, with their commas.
#[must_use]
pub fn removed(members: &[Member], mut goes: impl FnMut(&Member) -> bool) -> Vec<Range<usize>> {
    let goes: Vec<bool> = members.iter().map(&mut goes).collect();
    let mut cuts = Vec::new();
    let last_kept = goes.iter().rposition(|goes| !goes);
    for ((member, next), goes) in
        members.iter().zip(members.iter().skip(1)).zip(&goes).take(last_kept.unwrap_or(0))
    {
        if *goes {
            cuts.push(member.key.start..next.key.start);
        }
    }
    // Behind the last that stays there is no comma to leave.
    let tail = members.get(last_kept.map_or(0, |kept| kept + 1)..).unwrap_or_default();
    if let (Some(first), Some(last)) = (tail.first(), tail.last()) {
        let kept = last_kept.and_then(|kept| members.get(kept));
        cuts.push(kept.map_or(first.key.start, |kept| kept.value.end)..last.value.end);
    }
    cuts
}
