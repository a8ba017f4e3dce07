//! Completion scripts and manual pages, made from the definition of the command line, so that they can't be behind it.

use std::path::Path;

use anyhow::Context;
use clap::{CommandFactory, ValueEnum};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Output;

/// The console's names: its own, and that of the field's documents.
const NAMES: [&str; 2] = ["switchover", "console"];

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(crate) fn script(shell: Shell) -> Result<(), Failure> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    // Of the name it was called by: a script serves one.
    let called = std::env::args_os().next().unwrap_or_default();
    let called = Path::new(&called).file_name().and_then(|name| name.to_str());
    let name = NAMES.into_iter().find(|name| Some(*name) == called).unwrap_or(NAMES[0]);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), name, &mut script);
    let mut out = Output::stdout();
    out.bytes(&script)?;
    out.flush()
}

pub(crate) fn man_pages(folder: &Path) -> Result<(), Failure> {
    let told = || format!("cannot write the manual's pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(told)?;
    Ok(clap_mangen::generate_to(Cli::command(), folder).with_context(told)?)
}
