//! The last things that happened, for a seed that fails.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// Lines kept.
const LINES: usize = 120;

#[derive(Clone, Default)]
pub struct Report {
    lines: Rc<RefCell<VecDeque<String>>>,
    /// Damage that some gap has told of.
    pub told: BTreeSet<String>,
}

impl Report {
    pub fn say(&self, line: impl Into<String>) {
        let mut lines = self.lines.borrow_mut();
        let line = line.into();
        if lines.back() == Some(&line) {
            return;
        }
        if lines.len() == LINES {
            // The first line says what is simulated.
            lines.remove(1);
        }
        lines.push_back(line);
    }

    pub fn text(&self) -> String {
        self.lines.borrow().iter().map(|line| format!("  {line}\n")).collect()
    }
}
