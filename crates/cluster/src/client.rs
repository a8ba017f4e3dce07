//! Requests to one cluster. An answer that is not a success is still an answer: [`Cluster::request`] returns it,
//! and [`Response::success`] turns it into an error for callers that want nothing else.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::endpoint::Endpoint;
use crate::error::{ClusterError, ClusterErrorKind};
use crate::options::{Auth, ClusterOptions};
use crate::response::Response;
use crate::{tls, transport};

/// The longest answer that is read: room for the index list of a cluster with a hundred thousand indices, and a
/// limit for what answers without end.
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

const AGENT: &str = concat!("switchover/", env!("CARGO_PKG_VERSION"));

/// A client of one cluster. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Cluster {
    endpoint: Endpoint,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cluster({})", self.endpoint)
    }
}

impl Cluster {
    /// Checks the options, reads the CA file and sets up the client. Nothing is sent: that the cluster is there
    /// is shown by the first request.
    ///
    /// # Errors
    /// [`ClusterErrorKind::BadUri`], or [`ClusterErrorKind::Tls`] when the certificates to trust can't be read.
    pub fn connect(options: ClusterOptions) -> Result<Self, ClusterError> {
        let endpoint = Endpoint::parse(&options.uri)?;
        let config = tls::client_config(&endpoint, &options.tls)?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(options.timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        let authorization = authorization(&endpoint, &options.auth)?;
        Ok(Self { endpoint, client, authorization, timeout: options.timeout })
    }

    /// Sends one request and reads the whole answer, whatever its status. `path` starts with a slash and may carry
    /// a query; a body is sent as JSON.
    ///
    /// # Errors
    /// When there is no whole answer, [`MAX_RESPONSE_BYTES`] included.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Response, ClusterError> {
        let uri = self.endpoint.uri(path)?;
        let started = Instant::now();
        let mut request = Request::builder().method(method.clone()).uri(uri).header(USER_AGENT, AGENT);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body.unwrap_or_default())).map_err(|error| {
            let advice = "report this as a defect";
            ClusterError::new(ClusterErrorKind::BadUri, &self.endpoint, error.to_string(), advice)
        })?;
        let response = tokio::time::timeout(self.timeout, self.exchange(request))
            .await
            .unwrap_or_else(|_| Err(transport::timed_out(&self.endpoint, self.timeout)))?;
        tracing::debug!(
            endpoint = %self.endpoint,
            %method,
            path,
            status = response.status.as_u16(),
            bytes = response.body.len(),
            elapsed = ?started.elapsed(),
            "cluster answered"
        );
        Ok(response)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response, ClusterError> {
        let name = format!("{} {}", request.method(), request.uri().path());
        let response =
            self.client.request(request).await.map_err(|error| transport::failed(&self.endpoint, &error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE_BYTES)
            .collect()
            .await
            .map_err(|error| transport::failed(&self.endpoint, error.as_ref()))?
            .to_bytes();
        let endpoint = self.endpoint.to_string();
        Ok(Response { endpoint, request: name, status: head.status, headers: head.headers, body })
    }
}

fn authorization(endpoint: &Endpoint, auth: &Auth) -> Result<Option<HeaderValue>, ClusterError> {
    let Auth::Basic { username, password } = auth else {
        return Ok(None);
    };
    if username.contains(':') {
        let problem = format!("the user name {username:?} holds a colon, which HTTP Basic cannot carry");
        return Err(ClusterError::new(ClusterErrorKind::BadUri, endpoint, problem, "use another user"));
    }
    let mut value =
        HeaderValue::try_from(format!("Basic {}", BASE64.encode(format!("{username}:{password}")))).map_err(
            |error| {
                let problem = format!("the credentials do not fit a header: {error}");
                ClusterError::new(ClusterErrorKind::BadUri, endpoint, problem, "use another password")
            },
        )?;
    value.set_sensitive(true);
    Ok(Some(value))
}

#[cfg(test)]
mod tests;
