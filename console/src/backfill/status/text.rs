//! The status for people, and for scripts that look for the lines of the documents.

use super::{Status, documents_per_second};
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::utc;

/// Members and indices that are listed.
const MAX_LISTED: usize = 50;

impl Status {
    pub(in crate::backfill) fn print(&self, deep_check: bool, out: &mut Output) -> Result<(), Failure> {
        out.line(format_args!("BackfillStatus.{}", self.word()))?;
        let Some(picture) = &self.picture else {
            return self.print_phase(out);
        };
        let counts = self.counts();
        out.line(format_args!("Running={}", counts.running))?;
        out.line(format_args!("Pending={}", counts.pending))?;
        out.line(format_args!("Desired={}", counts.desired))?;
        match picture.shards {
            Some(shards) if deep_check => {
                out.line(format_args!("Shards total: {}", shards.total))?;
                out.line(format_args!("Shards completed: {}", shards.completed))?;
                out.line(format_args!("Shards incomplete: {}", shards.total - shards.completed))?;
                out.line(format_args!("Shards in progress: {}", shards.in_progress))?;
                out.line(format_args!("Shards unclaimed: {}", shards.unclaimed))?;
                if shards.failed > 0 {
                    out.line(format_args!("Shards failed: {}", shards.failed))?;
                }
                if shards.skipped > 0 {
                    out.line(format_args!("Shards left out: {}", shards.skipped))?;
                }
            }
            None if deep_check => out.line("Shards are initializing")?,
            _ => {}
        }
        self.print_phase(out)?;
        if deep_check {
            self.print_progress(out)?;
        }
        for member in picture.living.iter().take(MAX_LISTED) {
            let said = &member.said;
            let mut line = format!("Worker {}: {}", member.identity.name, said.state.as_str());
            if !said.items.is_empty() {
                line.push_str(&format!(" on {}", said.items.join(", ")));
            }
            if let Some(reason) = &said.reason {
                line.push_str(&format!(" ({reason})"));
            }
            out.line(harmless(&line))?;
        }
        for member in picture.silent.iter().take(MAX_LISTED) {
            out.line(format_args!("Worker {}: silent", harmless(&member.identity.name)))?;
        }
        Ok(())
    }

    fn print_phase(&self, out: &mut Output) -> Result<(), Failure> {
        out.line(format_args!("Phase: {}", harmless(&self.phase.to_string())))?;
        match &self.stopped {
            Some(stopped) => out.line(format_args!("Stopped earlier: {}", harmless(&stopped.to_string()))),
            None => Ok(()),
        }
    }

    /// The lines of newer versions of the existing tool, and what it lacks.
    fn print_progress(&self, out: &mut Output) -> Result<(), Failure> {
        let Some(picture) = &self.picture else { return Ok(()) };
        let all = &picture.overview.all;
        out.line(format_args!("Backfill status: {}", capitalized(self.word())))?;
        out.line(format_args!("Start time: {}", picture.began_unix_ms.map(time).unwrap_or_default()))?;
        out.line(format_args!("Finished time: {}", picture.ended_unix_ms.map(time).unwrap_or_default()))?;
        out.line(format_args!("Percent completed: {:.1}%", all.percent()))?;
        let eta = all.eta_seconds(picture.bytes_per_second()).map(|seconds| utc::duration(seconds * 1_000));
        let eta = eta.as_deref().unwrap_or("N/A");
        out.line(format_args!("Estimated time to completion: {eta}"))?;
        if let Some(shards) = picture.shards {
            out.line(format_args!("Total shards: {}", shards.total))?;
            out.line(format_args!("Completed shards: {}", shards.completed))?;
            out.line(format_args!("In progress shards: {}", shards.in_progress))?;
            out.line(format_args!("Waiting shards: {}", shards.unclaimed))?;
        }
        out.line(format_args!(
            "Documents: {} ({:.0} a second), {} failed",
            all.documents,
            documents_per_second(&picture.living),
            all.failed_documents
        ))?;
        if all.dropped_documents > 0 {
            out.line(format_args!("Documents dropped by rules: {}", all.dropped_documents))?;
        }
        out.line(format_args!(
            "Failed documents present: {}",
            if all.failed_documents > 0 { "yes" } else { "no" }
        ))?;
        for (part, reason) in picture.overview.errors.iter().take(MAX_LISTED) {
            out.line(harmless(&format!("{part}: {reason}")))?;
        }
        let mut open: Vec<_> =
            picture.overview.groups.iter().filter(|(name, group)| *name != "*" && group.open > 0).collect();
        open.sort_by_key(|(_, group)| std::cmp::Reverse(group.size));
        for (name, group) in open.into_iter().take(MAX_LISTED) {
            let percent = group.percent();
            let line = format!("Index {name}: {percent:.1}%, {} documents", group.documents);
            out.line(harmless(&line))?;
        }
        Ok(())
    }
}

/// `Running` for `RUNNING`.
fn capitalized(word: &str) -> String {
    word.chars().take(1).chain(word.chars().skip(1).map(|c| c.to_ascii_lowercase())).collect()
}

/// `2026-11-21 05:11:47+00:00`.
pub(super) fn time(unix_ms: u64) -> String {
    let shown = i64::try_from(unix_ms).ok().and_then(utc::date_and_time);
    shown.map(|shown| shown + "+00:00").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_as_in_the_existing_tool() {
        assert_eq!(time(1_795_237_907_123), "2026-11-21 05:11:47+00:00");
        assert_eq!(time(u64::MAX), "");
        assert_eq!(capitalized("RUNNING"), "Running");
    }
}
