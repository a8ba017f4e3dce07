//! May the user do what a migration does? Asked with requests that no cluster carries out, because their names are not
//! allowed: who lacks the right is refused before the name is looked at.

use switchover_cluster::{Body, Method};

use super::{Findings, Reached, Severity};
use crate::services::Side;

/// Upper case is not allowed in the names of indices.
const NO_INDEX: &str = "/Switchover-Doctor";
/// `#` is not allowed in the names of repositories.
const NO_REPOSITORY: &str = "/_snapshot/switchover%23doctor";

pub(super) async fn check(reached: &Reached, findings: &mut Findings) {
    let at = (reached.subject(), "rights");
    let (path, body, right, remedy) = match reached.side {
        Side::Source => (
            NO_REPOSITORY,
            r#"{"type":"fs","settings":{"location":"switchover-doctor"}}"#,
            "take snapshots",
            "give it cluster:admin/repository/* and cluster:admin/snapshot/*",
        ),
        Side::Target => (
            NO_INDEX,
            "{}",
            "make indices",
            "give it indices:admin/* and indices:data/* on the indices that are migrated",
        ),
    };
    let reading = reached.get("/_cat/indices?format=json&h=index").await;
    if let Err(error) = reading {
        return findings.add(
            Severity::Error,
            at,
            format!("the user may not list indices: {error}"),
            "give it indices:monitor/* and indices:admin/get on all indices",
        );
    }
    match reached.cluster.send(Method::PUT, path, Some(Body::json(body))).await {
        Ok(response) if matches!(response.status.as_u16(), 401 | 403) => {
            findings.add(Severity::Error, at, format!("the user may not {right}"), remedy);
        }
        // Refused for the name's sake, as it should be.
        Ok(response) if matches!(response.status.as_u16(), 400 | 500) => {
            findings.ok(at.0, at.1, format!("the user may list indices and {right}"));
        }
        Ok(response) => {
            let message =
                format!("whether the user may {right} could not be checked: answered {}", response.status);
            findings.add(Severity::Warning, at, message, "check it by hand");
        }
        Err(error) => findings.unknown(at, &error),
    }
}
