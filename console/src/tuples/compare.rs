//! `compare`: the replayer's comparison again, over tuples.

use anyhow::Context;
use serde_json::Map;
use switchover_compare::compare::Comparer;
use switchover_compare::report::{Document, Fact, Report, write_files, write_text};
use switchover_compare::tuple::{judge, learn};

use super::CompareArgs;
use super::files::{BadLines, for_each};
use crate::failure::Failure;
use crate::output::Output;

/// As the replayer has it.
const EXIT_DIFFERENCES: u8 = 3;

pub(super) fn run(args: &CompareArgs, json: bool) -> Result<(), Failure> {
    let mut comparer = Comparer::default();
    let mut tuples = 0_u64;
    // Twice: what is noise is known before the first pair is judged.
    for_each(&args.files, BadLines::PassOver, |tuple, _| {
        tuples += 1;
        learn(&mut comparer, tuple);
        Ok(true)
    })?;
    if tuples == 0 {
        return Err(anyhow::anyhow!("there are no tuples in what was given").into());
    }
    let mut report = Report::default();
    let read = for_each(&args.files, BadLines::Fail, |tuple, _| {
        judge(&mut comparer, tuple).count(&mut report);
        Ok(true)
    });
    let different = report.requests.different > args.max_differences;
    let exit_code = if different { EXIT_DIFFERENCES } else { 0 };
    let verdict = report.requests.verdict(args.max_differences);
    let facts = vec![Fact { label: "tuples", text: tuples.to_string(), ..Fact::default() }];
    let document = Document::new(&report, comparer.noise(), verdict, exit_code).with_run(Map::new(), facts);
    if let Some(path) = &args.report_file {
        write_files(path, &document)
            .with_context(|| format!("cannot write --reportFile {}", path.display()))?;
    }
    let mut out = Output::stdout();
    if json {
        out.json(&document)?;
    } else {
        let mut text = Vec::new();
        write_text(&mut text, &document).map_err(Failure::of_output)?;
        out.bytes(&text)?;
    }
    out.flush()?;
    read?;
    if different { Err(Failure::Verdict(EXIT_DIFFERENCES)) } else { Ok(()) }
}
