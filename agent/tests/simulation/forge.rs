//! Planted: a recovery that takes an entry without its end for whole. It makes it so before the product looks.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use switchover_capture::log::scan;

const HEAD_BYTES: usize = 13;
const RECORD: u8 = 1;

pub fn accept_torn_tail(dir: &Path) {
    let Ok(log) = scan(dir) else { return };
    let (Some(torn), Some(newest)) = (log.torn_tail, log.segments.last()) else { return };
    let sequence = newest.base_sequence + newest.records + newest.gaps;
    let bytes = fs::read(&torn.segment).unwrap();
    let Some(payload) = bytes.get(torn.offset as usize + HEAD_BYTES..) else { return };
    let mut head = Vec::new();
    head.extend((payload.len() as u32).to_le_bytes());
    head.extend(crc32c::crc32c(payload).to_le_bytes());
    head.push(RECORD);
    let check = crc32c::crc32c_append(crc32c::crc32c(&sequence.to_le_bytes()), &head);
    head.extend(check.to_le_bytes());
    OpenOptions::new().write(true).open(&torn.segment).unwrap().write_all_at(&head, torn.offset).unwrap();
}
