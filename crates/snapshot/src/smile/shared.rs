//! Names or texts that a later reference may stand for.

/// As many as a reference can tell apart. When they are full the writer forgets them all, and so does the reader.
const MAX_SHARED: usize = 1_024;

pub(super) struct Shared<'a> {
    /// Whether the document uses references of this kind at all.
    used: bool,
    seen: Vec<&'a str>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(used: bool) -> Self {
        Self { used, seen: Vec::new() }
    }

    pub(super) fn add(&mut self, text: &'a str) {
        if !self.used {
            return;
        }
        if self.seen.len() >= MAX_SHARED {
            self.seen.clear();
        }
        self.seen.push(text);
    }

    pub(super) fn get(&self, index: usize) -> Option<&'a str> {
        self.seen.get(index).copied()
    }
}
