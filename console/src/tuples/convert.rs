//! `tuples convert`.

use switchover_compare::compare::Comparer;
use switchover_compare::tuple::{Shape, convert};

use super::Files;
use super::files::{BadLines, for_each};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(files: &Files, shape: Shape) -> Result<(), Failure> {
    let mut out = Output::stdout();
    let mut comparer = Comparer::default();
    let mut line = Vec::new();
    let read = for_each(files, BadLines::Fail, |tuple, _| {
        line.clear();
        convert(&mut line, tuple, shape, &mut comparer);
        out.bytes(&line)?;
        Ok(true)
    });
    // What could be read is written, whatever comes of the rest.
    out.flush()?;
    read
}
