//! `clusters curl`: one request with the cluster's address, auth and TLS. The body goes to stdout as it came; an answer
//! that is no success is a failure, as with `curl --fail`.

use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use switchover_cluster::{Body, ClusterErrorKind, HeaderMap, Method};

use crate::failure::Failure;
use crate::output::Output;
use crate::services::{Services, Side};

#[derive(Debug, Args)]
pub(crate) struct CurlArgs {
    /// Which cluster.
    cluster: Side,
    /// Path and query, such as /_cat/indices?v.
    path: String,
    /// The method.
    #[arg(short = 'X', long = "request", value_name = "METHOD", default_value = "GET", ignore_case = true)]
    method: Verb,
    /// A header: "Name: value".
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// The body; @FILE reads it from a file.
    #[arg(short = 'd', long, value_name = "BODY")]
    data: Option<String>,
    /// A JSON body. Written as --json behind `curl`, as in the existing console.
    #[arg(long, value_name = "BODY", conflicts_with = "data")]
    json_body: Option<String>,
    /// Give up after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Verb {
    Get,
    Post,
    Put,
    Delete,
    Head,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
            Self::Head => Method::HEAD,
        }
    }
}

pub(super) async fn run(services: &Services, args: &CurlArgs) -> Result<(), Failure> {
    let headers = headers(&args.headers)?;
    let body = body(args)?;
    let path = if args.path.starts_with('/') { args.path.clone() } else { format!("/{}", args.path) };
    let cluster = services.connect(args.cluster, Duration::from_secs(args.timeout)).await?;
    let answered = cluster.send_with(args.method.method(), &path, &headers, body).await;
    let response = answered.map_err(|error| match error.kind() {
        ClusterErrorKind::Timeout => anyhow!(
            "{}: Request timed out after {}s. Use --timeout to specify a longer timeout.",
            cluster.endpoint(),
            args.timeout
        ),
        _ => error.into(),
    })?;
    let mut out = Output::stdout();
    out.bytes(&response.body)?;
    if !response.body.is_empty() && !response.body.ends_with(b"\n") {
        out.line("")?;
    }
    out.flush()?;
    match response.status.is_success() {
        true => Ok(()),
        false => Err(anyhow!("{}{path}: answered {}", cluster.endpoint(), response.status).into()),
    }
}

fn headers(given: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for header in given {
        let wrong = || {
            // Its value may be a secret.
            let name = header.split(':').next().unwrap_or_default();
            Failure::Usage(format!("Invalid header format: {name}. Expected format: 'Header: Value'."))
        };
        let (name, value) = header.split_once(':').ok_or_else(wrong)?;
        let name = name.trim().parse::<switchover_cluster::HeaderName>().map_err(|_| wrong())?;
        headers.append(name, value.trim().parse().map_err(|_| wrong())?);
    }
    Ok(headers)
}

fn body(args: &CurlArgs) -> Result<Option<Body>, Failure> {
    let given = args.data.as_ref().or(args.json_body.as_ref());
    let bytes = match given.and_then(|data| data.strip_prefix('@')) {
        Some(path) if args.data.is_some() => std::fs::read(path)
            .map_err(|error| Failure::Usage(format!("cannot read the body from {path}: {error}")))?,
        _ => given.cloned().unwrap_or_default().into_bytes(),
    };
    Ok(given.map(|_| Body::json(bytes)))
}
