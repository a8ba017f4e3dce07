//! Reading a log in order, from segment to segment, also while it is being written.

use std::path::{Path, PathBuf};

use super::{
    cursor::{SegmentCursor, Step, TornTail},
    entry::Entry,
    error::{LogError, LogErrorKind},
    segment,
};

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest entry there is when reading begins.
    Oldest,
    /// At this sequence, which may be one that is not written yet.
    Sequence(u64),
}

/// Reads a log. Needs no lock, and does not disturb the writer.
#[derive(Debug)]
pub struct LogReader {
    dir: PathBuf,
    place: Place,
    torn_tail: Option<TornTail>,
}

#[derive(Debug)]
enum Place {
    /// No segment is open yet.
    Start(Start),
    /// In a segment. Entries below `from` are passed over.
    In { cursor: SegmentCursor, from: u64 },
    /// Between segments.
    Before { next: u64, from: u64 },
}

impl LogReader {
    /// Reads the log in a directory, which must exist. Entries are looked for at the first [`next`](Self::next).
    pub fn open(dir: &Path, start: Start) -> Result<Self, LogError> {
        segment::list(dir)?;
        Ok(Self { dir: dir.to_owned(), place: Place::Start(start), torn_tail: None })
    }

    /// The next entry; `None` at the end for now: more may have come when it is called again.
    ///
    /// After [`LogErrorKind::Damaged`] it stays where it is and fails again;
    /// [`skip_damage`](Self::skip_damage) leads on.
    #[expect(clippy::should_implement_trait, reason = "an iterator would be over at the first None")]
    pub fn next(&mut self) -> Result<Option<Entry>, LogError> {
        self.torn_tail = None;
        loop {
            match &mut self.place {
                Place::Start(start) => {
                    let start = *start;
                    if !self.enter_first(start)? {
                        return Ok(None);
                    }
                }
                Place::Before { next, from } => {
                    let (next, from) = (*next, *from);
                    if !self.enter(next, from)? {
                        return Ok(None);
                    }
                }
                Place::In { cursor, from } => match cursor.step()? {
                    Step::Entry(entry) if entry.sequence < *from => {}
                    Step::Entry(entry) => return Ok(Some(entry)),
                    Step::Sealed(seal) => self.place = Place::Before { next: seal.next, from: *from },
                    Step::End { partial_bytes } => return self.at_end(partial_bytes),
                },
            }
        }
    }

    /// The bytes after the last whole entry, when the last [`next`](Self::next) said `None` and there were some.
    #[must_use]
    pub fn torn_tail(&self) -> Option<TornTail> {
        self.torn_tail.clone()
    }

    /// Gives up what is left of a damaged segment and goes on with the next one. Returns the sequence at which
    /// that begins, or `None` when there is no later segment: then nothing has changed.
    pub fn skip_damage(&mut self) -> Result<Option<u64>, LogError> {
        let (here, from) = match &self.place {
            Place::Start(_) => return Ok(None),
            Place::In { cursor, from } => (cursor.header.base, *from),
            // The segment that should be there is the damage, whether it is missing or its header is bad.
            Place::Before { next, from } => (*next, *from),
        };
        let later = segment::list(&self.dir)?.into_iter().map(|(base, _)| base).find(|base| *base > here);
        if let Some(next) = later {
            self.place = Place::Before { next, from };
        }
        Ok(later)
    }

    fn enter_first(&mut self, start: Start) -> Result<bool, LogError> {
        let segments = segment::list(&self.dir)?;
        let Some((oldest, _)) = segments.first() else { return Ok(false) };
        let (base, from) = match start {
            Start::Oldest => (*oldest, *oldest),
            Start::Sequence(wanted) => {
                let holding = segments.iter().map(|(base, _)| *base).rfind(|base| *base <= wanted);
                match holding {
                    Some(base) => (base, wanted),
                    None => return Err(self.missing(wanted, *oldest)),
                }
            }
        };
        self.place = Place::Before { next: base, from };
        Ok(true)
    }

    /// Enters the segment that begins at `next`. `false` when it is not there yet.
    fn enter(&mut self, next: u64, from: u64) -> Result<bool, LogError> {
        if self.open_segment(next, from)? {
            return Ok(true);
        }
        let segments = segment::list(&self.dir)?;
        let (Some((oldest, _)), Some((newest, _))) = (segments.first(), segments.last()) else {
            return Ok(false);
        };
        if *newest <= next {
            return Ok(false);
        }
        // With a later segment there, all of this one is: the writer may have come that far since we looked. A listing
        // made meanwhile may have the later one without this one.
        if self.open_segment(next, from)? {
            return Ok(true);
        }
        let path = segment::path_of(&self.dir, next);
        Err(if path.exists() {
            LogError::damaged(&path, 0, "it is shorter than a segment's header though later segments exist")
        } else if *oldest > next {
            self.missing(next, *oldest)
        } else {
            let reason = format!("this segment is missing, though the log goes on to {newest}");
            LogError::damaged(&path, 0, reason)
        })
    }

    /// `false` when it is not there, or its header is not.
    fn open_segment(&mut self, next: u64, from: u64) -> Result<bool, LogError> {
        match SegmentCursor::open(&segment::path_of(&self.dir, next), next) {
            Ok(Some(cursor)) => {
                self.place = Place::In { cursor, from };
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) if is_not_found(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// No more whole entries in the segment at hand: either it is the newest, or its end is missing.
    fn at_end(&mut self, partial_bytes: u64) -> Result<Option<Entry>, LogError> {
        let Place::In { cursor, from } = &mut self.place else { return Ok(None) };
        let later = segment::list(&self.dir)?.into_iter().any(|(base, _)| base > cursor.header.base);
        if !later {
            let (offset, segment) = (cursor.offset, cursor.path().to_owned());
            self.torn_tail =
                (partial_bytes > 0).then_some(TornTail { segment, offset, bytes: partial_bytes });
            return Ok(None);
        }
        // The writer seals a segment before it creates the next: now that there is one, all of this one is here.
        match cursor.step()? {
            Step::Entry(entry) if entry.sequence >= *from => Ok(Some(entry)),
            Step::Entry(_) | Step::Sealed(_) => self.next(),
            Step::End { .. } => Err(LogError::damaged(
                cursor.path(),
                cursor.offset,
                "the segment ends without a seal though later segments exist: its end is missing",
            )),
        }
    }

    fn missing(&self, wanted: u64, oldest: u64) -> LogError {
        LogError::new(&self.dir, LogErrorKind::Missing { wanted, oldest })
    }
}

fn is_not_found(error: &LogError) -> bool {
    matches!(&error.kind, LogErrorKind::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}
