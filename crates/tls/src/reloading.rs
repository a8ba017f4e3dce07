//! Settings that are read again when their files change. What does not pass its checks changes nothing.

use crate::TlsError;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

/// When a file was last changed and how long it is: what tells a new one.
type Stamp = Option<(SystemTime, u64)>;

/// A loaded configuration and how to load it again.
pub struct Reloading<C> {
    load: Box<dyn Fn() -> Result<C, TlsError> + Send + Sync>,
    files: Vec<PathBuf>,
    current: RwLock<Arc<C>>,
    stamps: Mutex<Vec<Stamp>>,
}

impl<C> Reloading<C> {
    /// Loads for the first time.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn new(
        files: Vec<PathBuf>,
        load: impl Fn() -> Result<C, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let stamps = stamps(&files);
        let current = RwLock::new(Arc::new(load()?));
        Ok(Self { load: Box::new(load), files, current, stamps: Mutex::new(stamps) })
    }

    /// What new connections use.
    #[must_use]
    pub fn current(&self) -> Arc<C> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Loads again; on an error the old one stays.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn reload(&self) -> Result<(), TlsError> {
        // Before the files are read: what changes meanwhile is seen the next time.
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps(&self.files);
        let fresh = Arc::new((self.load)()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Loads again when a file is not the one that was loaded (or refused) last. Whether it did.
    ///
    /// # Errors
    /// Those of `load`; told once for each change.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let changed = *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) != stamps(&self.files);
        if changed {
            self.reload()?;
        }
        Ok(changed)
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files
        .iter()
        .map(|file| std::fs::metadata(file).ok().and_then(|m| Some((m.modified().ok()?, m.len()))))
        .collect()
}

impl<C> fmt::Debug for Reloading<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloading").field("files", &self.files).finish_non_exhaustive()
    }
}
