//! The file behind the memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Subject;
use super::remembered::Remembered;

/// Appends lines.
#[derive(Debug)]
pub(super) struct DoneFile {
    path: PathBuf,
    subject: Subject,
    file: File,
    unwritten: String,
    lines: usize,
}

/// What a file says about this subject; nothing when there is none or it is about another.
pub(super) fn read(path: &Path, subject: &Subject) -> io::Result<Remembered> {
    let mut remembered = Remembered::default();
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(remembered),
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.split_inclusive('\n');
    if lines.next() != Some(&subject_line(subject)) {
        return Ok(remembered);
    }
    for line in lines {
        let read = line.strip_suffix('\n').and_then(|line| remembered.line(line));
        if read.is_none() {
            let path = path.display();
            tracing::warn!(%path, line, "a line that can't be read, as a crash leaves it: that request is sent again");
        }
    }
    Ok(remembered)
}

fn subject_line(subject: &Subject) -> String {
    let Subject { topic, group_id, target } = subject;
    format!("for\t{topic}\t{group_id}\t{target}\n")
}

impl DoneFile {
    /// Writes a new file in the place of what is there; it is on disk when this returns.
    pub(super) fn replace(path: PathBuf, subject: &Subject, remembered: &Remembered) -> io::Result<Self> {
        let new = path.with_extension("new");
        let mut text = subject_line(subject);
        text.extend(remembered.lines());
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        let file = OpenOptions::new().append(true).open(&path)?;
        let lines = text.lines().count();
        Ok(Self { path, subject: subject.clone(), file, unwritten: String::new(), lines })
    }

    pub(super) fn line(&mut self, line: &str) {
        self.unwritten.push_str(line);
        self.lines += 1;
    }

    pub(super) fn flush(&mut self, durable: bool) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        self.file.write_all(self.unwritten.as_bytes())?;
        self.unwritten.clear();
        if durable { self.file.sync_data() } else { Ok(()) }
    }

    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }
}
