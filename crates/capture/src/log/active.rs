//! The segment that takes entries.

use std::{
    fs::File,
    io::{self, IoSlice, Write},
    sync::Arc,
};

use super::{
    disk::{Appending, Disk},
    error::LogError,
    recovery::Kept,
};

#[derive(Debug)]
pub(super) struct Active {
    pub(super) file: Arc<File>,
    pub(super) segment: Kept,
    /// A write failed half-way and could not be taken back: the file is longer than `segment.bytes`.
    pub(super) torn: bool,
}

impl Active {
    /// Appends the two pieces, or nothing.
    pub(super) fn write(&mut self, disk: &dyn Disk, head: &[u8], payload: &[u8]) -> Result<(), LogError> {
        let path = &*self.segment.path;
        let failed = |error| LogError::io(path, "append to a segment", error);
        if self.torn {
            disk.truncate(path, &self.file, self.segment.bytes).map_err(failed)?;
            self.torn = false;
        }
        if let Err(error) = write_both(&mut Appending { disk, path, file: &self.file }, head, payload) {
            self.torn = disk.truncate(path, &self.file, self.segment.bytes).is_err();
            return Err(failed(error));
        }
        self.segment.bytes += (head.len() + payload.len()) as u64;
        Ok(())
    }
}

/// Writes both pieces, in one system call unless the system takes only part of them.
fn write_both(file: &mut impl Write, mut head: &[u8], mut payload: &[u8]) -> io::Result<()> {
    while !head.is_empty() || !payload.is_empty() {
        match file.write_vectored(&[IoSlice::new(head), IoSlice::new(payload)]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                let of_head = written.min(head.len());
                head = &head[of_head..];
                payload = &payload[(written - of_head).min(payload.len())..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, with interruptions, and is full at some point.
    struct Stingy {
        taken: Vec<u8>,
        room: usize,
        calls: usize,
    }

    impl Write for Stingy {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls.is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let taken = bytes.len().min(5).min(self.room - self.taken.len());
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.taken.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn short_writes_are_continued_and_errors_reported() {
        for room in 0..=30 {
            let mut file = Stingy { taken: Vec::new(), room, calls: 0 };
            let result = write_both(&mut file, &[1; 13], &[2; 17]);
            assert_eq!(file.taken, [&[1; 13][..], &[2; 17][..]].concat()[..room]);
            assert_eq!(result.is_ok(), room == 30, "room for {room}");
        }
    }
}
