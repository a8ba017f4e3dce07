//! The flags about users' rules, the same for whoever sends requests and whoever sends documents.

mod on_disk;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;

use crate::documents::{DeclaredDocumentRules, DocumentRules};
use crate::rules::{Rules, RulesError};
use crate::transformer::{ConfigError, Transformers};
use crate::version::Version;
use on_disk::OnDisk;

/// What becomes of what a rule fails for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnTransformError {
    /// It is not sent, and kept.
    #[default]
    DeadLetter,
    /// It is sent without the rules' changes.
    Send,
}

/// The flags.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(rename_all = "camelCase")]
pub struct RuleArgs {
    /// Rules in YAML (docs/rewriting.md)
    #[arg(long, value_name = "FILE")]
    rewrite_rules: Option<PathBuf>,
    /// Transformers, as JSON: [{"ProviderName": config}, ...]
    #[arg(long, alias = "docTransformerConfig", value_name = "JSON", conflicts_with_all = ["transformer_config_encoded", "transformer_config_file"])]
    transformer_config: Option<String>,
    /// The same in base64
    #[arg(long, aliases = ["docTransformerConfigEncoded", "docTransformerConfigBase64", "transformerConfigBase64"], value_name = "BASE64", conflicts_with = "transformer_config_file")]
    transformer_config_encoded: Option<String>,
    /// The same in a file
    #[arg(long, alias = "docTransformerConfigFile", value_name = "FILE")]
    transformer_config_file: Option<PathBuf>,
    /// What to do with what a rule fails for: keep it apart, or send it without the rules' changes
    #[arg(long, value_enum, value_name = "WHAT", default_value = "dead-letter")]
    pub on_transform_error: OnTransformError,
}

/// A rule that can't be used. Exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum RuleArgsError {
    /// A file that can't be read.
    #[error("{flag} {path}: {source}", path = path.display())]
    File {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not base64, or not text.
    #[error("--transformerConfigEncoded: not base64 of a text")]
    Encoding,
    /// A configuration of transformers or a filter.
    #[error("{flag}: {error}")]
    Config {
        /// The flag that holds it.
        flag: &'static str,
        /// What is wrong.
        error: ConfigError,
    },
    /// Declared rules.
    #[error("--rewriteRules {0}")]
    Rules(#[from] RulesError),
}

impl RuleArgs {
    /// The file of declared rules.
    #[must_use]
    pub fn rewrite_rules(&self) -> Option<&Path> {
        self.rewrite_rules.as_deref()
    }

    /// Reads and compiles rules for requests to a target of this version, as far as known.
    ///
    /// # Errors
    /// See [`RuleArgsError`].
    pub fn for_requests(&self, target: Option<Version>) -> Result<(Transformers, Rules), RuleArgsError> {
        let files = OnDisk::default();
        let rules = match self.declared(&files)? {
            Some((file, yaml)) => Rules::parse(&file, &yaml)?,
            None => Rules::default(),
        };
        let transformers = match self.config(&files)? {
            Some((flag, text)) => Transformers::parse(&text, &files, target)
                .map_err(|error| RuleArgsError::Config { flag, error })?,
            None => Transformers::default(),
        };
        Ok((transformers, rules))
    }

    /// Reads and compiles rules for indices and templates: transformers for items, declared rules for the requests that
    /// make them.
    ///
    /// # Errors
    /// See [`RuleArgsError`].
    pub fn for_items(&self) -> Result<(Transformers, Rules), RuleArgsError> {
        let files = OnDisk::default();
        let rules = match self.declared(&files)? {
            Some((file, yaml)) => Rules::parse(&file, &yaml)?,
            None => Rules::default(),
        };
        let transformers = match self.config(&files)? {
            Some((flag, text)) => Transformers::parse_for_documents(&text, &files)
                .map_err(|error| RuleArgsError::Config { flag, error })?,
            None => Transformers::default(),
        };
        Ok((transformers, rules))
    }

    /// Puts a configuration in base64 in the place of one that no flag gives.
    pub fn or_encoded(&mut self, config: Option<&str>) {
        let given = self.transformer_config.is_some()
            || self.transformer_config_encoded.is_some()
            || self.transformer_config_file.is_some();
        if !given {
            self.transformer_config_encoded = config.map(str::to_owned);
        }
    }

    /// Reads and compiles rules for documents. The number tells rules from others, by all files that were read.
    ///
    /// # Errors
    /// See [`RuleArgsError`].
    pub fn for_documents(&self) -> Result<(DocumentRules, u32), RuleArgsError> {
        let files = OnDisk::default();
        let declared = match self.declared(&files)? {
            Some((file, yaml)) => DeclaredDocumentRules::parse(&file, &yaml)?,
            None => DeclaredDocumentRules::default(),
        };
        let transformers = match self.config(&files)? {
            Some((flag, text)) => Transformers::parse_for_documents(&text, &files)
                .map_err(|error| RuleArgsError::Config { flag, error })?,
            None => Transformers::default(),
        };
        files.seen(&format!("{:?}", self.on_transform_error));
        Ok((DocumentRules { transformers, declared }, files.digest()))
    }

    /// The file's name and its text.
    fn declared(&self, files: &OnDisk) -> Result<Option<(String, String)>, RuleArgsError> {
        let read = |path: &PathBuf| Ok((path.display().to_string(), read(files, "--rewriteRules", path)?));
        self.rewrite_rules.as_ref().map(read).transpose()
    }

    /// The flag and its text.
    fn config(&self, files: &OnDisk) -> Result<Option<(&'static str, String)>, RuleArgsError> {
        let given =
            (&self.transformer_config, &self.transformer_config_encoded, &self.transformer_config_file);
        let (flag, text) = match given {
            (Some(text), ..) => ("--transformerConfig", text.clone()),
            (_, Some(encoded), _) => {
                let bytes = STANDARD.decode(encoded.trim()).ok();
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                ("--transformerConfigEncoded", text.ok_or(RuleArgsError::Encoding)?)
            }
            (.., Some(path)) => {
                let flag = "--transformerConfigFile";
                (flag, read(files, flag, path)?)
            }
            (None, None, None) => return Ok(None),
        };
        files.seen(&text);
        Ok(Some((flag, text)))
    }
}

fn read(files: &OnDisk, flag: &'static str, path: &PathBuf) -> Result<String, RuleArgsError> {
    let text = std::fs::read_to_string(path).map_err(|source| RuleArgsError::File {
        flag,
        path: path.clone(),
        source,
    })?;
    files.seen(&text);
    Ok(text)
}

#[cfg(test)]
mod tests;
