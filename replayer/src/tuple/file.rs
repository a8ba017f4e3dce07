//! `tuples.log`: appended to, closed at a size, and compressed in the background once closed.
//!
//! A request is acknowledged only after the flush of its tuple, so what a crash tears is repeated: a torn last line is
//! cut off at the next start. A closed file is renamed when it is on disk whole, and its plain text goes only when the
//! compressed copy is on disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use switchover_capture::Timestamp;

/// The file in the tuple directory that is written to.
pub const FILE_NAME: &str = "tuples.log";
/// Held while a process writes there: what one closes and compresses, another must not be writing to.
const LOCK_NAME: &str = "tuples.lock";
/// Closed files are called `tuples-TIME.log`, then `tuples-TIME.log.zst`.
const CLOSED_PREFIX: &str = "tuples-";
const CLOSED_SUFFIX: &str = ".log";
const TEMPORARY_SUFFIX: &str = ".tmp";

const WRITE_BUFFER_BYTES: usize = 256 * 1024;
const LOOK_BACK_BYTES: u64 = 64 * 1024;
/// Fast: several hundred MB/s, and tuples shrink to a tenth anyway.
const ZSTD_LEVEL: i32 = 1;

/// The tuple file, open for appending.
#[derive(Debug)]
pub struct TupleFile {
    directory: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    max_bytes: u64,
    archive: Archive,
    _lock: File,
}

/// The thread that compresses closed files.
#[derive(Debug)]
struct Archive {
    /// Full when the thread has been told already: it looks for files itself.
    wake: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl TupleFile {
    /// Opens (and makes) the file and its directory. At `max_bytes` a file is closed and a new one begun.
    ///
    /// # Errors
    /// Of the file system.
    pub fn append(directory: &Path, max_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let lock = File::create(directory.join(LOCK_NAME))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another replayer writes there"),
            TryLockError::Error(error) => error,
        })?;
        let mut file = open(directory)?;
        let bytes = cut_torn_line(&mut file)?;
        sync_directory(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
            file: BufWriter::with_capacity(WRITE_BUFFER_BYTES, file),
            bytes,
            max_bytes,
            archive: Archive::start(directory.to_owned())?,
            _lock: lock,
        })
    }

    /// Makes room for a line of about this many bytes: what is written next belongs to it.
    ///
    /// # Errors
    /// Of the file system.
    pub fn begin_line(&mut self, bytes: u64) -> io::Result<()> {
        if self.bytes > 0 && self.bytes.saturating_add(bytes) > self.max_bytes {
            self.rotate()?;
        }
        Ok(())
    }

    /// Hands everything to the file system, and with `durable` to the disk.
    ///
    /// # Errors
    /// Of the file system.
    pub fn keep(&mut self, durable: bool) -> io::Result<()> {
        self.file.flush()?;
        if durable { self.file.get_ref().sync_data() } else { Ok(()) }
    }

    /// Waits until every closed file is compressed.
    ///
    /// # Errors
    /// Of the last flush.
    pub fn finish(mut self) -> io::Result<()> {
        self.keep(false)?;
        drop(self.archive.wake);
        // It logs what it can't do, and the files stay.
        let _ = self.archive.thread.join();
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.keep(true)?;
        let time: String = Timestamp::now()
            .to_string()
            .chars()
            .filter(|digit| digit.is_ascii_digit() || *digit == 'T')
            .collect();
        let closed = (0_u32..).map(|at| match at {
            0 => format!("{CLOSED_PREFIX}{time}{CLOSED_SUFFIX}"),
            at => format!("{CLOSED_PREFIX}{time}-{at}{CLOSED_SUFFIX}"),
        });
        let free = |name: &String| {
            let path = self.directory.join(name);
            !path.exists() && !compressed(&path).exists()
        };
        let Some(name) = closed.into_iter().find(free) else { return Ok(()) };
        fs::rename(self.directory.join(FILE_NAME), self.directory.join(name))?;
        self.file = BufWriter::with_capacity(WRITE_BUFFER_BYTES, open(&self.directory)?);
        self.bytes = 0;
        sync_directory(&self.directory)?;
        // Full: it will look again anyway.
        let _ = self.archive.wake.try_send(());
        Ok(())
    }
}

impl Write for TupleFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    /// Hands everything to the file system.
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Archive {
    fn start(directory: PathBuf) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let archive = move || compress_when_woken(&directory, &woken);
        let thread = std::thread::Builder::new().name("tuple archive".to_owned()).spawn(archive)?;
        Ok(Self { wake, thread })
    }
}

fn compress_when_woken(directory: &Path, woken: &Receiver<()>) {
    loop {
        let ended = woken.recv().is_err();
        if let Err(error) = compress_closed(directory) {
            tracing::warn!(directory = %directory.display(), %error, "closed tuple files stay uncompressed");
        }
        if ended {
            return;
        }
    }
}

/// Compresses every closed file, also those that an earlier run left.
fn compress_closed(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(CLOSED_PREFIX) && name.ends_with(CLOSED_SUFFIX) {
            compress(directory, &entry.path())?;
        }
    }
    Ok(())
}

fn compress(directory: &Path, plain: &Path) -> io::Result<()> {
    let compressed = compressed(plain);
    let mut temporary = compressed.clone().into_os_string();
    temporary.push(TEMPORARY_SUFFIX);
    let out = File::create(&temporary)?;
    zstd::stream::copy_encode(File::open(plain)?, &out, ZSTD_LEVEL)?;
    out.sync_all()?;
    fs::rename(&temporary, &compressed)?;
    sync_directory(directory)?;
    fs::remove_file(plain)
}

fn compressed(plain: &Path) -> PathBuf {
    let mut name = plain.as_os_str().to_owned();
    name.push(".zst");
    PathBuf::from(name)
}

fn open(directory: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).read(true).append(true).open(directory.join(FILE_NAME))
}

/// A crash may have left a part of a line; what comes next must not become a part of it. Gives the length.
fn cut_torn_line(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(LOOK_BACK_BYTES);
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(file).take(end - start).read_to_end(&mut part)?;
        if let Some(newline) = memchr::memrchr(b'\n', &part) {
            end = start + newline as u64 + 1;
            break;
        }
        end = start;
    }
    if end < length {
        tracing::warn!(
            bytes = length - end,
            "the last tuple was torn by a crash; its request is replayed again"
        );
        file.set_len(end)?;
    }
    Ok(end)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests;
