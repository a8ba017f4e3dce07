//! An entry: a head of fixed length, then the payload.
//!
//! The head has a checksum of its own. Without it a damaged length would look just like an entry that is still
//! being written, and a reader would wait for ever instead of saying so.

use std::{path::Path, sync::Arc};

use bytes::Bytes;

/// The longest payload.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024 * 1024;
/// Length u32, checksum of the payload u32, kind u8, checksum of the head u32.
pub(super) const HEAD_BYTES: usize = 13;
const CHECKED_HEAD_BYTES: usize = 9;
const SEAL_PAYLOAD_BYTES: usize = 16;
/// Length of the entry that ends a finished segment.
pub(super) const SEAL_BYTES: usize = HEAD_BYTES + SEAL_PAYLOAD_BYTES;

/// What an entry's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A `TrafficStream` message.
    Record,
    /// A [`Gap`](super::Gap) message.
    Gap,
}

/// One entry as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log; later entries have higher ones.
    pub sequence: u64,
    /// What the payload is.
    pub kind: EntryKind,
    /// As appended.
    pub payload: Bytes,
    /// File that holds it, for messages.
    pub segment: Arc<Path>,
    /// Where in the file it begins.
    pub offset: u64,
}

/// Kinds as on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKind {
    Entry(EntryKind),
    Seal,
}

impl RawKind {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Entry(EntryKind::Record) => 1,
            Self::Entry(EntryKind::Gap) => 2,
            Self::Seal => 255,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Entry(EntryKind::Record), Self::Entry(EntryKind::Gap), Self::Seal]
            .into_iter()
            .find(|kind| kind.byte() == byte)
    }
}

/// A head whose checksum was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) payload_bytes: usize,
    pub(super) payload_crc: u32,
    pub(super) kind: RawKind,
}

/// The head for this payload as the entry with this sequence. A seal has the sequence of the entry that it
/// stands in place of.
pub(super) fn encode_head(sequence: u64, kind: RawKind, payload: &[u8]) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    head[4..8].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    head[8] = kind.byte();
    let check = head_check(sequence, &head[..CHECKED_HEAD_BYTES]);
    head[CHECKED_HEAD_BYTES..].copy_from_slice(&check.to_le_bytes());
    head
}

/// Reads a head of the entry with this sequence, or says what is wrong with it.
pub(super) fn decode_head(sequence: u64, head: &[u8; HEAD_BYTES]) -> Result<Head, String> {
    let [l0, l1, l2, l3, c0, c1, c2, c3, kind, checks @ ..] = *head;
    let checked = &head[..CHECKED_HEAD_BYTES];
    if head_check(sequence, checked) != u32::from_le_bytes(checks) {
        return Err(format!("entry {sequence}: its head has a wrong checksum"));
    }
    let payload_bytes = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if payload_bytes > MAX_ENTRY_BYTES {
        return Err(format!(
            "entry {sequence}: it claims {payload_bytes} bytes, more than an entry may have"
        ));
    }
    let Some(kind) = RawKind::from_byte(kind) else {
        return Err(format!(
            "entry {sequence}: it is of the unknown kind {kind}: written by a newer version?"
        ));
    };
    Ok(Head { payload_bytes, payload_crc: u32::from_le_bytes([c0, c1, c2, c3]), kind })
}

/// The sequence is checked with the head though it is not stored: an entry in a wrong place is damage.
fn head_check(sequence: u64, head: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&sequence.to_le_bytes()), head)
}

/// What the last entry of a finished segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    /// Sequence after the segment's last entry.
    pub(super) end: u64,
    /// Sequence at which the log goes on. Above `end` when recovery took entries away: their numbers are not used
    /// again.
    pub(super) next: u64,
}

impl Seal {
    pub(super) fn encode(self) -> [u8; SEAL_BYTES] {
        let mut seal = [0; SEAL_BYTES];
        seal[HEAD_BYTES..HEAD_BYTES + 8].copy_from_slice(&self.end.to_le_bytes());
        seal[HEAD_BYTES + 8..].copy_from_slice(&self.next.to_le_bytes());
        let head = encode_head(self.end, RawKind::Seal, &seal[HEAD_BYTES..]);
        seal[..HEAD_BYTES].copy_from_slice(&head);
        seal
    }

    /// From the payload of an entry of kind seal.
    pub(super) fn from_payload(payload: &[u8]) -> Option<Self> {
        let (end, next) = payload.split_first_chunk()?;
        let seal = Self { end: u64::from_le_bytes(*end), next: u64::from_le_bytes(next.try_into().ok()?) };
        (seal.next >= seal.end).then_some(seal)
    }

    /// From the last bytes of a segment. `None` when they are no seal.
    pub(super) fn decode(bytes: &[u8; SEAL_BYTES]) -> Option<Self> {
        let (head, payload) = bytes.split_first_chunk()?;
        let seal = Self::from_payload(payload)?;
        let head = decode_head(seal.end, head).ok()?;
        (head.kind == RawKind::Seal && head.payload_crc == crc32c::crc32c(payload)).then_some(seal)
    }
}
