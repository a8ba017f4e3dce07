//! `capture cat`: pairs on stdout as soon as they are complete; everything that could not become a pair is told on
//! stderr, so that what is missing from the output is never missing in silence.

mod follow;
mod printer;

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use switchover_capture::input::{InputError, RecordInput};

use self::printer::Printer;
use super::is_directory;
use super::log::CaptureLog;
use crate::failure::Failure;

pub(super) fn run(path: &Path, follow: bool, json: bool) -> Result<(), Failure> {
    let mut printer = Printer::new(json);
    let read = if is_directory(path)? {
        read_log(path, follow, &mut printer)
    } else if follow {
        let message =
            format!("{} is a file; only the directory of a capture log can be followed", path.display());
        return Err(Failure::Usage(message));
    } else {
        read_file(path, &mut printer)
    };
    if matches!(read, Err(Failure::ReaderGone)) {
        return read;
    }
    printer.finish()?;
    read?;
    printer.verdict(path)
}

fn read_log(dir: &Path, follow: bool, printer: &mut Printer) -> Result<(), Failure> {
    let mut log = CaptureLog::open(dir).map_err(anyhow::Error::from)?;
    if follow {
        return follow::follow(&mut log, printer);
    }
    while let Some(found) = log.next().map_err(anyhow::Error::from)? {
        printer.found(found)?;
    }
    Ok(())
}

fn read_file(path: &Path, printer: &mut Printer) -> Result<(), Failure> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let input = RecordInput::new(file).with_context(|| format!("cannot read {}", path.display()))?;
    for record in input {
        match record {
            Ok(record) => printer.record(record.stream)?,
            Err(InputError::Bad(bad)) => printer.bad(format_args!("{}: {bad}", path.display()))?,
            Err(error @ InputError::Io { .. }) => {
                let error = anyhow::Error::from(error).context(path.display().to_string());
                return Err(Failure::Failed(error));
            }
        }
    }
    Ok(())
}
