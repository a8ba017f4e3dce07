//! What `capture cat` shows of what it finds.

use std::path::Path;

use switchover_capture::{Reassembled, Reassembler, TrafficStream};

use super::super::log::Found;
use super::super::{gap, pair};
use crate::failure::Failure;
use crate::output::Output;

/// What is shown, and what is known so far.
pub(super) struct Printer {
    json: bool,
    out: Output,
    reassembler: Reassembler<()>,
    /// What the last record completed; kept for its allocation.
    completed: Vec<Reassembled<()>>,
    anything: bool,
    /// Some place could not be read.
    unreadable: bool,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        let (reassembler, completed) = (Reassembler::new(), Vec::new());
        Self { json, out: Output::stdout(), reassembler, completed, anything: false, unreadable: false }
    }

    pub(super) fn found(&mut self, found: Found) -> Result<(), Failure> {
        self.anything = true;
        match found {
            Found::Record(stream) => self.record(stream),
            Found::Gap(gap) => self.note(format_args!("warning: {}", gap::text(&gap))),
            Found::Damaged(damage) | Found::Undecodable(damage) => self.bad(format_args!(
                "{} at offset {}: {}",
                damage.segment.display(),
                damage.offset,
                damage.reason
            )),
            Found::Removed { wanted, oldest } => self.note(format_args!(
                "warning: entries {wanted} to {} were removed by the writer before they were read",
                oldest.saturating_sub(1)
            )),
        }
    }

    pub(super) fn record(&mut self, stream: TrafficStream) -> Result<(), Failure> {
        self.anything = true;
        self.reassembler.push(stream, (), &mut self.completed);
        self.show_completed()
    }

    /// Shows what was still open when the input ended.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.reassembler.finish(&mut self.completed);
        self.show_completed()?;
        self.out.flush()
    }

    /// Fails when something could not be read. Says so when there was nothing.
    pub(super) fn verdict(&self, path: &Path) -> Result<(), Failure> {
        if self.unreadable {
            let advice = "restore it if there is a copy; a replay lacks that part";
            return Err(anyhow::anyhow!(
                "not all of {} could be read, as said above; {advice}",
                path.display()
            )
            .into());
        }
        if !self.anything {
            eprintln!("{} is empty", path.display());
        }
        Ok(())
    }

    /// What was shown so far is seen now.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()
    }

    fn show_completed(&mut self) -> Result<(), Failure> {
        let mut completed = std::mem::take(&mut self.completed);
        let shown = completed.drain(..).try_for_each(|item| self.show(&item));
        self.completed = completed;
        shown
    }

    fn show(&mut self, item: &Reassembled<()>) -> Result<(), Failure> {
        match item {
            Reassembled::Transaction(pair) if self.json => self.out.json(&pair::json(pair)),
            Reassembled::Transaction(pair) => self.out.line(pair::text(pair)),
            Reassembled::Duplicate { node_id, connection_id, number } => {
                let connection = connection(node_id, connection_id);
                self.note(format_args!("{connection}: record {number} was seen before, ignored"))
            }
            Reassembled::Gap { node_id, connection_id, expected, found } => {
                let connection = connection(node_id, connection_id);
                let last = found.saturating_sub(1);
                self.note(format_args!("warning: {connection}: records {expected} to {last} are missing"))
            }
            Reassembled::Unframed { node_id, connection_id, bytes, reason, .. } => {
                let (connection, reason) = (connection(node_id, connection_id), pair::printable(reason));
                self.note(format_args!(
                    "warning: {connection}: {bytes} bytes are no requests or responses: {reason}"
                ))
            }
            Reassembled::Incomplete { node_id, connection_id, bytes, end, .. } => {
                let (connection, end) = (connection(node_id, connection_id), pair::end_word(*end));
                self.note(format_args!("{connection}: {bytes} bytes of a request without an end ({end})"))
            }
            Reassembled::ConnectionClosed { .. } => Ok(()),
        }
    }

    /// A place that could not be read.
    pub(super) fn bad(&mut self, what: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        self.anything = true;
        self.unreadable = true;
        self.note(format_args!("error: {what}"))
    }

    /// On stderr, after what came before it on stdout.
    fn note(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        self.out.flush()?;
        eprintln!("{text}");
        Ok(())
    }
}

fn connection(node_id: &str, connection_id: &str) -> String {
    format!("connection {} of node {}", pair::printable(connection_id), pair::printable(node_id))
}
