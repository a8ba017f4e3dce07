//! Deleted documents: `.del` of Lucene 4, `.liv` since 5.0. Both say which documents live.

use crate::bits::Bits;
use crate::codec::{self, Id};
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};

/// Reads a whole `.liv`; `suffix` is its generation in base 36.
pub(crate) fn parse_liv(file: &str, bytes: &[u8], id: Id, suffix: &str, max_doc: u32) -> Result<Bits, Error> {
    let mut input = Input::new(file, codec::verified(file, bytes)?);
    let header = codec::plain_header(&mut input)?;
    codec::index_header_rest(&mut input, id, suffix)?;
    match header.name {
        "Lucene50LiveDocs" => {}
        "Lucene90LiveDocs" => input.order = Order::Little,
        other => return Err(input.error(ErrorKind::unsupported("live documents format", other))),
    }
    let words = (max_doc as usize).div_ceil(64);
    if input.left() != words * 8 {
        return Err(input.unexpected("8 bytes for each 64 documents", input.left()));
    }
    let words = (0..words).map(|_| Ok(input.i64()? as u64)).collect::<Result<_, Error>>()?;
    Ok(Bits::from_words(words, max_doc))
}

/// Reads a whole `.del`. It is a set of live documents, or (of dead ones, before version 1) either as it is or, where
/// few bytes differ from the rest, as those bytes with the distances between them.
pub(crate) fn parse_del(file: &str, bytes: &[u8], max_doc: u32) -> Result<Bits, Error> {
    let mut input = Input::new(file, bytes);
    let first = input.i32()?;
    let (version, size) = if first == -2 {
        let header = codec::plain_header(&mut input)?;
        if header.name != "BitVector" || !(0..=2).contains(&header.version) {
            let found = format!("{} {}", header.name, header.version);
            return Err(input.error(ErrorKind::unsupported("deleted documents format", found)));
        }
        (header.version, input.i32()?)
    } else {
        (-1, first)
    };
    if version >= 2 {
        codec::verified(file, bytes)?;
    }
    let sparse = size == -1;
    let size = if sparse { input.i32()? } else { size };
    if size != max_doc as i32 {
        return Err(input.unexpected("as many bits as documents", size));
    }
    let count = input.i32()?;
    let count = input.in_range(count.into(), max_doc.into(), "a count of bits")? as u32;
    let bytes = (max_doc as usize).div_ceil(8);
    let live = version >= 1;
    let listed = if sparse { differing(&mut input, bytes, live, count, max_doc)? } else { Vec::new() };
    let bits = if sparse { listed.as_slice() } else { input.bytes(bytes)? };
    let words = bits.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        if live { word } else { !word }
    });
    let bits = Bits::from_words(words.collect(), max_doc);
    let expected = if live { count } else { max_doc - count };
    if bits.count() != expected {
        return Err(input.unexpected("as many bits as the file says", bits.count()));
    }
    Ok(bits)
}

/// `live`: bytes are all ones but for those that are listed; else all zeros. No end is marked: the list is over when
/// as many bits differ as the count says.
fn differing(
    input: &mut Input<'_>,
    bytes: usize,
    live: bool,
    count: u32,
    max: u32,
) -> Result<Vec<u8>, Error> {
    let usual = if live { 0xff } else { 0 };
    let mut bits = vec![usual; bytes];
    let mut left = i64::from(if live { max - count } else { count });
    let mut at = 0usize;
    while left > 0 {
        at = at.saturating_add(input.vint()? as usize);
        let byte = input.u8()?;
        let Some(place) = bits.get_mut(at) else {
            return Err(input.unexpected("a byte within the set", at));
        };
        *place = byte;
        left -= i64::from((byte ^ usual).count_ones());
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version: u8) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xff, 0xff, 0xfe, 0x3f, 0xd7, 0x6c, 0x17, 9];
        bytes.extend(b"BitVector");
        bytes.extend([0, 0, 0, version]);
        bytes
    }

    fn footer(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.extend([0xc0, 0x28, 0x93, 0xe8, 0, 0, 0, 0]);
        let crc = crc32fast::hash(&bytes);
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(crc.to_be_bytes());
        bytes
    }

    /// Of 20 documents, 3 and 17 are dead.
    fn dead(bits: &Bits) -> Vec<u32> {
        (0..20).filter(|document| !bits.get(*document)).collect()
    }

    #[test]
    fn bits_as_they_are() {
        let bits = [0, 0, 0, 20, 0, 0, 0, 18, 0xf7, 0xff, 0x0d];
        let bytes = footer([&header(2)[..], &bits].concat());
        assert_eq!(dead(&parse_del("_0_1.del", &bytes, 20).expect("bits")), [3, 17]);
        let bytes = [&header(1)[..], &bits].concat();
        assert_eq!(dead(&parse_del("_0_1.del", &bytes, 20).expect("bits")), [3, 17]);
    }

    #[test]
    fn only_the_bytes_that_differ() {
        let listed = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 20, 0, 0, 0, 18, 0, 0xf7, 2, 0xfd];
        let bytes = footer([&header(2)[..], &listed].concat());
        assert_eq!(dead(&parse_del("_0_1.del", &bytes, 20).expect("bits")), [3, 17]);
    }

    #[test]
    fn before_4_0_bits_are_the_dead() {
        let bits = [0, 0, 0, 20, 0, 0, 0, 2, 0x08, 0x00, 0x02];
        assert_eq!(dead(&parse_del("_0_1.del", &bits, 20).expect("bits")), [3, 17]);
        let listed = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0x08, 2, 0x02];
        let bytes = [&header(0)[..], &listed].concat();
        assert_eq!(dead(&parse_del("_0_1.del", &bytes, 20).expect("bits")), [3, 17]);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        for (size, count, max_doc) in [(20, 18, 21), (20, 17, 20), (20, 21, 20)] {
            let bytes = footer([&header(2)[..], &[0, 0, 0, size, 0, 0, 0, count, 0xf7, 0xff, 0x0d]].concat());
            assert!(parse_del("_0_1.del", &bytes, max_doc).is_err(), "{size} {count} {max_doc}");
        }
        let far = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 20, 0, 0, 0, 18, 9, 0xf7];
        assert!(parse_del("_0_1.del", &footer([&header(2)[..], &far].concat()), 20).is_err());
    }
}
