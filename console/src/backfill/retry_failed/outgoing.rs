//! What is sent for a line: its two lines of a bulk, or what the rules make of a document that a rule had failed for.

use std::borrow::Cow;

use serde::Deserialize;
use switchover_documents::Placement;

use crate::backfill::failed_file::Line;

/// A document as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outgoing<'l> {
    pub(super) action: Cow<'l, str>,
    pub(super) source: Cow<'l, str>,
}

/// An action line, as far as it says how a document is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Index { version: Option<u64> },
    Create {},
}

/// The documents that a line stands for; none if rules drop it.
///
/// # Errors
/// Why it can't be sent.
pub(super) fn outgoing<'l>(line: &'l Line<'_>, placement: &Placement) -> Result<Vec<Outgoing<'l>>, String> {
    let source = line.source.get();
    let Some(origin) = &line.origin else {
        return Ok(vec![Outgoing { action: line.action.get().into(), source: source.into() }]);
    };
    if !placement.has_rules() {
        return Err("a rule failed for it: give the rules, as to switchover-rfs".to_owned());
    }
    let action = serde_json::from_str(line.action.get()).map_err(|error| error.to_string())?;
    let (create, version) = match action {
        Action::Index { version } => (false, version),
        Action::Create {} => (true, None),
    };
    let placed = placement.place(origin, source.as_bytes()).map_err(|stop| stop.to_string())?;
    let made = placed.into_iter().map(|placed| {
        let action = placed.action(create, version).into();
        // Rules make JSON of JSON.
        let source = String::from_utf8_lossy(&placed.document.source).into_owned().into();
        Outgoing { action, source }
    });
    Ok(made.collect())
}
