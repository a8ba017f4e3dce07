//! `GET` and `PUT /routing` on a unix socket beside the capture log. Not on the admin address: that has no login, and a
//! web page or another host must not be able to move a cluster's writes. Here the kernel says who asks, and only root
//! and the agent's own user are heard.

use super::{Control, Routing};
use crate::status;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use switchover_http1::message::{MessageError, parse_request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// Its name, in the capture log's directory.
const NAME: &str = "routing.sock";
/// The socket's file is for the agent's user.
const MODE: u32 = 0o600;
/// A request is a few dozen bytes.
const MAX_REQUEST_BYTES: usize = 16 * 1024;
/// How long one may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after a failed accept.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Makes the socket in this directory. To be called on a runtime.
///
/// # Errors
/// When it can't be made; names it.
pub fn bind(directory: &Path) -> io::Result<UnixListener> {
    let path = directory.join(NAME);
    let bound = fs::create_dir_all(directory).and_then(|()| bind_to(&path));
    bound.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Listens for as long as the process lives. One caller at a time: it is a person or a console.
pub async fn serve(listener: UnixListener, control: Arc<Control>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let answered = tokio::time::timeout(REQUEST_TIMEOUT, answer(stream, &control)).await;
                if let Ok(Err(error)) = answered {
                    tracing::debug!(%error, "a caller of the routing socket went away");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the routing socket");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

fn bind_to(path: &Path) -> io::Result<UnixListener> {
    // Left by the program before, which has ended or become this one.
    if fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
    Ok(listener)
}

async fn answer(mut stream: UnixStream, control: &Arc<Control>) -> io::Result<()> {
    let caller = stream.peer_cred()?.uid();
    let (status, text) = if caller != 0 && caller != nix::unistd::geteuid().as_raw() {
        (403, refusal(&format!("user {caller} may not; root and the agent's own user may")))
    } else {
        let request = request(&mut stream).await?;
        carried_out(&request, control).await
    };
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "Internal Server Error",
    };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// Everything up to the end of a request, or what there is when it gets too long.
async fn request(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_REQUEST_BYTES
        && matches!(parse_request(&bytes), Err(MessageError::Incomplete))
        && stream.read_buf(&mut bytes).await? > 0
    {}
    Ok(bytes)
}

async fn carried_out(request: &[u8], control: &Arc<Control>) -> (u16, String) {
    let (head, body) = match parse_request(request) {
        Ok(parsed) => parsed,
        Err(error) => return (400, refusal(&error.to_string())),
    };
    match (head.method, head.target) {
        ("GET", b"/routing") => {}
        ("PUT", b"/routing") => {
            let wanted = serde_json::from_slice::<Routing>(&body).map_err(|error| error.to_string());
            let wanted = match wanted.and_then(Routing::check) {
                Ok(wanted) => wanted,
                Err(reason) => return (400, refusal(&reason)),
            };
            let setting = Arc::clone(control);
            let set = tokio::task::spawn_blocking(move || setting.set(wanted)).await;
            if let Err(error) = set.map_err(io::Error::other).flatten() {
                return (
                    500,
                    refusal(&format!("the routing file can't be written, nothing changed: {error}")),
                );
            }
        }
        _ => return (404, refusal("there is GET /routing and PUT /routing")),
    }
    (200, format!("{}\n", status::routing_in_force(&control.current())))
}

fn refusal(reason: &str) -> String {
    format!("{}\n", serde_json::json!({ "error": reason }))
}
