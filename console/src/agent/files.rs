//! Files that belong to somebody else: replaced whole or not at all, with the same owner, mode and extended attributes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};

/// For files that only root may read: copies of configuration files can hold secrets.
const PRIVATE: u32 = 0o600;

/// Of a file's bytes, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file that a path stands for; links are followed, so that the link stays one.
pub(super) fn real(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()))
}

/// `None`: there is no such file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Gives a file that is there other content. At every instant, also after a power cut, it has the one or the other.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let told = || format!("cannot write {}", path.display());
    let path = real(path)?;
    let partial = beside(&path);
    // cp knows all that a file has besides its bytes: owner, mode, access lists, labels.
    let copied = Command::new("cp").args(["--preserve=all", "--"]).args([&path, &partial]).output();
    let copied = copied.with_context(told)?;
    if !copied.status.success() {
        bail!("{}: {}", told(), String::from_utf8_lossy(&copied.stderr).trim());
    }
    let written = (|| {
        let mut file = OpenOptions::new().write(true).truncate(true).open(&partial)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&partial, &path)?;
        sync_folder(&path)
    })();
    written.inspect_err(|_| drop(fs::remove_file(&partial))).with_context(told)
}

/// Writes a file of our own with this mode, whole or not at all.
pub(super) fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let partial = beside(path);
    let written = (|| {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&partial)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(path)
    })();
    written
        .inspect_err(|_| drop(fs::remove_file(&partial)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The same for what only root may read.
pub(super) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, PRIVATE)
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(sync_folder(path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot remove {}", path.display())),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".switchover-new");
    PathBuf::from(name)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn content_changes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.yml"), folder.path().join("link.yml"));
        fs::write(&file, "one").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o646)).unwrap();
        symlink(&file, &link).unwrap();
        let before = fs::metadata(&file).unwrap();
        replace(&link, b"two").unwrap();
        let after = fs::metadata(&file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(replace(&folder.path().join("missing"), b"").is_err());
    }

    #[test]
    fn a_known_digest() {
        assert!(sha256(b"").starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
    }
}
