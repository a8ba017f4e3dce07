//! Files that configurations name.

use std::cell::RefCell;

use crc32fast::Hasher;

use crate::transformer::Files;

/// Reads files, and remembers by a checksum what it read.
#[derive(Debug, Default)]
pub(super) struct OnDisk {
    digest: RefCell<Hasher>,
}

impl OnDisk {
    /// Adds a text to what the checksum is of.
    pub(super) fn seen(&self, text: &str) {
        let mut digest = self.digest.borrow_mut();
        digest.update(&text.len().to_le_bytes());
        digest.update(text.as_bytes());
    }

    pub(super) fn digest(&self) -> u32 {
        self.digest.borrow().clone().finalize()
    }
}

impl Files for OnDisk {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
        self.seen(&text);
        Ok(text)
    }

    fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
        let failed = |error: std::io::Error| format!("cannot read {directory}: {error}");
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // Mounted volumes hold hidden folders besides the values.
            let name = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'));
            if let Some(name) = name.filter(|_| path.is_file()) {
                paths.push((name.to_owned(), path.display().to_string()));
            }
        }
        paths.sort();
        let text = |(name, path): (String, String)| {
            self.seen(&name);
            Ok((name, self.read(&path)?))
        };
        paths.into_iter().map(text).collect()
    }
}
