//! What a cluster knows besides documents (settings, mappings, templates, aliases, pipelines, scripts), and what must
//! change in it so that an OpenSearch of another version takes it and means the same.
//!
//! [`SourceItem`] is what was read, of any version; [`types`] takes its mapping types away; [`rules`] are tables of what
//! targets refuse or would misunderstand; [`Item`] is what the target gets. [`compare`] says whether it has that already,
//! [`repair`] what an error of the target asks for, [`Plan`] what will be done. No IO: JSON in, JSON out.

pub mod compare;
pub mod definition;
pub mod diff;
mod fields;
pub mod item;
mod json;
pub mod names;
pub mod plan;
pub mod read;
pub mod reduce;
pub mod repair;
pub mod rules;
mod scripts;
pub mod select;
pub mod span;
pub mod types;
mod user;

pub use definition::Definition;
pub use item::{Item, Kind, SourceItem};
pub use plan::{Outcome, Plan, Planned};
pub use rules::{Applied, Context, Rule, Severity};
pub use select::Selection;
pub use switchover_rewrite::version::{Product, Version};
pub use user::UserRules;
