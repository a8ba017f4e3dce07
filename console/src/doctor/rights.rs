//! May the user do what a migration does? Asked with requests that no cluster carries out, because what they name is not
//! allowed or not there: who lacks the right is refused before that is looked at.

mod probes;
mod refusal;

use std::collections::BTreeSet;

use switchover_cluster::{Body, ClusterError, Distribution, Method};

use self::probes::Probe;
use self::refusal::{Missing, missing};
use super::{Findings, Reached, Severity};
use crate::services::Side;

/// Who may do it gets these: the name is refused, or what is named is not there.
const PASSED: [u16; 3] = [400, 404, 500];

pub(super) async fn check(reached: &Reached, findings: &mut Findings) {
    let at = (reached.subject(), "rights");
    let listing = match reached.cluster.request(Method::GET, "/_cat/indices?format=json&h=index", None).await
    {
        Ok(response) => response,
        Err(error) => return findings.unknown(at, &error),
    };
    if matches!(listing.status.as_u16(), 401 | 403) {
        let lacks = missing(&listing.body, "indices:monitor/stats");
        let right = lacks.right.clone();
        let message = format!("the user may not list indices ({right})");
        return findings.add(Severity::Error, at, message, remedy(reached, &[lacks]));
    }
    let probes: Vec<Probe> = match reached.side {
        Side::Source => probes::source().into(),
        Side::Target => probes::target().into(),
    };
    let mut lacking: Vec<(&Probe, Missing)> = Vec::new();
    let before = findings.0.len();
    for probe in &probes {
        match ask(reached, probe).await {
            Ok(Answer::Allowed) => {}
            Ok(Answer::Refused(lacks)) => lacking.push((probe, lacks)),
            Ok(Answer::Unclear(what)) => {
                let message = format!("whether the user may {} could not be checked: {what}", probe.what);
                findings.add(Severity::Warning, at, message, "check it by hand");
            }
            Err(error) => return findings.unknown(at, &error),
        }
    }
    for severity in [Severity::Error, Severity::Warning] {
        let lacking: Vec<_> = lacking.iter().filter(|(probe, _)| probe.severity == severity).collect();
        if lacking.is_empty() {
            continue;
        }
        let what = lacking.iter().map(|(probe, lacks)| format!("{} ({})", probe.what, lacks.right));
        let message = format!("the user may not {}", what.collect::<Vec<_>>().join(", "));
        let rights: Vec<Missing> = lacking.iter().map(|(_, lacks)| lacks.clone()).collect();
        findings.add(severity, at, message, remedy(reached, &rights));
    }
    if findings.0.len() == before {
        let what = probes.iter().map(|probe| probe.what).collect::<Vec<_>>().join(", ");
        findings.ok(at.0, at.1, format!("the user may list indices, {what}"));
    }
}

enum Answer {
    Allowed,
    Refused(Missing),
    Unclear(String),
}

async fn ask(reached: &Reached, probe: &Probe) -> Result<Answer, ClusterError> {
    let body = probe.body.map(|body| match probe.path.ends_with("_bulk") {
        true => Body::lines(body),
        false => Body::json(body),
    });
    let response = reached.cluster.send(probe.method.clone(), probe.path, body).await?;
    let status = response.status.as_u16();
    // A bulk request is answered as a whole, and its items each.
    let status = match response.status.is_success() {
        true => response.json().ok().as_ref().and_then(refusal::of_item).unwrap_or(status),
        false => status,
    };
    Ok(match status {
        401 | 403 => Answer::Refused(missing(&response.body, probe.right)),
        status if PASSED.contains(&status) => Answer::Allowed,
        // Nothing is there to be read.
        200 if probe.reads => Answer::Allowed,
        status => Answer::Unclear(format!("answered {status}")),
    })
}

/// What to give to the user, in the words of the product that refused.
fn remedy(reached: &Reached, lacking: &[Missing]) -> String {
    let elasticsearch = reached.version.distribution == Distribution::Elasticsearch;
    let (mut cluster, mut index) = (BTreeSet::new(), BTreeSet::new());
    for lacks in lacking {
        match (&lacks.granted_by, elasticsearch) {
            (Some(granted), true) if granted.of_cluster => cluster.insert(granted.privilege.as_str()),
            (Some(granted), true) => index.insert(granted.privilege.as_str()),
            _ if refusal::is_of_cluster(&lacks.right) => cluster.insert(lacks.right.as_str()),
            _ => index.insert(lacks.right.as_str()),
        };
    }
    let word = if elasticsearch { "privileges" } else { "permissions" };
    let list = |of: &BTreeSet<&str>| of.iter().copied().collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !cluster.is_empty() {
        parts.push(format!("the cluster {word} {}", list(&cluster)));
    }
    if !index.is_empty() {
        parts.push(format!("the index {word} {} on all indices that are migrated", list(&index)));
    }
    format!("give a role of this user {}", parts.join(", and "))
}
