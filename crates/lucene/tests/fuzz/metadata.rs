//! Damaged files of these formats.

use crate::damaged;

pub(crate) fn run(data: &[u8]) {
    damaged::run(
        &["segments", "SegmentInfo", "FieldInfos", "CompoundEntries", "CompoundFileWriterEntries"],
        data,
    );
}
