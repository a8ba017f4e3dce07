//! The flags about rewriting, and the rules that they name.

use clap::ValueEnum;
use switchover_rewrite::args::{OnTransformError, RuleArgs, RuleArgsError};
use switchover_rewrite::rules::Rules;
use switchover_rewrite::transformer::{Predicate, Transformers};
use switchover_rewrite::version::Version;

/// What versions demand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Rewrite {
    /// Requests stay as they are.
    #[default]
    None,
    /// What the target's version refuses is rewritten.
    Auto,
}

/// The flags.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Rewriting", rename_all = "camelCase")]
pub struct RewriteArgs {
    /// Rewrite what the target's version refuses: mapping types, old parameters (docs/rewriting.md)
    #[arg(long, value_enum, value_name = "WHAT", default_value = "auto")]
    rewrite: Rewrite,
    /// The source, such as 'ES 6.8'; switches off what it can't need [default: unknown]
    #[arg(long, value_name = "VERSION")]
    source_version: Option<Version>,
    /// The target, such as 'OS 2.19' [default: what it says itself]
    #[arg(long, value_name = "VERSION")]
    target_version: Option<Version>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Send only requests that a predicate is true for: {"JsonJMESPathPredicateProvider": {"script": "..."}}
    #[arg(long, value_name = "JSON")]
    request_filter_config: Option<String>,
}

/// Everything that requests are rewritten by.
#[derive(Debug, Default)]
pub struct RewriteOptions {
    /// What versions demand.
    pub rewrite: Rewrite,
    /// The source's version, as far as known.
    pub source: Option<Version>,
    /// The target's version, as given.
    pub target: Option<Version>,
    /// Requests for which it is false are not sent.
    pub filter: Option<Predicate>,
    /// Transformers of the existing tool's configuration.
    pub transformers: Transformers,
    /// Declared rules.
    pub rules: Rules,
    /// What becomes of a request that a rule fails for.
    pub on_error: OnTransformError,
}

impl RewriteOptions {
    /// Whether the user wants anything.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        self.filter.is_some() || !self.transformers.is_empty() || !self.rules.is_empty()
    }
}

impl RewriteArgs {
    /// Reads and compiles all rules.
    ///
    /// # Errors
    /// See [`RuleArgsError`].
    pub fn options(&self) -> Result<RewriteOptions, RuleArgsError> {
        let (transformers, rules) = self.rules.for_requests(self.target_version)?;
        let filter = self.request_filter_config.as_deref().map(Predicate::parse).transpose();
        let filter =
            filter.map_err(|error| RuleArgsError::Config { flag: "--requestFilterConfig", error })?;
        Ok(RewriteOptions {
            rewrite: self.rewrite,
            source: self.source_version,
            target: self.target_version,
            filter,
            transformers,
            rules,
            on_error: self.rules.on_transform_error,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Flags {
        #[command(flatten)]
        rewriting: RewriteArgs,
    }

    fn options(arguments: &[&str]) -> Result<RewriteOptions, String> {
        let argv = ["replayer"].iter().chain(arguments).map(OsString::from);
        let flags: Flags =
            switchover_settings::try_parse_from("REWRITE_TEST", argv).map_err(|error| error.to_string())?;
        flags.rewriting.options().map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said() {
        let options = options(&[]).unwrap();
        assert_eq!((options.rewrite, options.on_error), (Rewrite::Auto, OnTransformError::DeadLetter));
        assert!(!options.has_rules() && options.source.is_none() && options.target.is_none());
    }

    #[test]
    fn rules_from_everywhere() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let rules = path("rules.yaml", "- {name: r, reject: true}");
        let script = path("s.js", "function main(c) { return r => r; } (() => main)()");
        let config =
            format!(r#"[{{"JsonJSTransformerProvider":{{"initializationScriptFile":"{script}"}}}}]"#);
        let config_file = path("config.json", &config);
        let encoded = STANDARD.encode(&config);
        for given in [
            &["--transformerConfig", &config][..],
            &["--transformer-config-encoded", &encoded],
            &["--transformerConfigFile", &config_file],
        ] {
            let options = options(given).unwrap();
            assert!(!options.transformers.is_empty() && options.rules.is_empty());
        }
        let all = [
            "--rewrite",
            "none",
            "--sourceVersion",
            "ES 6.8",
            "--targetVersion",
            "OS 2.19",
            "--rewriteRules",
            &rules,
        ];
        let all = options(&[&all[..], &["--onTransformError", "send"]].concat()).unwrap();
        assert_eq!((all.rewrite, all.on_error), (Rewrite::None, OnTransformError::Send));
        assert!(!all.rules.is_empty() && all.source.is_some() && all.target.is_some());
        assert!(options(&["--transformerConfig", "x", "--transformerConfigFile", "y"]).is_err());
    }

    #[test]
    fn wrong_rules_name_the_flag_and_the_place() {
        let directory = tempfile::tempdir().unwrap();
        let rules = directory.path().join("rules.yaml").display().to_string();
        std::fs::write(&rules, "- name: r\n  jq: '.a |'\n").unwrap();
        for (arguments, wanted) in [
            (&["--rewriteRules", &rules][..], "rules.yaml, line 1: rule 'r'"),
            (&["--rewriteRules", "/no/such/file"], "--rewriteRules /no/such/file"),
            (&["--transformerConfig", "Nothing"], "--transformerConfig: Nothing: unknown provider"),
            (&["--transformerConfigEncoded", "%"], "--transformerConfigEncoded"),
            (&["--requestFilterConfig", "{}"], "--requestFilterConfig"),
            (&["--sourceVersion", "7.10"], "expected a product and a version"),
        ] {
            let error = options(arguments).unwrap_err();
            assert!(error.contains(wanted), "{arguments:?}: {error}");
        }
    }
}
