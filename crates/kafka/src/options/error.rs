//! What is wrong with the settings: with which flag or file, and what is accepted.

use crate::msk::RegionError;
use std::path::PathBuf;
use switchover_settings::secret::SecretError;

/// Settings that can't be used. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// Flags that exclude each other.
    #[error("{0} exclude each other: {1}")]
    Conflict(&'static str, &'static str),
    /// Something that must go with what was given.
    #[error("{given} needs {missing}")]
    Missing {
        /// What asks for it.
        given: String,
        /// What is not there.
        missing: &'static str,
    },
    /// A flag without a use in this combination, which means that something else was meant.
    #[error("{flag} has no use with {with}; {instead}")]
    NoUse {
        /// What was given.
        flag: &'static str,
        /// With what.
        with: String,
        /// What is accepted.
        instead: &'static str,
    },
    /// `--kafkaConnection`.
    #[error("--kafkaConnection '{value}': '{entry}' is not host:port; expected host:port,host:port")]
    Brokers {
        /// As given.
        value: String,
        /// The part that is wrong.
        entry: String,
    },
    /// The topic's name.
    #[error("--kafkaTopic '{0}': a topic's name is 1 to 249 letters, digits, '.', '_' and '-'")]
    Topic(String),
    /// A file of a certificate or key.
    #[error("{flag} {path}: {reason}", path = path.display())]
    File {
        /// Which flag or property names it.
        flag: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what is accepted.
        reason: String,
    },
    /// The password's file.
    #[error("--kafkaPasswordFile: {0}")]
    Password(#[from] SecretError),
    /// The region of an MSK cluster.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// A setting in the property file.
    #[error("--kafkaPropertyFile {path}, line {line}: {name}: {reason}", path = path.display())]
    Property {
        /// The property file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The property.
        name: String,
        /// What is wrong, and what is accepted.
        reason: String,
    },
}
