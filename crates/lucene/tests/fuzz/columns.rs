//! Damaged doc values of all kinds, read as those of documents whose `_source` is not stored.

use crate::damaged;
use crate::index;

pub(crate) fn run(data: &[u8]) {
    damaged::run_with(&["DocValues"], data, |files| {
        let commits = index::commit(files)?.segments;
        for (commit, segment) in commits.iter().zip(index::open(files)?) {
            index::values(files, commit, &segment)?;
        }
        Ok(())
    });
}
