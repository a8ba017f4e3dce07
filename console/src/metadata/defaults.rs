//! What the block `metadata_migration` of the services file says where no flag does.

use std::path::Path;

use super::args::Args;
use crate::failure::Failure;
use crate::services::{MetadataBlock, Services};

/// Fills in what no flag gives. Without a services file nothing is.
pub(super) fn fill(args: &mut Args, config: &Path) -> Result<(), Failure> {
    if !config.exists() {
        return Ok(());
    }
    let services = Services::load(config)?;
    let Some(block) = services.metadata() else { return Ok(()) };
    let list = |given: &mut Vec<String>, told: &[String]| {
        if given.is_empty() {
            given.extend_from_slice(told);
        }
    };
    list(&mut args.index_allowlist, &block.index_allowlist);
    list(&mut args.index_template_allowlist, &block.index_template_allowlist);
    list(&mut args.component_template_allowlist, &block.component_template_allowlist);
    args.cluster_awareness_attributes =
        args.cluster_awareness_attributes.or(block.cluster_awareness_attributes);
    args.user.or_encoded(block.transformer_config_base64.as_deref());
    if let Some(version) = &block.source_cluster_version {
        let parsed = version.parse().map_err(|error| {
            Failure::Usage(format!("metadata_migration: source_cluster_version {version}: {error}"))
        })?;
        args.assumed_version = Some(parsed);
    }
    snapshot(args, block, &services)
}

/// The snapshot to read, unless a flag names a source.
fn snapshot(args: &mut Args, block: &MetadataBlock, services: &Services) -> Result<(), Failure> {
    let Some(from) = &block.from_snapshot else { return Ok(()) };
    if args.repo.is_some() || args.source.source_uri.is_some() {
        return Ok(());
    }
    let from = match from {
        Some(own) => own,
        None => services.snapshot()?,
    };
    let (uri, s3) = from.storage.uri();
    args.repo = Some(uri);
    args.snapshot = Some(from.name.clone());
    args.s3_region = args.s3_region.take().or(s3.region);
    args.s3_endpoint = args.s3_endpoint.take().or(s3.endpoint);
    Ok(())
}
