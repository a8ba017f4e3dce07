//! One client connection.

use crate::service::Service;
use crate::work::Work;
use anyhow::{Context as _, Result, bail};
use std::io;
use switchover_http1::{RequestEvent, RequestFramer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Room for what arrives at once; a body of 100 KB takes two reads.
const BUFFER_BYTES: usize = 64 * 1024;

/// Answers requests, each when it has arrived whole, until the client closes. Every connection is kept alive; a client
/// that asks for `Connection: close` closes by itself when it has its response.
///
/// # Errors
/// When the socket fails, the service does, or the bytes are not HTTP/1.1 requests: a benchmark has no use for a repaired guess.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    mut service: impl Service,
    work: Work,
) -> Result<()> {
    let mut framer = RequestFramer::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut in_body = false;
    loop {
        let length = match stream.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            // How load generators end their connections.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error).context("cannot read"),
        };
        let mut rest = buffer.get(..length).unwrap_or_default();
        loop {
            let (consumed, event) = framer.step(rest);
            let (passed, left) = rest.split_at_checked(consumed).unwrap_or((rest, &[]));
            rest = left;
            if in_body {
                service.body(passed);
            }
            match event {
                None => break,
                Some(RequestEvent::Head(head)) => {
                    in_body = true;
                    service.begin(&head)?;
                }
                Some(RequestEvent::End) => {
                    in_body = false;
                    work.take().await?;
                    stream.write_all(service.end()).await.context("cannot answer")?;
                }
                Some(RequestEvent::Tunnel(reason)) => bail!("not a request: {reason}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Fixed;
    use tokio::io::duplex;

    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const POST: &[u8] = b"POST /_bulk HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nabcde";
    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

    #[tokio::test]
    async fn answers_a_request_only_when_its_body_is_complete_and_keeps_the_connection() {
        let (mut client, server) = duplex(64 * 1024);
        let serving = serve(server, Fixed(RESPONSE.into()), Work::default());
        let talking = async {
            let (start, last) = POST.split_at(POST.len() - 1);
            client.write_all(start).await.unwrap();
            let mut answer = vec![0; RESPONSE.len()];
            tokio::select! {
                biased;
                _ = client.read_exact(&mut answer) => panic!("answered before the request was complete"),
                // Enough turns for the server to have seen all that was sent.
                () = async { for _ in 0..100 { tokio::task::yield_now().await } } => {}
            }
            client.write_all(last).await.unwrap();
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, RESPONSE);

            client.write_all(&[GET, POST].concat()).await.unwrap();
            let mut answers = vec![0; RESPONSE.len() * 2];
            client.read_exact(&mut answers).await.unwrap();
            assert_eq!(answers, [RESPONSE, RESPONSE].concat());
            drop(client);
        };
        let (served, ()) = tokio::join!(serving, talking);
        served.unwrap();
    }

    #[tokio::test]
    async fn bytes_that_are_no_request_end_the_connection() {
        let (mut client, server) = duplex(64 * 1024);
        client.write_all(b"GET / HTTP/1.1\nhost: h\n\n").await.unwrap();
        let error = serve(server, Fixed(RESPONSE.into()), Work::default()).await.unwrap_err();
        assert!(error.to_string().contains("not a request"), "{error}");
    }
}
