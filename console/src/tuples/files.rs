//! The tuples of files and directories, in the order in which they were written.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use switchover_compare::json::Tape;
use switchover_compare::tuple::{Lines, Tuple};

use super::Files;
use crate::failure::Failure;

/// Bad lines told one by one; the others are only counted.
const MAX_BAD_LINES_TOLD: u64 = 10;

/// What becomes of lines that are no tuples.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BadLines {
    /// They are told on stderr and make it fail in the end.
    Fail,
    /// Nothing: they are told when the files are read again.
    PassOver,
}

/// Calls `each` with every tuple and its line as it stands, until it gives `false`.
///
/// # Errors
/// When a file can't be read, `each` fails, or lines were no tuples (after all the others).
pub(super) fn for_each(
    files: &Files,
    bad_lines: BadLines,
    mut each: impl FnMut(&Tuple<'_>, &[u8]) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut bad = 0;
    let mut tape = Tape::default();
    for path in paths(files)? {
        let place = || path.display().to_string();
        let file = File::open(&path).with_context(|| format!("cannot read {}", place()))?;
        let mut lines = Lines::new(file).with_context(|| format!("cannot read {}", place()))?;
        while let Some(line) = lines.next_line().with_context(|| format!("cannot read {}", place()))? {
            let tuple = line.bytes.and_then(|bytes| Some((Tuple::new(tape.parse(bytes)?)?, bytes)));
            match tuple {
                Some((tuple, bytes)) => {
                    if !each(&tuple, bytes)? {
                        return Ok(());
                    }
                }
                None if bad_lines == BadLines::PassOver => {}
                None => {
                    bad += 1;
                    if bad <= MAX_BAD_LINES_TOLD {
                        eprintln!("{}:{}: not a tuple, passed over", place(), line.number);
                    }
                }
            }
        }
    }
    if bad > 0 {
        return Err(anyhow!("{bad} lines are not tuples; all others were read").into());
    }
    Ok(())
}

/// A directory stands for its tuple files: the closed ones by their time, then the one that is written to.
fn paths(files: &Files) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in &files.paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read {}", path.display()))?;
            found.push(entry.path());
        }
        // A plain file beside its compressed copy is what a crash left between the two.
        let closed = |path: &PathBuf| is_tuples(path) && !path.with_extension("log.zst").exists();
        let compressed = |path: &PathBuf| path.extension().is_some_and(|end| end == "zst" || end == "gz");
        found.retain(|path| is_tuples(path) && (compressed(path) || closed(path)));
        found.sort_by_key(|path| (path.ends_with("tuples.log"), path.clone()));
        if found.is_empty() {
            return Err(anyhow!("no tuples.log in {}; give the replayer's --tupleDir", path.display()));
        }
        all.append(&mut found);
    }
    Ok(all)
}

fn is_tuples(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "tuples.log"
        || (name.starts_with("tuples-")
            && [".log", ".log.gz", ".log.zst"].iter().any(|end| name.ends_with(end)))
}
