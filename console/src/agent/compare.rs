//! Whether the agent answers as the node does: the same reads on both ports, byte for byte.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use switchover_cluster::Response;

use super::client::Client;

/// Reads whose answers only change when somebody changes the cluster, and one that fails.
pub(super) const READS: [&str; 6] = [
    "/",
    "/_cluster/settings",
    "/_alias",
    "/_nodes/_local?filter_path=nodes.*.name",
    "/_cat/templates?h=name&s=name",
    "/switchover-no-such-index/_count",
];
/// A difference counts when it is seen so often in a row: others may change the cluster meanwhile.
const ATTEMPTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(250);

pub(super) fn both(node: &Client, agent: &Client) -> Result<()> {
    for path in READS {
        let mut difference = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                thread::sleep(PAUSE);
            }
            let (direct, captured) = (node.get(path)?, agent.get(path)?);
            difference = match differ(&direct, &captured) {
                None => {
                    difference.clear();
                    break;
                }
                Some(what) => what,
            };
        }
        if !difference.is_empty() {
            bail!("GET {path} is answered differently through the agent: {difference}");
        }
    }
    Ok(())
}

fn differ(direct: &Response, captured: &Response) -> Option<String> {
    let kind = |response: &Response| response.headers.get("content-type").cloned();
    if direct.status != captured.status {
        return Some(format!("status {} instead of {}", captured.status, direct.status));
    }
    if kind(direct) != kind(captured) {
        return Some(format!("content-type {:?} instead of {:?}", kind(captured), kind(direct)));
    }
    let lengths = (captured.body.len(), direct.body.len());
    (direct.body != captured.body)
        .then(|| format!("another body, of {} bytes instead of {}", lengths.0, lengths.1))
}
