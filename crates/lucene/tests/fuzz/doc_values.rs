//! Damaged files of these formats.

use crate::damaged;

pub(crate) fn run(data: &[u8]) {
    damaged::run(&["DocValues", "ValuesMetadata"], data);
}
