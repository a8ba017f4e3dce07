//! Indices that rules name: whether the target has them is not known before the first document goes there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use switchover_cluster::{Cluster, ClusterError, Method, StatusCode, path_part};

/// Names that are remembered. A rule that makes a name of each document's id has the target asked again.
const MAX_NAMES: usize = 10_000;

/// What the target is known to have.
#[derive(Debug)]
pub struct NamedByRules {
    target: Cluster,
    allow_auto_create: bool,
    /// Whether it is a data stream.
    known: Mutex<HashMap<Arc<str>, bool>>,
}

/// Documents can't go where a rule sends them. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum NamedError {
    /// The target can't be asked.
    #[error("target: {0}")]
    Target(#[from] ClusterError),
    /// It would guess mappings.
    #[error(
        "a rule sends documents to '{index}', which the target has not: they would get mappings that are guessed; create it and start again, or pass --allowAutoCreate"
    )]
    Missing {
        /// Its name.
        index: String,
    },
}

impl NamedByRules {
    /// None is known yet.
    #[must_use]
    pub fn new(target: Cluster, allow_auto_create: bool) -> Self {
        Self { target, allow_auto_create, known: Mutex::default() }
    }

    /// Whether the name is one of a data stream, as far as is known already.
    #[must_use]
    pub fn known(&self, index: &str) -> Option<bool> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(index).copied()
    }

    /// Whether the name is one of a data stream.
    ///
    /// # Errors
    /// When the target does not have it and must not make it, or can't be asked.
    pub async fn ask(&self, index: &str) -> Result<bool, NamedError> {
        let there = self.target.request(Method::HEAD, &format!("/{}", path_part(index)), None).await?;
        let is_stream = match there.status {
            StatusCode::NOT_FOUND if self.allow_auto_create => false,
            StatusCode::NOT_FOUND => return Err(NamedError::Missing { index: index.to_owned() }),
            _ => {
                there.success()?;
                let path = format!("/_data_stream/{}", path_part(index));
                self.target.request(Method::GET, &path, None).await?.status == StatusCode::OK
            }
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        known.insert(index.into(), is_stream);
        Ok(is_stream)
    }
}
