//! A failure as JSON, so that a script which asked for JSON never has to read a sentence.

use serde::Serialize;
use switchover_cluster::ClusterError;

use super::{Failure, USAGE, sentence};

/// Raised when a key goes or changes its meaning; keys may be added.
const SCHEMA: &str = "switchover.error/1";

/// One line on stderr.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    schema: &'static str,
    exit_code: u8,
    /// `usage`, the kind of [`ClusterError`], or `failed`.
    kind: &'static str,
    /// The whole sentence.
    message: String,
    /// The failure itself and what led to it, the innermost last.
    causes: Vec<String>,
    /// The cluster that it is about.
    host: Option<String>,
    /// The next thing to try.
    what_to_do: Option<String>,
}

impl Document {
    /// `None`: there is nothing to say besides the output.
    pub(super) fn of(failure: &Failure) -> Option<Self> {
        let error = match failure {
            Failure::Usage(message) => return Some(Self::usage(message.clone(), None)),
            Failure::Failed(error) | Failure::Coded(_, error) => error,
            Failure::Verdict(_) | Failure::ReaderGone => return None,
        };
        let message = sentence(error);
        let cluster = error.chain().find_map(|cause| cause.downcast_ref::<ClusterError>());
        let what_to_do = match cluster {
            Some(cluster) => Some(cluster.advice().to_owned()),
            None => advice(&message),
        };
        Some(Self {
            schema: SCHEMA,
            exit_code: failure.code(),
            kind: cluster.map_or("failed", |cluster| cluster.kind().as_str()),
            causes: error.chain().map(ToString::to_string).collect(),
            host: cluster.map(|cluster| cluster.endpoint().to_owned()),
            what_to_do,
            message,
        })
    }

    /// Of a command line that can't be understood.
    pub(super) fn of_line(error: &clap::Error) -> Self {
        let text = error.to_string();
        let mut paragraphs =
            text.split("\n\n").map(|part| part.lines().map(str::trim).collect::<Vec<_>>().join(" "));
        let message = paragraphs.next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
        let more = paragraphs.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        Self::usage(message, Some(more))
    }

    fn usage(message: String, what_to_do: Option<String>) -> Self {
        Self {
            schema: SCHEMA,
            exit_code: USAGE,
            kind: "usage",
            causes: vec![message.clone()],
            host: None,
            what_to_do: what_to_do.or_else(|| advice(&message)),
            message,
        }
    }
}

/// Our sentences are `PROBLEM; NEXT STEP`.
fn advice(message: &str) -> Option<String> {
    message.rsplit_once("; ").map(|(_, advice)| advice.to_owned())
}
