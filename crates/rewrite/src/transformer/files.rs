//! The files that a configuration names. This crate reads none: the caller does.

/// Gives files to a configuration.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it can't be read.
    fn read(&self, path: &str) -> Result<String, String>;

    /// Names and texts of the files in a directory.
    ///
    /// # Errors
    /// Why they can't be read.
    fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String>;
}
