//! The tables: what targets refuse, or would take and understand otherwise.
//!
//! One rule a row, with an example that says what it does: a test lets every rule change its example, and an end-to-end
//! test asks real servers whether they refuse what was there and take what came. Rows go by the shape of what they find;
//! the source's version is asked for only where the same shape means something else in another version.

mod analysis;
mod apply;
mod dates;
mod grams;
mod parameters;
mod replicas;
mod roots;
mod settings;
mod strings;
mod templates;
mod types;
mod vectors;

use serde::{Deserialize, Serialize};

use crate::Version;
use crate::item::Item;
use crate::span::Span;

pub use apply::apply;
pub(crate) use apply::{named, unsearched_field};

/// What a change costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The target does the same as the source.
    Lossless,
    /// The target does something like it.
    Lossy,
    /// Something that the source did is not there any more.
    Dropped,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lossless => "lossless",
            Self::Lossy => "lossy",
            Self::Dropped => "dropped",
        }
    }
}

/// One rule at one place of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The rule's name.
    pub rule: String,
    /// What it costs.
    pub severity: Severity,
    /// Where: a setting, a field, a member of the body.
    pub path: String,
    /// What was done there.
    pub detail: String,
}

/// What rules are asked with.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// What the items were read from.
    pub source: Version,
    /// What they are for.
    pub target: Version,
    /// Copies of each shard must be a multiple of this (zones that copies are spread over); 1: any number.
    pub copies_multiple: u32,
}

/// One row.
#[derive(Debug)]
pub struct Rule {
    /// Its name in reports.
    pub name: &'static str,
    /// For sources of these versions.
    pub source: Span,
    /// For targets of these versions.
    pub target: Span,
    /// What it costs.
    pub severity: Severity,
    /// What it does.
    pub does: &'static str,
    /// Why it must.
    pub why: &'static str,
    /// What it does, for the machine.
    act: Act,
    /// What comes of the example without the rule.
    pub without: Without,
    /// An example: the body of an index, or of the template that the rule is about.
    pub before: &'static str,
    /// What the rule makes of it.
    pub after: &'static str,
}

/// What a target does with something that no rule has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// It refuses it.
    Refused,
    /// It takes it, and does something that nobody meant.
    Misunderstood,
    /// It depends on a plugin that not every target has.
    Plugin,
}

/// What a rule does.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Leaves out settings with these names (`*` at the end for all that begin so).
    DropSettings(&'static [&'static str]),
    /// Leaves out parameters of the mapping itself.
    DropRoots(&'static [&'static str]),
    /// Leaves out parameters of fields of these types (none: of all).
    DropParameters(&'static [&'static str], &'static [&'static str]),
    /// Gives a parameter of fields another name.
    RenameParameter(&'static str, &'static str),
    /// Gives fields another type and keeps only these parameters.
    Become(&'static [&'static str], &'static str, &'static [&'static str]),
    /// Makes fields of these types objects that are kept in `_source` and not looked into.
    KeepUnsearched(&'static [&'static str]),
    /// Leaves out members of a template's body, as paths.
    DropMembers(&'static [&'static str]),
    /// Anything else; says where it did what.
    Edit(fn(&mut Item, Context) -> Vec<Found>),
}

/// A place where something was done, and what.
type Found = (String, String);

/// All rules, in the order in which they are followed.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let tables: [&'static [Rule]; 10] = [
        templates::RULES,
        settings::RULES,
        analysis::RULES,
        grams::RULES,
        roots::RULES,
        strings::RULES,
        types::RULES,
        parameters::RULES,
        dates::RULES,
        vectors::RULES,
    ];
    tables.into_iter().flatten().chain(replicas::RULES)
}

#[cfg(test)]
mod tests;
