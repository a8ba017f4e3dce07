//! LZ4 as Lucene writes it: bare blocks with neither frame nor length, over as soon as their text is complete.
//!
//! The libraries want the compressed length, which the formats before 8.7 don't store, so this is our own. It copies
//! 16 bytes at a time where that overruns only bytes that are written later anyway.

/// Bytes that must follow the text in the buffer, for copies that overrun.
pub(crate) const SLACK: usize = 32;

/// Copies are done in pieces of this many bytes.
const PIECE: usize = 16;

/// Decompresses a block to `buffer[start..end]`; matches may reach back to the buffer's beginning (a dictionary).
/// Gives how many bytes of `source` it took; `None`: this is no such block.
///
/// `buffer` must be [`SLACK`] longer than `end`.
pub(crate) fn decompress(source: &[u8], buffer: &mut [u8], start: usize, end: usize) -> Option<usize> {
    if end.checked_add(SLACK)? > buffer.len() || start > end {
        return None;
    }
    let (mut from, mut to) = (0, start);
    loop {
        let token = *source.get(from)?;
        from += 1;
        let literals = usize::from(token >> 4);
        // Nearly all runs are short, and nearly all are far from the ends.
        if literals < 15
            && let (Some(piece), Some(place)) =
                (source.get(from..from + PIECE), buffer.get_mut(to..to + PIECE))
        {
            place.copy_from_slice(piece);
            (from, to) = (from + literals, to + literals);
        } else {
            let literals = if literals == 15 { long(source, &mut from, literals)? } else { literals };
            let run = source.get(from..from.checked_add(literals)?)?;
            buffer.get_mut(to..to + literals)?.copy_from_slice(run);
            (from, to) = (from + literals, to + literals);
        }
        if to >= end {
            return (to == end).then_some(from);
        }
        let distance = usize::from(u16::from_le_bytes([*source.get(from)?, *source.get(from + 1)?]));
        from += 2;
        let length = usize::from(token & 15);
        let length = if length == 15 { long(source, &mut from, length)? } else { length } + 4;
        if distance == 0 || distance > to || length > end - to {
            return None;
        }
        repeat(buffer, to, distance, length);
        to += length;
        if to == end {
            return Some(from);
        }
    }
}

/// A length that continues in bytes, of which only the last is not 255.
fn long(source: &[u8], from: &mut usize, mut length: usize) -> Option<usize> {
    loop {
        let byte = *source.get(*from)?;
        *from += 1;
        length += usize::from(byte);
        if byte != 255 {
            return Some(length);
        }
    }
}

/// Writes `length` bytes at `to` that are those `distance` bytes before them.
#[inline]
fn repeat(buffer: &mut [u8], to: usize, distance: usize, length: usize) {
    if distance >= PIECE {
        // A piece is complete before the next one reads it.
        let mut done = 0;
        while done < length {
            let from = to + done - distance;
            buffer.copy_within(from..from + PIECE, to + done);
            done += PIECE;
        }
        return;
    }
    // What is repeated grows with every copy.
    let (mut done, mut width) = (0, distance);
    while done < length {
        let part = width.min(length - done);
        buffer.copy_within(to - distance..to - distance + part, to + done);
        done += part;
        width += part;
    }
}

#[cfg(test)]
mod tests;
