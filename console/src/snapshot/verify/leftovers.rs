//! A server leaves the list of a repository's snapshots when the last one is deleted. Where the repository did not exist
//! before, the files of that list are removed, if this host can.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use switchover_snapshot::RepositoryUri;

use crate::services::Storage;

/// Of indices, empty when there is no snapshot.
const FOLDERS: [&str; 2] = ["indices", "snapshot_shard_paths"];

/// What was there before anything was made.
pub(super) enum Before {
    /// A folder, and whether it existed; there was no repository in it.
    Nothing { folder: PathBuf, existed: bool },
    /// A repository, or a place that can't be looked at.
    Something { place: String },
}

impl Before {
    pub(super) fn look(storage: &Storage) -> Self {
        match storage.uri().0 {
            RepositoryUri::File(folder) => match fs::read_dir(&folder) {
                Ok(mut entries) => match entries.next() {
                    None => Self::Nothing { folder, existed: true },
                    Some(_) => Self::Something { place: folder.display().to_string() },
                },
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Self::Nothing { folder, existed: false }
                }
                Err(_) => Self::Something { place: folder.display().to_string() },
            },
            RepositoryUri::S3 { bucket, prefix } => {
                Self::Something { place: format!("s3://{bucket}/{prefix}") }
            }
        }
    }

    /// Removes them; what is left, in words.
    pub(super) fn remove(&self) -> String {
        match self {
            Self::Something { place } => {
                format!(
                    "the list of snapshots (index-N, index.latest) stays in {place}; it is small and does no harm"
                )
            }
            Self::Nothing { folder, existed } => match remove(folder, *existed) {
                Ok(()) => format!("nothing is left in {}", folder.display()),
                Err(error) => format!(
                    "the list of snapshots (index-N, index.latest) stays in {}: {error}",
                    folder.display()
                ),
            },
        }
    }
}

fn remove(folder: &Path, existed: bool) -> std::io::Result<()> {
    let names: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    let (folders, files): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| FOLDERS.iter().any(|folder| *name == folder));
    if !files.iter().all(|name| is_list(name)) {
        return Err(std::io::Error::other("there are other files than this"));
    }
    // First, as those that hold something stay, and everything else with them.
    for name in folders {
        fs::remove_dir(folder.join(name))?;
    }
    for name in files {
        fs::remove_file(folder.join(name))?;
    }
    if existed { Ok(()) } else { fs::remove_dir(folder) }
}

fn is_list(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let generation = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    matches!(name, "index.latest" | "incompatible-snapshots")
        || name.strip_prefix("index-").is_some_and(generation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_list_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["index-12", "index.latest"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("indices")).unwrap();
        remove(folder.path(), true).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::create_dir_all(folder.path().join("indices/of-others")).unwrap();
        fs::write(folder.path().join("index-1"), "x").unwrap();
        remove(folder.path(), true).unwrap_err();
        assert!(folder.path().join("index-1").exists());
        fs::remove_dir_all(folder.path().join("indices")).unwrap();
        fs::remove_file(folder.path().join("index-1")).unwrap();
        for name in ["index-0", "index-x"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        remove(folder.path(), true).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        remove(&folder.path().join("seen-by-nodes-only"), false).unwrap_err();
    }
}
