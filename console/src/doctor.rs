//! `doctor`: what can be known before a migration, and what to do about it. Nothing is written anywhere. What could not be
//! found out is a finding too: silence would look like health.

mod features;
mod health;
mod kafka;
mod plugins;
mod repository;
mod rights;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, json};
use switchover_cluster::{Cluster, ClusterError, ClusterErrorKind, Distribution, Method, Response, Version};

use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::runtime::block_on;
use crate::services::{Services, Side};

/// Of one question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(20);
/// Exit codes besides 0.
const ERRORS: u8 = 1;
const WARNINGS: u8 = 3;

/// Worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
enum Severity {
    Ok,
    Info,
    Warning,
    Error,
}

#[derive(Debug, Serialize)]
struct Finding {
    severity: Severity,
    /// `source`, `target`, `snapshot`, `kafka` or `services`.
    subject: &'static str,
    check: &'static str,
    message: String,
    remedy: Option<String>,
}

/// What was found, in the order in which it was looked for.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, subject: &'static str, check: &'static str, message: impl Into<String>) {
        self.0.push(Finding {
            severity: Severity::Ok,
            subject,
            check,
            message: message.into(),
            remedy: None,
        });
    }

    fn add(
        &mut self,
        severity: Severity,
        (subject, check): (&'static str, &'static str),
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let remedy = Some(remedy.into());
        self.0.push(Finding { severity, subject, check, message: message.into(), remedy });
    }

    /// It could not be looked at.
    fn unknown(&mut self, (subject, check): (&'static str, &'static str), why: &ClusterError) {
        let remedy = "give the user of the services file the right to look at this, or check it by hand";
        self.add(Severity::Warning, (subject, check), format!("could not be checked: {why}"), remedy);
    }
}

/// A cluster that answers.
struct Reached {
    side: Side,
    cluster: Cluster,
    version: Version,
}

impl Reached {
    fn subject(&self) -> &'static str {
        self.side.name()
    }

    fn is_elasticsearch_since(&self, major: u32, minor: u32) -> bool {
        self.version.distribution == Distribution::Elasticsearch
            && (self.version.major, self.version.minor) >= (major, minor)
    }

    async fn get(&self, path: &str) -> Result<Response, ClusterError> {
        self.cluster.request(Method::GET, path, None).await?.success()
    }
}

pub(crate) fn run(config: &Path, as_json: bool) -> Result<(), Failure> {
    let services = Services::load(config)?;
    let mut findings = Findings::default();
    block_on(async {
        clusters(&services, &mut findings).await;
        repository::check(&services, &mut findings).await;
        Ok(())
    })?;
    kafka::check(&services, &mut findings);
    report(&findings.0, as_json)
}

async fn clusters(services: &Services, findings: &mut Findings) {
    let source = reach(services, Side::Source, findings).await;
    let target = reach(services, Side::Target, findings).await;
    if let (Some(source), Some(target)) = (&source, &target) {
        versions(&source.version, &target.version, findings);
    }
    let mut rooms = Vec::new();
    for reached in [&source, &target].into_iter().flatten() {
        health::status(reached, findings).await;
        rooms.push((reached.side, health::clock_and_room(reached, findings).await));
        rights::check(reached, findings).await;
    }
    if let Some(source) = &source {
        plugins::check(source, services.snapshot_if_set(), findings).await;
        let room = rooms.iter().find(|(side, _)| *side == Side::Target).and_then(|(_, room)| *room);
        health::disk(source, room, findings).await;
        features::check(source, findings).await;
    }
}

async fn reach(services: &Services, side: Side, findings: &mut Findings) -> Option<Reached> {
    let at = (side.name(), "connect");
    match services.cluster(side).await {
        Ok(Some(_)) => {}
        Ok(None) => {
            let remedy = format!("add {} to the services file, unless you do not need it", side.key());
            findings.add(Severity::Warning, at, "not defined", remedy);
            return None;
        }
        Err(error) => {
            findings.add(Severity::Error, at, format!("{error:#}"), "mend the services file");
            return None;
        }
    }
    let cluster = match services.connect(side, QUESTION_TIMEOUT).await {
        Ok(cluster) => cluster,
        Err(failure) => {
            findings.add(Severity::Error, at, failure.to_string(), "mend the services file");
            return None;
        }
    };
    match cluster.version().await {
        Ok(version) => {
            findings.ok(side.name(), "connect", format!("{version} at {}", cluster.endpoint()));
            Some(Reached { side, cluster, version })
        }
        Err(error) => {
            let remedy = unreached(side, error.kind());
            findings.add(
                Severity::Error,
                at,
                error.to_string(),
                format!("{remedy}; nothing else of this cluster was checked"),
            );
            None
        }
    }
}

/// What to look at, by the keys of the services file.
fn unreached(side: Side, kind: ClusterErrorKind) -> String {
    let block = side.key();
    match kind {
        ClusterErrorKind::Tls => format!(
            "mend the certificate, or set ca_file of {block} to the PEM file of the authority that signed it, and endpoint to a name that is in it; allow_insecure: true checks nothing"
        ),
        ClusterErrorKind::Unauthorized => {
            format!("check username and password (or password_file) of basic_auth of {block}")
        }
        ClusterErrorKind::Forbidden => {
            format!("give the user of {block} the right cluster:monitor/main (Elasticsearch: monitor)")
        }
        ClusterErrorKind::Unsigned => format!("check this host's AWS credentials and sigv4 of {block}"),
        _ => format!("check endpoint of {block}"),
    }
}

fn versions(source: &Version, target: &Version, findings: &mut Findings) {
    let at = ("target", "version");
    if target.distribution != Distribution::OpenSearch {
        let message = format!("{target} is not OpenSearch");
        findings.add(Severity::Error, at, message, "name an OpenSearch cluster as target_cluster");
    } else if source.distribution == Distribution::OpenSearch && source.major > target.major {
        let message = format!("{target} is older than the source, {source}");
        findings.add(Severity::Warning, at, message, "migrate to the same or a newer version");
    } else {
        findings.ok(at.0, at.1, format!("from {source} to {target}"));
    }
}

fn report(findings: &[Finding], as_json: bool) -> Result<(), Failure> {
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok);
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let mut out = Output::stdout();
    if as_json {
        out.document(
            "doctor",
            Map::from_iter([
                ("worst".to_owned(), json!(worst)),
                ("errors".to_owned(), json!(errors)),
                ("warnings".to_owned(), json!(warnings)),
                ("findings".to_owned(), json!(findings)),
            ]),
        )?;
    } else {
        for finding in findings {
            let severity = match finding.severity {
                Severity::Ok => "ok",
                Severity::Info => "info",
                Severity::Warning => "WARNING",
                Severity::Error => "ERROR",
            };
            let message = harmless(&finding.message);
            out.line(format_args!("{severity:<8}{:<9}{:<11}{message}", finding.subject, finding.check))?;
            if let Some(remedy) = &finding.remedy {
                out.line(format_args!("{:28}-> {}", "", harmless(remedy)))?;
            }
        }
        out.line(format_args!("{errors} errors, {warnings} warnings"))?;
    }
    out.flush()?;
    match worst {
        Severity::Ok | Severity::Info => Ok(()),
        Severity::Warning => Err(Failure::Verdict(WARNINGS)),
        Severity::Error => Err(Failure::Verdict(ERRORS)),
    }
}
