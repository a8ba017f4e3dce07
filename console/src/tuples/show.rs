//! `tuples show`: one line for each tuple, or the tuple as it stands.

use switchover_compare::compare::Comparer;
use switchover_compare::tuple::{Message, Shape, Tuple, convert, judge};

use super::files::{BadLines, for_each};
use super::{Files, Wanted};
use crate::failure::Failure;
use crate::glob;
use crate::output::Output;

pub(super) struct Filter {
    pub(super) verdict: Option<Wanted>,
    pub(super) status: Option<u16>,
    pub(super) path: Option<String>,
    pub(super) limit: Option<u64>,
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::ExpectedDifference => "expectedDifference",
            Self::Different => "different",
            Self::NotComparable => "notComparable",
        }
    }
}

pub(super) fn run(files: &Files, filter: &Filter, json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    let mut comparer = Comparer::default();
    let mut shown = 0;
    if filter.limit == Some(0) {
        return Ok(());
    }
    for_each(files, BadLines::Fail, |tuple, line| {
        let verdict = match tuple.verdict() {
            Some(verdict) => verdict.into_owned(),
            // Of the existing tool: nothing was compared yet.
            None => judge(&mut comparer, tuple).comparison().verdict.name().to_owned(),
        };
        if !filter.wants(tuple, &verdict) {
            return Ok(true);
        }
        if json {
            if tuple.verdict().is_some() {
                out.bytes(line)?;
                out.bytes(b"\n")?;
            } else {
                // The converter redacts what another tool has written in the clear.
                let mut line = Vec::new();
                convert(&mut line, tuple, Shape::Switchover, &mut comparer);
                out.bytes(&line)?;
            }
        } else {
            if shown == 0 {
                out.line("VERDICT             STATUS      MS (SOURCE, TARGET)  REQUEST")?;
            }
            out.line(row(tuple, &verdict))?;
        }
        shown += 1;
        Ok(filter.limit.is_none_or(|limit| shown < limit))
    })?;
    out.flush()
}

impl Filter {
    fn wants(&self, tuple: &Tuple<'_>, verdict: &str) -> bool {
        let status = tuple.target_responses().last().and_then(|last| last.status());
        let target = tuple.source_request().and_then(|request| request.target()).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        self.verdict.is_none_or(|wanted| wanted.name() == verdict)
            && self.status.is_none_or(|wanted| status == Some(wanted))
            && self.path.as_ref().is_none_or(|glob| glob::matches(glob.as_bytes(), path.as_bytes()))
    }
}

fn row(tuple: &Tuple<'_>, verdict: &str) -> String {
    let (source, target) = (tuple.source_response(), tuple.target_responses().last());
    let status = |message: Option<Message<'_>>| {
        message
            .and_then(|message| message.status())
            .map_or_else(|| "none".to_owned(), |status| status.to_string())
    };
    let latency = |message: Option<Message<'_>>| {
        let latency = message.and_then(|message| message.latency());
        latency.map_or_else(|| "-".to_owned(), |latency| latency.as_millis().to_string())
    };
    let request = tuple.source_request();
    let method = request.and_then(|request| request.method()).unwrap_or_default();
    let uri = request.and_then(|request| request.target()).unwrap_or_default();
    let statuses = format!("{} {}", status(source), status(target));
    let latencies = format!("{} {}", latency(source), latency(target));
    let line = format!("{verdict:<19} {statuses:<11} {latencies:<20} {method} {uri} [{}]", tuple.id());
    // What was captured must not steer the terminal.
    line.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
