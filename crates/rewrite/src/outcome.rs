//! What came of the rules for one request.

/// Why a request is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A filter doesn't let it pass: it was meant not to be sent.
    #[error("{filter}")]
    Rejected {
        /// Which one.
        filter: String,
    },
    /// A rule could not be followed.
    #[error("{reason}")]
    Failed {
        /// Which one, and why.
        reason: String,
    },
}

impl Stop {
    /// A rule that could not be followed.
    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }

    /// Says which rule it was.
    #[must_use]
    pub fn by(self, rule: &str) -> Self {
        match self {
            Self::Failed { reason } => Self::Failed { reason: format!("{rule}: {reason}") },
            Self::Rejected { filter } => Self::Rejected { filter: format!("{rule}: {filter}") },
        }
    }
}
