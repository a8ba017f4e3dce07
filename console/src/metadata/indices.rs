//! Indices of a cluster by their names, many with one request.

use serde_json::{Map, Value};
use switchover_cluster::{ClusterError, ClusterErrorKind, Method, path_part};

use crate::target::Target;

/// Bytes of names in one request; a server takes 4,096 for the whole line.
const MAX_NAME_BYTES: usize = 3_000;

/// Settings, mappings and aliases of those that exist, by name. What is not there is not in the answer.
pub(super) async fn by_name(cluster: &Target, names: &[String]) -> Result<Map<String, Value>, ClusterError> {
    let mut found = Map::new();
    let mut batches = batches(names);
    while let Some(batch) = batches.pop() {
        let list = batch.iter().map(|name| path_part(name)).collect::<Vec<_>>().join(",");
        match json(cluster, &format!("/{list}?ignore_unavailable=true")).await {
            Ok(Some(Value::Object(indices))) => found.extend(indices),
            Ok(_) => {}
            // Half of them at a time.
            Err(error) if error.kind() == ClusterErrorKind::ResponseTooLarge && batch.len() > 1 => {
                let (one, other) = batch.split_at(batch.len() / 2);
                batches.extend([one, other]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn batches(names: &[String]) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let mut rest = names;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|name| {
            bytes += path_part(name).len() + 1;
            bytes <= MAX_NAME_BYTES
        });
        let (batch, others) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}

/// What a `GET` answers; `None` where the cluster has nothing of the kind (404, or a path that it does not know).
pub(super) async fn json(cluster: &Target, path: &str) -> Result<Option<Value>, ClusterError> {
    let response = cluster.ask(Method::GET, path, None).await?;
    if matches!(response.status.as_u16(), 400 | 404 | 405) {
        return Ok(None);
    }
    response.success()?.json().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_never_too_long_and_no_name_is_lost() {
        let names: Vec<String> =
            (0..1000).map(|number| format!("index-{number}-名前")).chain(["x".repeat(5000)]).collect();
        let found = batches(&names);
        assert_eq!(found.iter().copied().flatten().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
        for batch in found {
            let bytes: usize = batch.iter().map(|name| path_part(name).len() + 1).sum();
            assert!(bytes <= MAX_NAME_BYTES || batch.len() == 1, "{bytes}");
        }
        assert!(batches(&[]).is_empty());
    }
}
