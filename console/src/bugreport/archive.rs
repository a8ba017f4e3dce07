//! The file: a gzip-compressed tar that only its owner may read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

/// The folder that everything is in.
const FOLDER: &str = "switchover-bugreport";

/// Writes a new file, on the disk when this returns.
pub(super) fn write<'p>(
    path: &Path,
    unix_seconds: i64,
    parts: impl Iterator<Item = (&'p str, &'p [u8])>,
) -> io::Result<()> {
    // It gets its name when it is whole.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let mut archive = Builder::new(GzEncoder::new(file, Compression::default()));
    for (name, content) in parts {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(unix_seconds).unwrap_or_default());
        archive.append_data(&mut header, format!("{FOLDER}/{name}"), content)?;
    }
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    file.sync_all()?;
    // Unlike a new name, a second one does not take the place of a file that is there.
    fs::hard_link(&unfinished, path)?;
    fs::remove_file(&unfinished)
}
