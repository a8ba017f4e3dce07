//! The flags of both commands.

use std::path::PathBuf;

use clap::ValueEnum;
use switchover_cluster::TargetArgs;
use switchover_metadata::select::{PatternError, Patterns};
use switchover_metadata::types::{Conflicts, SeveralTypes};
use switchover_metadata::{Selection, Version};
use switchover_rewrite::args::RuleArgs;
use switchover_snapshot::RepositoryUri;

use crate::source::SourceArgs;

/// What is moved, from where, to where.
#[derive(Debug, clap::Args)]
// An optional set of flags is still required by clap where one of its flags is.
#[command(rename_all = "camelCase", mut_arg("target_uri", |flag| flag.required(false)))]
pub(crate) struct Args {
    /// The repository of the snapshot to read: file:///path or s3://bucket/prefix [default: the source cluster is read]
    #[arg(long, aliases = ["repoUri", "repo-uri", "s3-repo-uri", "file-system-repo-path"], value_name = "URI", requires = "snapshot", help_heading = "Source")]
    pub(super) repo: Option<RepositoryUri>,
    /// The snapshot
    #[arg(long, aliases = ["snapshotName", "snapshot-name"], value_name = "NAME", requires = "repo", help_heading = "Source")]
    pub(super) snapshot: Option<String>,
    /// The bucket's region
    #[arg(long, alias = "s3-region", value_name = "REGION", help_heading = "Source")]
    pub(super) s3_region: Option<String>,
    /// Another store that speaks S3's protocol: http(s)://host:port
    #[arg(long, aliases = ["s3-endpoint", "endpoint"], value_name = "URL", help_heading = "Source")]
    pub(super) s3_endpoint: Option<String>,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// The source's version where it is not known from what is read, such as 'ES 7.10'
    #[arg(long, alias = "source-version", value_name = "VERSION", help_heading = "Source")]
    pub(super) source_version: Option<Version>,
    /// The same of the services file, which knows less than what is read.
    #[arg(skip)]
    pub(super) assumed_version: Option<Version>,

    /// The target; without it, target_cluster of the services file.
    #[command(flatten)]
    pub(super) target: Option<TargetArgs>,

    /// Indices and data streams: names, names with * and ?, regex:EXPRESSION [default: all but those that begin with a dot]
    #[arg(
        long,
        alias = "index-allowlist",
        value_name = "NAME,...",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) index_allowlist: Vec<String>,
    /// Legacy and composable templates [default: all but those that products made themselves]
    #[arg(
        long,
        alias = "index-template-allowlist",
        value_name = "NAME,...",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) index_template_allowlist: Vec<String>,
    /// Component templates [default: likewise]
    #[arg(
        long,
        alias = "component-template-allowlist",
        value_name = "NAME,...",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) component_template_allowlist: Vec<String>,
    /// Items of any kind to leave out
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', help_heading = "Selection")]
    pub(super) exclude: Vec<String>,

    /// What becomes of indices with several mapping types (1.x to 5.x)
    #[arg(long, value_enum, value_name = "HOW", default_value = "union", help_heading = "Changes")]
    pub(super) several_types: Several,
    /// What a union does with fields that types define differently
    #[arg(long, value_enum, value_name = "HOW", default_value = "fail", help_heading = "Changes")]
    pub(super) type_conflicts: Conflict,
    /// Copies of each shard are a multiple of this [default: what the target demands]
    #[arg(long, alias = "cluster-awareness-attributes", value_name = "COUNT", help_heading = "Changes")]
    pub(super) cluster_awareness_attributes: Option<u32>,

    /// Rules of the user's: for items as the existing tool has them, and for the requests that make them; they come last.
    #[command(flatten, next_help_heading = "Changes")]
    pub(super) user: RuleArgs,

    /// File of the plan: evaluate writes it, migrate does what it says and reads no source
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) plan_file: Option<PathBuf>,
    /// Show every rule and every change, not only what is lost
    #[arg(long, help_heading = "Output")]
    pub(super) details: bool,
}

/// What to do with an item that the target has, otherwise than it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnExisting {
    /// Leave it, and say where it differs.
    Skip,
    /// Take it for a failure.
    Fail,
    /// Change it as far as it can be changed.
    Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Several {
    /// The operator has to choose.
    Fail,
    /// One index with the fields of all.
    Union,
    /// Each type gets the index INDEX_TYPE.
    Split,
    /// The index is left out.
    Drop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Conflict {
    /// The index is not made.
    Fail,
    /// The first type's definition is taken.
    First,
    /// The wider type of numbers is taken; other differences fail.
    Widen,
}

impl Args {
    pub(super) fn selection(&self) -> Result<Selection, PatternError> {
        Ok(Selection {
            indices: Patterns::new("--indexAllowlist", &self.index_allowlist)?,
            index_templates: Patterns::new("--indexTemplateAllowlist", &self.index_template_allowlist)?,
            component_templates: Patterns::new(
                "--componentTemplateAllowlist",
                &self.component_template_allowlist,
            )?,
            excluded: Patterns::new("--exclude", &self.exclude)?,
        })
    }
}

impl From<Several> for SeveralTypes {
    fn from(several: Several) -> Self {
        match several {
            Several::Fail => Self::Fail,
            Several::Union => Self::Union,
            Several::Split => Self::Split,
            Several::Drop => Self::Drop,
        }
    }
}

impl From<Conflict> for Conflicts {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Fail => Self::Fail,
            Conflict::First => Self::First,
            Conflict::Widen => Self::Widen,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_target_may_come_from_the_services_file_but_its_flags_need_its_address() {
        let parse = |flags: &[&str]| Command::try_parse_from([&["evaluate"], flags].concat());
        let target =
            |flags: &[&str]| parse(flags).map(|command| command.args.target.map(|target| target.target_uri));
        assert_eq!(target(&[]).unwrap(), None);
        assert_eq!(target(&["--repo", "file:///r", "--snapshot", "s"]).unwrap(), None);
        assert_eq!(target(&["--targetUri", "http://t"]).unwrap().as_deref(), Some("http://t"));
        let lone = target(&["--insecure"]).unwrap_err().to_string();
        assert!(lone.contains("targetUri") || lone.contains("target_uri"), "{lone}");
    }
}
