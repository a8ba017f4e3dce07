//! Both sides of the command, and the exit codes that tell which of them failed.

use std::path::Path;

use anyhow::anyhow;
use switchover_cluster::{ClusterError, ClusterOptions, Distribution};
use switchover_metadata::{Plan, Product, Version};

use super::args::Args;
use super::source::Source;
use crate::failure::Failure;
use crate::services::{Services, Side};
use crate::target::Target;

/// A cluster can't be reached, or does not let us in.
const CONNECT: u8 = 3;
/// The source can't be read.
const SOURCE: u8 = 4;

/// Why the command ends otherwise than well.
#[derive(Debug)]
pub(super) enum Exit {
    /// As other commands.
    Failure(Failure),
    /// An error with an exit code of its own.
    Error(u8, anyhow::Error),
    /// The output has said it.
    Code(u8),
}

impl Exit {
    /// A cluster could not be asked; `step` says what for.
    pub(super) fn cluster(step: &'static str) -> impl FnOnce(ClusterError) -> Self {
        move |error| Self::Error(CONNECT, anyhow::Error::from(error).context(step))
    }

    pub(super) fn source(error: impl std::fmt::Display) -> Self {
        Self::Error(SOURCE, anyhow!("cannot read the source: {error}"))
    }

    /// As a failure.
    pub(super) fn report(self) -> Failure {
        match self {
            Self::Failure(failure) => failure,
            Self::Error(code, error) => Failure::Coded(code, error),
            Self::Code(code) => Failure::Verdict(code),
        }
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<anyhow::Error> for Exit {
    fn from(error: anyhow::Error) -> Self {
        Self::Failure(error.into())
    }
}

/// Where it is read and where it is written.
#[derive(Debug)]
pub(super) struct Sides {
    /// `None`: what was read is in a plan.
    pub(super) source: Option<Source>,
    /// What the source is, for a person.
    pub(super) source_name: String,
    pub(super) target: Target,
    pub(super) target_version: Version,
    /// The same with its patch, for a person.
    pub(super) target_name: String,
    pub(super) target_options: ClusterOptions,
}

impl Sides {
    /// Reaches both.
    pub(super) async fn of(args: &Args, config: &Path) -> Result<Self, Exit> {
        let mut services = LazyServices::new(config);
        let source = match (&args.repo, &args.snapshot) {
            (Some(repo), Some(snapshot)) => {
                Source::snapshot(repo, args.s3_region.clone(), args.s3_endpoint.clone(), snapshot, args)
                    .await?
            }
            _ => {
                let options = match args.source.options()? {
                    Some(options) => options,
                    None => services.source().await?,
                };
                Source::live(options, args.source_version).await?
            }
        };
        let name = source.name();
        Self::with(args, &mut services, Some(source), name).await
    }

    /// Reaches the target only, which must be of the version that the plan was made for.
    pub(super) async fn of_plan(args: &Args, config: &Path, plan: &Plan) -> Result<Self, Exit> {
        let sides = Self::with(args, &mut LazyServices::new(config), None, plan.source.clone()).await?;
        if sides.target_name != plan.target {
            let message = format!(
                "--planFile: the plan is for {}, and the target is {}; make it anew with evaluate",
                plan.target, sides.target_name
            );
            return Err(Failure::Usage(message).into());
        }
        Ok(sides)
    }

    async fn with(
        args: &Args,
        services: &mut LazyServices<'_>,
        source: Option<Source>,
        source_name: String,
    ) -> Result<Self, Exit> {
        let target_options = match &args.target {
            Some(target) => target.options().await.map_err(|error| Failure::Usage(error.to_string()))?,
            None => services.target().await?,
        };
        let target = Target::of(target_options.clone()).map_err(Exit::cluster("the target"))?;
        let version = target.version().await.map_err(Exit::cluster("the target"))?;
        let target_name = version.to_string();
        if version.distribution != Distribution::OpenSearch {
            let message = format!("the target {} is {target_name}; expected OpenSearch", target.endpoint());
            return Err(Failure::Usage(message).into());
        }
        let target_version =
            Version { product: Product::OpenSearch, major: version.major, minor: version.minor };
        Ok(Self { source, source_name, target, target_version, target_name, target_options })
    }
}

/// The services file is read only when a flag does not say what it would.
struct LazyServices<'c> {
    config: &'c Path,
    services: Option<Services>,
}

impl<'c> LazyServices<'c> {
    fn new(config: &'c Path) -> Self {
        Self { config, services: None }
    }

    fn load(&mut self) -> Result<&Services, Failure> {
        if self.services.is_none() {
            self.services = Some(Services::load(self.config)?);
        }
        self.services.as_ref().ok_or_else(|| anyhow!("no services file").into())
    }

    async fn source(&mut self) -> Result<ClusterOptions, Failure> {
        let source = self.load()?.cluster(Side::Source).await?;
        source.ok_or_else(|| missing("source_cluster", "--sourceUri, or --repo and --snapshot"))
    }

    async fn target(&mut self) -> Result<ClusterOptions, Failure> {
        let target = self.load()?.cluster(Side::Target).await?;
        target.ok_or_else(|| missing("target_cluster", "--targetUri"))
    }
}

fn missing(key: &str, flag: &str) -> Failure {
    Failure::Usage(format!("the services file has no {key}; give it there, or {flag}"))
}
