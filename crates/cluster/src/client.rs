//! Requests to one cluster. An answer that is not a success is still an answer: [`Cluster::request`] returns it,
//! and [`Response::success`] turns it into an error for callers that want nothing else.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::authorization;
use crate::body::Body;
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
    auth: Auth,
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
        let authorization = authorization::constant(&endpoint, &options.auth)?;
        Ok(Self { endpoint, client, authorization, auth: options.auth, timeout: options.timeout })
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
        self.send(method, path, body.map(Body::json)).await
    }

    /// The same with a body of any kind.
    ///
    /// # Errors
    /// As [`Cluster::request`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<Response, ClusterError> {
        self.send_with(method, path, &HeaderMap::new(), body).await
    }

    /// The same with headers of the caller's, which win over our own.
    ///
    /// # Errors
    /// As [`Cluster::request`].
    pub async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Option<Body>,
    ) -> Result<Response, ClusterError> {
        let uri = self.endpoint.uri(path)?;
        let started = Instant::now();
        let mut request = Request::builder().method(method.clone()).uri(uri).header(USER_AGENT, AGENT);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let mut bytes = Bytes::new();
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, body.content_type);
            if body.gzip {
                request = request.header(CONTENT_ENCODING, "gzip");
            }
            bytes = body.bytes;
        }
        let mut request = request.body(Full::new(bytes.clone())).map_err(|error| {
            let advice = "report this as a defect";
            ClusterError::new(ClusterErrorKind::BadUri, &self.endpoint, error.to_string(), advice)
        })?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.clone());
        }
        authorization::sign(&self.endpoint, &self.auth, &mut request, &bytes)?;
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

    /// The address, as it may be shown.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.endpoint.to_string()
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

#[cfg(test)]
mod tests;
