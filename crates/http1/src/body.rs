//! Bodies: how they are framed, and getting past them by arithmetic instead of looking at them.

use crate::{
    chunked::{Chunk, Chunked},
    section::{Progress, Section},
};

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// There is no body.
    None,
    /// It has this many bytes.
    Length(u64),
    /// It comes in chunks, with trailers behind the last.
    Chunked,
    /// It ends when the server closes the connection (responses only).
    UntilClose,
}

/// What is still to come of a body.
#[derive(Debug)]
pub(crate) enum Body {
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

impl From<BodyKind> for Body {
    fn from(kind: BodyKind) -> Self {
        match kind {
            BodyKind::None => Body::Length(0),
            BodyKind::Length(length) => Body::Length(length),
            BodyKind::Chunked => Body::Chunked(Chunked::default()),
            BodyKind::UntilClose => Body::UntilClose,
        }
    }
}

impl Body {
    /// Gets past what there is of the body. Returns how much of `input` was consumed.
    pub(crate) fn skip(&mut self, section: &mut Section, input: &[u8]) -> (usize, Progress) {
        match self {
            Body::Length(left) => {
                let consumed = take(left, input).len();
                (consumed, if *left == 0 { Progress::Complete } else { Progress::Partial })
            }
            Body::UntilClose => (input.len(), Progress::Partial),
            Body::Chunked(chunked) => {
                let mut consumed = 0;
                loop {
                    let rest = input.get(consumed..).unwrap_or_default();
                    let (length, chunk) = chunked.step(section, rest);
                    consumed += length;
                    match chunk {
                        Chunk::Data(_) => {}
                        Chunk::End(progress) => return (consumed, progress),
                    }
                }
            }
        }
    }
}

/// The part of `input` that lies within the `left` bytes, which shrink by it.
pub(crate) fn take<'a>(left: &mut u64, input: &'a [u8]) -> &'a [u8] {
    let taken = usize::try_from(*left).ok().and_then(|left| input.get(..left)).unwrap_or(input);
    *left -= taken.len() as u64;
    taken
}
