//! What a chunk of bytes became: pieces to send, each with what it waits for.

use crate::recorder::Kept;
use std::ops::Range;

/// What must be durable before a piece is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gate {
    /// Nothing.
    #[default]
    Open,
    /// This entry of the capture log.
    Entry(u64),
    /// The log did not take the record yet (`--onFull block`): first that, then its entry.
    Stuck,
}

impl Gate {
    /// The gate behind a record: what was lost can't be waited for.
    #[must_use]
    pub fn after(kept: Kept) -> Self {
        match kept {
            Kept::Entry(sequence) => Self::Entry(sequence),
            Kept::Stuck => Self::Stuck,
            Kept::Lost | Kept::Refused => Self::Open,
        }
    }
}

/// Where a piece's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In the chunk.
    Chunk(Range<usize>),
    /// Here: a head that was edited, or that came in several chunks and was held back.
    Own(Vec<u8>),
}

/// A part of what is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The bytes.
    pub source: Source,
    /// What they wait for.
    pub gate: Gate,
}

/// The pieces of one chunk, in order. Neighbours that wait for the same are one.
#[derive(Debug, Default)]
pub struct Outgoing {
    pieces: Vec<Piece>,
}

impl Outgoing {
    /// Forgets all pieces, keeps the memory.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }

    /// The pieces.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Adds the chunk's bytes of a range.
    pub fn chunk(&mut self, range: Range<usize>, gate: Gate) {
        if range.is_empty() {
            return;
        }
        if let Some(Piece { source: Source::Chunk(last), gate: same }) = self.pieces.last_mut()
            && last.end == range.start
            && *same == gate
        {
            last.end = range.end;
            return;
        }
        self.pieces.push(Piece { source: Source::Chunk(range), gate });
    }

    /// Adds bytes that are not in the chunk.
    pub fn own(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.pieces.push(Piece { source: Source::Own(bytes), gate: Gate::Open });
        }
    }

    /// Makes what has been added since the first `from` pieces wait.
    pub fn gate_from(&mut self, from: usize, gate: Gate) {
        self.pieces.iter_mut().skip(from).for_each(|piece| piece.gate = gate);
    }

    /// Takes back what has been added since the first `from` pieces.
    pub fn truncate(&mut self, from: usize) {
        self.pieces.truncate(from);
    }

    /// How many pieces there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Nothing is to be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}
