//! The ways a command can end other than well, and the exit code of each.

mod document;

use std::process::ExitCode;
use std::{fmt, io};

use self::document::Document;

/// Exit codes of [`Failure::Usage`] and [`Failure::Failed`].
const USAGE: u8 = 2;
const FAILED: u8 = 1;

/// Why a command stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command can't be meant this way: exit 2.
    Usage(String),
    /// It was tried and did not work: exit 1.
    Failed(anyhow::Error),
    /// The same with an exit code of its own.
    Coded(u8, anyhow::Error),
    /// It was done, and what was found is not as it should be: this exit code. The output says what.
    Verdict(u8),
    /// Whoever read our output has seen enough (`| head`): exit 0, without a word.
    ReaderGone,
}

impl Failure {
    /// From a failed write to stdout.
    pub(crate) fn of_output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Failed(anyhow::anyhow!("cannot write to stdout: {error}")),
        }
    }

    /// Says it on stderr, with `--json` as one line of JSON.
    pub(crate) fn report(&self, as_json: bool) -> ExitCode {
        match (self, Document::of(self)) {
            (_, None) => {}
            (_, Some(document)) if as_json => say(&document),
            (failure, Some(_)) => eprintln!("error: {failure}"),
        }
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Failed(_) => FAILED,
            Self::Coded(code, _) | Self::Verdict(code) => *code,
            Self::ReaderGone => 0,
        }
    }
}

/// Answers a command line that asks for help or can't be understood.
pub(crate) fn of_line(error: &clap::Error, as_json: bool) -> ExitCode {
    if as_json && error.use_stderr() {
        say(&Document::of_line(error));
    } else if error.print().is_err() {
        // Nobody is there to read it.
        return ExitCode::FAILURE;
    }
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

fn say(document: &Document) {
    match serde_json::to_string(document) {
        Ok(line) => eprintln!("{line}"),
        Err(error) => eprintln!("error: cannot write JSON: {error}"),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => out.write_str(message),
            Self::Failed(error) | Self::Coded(_, error) => out.write_str(&sentence(error)),
            Self::Verdict(code) => write!(out, "exit code {code}"),
            Self::ReaderGone => out.write_str("the reader is gone"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// The error and its causes on one line. Errors of our libraries tell their cause themselves, others leave it to
/// their source: what was said already is not said twice.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence = format!("{sentence}: {cause}");
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let cause = || anyhow!("no such file");
        assert_eq!(sentence(&cause()), "no such file");
        assert_eq!(sentence(&cause().context("cannot read x")), "cannot read x: no such file");
        let told = cause().context("cannot read x: no such file; make one").context("services");
        assert_eq!(sentence(&told), "services: cannot read x: no such file; make one");
    }
}
