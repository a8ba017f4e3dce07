//! Secrets come from files, never from a flag's value: a command line is readable by every user of the host.

use std::path::{Path, PathBuf};

/// A secret that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the secret in {path}: {source}; check that the file exists and that this user may read it", path = path.display())]
pub struct SecretError {
    path: PathBuf,
    source: std::io::Error,
}

/// Reads a secret; one newline at its end is not part of it.
///
/// # Errors
/// When the file can't be read as UTF-8 text.
pub fn read_file(path: &Path) -> Result<String, SecretError> {
    let mut text =
        std::fs::read_to_string(path).map_err(|source| SecretError { path: path.to_owned(), source })?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
