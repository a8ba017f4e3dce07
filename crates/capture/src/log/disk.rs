//! What the writer asks of the operating system and may be refused.
//!
//! A seam for tests: they refuse it (disk full, bad sector), stop the process in the middle of it, and keep account of
//! what would survive a power cut. One call of it is one system call, so it costs nothing worth measuring.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, IoSlice, Write},
    path::Path,
};

/// The operating system's part. The methods do what their system calls do.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Creates a file for appending; it must not exist.
    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).create_new(true).open(path)
    }

    /// Appends some of the pieces; returns how many bytes.
    fn write(&self, _path: &Path, mut file: &File, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        file.write_vectored(pieces)
    }

    /// Cuts a file.
    fn truncate(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)
    }

    /// Puts a file's bytes on disk.
    fn sync(&self, _path: &Path, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Puts a directory's names on disk.
    fn sync_directory(&self, _dir: &Path, open: &File) -> io::Result<()> {
        open.sync_all()
    }

    /// Deletes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// The operating system itself.
#[derive(Debug, Clone, Copy)]
pub struct System;

impl Disk for System {}

/// A file that is appended to.
pub(super) struct Appending<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) path: &'a Path,
    pub(super) file: &'a File,
}

impl Write for Appending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.disk.write(self.path, self.file, pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
