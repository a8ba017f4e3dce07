//! `serve`: the overview as a web page, as metrics for Prometheus and as JSON. One task looks at the migration, however
//! many watch; what they are shown has its age.
//!
//! The page says where clusters are and what is wrong with them, and nobody logs in: it is for this host, unless an
//! operator says otherwise, and a page of somebody else must not read it through the operator's browser.

mod answer;
mod latest;
mod metrics;
mod names;
mod page;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use self::answer::Site;
use self::latest::Latest;
use self::names::Names;
use crate::failure::Failure;
use crate::overview::Collector;
use crate::runtime::block_on;
use crate::services::Services;

/// More connections than this at once wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// A client that does not send its request head for this long is dropped.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks.
const DEFAULT_INTERVAL_SECONDS: u64 = 5;
const MAX_INTERVAL_SECONDS: u64 = 3_600;
/// After an accept that failed, as without file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where browsers find it.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9190")]
    listen: SocketAddr,
    /// Listen on an address that other hosts reach. Whoever reaches it sees everything, without a login.
    #[arg(long)]
    allow_remote: bool,
    /// A name besides localhost, this host's and IP addresses that browsers know it by, as behind a proxy.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Seconds between two looks at the migration.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_INTERVAL_SECONDS,
        value_parser = clap::value_parser!(u64).range(1..=MAX_INTERVAL_SECONDS))]
    interval: u64,
}

pub(crate) fn run(args: &ServeArgs, config: &Path) -> Result<(), Failure> {
    if !args.listen.ip().to_canonical().is_loopback() && !args.allow_remote {
        return Err(Failure::Usage(format!(
            "--listen {}: other hosts could reach it, and there is no login; listen on 127.0.0.1 and forward the port (ssh -L), or give --allow-remote",
            args.listen
        )));
    }
    // A wrong file is found now, and not by whoever opens the page.
    Services::load(config)?;
    block_on(async {
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", args.listen))?;
        let address = listener.local_addr().context("cannot tell the address")?;
        let latest = Latest::default();
        let site = Arc::new(Site { names: Names::new(&args.allow_host), latest: latest.clone() });
        eprintln!("http://{address}/ shows the migration; Ctrl-C ends it");
        let interval = Duration::from_secs(args.interval);
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .context("cannot wait for signals")?;
        tokio::select! {
            () = latest.keep(Collector::new(config), interval) => {}
            () = accept(&listener, &site) => {}
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        Ok(())
    })
}

async fn accept(listener: &TcpListener, site: &Arc<Site>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let site = Arc::clone(site);
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let response = site.answer(request.method(), request.uri(), request.headers());
                async move { Ok::<_, std::convert::Infallible>(response) }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_READ_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = served.await {
                tracing::debug!(error = %anyhow!(error), "a connection ended");
            }
            drop(slot);
        });
    }
}
