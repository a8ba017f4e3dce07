//! What a member reads, as the consumer protocol writes it: a version, then topics with their partitions, all numbers
//! big-endian (`ConsumerProtocolAssignment` in Kafka's `message` definitions).

/// Topic and partition of all that a member reads. What can't be read is left out: it is another protocol's.
pub(super) fn parse(bytes: &[u8]) -> Vec<(String, i32)> {
    read(&mut Input(bytes)).unwrap_or_default()
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }
}

/// Memory grows with the bytes that are there, not with the counts that they claim.
fn read(input: &mut Input<'_>) -> Option<Vec<(String, i32)>> {
    let _version = input.i16()?;
    let mut partitions = Vec::new();
    for _ in 0..input.i32()? {
        let length = usize::try_from(input.i16()?).ok()?;
        let topic = std::str::from_utf8(input.take(length)?).ok()?;
        for _ in 0..input.i32()? {
            partitions.push((topic.to_owned(), input.i32()?));
        }
    }
    Some(partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_topics() {
        let mut bytes = vec![0, 1, 0, 0, 0, 2];
        for (topic, partitions) in [("a", &[0, 7][..]), ("bc", &[1])] {
            bytes.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
            bytes.extend(topic.as_bytes());
            bytes.extend(u32::try_from(partitions.len()).unwrap().to_be_bytes());
            partitions.iter().for_each(|partition: &i32| bytes.extend(partition.to_be_bytes()));
        }
        bytes.extend((-1i32).to_be_bytes());
        let expected =
            [("a", 0), ("a", 7), ("bc", 1)].map(|(topic, partition)| (topic.to_owned(), partition));
        assert_eq!(parse(&bytes), expected);
        for end in 0..bytes.len() - 4 {
            assert_eq!(parse(&bytes[..end]), [], "{end}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            parse(&bytes);
        }
    }
}
