//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use switchover_cluster::TargetArgs;
use switchover_documents::{PlacementArgs, RuleArgsError};
use switchover_settings::value;
use switchover_snapshot::{READ_AHEAD_CHUNKS, READ_BYTES, RepositoryUri};
use switchover_telemetry::LogFormat;

use crate::compression::Gzip;
use crate::destination::Versioning;
use crate::selection::{Selection, SelectionError};
use crate::worker::OnDamage;

/// What settings are called in the environment.
pub const ENVIRONMENT: &str = "SWITCHOVER_RFS";
/// Of a worker, beside its batches and what it reads: decompressed chunks, the answer, the request's head.
const OTHER_WORKER_BYTES: u64 = 2 * 1024 * 1024;
/// Shorter leases are lost to a collection of garbage on the coordination index's node.
const MIN_LEASE: Duration = Duration::from_secs(2);

/// Reads the documents of a snapshot straight out of its files and indexes them into the target. Any number of these
/// on any number of hosts share the work.
///
/// Exit codes: 0 everything in the snapshot is on the target; 1 failed; 2 wrong usage; 4 done, but documents were refused
/// (see --failedDocumentDir) or parts were left out (--onDamage skip-shard); 5 paused or stopped, by a signal or from the
/// console.
#[derive(Debug, clap::Parser)]
#[command(name = "switchover-rfs", rename_all = "camelCase", version = switchover_settings::VERSION)]
pub struct Settings {
    /// The repository: file:///path or s3://bucket/prefix
    #[arg(
        long,
        alias = "s3RepoUri",
        alias = "snapshotLocalDir",
        value_name = "URI",
        help_heading = "Snapshot"
    )]
    pub repo_uri: RepositoryUri,
    /// The bucket's region [default: of the environment]
    #[arg(long, value_name = "REGION", help_heading = "Snapshot")]
    pub s3_region: Option<String>,
    /// Another store than Amazon's: http(s)://host:port
    #[arg(long, alias = "endpoint", value_name = "URI", help_heading = "Snapshot")]
    pub s3_endpoint: Option<String>,
    /// The snapshot
    #[arg(long, value_name = "NAME", help_heading = "Snapshot")]
    pub snapshot_name: String,
    /// Indices to load: names, names with *, regex:EXPRESSION [default: all but those that begin with a dot]
    #[arg(long, value_name = "INDEX,...", value_delimiter = ',', help_heading = "Snapshot")]
    pub index_allowlist: Vec<String>,
    /// What to do with a part of the snapshot that can't be read
    #[arg(long, value_enum, value_name = "WHAT", default_value = "fail", help_heading = "Snapshot")]
    pub on_damage: OnDamage,

    /// The target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Bytes of documents in a bulk request
    #[arg(long, alias = "documentsSizePerBulkRequest", value_name = "SIZE", default_value = "10MiB", value_parser = value::size, help_heading = "Target")]
    pub bulk_bytes: u64,
    /// Bulk requests in flight at once, at most; fewer while the target is overloaded
    #[arg(long, value_name = "COUNT", default_value = "10", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Target")]
    pub max_connections: u32,
    /// Compress requests
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Target")]
    pub gzip: Gzip,
    /// Whether documents replace those on the target
    #[arg(long, value_enum, value_name = "HOW", default_value = "none", help_heading = "Target")]
    pub versioning: Versioning,
    /// Let the target make indices that it lacks, with mappings that it guesses
    #[arg(long, help_heading = "Target")]
    pub allow_auto_create: bool,
    /// Leave refresh interval and replicas of the target's empty indices as they are while they are loaded
    #[arg(long, help_heading = "Target")]
    pub keep_settings: bool,

    /// What documents become.
    #[command(flatten, next_help_heading = "Documents")]
    pub placement: PlacementArgs,

    /// Workers of the same name share their work, and only one snapshot can have it
    #[arg(long, value_name = "NAME", default_value = "", help_heading = "Work")]
    pub session_name: String,
    /// Cluster that holds the coordination index, with the target's credentials [default: the target]
    #[arg(long, alias = "coordinatorHost", value_name = "URI", help_heading = "Work")]
    pub coordinator_uri: Option<String>,
    /// Ranges of segments that are loaded at once
    #[arg(long, value_name = "COUNT", default_value = "4", value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = "Work")]
    pub workers: u32,
    /// Memory for documents; fewer --workers are used if they would need more
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = value::size, help_heading = "Work")]
    pub max_memory: u64,
    /// When to end
    #[arg(long, value_enum, value_name = "WHEN", default_value = "done", help_heading = "Work")]
    pub until: Until,
    /// How long a worker that is silent keeps its work; the same for all workers of a session
    #[arg(long, alias = "initialLeaseDuration", value_name = "DURATION", default_value = "60s", value_parser = value::duration, help_heading = "Work")]
    pub lease_duration: Duration,

    /// Directory for documents that the target refuses
    #[arg(long, value_name = "DIR", default_value = "failed-documents", help_heading = "Output")]
    pub failed_document_dir: PathBuf,
    /// Address for /healthz, /readyz, /status and /metrics [default: none]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Output")]
    pub admin_address: Option<String>,
    /// How log lines look
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub log_format: LogFormat,
}

/// When a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Until {
    /// When all work is done, or it is paused
    Done,
    /// When it is told to: as a member of a fleet that `switchover backfill` starts, scales, pauses and stops
    Never,
}

/// A combination of flags that can't be meant. Exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The choice of indices.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// Rules for documents.
    #[error(transparent)]
    Rules(#[from] RuleArgsError),
    /// Too little memory for one worker.
    #[error("--maxMemory {given} is too little for --bulkBytes {bulk_bytes}: give at least {needed}")]
    Memory {
        /// As given.
        given: u64,
        /// As given.
        bulk_bytes: u64,
        /// For one worker.
        needed: u64,
    },
    /// Too short a lease.
    #[error("--leaseDuration {0:?}: at least {MIN_LEASE:?}")]
    Lease(Duration),
}

impl Settings {
    /// The choice of indices.
    ///
    /// # Errors
    /// For an expression that is none.
    pub fn selection(&self) -> Result<Selection, UsageError> {
        Ok(Selection::new(&self.index_allowlist)?)
    }

    /// How many workers fit the memory: each has a batch under way, one that is made, and the ranges that are read ahead.
    ///
    /// # Errors
    /// When not even one does, or the lease is too short.
    pub fn workers(&self) -> Result<u32, UsageError> {
        if self.lease_duration < MIN_LEASE {
            return Err(UsageError::Lease(self.lease_duration));
        }
        let read = READ_BYTES * (READ_AHEAD_CHUNKS as u64 + 1);
        let one = self.bulk_bytes.saturating_mul(2).saturating_add(read + OTHER_WORKER_BYTES);
        let fit = u32::try_from(self.max_memory / one).unwrap_or(u32::MAX);
        if fit == 0 {
            let (given, bulk_bytes) = (self.max_memory, self.bulk_bytes);
            return Err(UsageError::Memory { given, bulk_bytes, needed: one });
        }
        if fit < self.workers {
            tracing::warn!(
                workers = fit,
                asked = self.workers,
                "fewer workers than asked for, as --maxMemory has room for"
            );
        }
        Ok(self.workers.min(fit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parse(more: &[&str]) -> Result<Settings, String> {
        let all =
            ["rfs", "--repoUri", "/r", "--snapshotName", "s", "--targetUri", "http://t"].iter().chain(more);
        switchover_settings::try_parse_from(ENVIRONMENT, all.map(OsString::from))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn workers_fit_the_memory() {
        assert_eq!(parse(&[]).unwrap().workers().unwrap(), 4);
        assert_eq!(parse(&["--workers", "100"]).unwrap().workers().unwrap(), 6);
        assert_eq!(parse(&["--max-memory", "64MiB", "--bulkBytes", "1MiB"]).unwrap().workers().unwrap(), 3);
        let error = parse(&["--maxMemory", "10MiB"]).unwrap().workers().unwrap_err().to_string();
        assert!(error.contains("--maxMemory 10485760"), "{error}");
        assert_eq!(
            switchover_coordinate::LEASE,
            parse(&[]).unwrap().lease_duration,
            "the default is said once in words"
        );
        assert!(parse(&["--leaseDuration", "1s"]).unwrap().workers().is_err());
    }

    #[test]
    fn names_of_the_existing_tool_are_taken() {
        let settings =
            parse(&["--documentsSizePerBulkRequest", "1MiB", "--initial-lease-duration", "90s"]).unwrap();
        assert_eq!((settings.bulk_bytes, settings.lease_duration), (1 << 20, Duration::from_secs(90)));
        let noop = "NoopTransformerProvider";
        for (flag, value) in [
            ("--doc-transformer-config", noop),
            ("--docTransformerConfig", noop),
            ("--transformer-config", noop),
            ("--doc-transformer-config-base64", "Tm9vcFRyYW5zZm9ybWVyUHJvdmlkZXI="),
        ] {
            assert!(parse(&[flag, value]).unwrap().placement.placement().unwrap().has_rules(), "{flag}");
        }
        let wrong = parse(&["--doc-transformer-config-file", "/none"]).unwrap().placement.placement();
        assert!(wrong.unwrap_err().to_string().starts_with("--transformerConfigFile /none: "));
    }
}
