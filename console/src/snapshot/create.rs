//! `snapshot create`: asking twice makes one snapshot. Where one of this name is complete nothing is done, and one that
//! runs is waited for; a partial one is told, never taken for good.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;
use switchover_cluster::{Body, ClusterErrorKind, Method};

use super::made::Made;
use super::progress::mib;
use super::refusal::refusal;
use super::server::{Reported, Server};
use super::status::{map, status, tell_failures, verdict};
use crate::failure::Failure;
use crate::output::Output;
use crate::services::Services;
use crate::utc;

/// Between two questions: short at first, as small snapshots take a second.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Questions in a row without an answer before waiting is given up; the snapshot goes on.
const MAX_UNANSWERED: u32 = 24;
/// Between two lines of progress where they can't be written over each other.
const LINE_EVERY: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Wait until it is done, and show how far it is.
    #[arg(long)]
    wait: bool,
    /// Have no node write faster than this.
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_snapshot_rate_mb_per_node: Option<u64>,
    /// Only these indices, in the server's own syntax: NAME,PREFIX*,-EXCLUDED [default: all].
    #[arg(long, value_name = "INDICES", value_delimiter = ',')]
    index_allowlist: Vec<String>,
}

pub(super) async fn run(services: &Services, args: &CreateArgs, as_json: bool) -> Result<(), Failure> {
    let server = Server::connect(services).await?;
    let name = &server.block.name;
    let registered = server.register(args.max_snapshot_rate_mb_per_node).await?;
    let before = server.reported(name).await?;
    let created = before.is_none();
    if created {
        start(&server, &args.index_allowlist).await?;
    }
    if let Err(error) = Made::add(services, &server, registered, created) {
        eprintln!(
            "warning: that this was made was not noted, so `switchover reset` will leave it: {error:#}"
        );
    }
    let mut reported = match before {
        Some(before) => before,
        None => server.reported(name).await?.ok_or_else(|| {
            anyhow!("{}: the snapshot {name} was taken on, but is not there", server.cluster.endpoint())
        })?,
    };
    let mut out = Output::stdout();
    if !as_json {
        if created {
            out.line(format_args!("Snapshot {name} creation initiated successfully"))?;
        } else if reported.is_running() {
            out.line(format_args!("Snapshot {name} is already being created"))?;
        } else if reported.is_complete() {
            let when = utc::date_and_time(reported.end_millis).unwrap_or_default();
            out.line(format_args!("Snapshot {name} exists already, complete since {when}: nothing was done. For a newer one set another snapshot_name, or `switchover snapshot delete`"))?;
        }
        out.flush()?;
    }
    if args.wait && reported.is_running() {
        reported = wait(&server, reported).await?;
        if !as_json && reported.is_complete() {
            out.line(format_args!("Snapshot {name} is complete: {} shards", reported.shards.successful))?;
        }
    }
    if as_json {
        out.document(
            "snapshot.create",
            map(json!({
                "snapshot": name,
                "repository": server.block.repository,
                "state": reported.state,
                "created": created,
            })),
        )?;
    }
    out.flush()?;
    tell_failures(&reported.failures);
    Ok(verdict(name, &reported)?)
}

async fn start(server: &Server<'_>, indices: &[String]) -> anyhow::Result<()> {
    let name = &server.block.name;
    let mut body = json!({ "ignore_unavailable": true, "include_global_state": true });
    if !indices.is_empty() {
        body["indices"] = json!(indices.join(","));
    }
    let path = format!("{}?wait_for_completion=false", server.snapshot_path(name));
    let step = format!("creating the snapshot {name}");
    match server.cluster.send(Method::PUT, &path, Some(Body::json(body.to_string()))).await {
        Ok(response) if response.status.is_success() => Ok(()),
        // Someone else was faster.
        Ok(response) if server.reported(name).await?.is_some() => {
            tracing::info!(status = response.status.as_u16(), "the snapshot exists meanwhile");
            Ok(())
        }
        Ok(response) => Err(refusal(&server.cluster.endpoint(), &step, &response)),
        // It may have been taken on all the same: that is asked next.
        Err(error) if error.kind() == ClusterErrorKind::Timeout => Ok(()),
        Err(error) => Err(error).context(step),
    }
}

async fn wait(server: &Server<'_>, mut reported: Reported) -> anyhow::Result<Reported> {
    let name = &server.block.name;
    let mut pause = FIRST_PAUSE;
    let mut unanswered = 0;
    let mut line = ProgressLine::new();
    while reported.is_running() {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = tokio::signal::ctrl_c() => {
                line.end();
                anyhow::bail!("stopped waiting; the snapshot {name} goes on: `switchover snapshot status --deep-check` shows it");
            }
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        let told = status(server).await;
        match server.reported(name).await {
            Ok(Some(now)) => (reported, unanswered) = (now, 0),
            Ok(None) => {
                line.end();
                anyhow::bail!(
                    "{}: the snapshot {name} is gone: someone deleted it",
                    server.cluster.endpoint()
                );
            }
            Err(error) => {
                unanswered += 1;
                tracing::info!(%error, "the source does not answer");
                if unanswered >= MAX_UNANSWERED {
                    line.end();
                    return Err(error.context("stopped waiting; the snapshot may go on"));
                }
                continue;
            }
        }
        if let (Ok(told), true) = (told, reported.is_running()) {
            let now = told.progress(false);
            let eta = now.eta_millis.map_or_else(|| "unknown".to_owned(), utc::duration);
            line.show(&format!(
                "{:.1}%, {:.1} of {:.1} MiB, {} of {} shards, {eta} left",
                now.percent,
                mib(now.processed_bytes),
                mib(now.total_bytes),
                now.shards_done,
                now.shards_total
            ));
        }
    }
    line.end();
    Ok(reported)
}

/// One line on stderr that is written over on a terminal, and written now and then elsewhere.
struct ProgressLine {
    terminal: bool,
    last: Option<Instant>,
}

impl ProgressLine {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), last: None }
    }

    fn show(&mut self, text: &str) {
        let mut stderr = std::io::stderr();
        if self.terminal {
            // Whether it is seen is no matter of the snapshot.
            let _ = write!(stderr, "\r{text:<78}");
            let _ = stderr.flush();
        } else if self.last.is_none_or(|last| last.elapsed() >= LINE_EVERY) {
            let _ = writeln!(stderr, "{text}");
        } else {
            return;
        }
        self.last = Some(Instant::now());
    }

    fn end(&mut self) {
        if self.terminal && self.last.take().is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}
