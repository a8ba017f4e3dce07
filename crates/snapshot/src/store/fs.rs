//! Blobs in a file system: a shared folder, or a copy of one.

mod buffer;

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;

use self::buffer::Buffer;
use super::{Blob, BlobStore, StoreError, StoreErrorKind};

/// The whole file system; a key is an absolute path without its first slash.
#[derive(Debug, Clone, Copy, Default)]
pub struct FsStore;

impl FsStore {
    /// Runs what blocks on a thread that may.
    async fn blocking<T: Send + 'static>(
        self,
        key: &str,
        work: impl FnOnce(&Path) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = path_of(key).ok_or_else(|| self.error(key, Failure::BadName))?;
        let done = tokio::task::spawn_blocking(move || work(&path)).await;
        let done = done.unwrap_or_else(|error| Err(Failure::Io(io::Error::other(error))));
        done.map_err(|failure| self.error(key, failure))
    }

    fn error(self, key: &str, failure: Failure) -> StoreError {
        let (kind, detail) = match failure {
            Failure::BadName => {
                (StoreErrorKind::BadName, "a name in the repository is no file's name".to_owned())
            }
            Failure::Ends(length) => {
                (StoreErrorKind::Truncated, format!("it ends at byte {length}, before what is needed of it"))
            }
            Failure::TooLarge(length) => {
                (StoreErrorKind::TooLarge, format!("with {length} bytes it is larger than any real one"))
            }
            Failure::Io(error) => {
                let kind = match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreErrorKind::NotFound,
                    io::ErrorKind::PermissionDenied => StoreErrorKind::Denied,
                    _ => StoreErrorKind::Other,
                };
                (kind, error.to_string())
            }
        };
        StoreError { kind, url: self.url(key), detail }
    }
}

enum Failure {
    BadName,
    Ends(u64),
    TooLarge(u64),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Names come from files of the repository: none may lead elsewhere.
fn path_of(key: &str) -> Option<PathBuf> {
    let path = Path::new("/").join(key);
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    (!key.starts_with('/') && !key.contains('\0') && path.components().all(plain)).then_some(path)
}

#[async_trait]
impl BlobStore for FsStore {
    fn url(&self, key: &str) -> String {
        format!("file:///{key}")
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Blob>, StoreError> {
        let (folder, start) = prefix.rsplit_once('/').unwrap_or(("", prefix));
        let (in_folder, start) = (folder.to_owned(), start.to_owned());
        self.blocking(folder, move |path| {
            let mut blobs = Vec::new();
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                // What is no UTF-8 was not written by a server.
                let Ok(name) = entry.file_name().into_string() else { continue };
                if name.starts_with(&start) && entry.file_type()?.is_file() {
                    let length = entry.metadata()?.len();
                    blobs.push(Blob { key: format!("{in_folder}/{name}"), length });
                }
            }
            Ok(blobs)
        })
        .await
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.blocking(key, move |path| {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            if range.end > length {
                return Err(Failure::Ends(length));
            }
            let count = range.end.saturating_sub(range.start);
            let mut buffer = Buffer::new(usize::try_from(count).map_err(|_| Failure::TooLarge(count))?);
            file.read_exact_at(buffer.bytes(), range.start)?;
            Ok(buffer.freeze())
        })
        .await
    }

    async fn read_whole(&self, key: &str, max_bytes: u64) -> Result<Bytes, StoreError> {
        self.blocking(key, move |path| {
            let file = File::open(path)?;
            let mut bytes = Vec::new();
            file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
            match u64::try_from(bytes.len()) {
                Ok(length) if length <= max_bytes => Ok(bytes.into()),
                _ => Err(Failure::TooLarge(fs::metadata(path)?.len())),
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(dir: &tempfile::TempDir, name: &str) -> String {
        format!("{}/{name}", dir.path().display()).trim_start_matches('/').to_owned()
    }

    #[tokio::test]
    async fn ranges_and_whole_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("index-7"), "0123456789").unwrap();
        let key = key(&dir, "index-7");
        assert_eq!(FsStore.read_range(&key, 2..5).await.unwrap(), "234");
        assert_eq!(FsStore.read_range(&key, 10..10).await.unwrap(), "");
        assert_eq!(FsStore.read_whole(&key, 10).await.unwrap(), "0123456789");
        let error = FsStore.read_range(&key, 5..11).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Truncated);
        assert!(error.to_string().contains("index-7: it ends at byte 10"), "{error}");
        assert_eq!(FsStore.read_range(&key, 5..u64::MAX).await.unwrap_err().kind, StoreErrorKind::Truncated);
        assert_eq!(FsStore.read_whole(&key, 9).await.unwrap_err().kind, StoreErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn a_listing_is_of_one_folder() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["index-1", "index-12", "index.latest"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        fs::create_dir(dir.path().join("index-folder")).unwrap();
        let mut blobs = FsStore.list(&key(&dir, "index-")).await.unwrap();
        blobs.sort_by(|a, b| a.key.cmp(&b.key));
        let expected = ["index-1", "index-12"].map(|name| Blob { key: key(&dir, name), length: 1 });
        assert_eq!(blobs, expected);
        let missing = FsStore.list(&key(&dir, "missing/index-")).await.unwrap_err();
        assert_eq!(missing.kind, StoreErrorKind::NotFound);
    }

    #[tokio::test]
    async fn no_name_leads_out_of_the_repository() {
        for name in ["tmp/../etc/passwd", "/etc/passwd", "tmp/a\0b", ".."] {
            let error = FsStore.read_whole(name, 10).await.unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::BadName, "{name}");
        }
    }
}
