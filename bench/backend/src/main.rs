//! The server behind every row of the benchmarks: reads each request to its end and answers with a body of fixed size.
//!
//! One thread and no work beyond framing, so that what a proxy costs is not hidden behind what a server costs; or, with
//! `--cpu-micros`, a fixed amount of processor time a request, as a server that does something would take. With `--cluster`
//! it takes bulks like a cluster and answers them item by item.

mod cluster;
mod connection;
mod response;
mod service;
mod work;

use anyhow::{Context as _, Result};
use clap::Parser;
use cluster::{Cluster, Received};
use service::Fixed;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::LocalSet;
use work::Work;

/// HTTP/1.1 backend of the benchmarks: answers every request with a 200 of fixed size.
#[derive(Debug, Parser)]
#[command(name = "switchover-bench-backend")]
struct Cli {
    /// Address to listen on; port 0 picks a free one and prints it
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Bytes of each response's body
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = response::body_bytes)]
    response_bytes: usize,
    /// Processor time that each request takes, in microseconds
    #[arg(long, value_name = "N", default_value_t = 0)]
    cpu_micros: u64,
    /// Time that each request waits for its answer, in microseconds; takes no processor time
    #[arg(long, value_name = "N", default_value_t = 0)]
    delay_micros: u64,
    /// Answer as a cluster that takes every document of a bulk, and count them
    #[arg(long, conflicts_with = "response_bytes")]
    cluster: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(cli))
}

async fn serve(cli: Cli) -> Result<()> {
    let listener = TcpListener::bind(cli.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", cli.listen))?;
    println!("listening {}", listener.local_addr()?);
    let fixed = Fixed(response::fixed(cli.response_bytes).into());
    let received = Rc::new(Received::default());
    let work =
        Work { burn: Duration::from_micros(cli.cpu_micros), wait: Duration::from_micros(cli.delay_micros) };
    loop {
        let (stream, _) = listener.accept().await.context("cannot accept connections")?;
        stream.set_nodelay(true)?;
        let cluster = cli.cluster.then(|| Cluster::new(Rc::clone(&received)));
        let fixed = fixed.clone();
        tokio::task::spawn_local(async move {
            let served = match cluster {
                Some(cluster) => connection::serve(stream, cluster, work).await,
                None => connection::serve(stream, fixed, work).await,
            };
            if let Err(error) = served {
                eprintln!("connection: {error:#}");
            }
        });
    }
}
