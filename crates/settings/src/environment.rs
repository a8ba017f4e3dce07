//! Environment variables under the names of the field's existing tool, so that a deployment of it can be taken over as it
//! is. Ours are clap's own; these come below them and above the file, as clap knows one variable for a flag only.

use crate::{name, preset};
use clap::{ArgAction, Command};
use std::ffi::OsString;

/// Prefixes of the environment variables that give settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment<'a> {
    /// Of ours: `PREFIX_LISTEN_PORT`.
    pub prefix: &'a str,
    /// Of the existing tool's.
    pub existing_tool: Option<&'a str>,
}

impl<'a> From<&'a str> for Environment<'a> {
    fn from(prefix: &'a str) -> Self {
        Self { prefix, existing_tool: None }
    }
}

impl Environment<'_> {
    /// Makes the values of the existing tool's variables the defaults of `command`'s flags. A flag that takes several
    /// values has no variable there.
    pub(crate) fn existing_tools(
        &self,
        command: Command,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Command {
        let Some(prefix) = self.existing_tool else { return command };
        let mut found = Vec::new();
        for arg in command.get_arguments() {
            let several = arg.get_num_args().is_some_and(|number| number.min_values() > 1);
            if several || matches!(arg.get_action(), ArgAction::Help | ArgAction::Version) {
                continue;
            }
            let aliases = arg.get_all_aliases().unwrap_or_default();
            let names = arg.get_long().into_iter().chain(aliases);
            let spelled = names.flat_map(|name| [name::upper_snake(name), name::upper_snake_by_letter(name)]);
            let value = spelled.into_iter().find_map(|name| variable(&format!("{prefix}_{name}")));
            found.extend(value.map(|value| (arg.get_id().clone(), value)));
        }
        found.into_iter().fold(command, |command, (id, value)| preset(command, id, vec![value]))
    }
}
