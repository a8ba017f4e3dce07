//! One definition of a flag, four spellings.
//!
//! A binary declares its flags once, as a clap derive struct in camelCase (the names that the field's documents
//! use). From that definition every flag also gets its kebab-case twin, an environment variable and a key of the
//! YAML file named by `--config`. Precedence: flag, environment, file, default. Doing this on clap's own command
//! keeps help, errors and completions in step with what is accepted.

mod config_file;
mod dashes;
mod environment;
pub mod name;
pub mod secret;
pub mod value;

use clap::{Arg, ArgAction, Command, CommandFactory, Id, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

use config_file::Given;

pub use config_file::ConfigFileError;
pub use environment::Environment;

/// Why settings could not be read. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A flag or an environment variable is missing, unknown or has a wrong value (also: `--help`, `--version`).
    #[error(transparent)]
    Flags(#[from] clap::Error),
    /// The file named by `--config`.
    #[error(transparent)]
    File(#[from] ConfigFileError),
}

/// The text of `--version` after the program's name: version, commit and target.
pub const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("SWITCHOVER_COMMIT"), ", ", env!("SWITCHOVER_TARGET"), ")");

/// Parses this process's arguments; prints the error and exits 2 when they are wrong.
pub fn parse<'a, T: Parser>(environment: impl Into<Environment<'a>>) -> T {
    match try_parse_from(environment, std::env::args_os()) {
        Ok(settings) => settings,
        Err(SettingsError::Flags(error)) => error.exit(),
        Err(SettingsError::File(error)) => {
            eprintln!("error: {error}");
            std::process::exit(2)
        }
    }
}

/// The command line as [`parse`] takes it: what manual pages and completions are made from.
#[must_use]
pub fn command<T: CommandFactory>(env_prefix: &str) -> Command {
    spelled_four_ways(T::command(), env_prefix).arg(
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .env(config_variable(env_prefix))
            .hide_env_values(true)
            .help("YAML file with the same keys as the flags (flag > environment > file > default)"),
    )
}

fn config_variable(env_prefix: &str) -> String {
    format!("{env_prefix}_CONFIG")
}

/// Parses `argv` (with the program's name first).
///
/// # Errors
/// Whatever is wrong with a flag, an environment variable or the configuration file.
pub fn try_parse_from<'a, T: Parser>(
    environment: impl Into<Environment<'a>>,
    argv: impl IntoIterator<Item = OsString>,
) -> Result<T, SettingsError> {
    let environment: Environment<'_> = environment.into();
    let command = command::<T>(environment.prefix);
    let argv = dashes::straightened(argv.into_iter().collect(), &command);
    let (given, argv) = config_file::given_in(argv);
    let config_env = config_variable(environment.prefix);
    let from_environment = || std::env::var_os(&config_env).map(|path| Given::File(path.into()));
    let command = match given.or_else(from_environment) {
        Some(given) => config_file::apply(command, &given)?,
        None => command,
    };
    let command = environment.existing_tools(command, |name| std::env::var_os(name));
    let mut matches = command.try_get_matches_from(argv)?;
    Ok(T::from_arg_matches_mut(&mut matches)?)
}

/// Makes values the defaults of a flag.
fn preset(command: Command, id: Id, values: Vec<OsString>) -> Command {
    command.mut_arg(id, |arg| {
        // Not shown in --help: it may be a password.
        let takes_values = arg.get_action().takes_values();
        let arg = arg.default_values(values).required(false);
        if takes_values { arg.hide_default_value(true) } else { arg }
    })
}

/// Adds the kebab-case twin and the environment variable of every long flag.
fn spelled_four_ways(command: Command, env_prefix: &str) -> Command {
    command.version(VERSION).mut_args(|arg| {
        let Some(long) = arg.get_long().map(str::to_owned) else { return arg };
        if matches!(arg.get_action(), ArgAction::Help | ArgAction::Version) {
            return arg;
        }
        let variable = format!("{env_prefix}_{}", name::upper_snake(&long));
        with_twin(arg).env(variable).hide_env_values(true)
    })
}

/// Lets each long flag of a command and of all commands below it be written in kebab-case and in camelCase, whichever
/// it is declared in.
#[must_use]
pub fn spelled_both_ways(command: Command) -> Command {
    command.mut_args(with_twin).mut_subcommands(spelled_both_ways)
}

/// The flag with its names in the other case.
fn with_twin(arg: Arg) -> Arg {
    let names: Vec<String> = arg
        .get_long()
        .into_iter()
        .chain(arg.get_all_aliases().unwrap_or_default())
        .map(str::to_owned)
        .collect();
    let mut twins: Vec<String> = Vec::new();
    for name in &names {
        let twin = if name.contains('-') { name::camel(name) } else { name::kebab(name) };
        if !names.contains(&twin) && !twins.contains(&twin) {
            twins.push(twin);
        }
    }
    arg.aliases(twins)
}

#[cfg(test)]
mod tests;
