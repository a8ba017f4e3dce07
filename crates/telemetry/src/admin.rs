//! The admin endpoint: four read-only pages over HTTP/1.1.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// More admin connections than this at once wait to be accepted: the endpoint must not take the daemon's sockets.
const MAX_ADMIN_CONNECTIONS: usize = 32;
/// A client that does not send its request head for this long is dropped.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// What a daemon answers on its admin address.
pub trait AdminPages: Send + Sync + 'static {
    /// `/readyz`.
    ///
    /// # Errors
    /// The reason why it is not ready, shown to the caller with status 503.
    fn ready(&self) -> Result<(), String>;
    /// `/status`: a JSON object.
    fn status(&self) -> String;
    /// `/metrics`: Prometheus text (`OpenMetrics`).
    fn metrics(&self) -> String;
}

/// Serves the admin pages until `shutdown`.
///
/// # Errors
/// When the listener itself fails.
pub async fn serve_admin(
    listener: TcpListener,
    pages: Arc<impl AdminPages>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(MAX_ADMIN_CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return Ok(()) };
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = shutdown.cancelled() => return Ok(()),
        };
        let pages = Arc::clone(&pages);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let response = answer(&request, pages.as_ref());
                async move { Ok::<_, Infallible>(response) }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_READ_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = served.await {
                tracing::debug!(%error, "admin connection ended");
            }
            drop(slot);
        });
    }
}

fn answer<B>(request: &Request<B>, pages: &impl AdminPages) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return page(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET and HEAD\n".to_owned());
    }
    match request.uri().path() {
        "/healthz" => page(StatusCode::OK, "text/plain", "ok\n".to_owned()),
        "/readyz" => match pages.ready() {
            Ok(()) => page(StatusCode::OK, "text/plain", "ready\n".to_owned()),
            Err(reason) => page(StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("{reason}\n")),
        },
        "/status" => page(StatusCode::OK, "application/json", pages.status()),
        "/metrics" => page(
            StatusCode::OK,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            pages.metrics(),
        ),
        other => {
            let text = format!("no page {other}; there are /healthz /readyz /status /metrics\n");
            page(StatusCode::NOT_FOUND, "text/plain", text)
        }
    }
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    struct Unready;
    impl AdminPages for Unready {
        fn ready(&self) -> Result<(), String> {
            Err("kafka unreachable".to_owned())
        }
        fn status(&self) -> String {
            "{}".to_owned()
        }
        fn metrics(&self) -> String {
            "# EOF\n".to_owned()
        }
    }

    async fn ask(address: std::net::SocketAddr, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(format!("{request}\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn pages_answer_and_shutdown_ends_the_service() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve_admin(listener, Arc::new(Unready), shutdown.clone()));
        for (request, status, text) in [
            ("GET /healthz HTTP/1.1", "200", "ok"),
            ("GET /readyz HTTP/1.1", "503", "kafka unreachable"),
            ("GET /status HTTP/1.1", "200", "{}"),
            ("GET /metrics HTTP/1.1", "200", "# EOF"),
            ("GET /x HTTP/1.1", "404", "/metrics"),
            ("POST /status HTTP/1.1", "405", "only GET"),
        ] {
            let answer = ask(address, request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(text), "{answer}");
        }
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }
}
