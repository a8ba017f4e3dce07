//! What can be wrong with TLS settings.

use std::path::PathBuf;

/// Display is the whole message for the user: the file, what is wrong with it, what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be used.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// The system trusts nobody.
    #[error(
        "the system's root certificates cannot be loaded ({0}); install the ca-certificates package, or give a CA file"
    )]
    NoSystemRoots(String),
    /// The settings do not go together.
    #[error("{0}")]
    Settings(String),
}

impl TlsError {
    pub(crate) fn variable(name: &str, reason: impl ToString) -> Self {
        Self::Settings(format!("environment variable {name}: {}", reason.to_string()))
    }

    pub(crate) fn file(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }
}
