//! The target's indices: what there is, what is set for loading, and what is put back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use switchover_cluster::{Cluster, ClusterError, Method, StatusCode, path_part};

const REFRESH: &str = "index.refresh_interval";
const REPLICAS: &str = "index.number_of_replicas";

/// An index of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetIndex {
    /// Documents in it.
    pub documents: u64,
    /// The settings that loading changes, as they are; `null` where they are not set.
    pub settings: Map<String, Value>,
}

/// All indices of the target by name.
///
/// # Errors
/// When the cluster does not answer.
pub async fn indices(cluster: &Cluster) -> Result<BTreeMap<String, TargetIndex>, ClusterError> {
    let get = async |path: &str| cluster.request(Method::GET, path, None).await?.success()?.json::<Value>();
    let names = format!("/_all/_settings/{REFRESH},{REPLICAS}?flat_settings=true&expand_wildcards=all");
    let settings = get(&names).await?;
    let counts = get("/_cat/indices?format=json&h=index,docs.count&expand_wildcards=all").await?;
    let counts: BTreeMap<&str, u64> = counts
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["index"].as_str()?, row["docs.count"].as_str()?.parse().ok()?)))
        .collect();
    // An index without any of the settings may be left out of the settings' answer.
    let mut indices: BTreeMap<String, TargetIndex> = BTreeMap::new();
    for (name, documents) in &counts {
        let set = &settings[name]["settings"];
        let kept = [REFRESH, REPLICAS].map(|setting| (setting.to_owned(), set[setting].clone()));
        indices.insert(
            (*name).to_owned(),
            TargetIndex { documents: *documents, settings: kept.into_iter().collect() },
        );
    }
    Ok(indices)
}

/// The data streams of the target by name. A cluster that knows none has none.
///
/// # Errors
/// When the cluster does not answer.
pub async fn data_streams(cluster: &Cluster) -> Result<Vec<String>, ClusterError> {
    let answer = cluster.request(Method::GET, "/_data_stream", None).await?;
    if matches!(
        answer.status,
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    ) {
        return Ok(Vec::new());
    }
    let answer: Value = answer.success()?.json()?;
    let streams = answer["data_streams"].as_array().into_iter().flatten();
    Ok(streams.filter_map(|stream| Some(stream["name"].as_str()?.to_owned())).collect())
}

/// Makes an index fast to fill: no refresh, no replicas.
///
/// # Errors
/// When the cluster does not take the settings.
pub async fn prepare(cluster: &Cluster, index: &str) -> Result<(), ClusterError> {
    set(cluster, index, json!({REFRESH: "-1", REPLICAS: 0})).await
}

/// Puts settings back and makes all documents visible. An index that is gone needs neither.
///
/// # Errors
/// When the cluster does not take them.
pub async fn restore(
    cluster: &Cluster,
    index: &str,
    settings: &Map<String, Value>,
) -> Result<(), ClusterError> {
    if !settings.is_empty() {
        set(cluster, index, Value::Object(settings.clone())).await?;
    }
    let refreshed = cluster.request(Method::POST, &format!("/{}/_refresh", path_part(index)), None).await?;
    if refreshed.status != StatusCode::NOT_FOUND {
        refreshed.success()?;
    }
    Ok(())
}

async fn set(cluster: &Cluster, index: &str, settings: Value) -> Result<(), ClusterError> {
    let body = settings.to_string().into();
    let answer =
        cluster.request(Method::PUT, &format!("/{}/_settings", path_part(index)), Some(body)).await?;
    if answer.status != StatusCode::NOT_FOUND {
        answer.success()?;
    }
    Ok(())
}
