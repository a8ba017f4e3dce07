//! What agents, replayers and workers tell of themselves.

use std::time::Instant;

use anyhow::anyhow;
use switchover_cluster::{Cluster, ClusterOptions, Method};

use crate::failure::Failure;
use crate::runtime::block_on;

/// A page of an admin address.
pub(super) fn get(address: &str, page: &str, limit: Instant) -> anyhow::Result<Vec<u8>> {
    let timeout = limit.saturating_duration_since(Instant::now());
    let mut body = Vec::new();
    let asked = block_on(async {
        let cluster = Cluster::connect(ClusterOptions { timeout, ..ClusterOptions::new(address) })
            .map_err(|error| Failure::Failed(error.into()))?;
        let answer = cluster.request(Method::GET, &format!("/{page}"), None).await;
        body = answer.map_err(|error| Failure::Failed(error.into()))?.body.to_vec();
        Ok(())
    });
    asked.map_err(|failure| anyhow!("{failure}")).map(|()| body)
}
