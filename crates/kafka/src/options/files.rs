//! Looking at the files of certificates and keys when the program starts: the library would name none of them.

use super::{OptionsError, Pem};
use crate::properties::translate::StoreKind;
use std::io::Read as _;
use std::path::Path;

/// A certificate or key file is never larger.
const MAX_PEM_BYTES: u64 = 4 << 20;
/// Enough to tell a store's format; PEM may begin with a comment.
const PROBE_BYTES: u64 = 4096;

/// What kind of store a file is; `None` if it can't be told.
pub(super) fn store_kind(path: &Path) -> Option<StoreKind> {
    let mut start = Vec::new();
    std::fs::File::open(path).ok()?.take(PROBE_BYTES).read_to_end(&mut start).ok()?;
    StoreKind::of(&start)
}

/// Checks that `pem` can be read and holds what `wanted` says, `CERTIFICATE` or `PRIVATE KEY`.
pub(super) fn check_pem(flag: &str, pem: &Pem, wanted: &'static str) -> Result<(), OptionsError> {
    let Pem::File(path) = pem else { return Ok(()) };
    let fail = |reason: String| OptionsError::File { flag: flag.to_owned(), path: path.clone(), reason };
    let mut text = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(MAX_PEM_BYTES).read_to_end(&mut text)).map_err(
        |error| fail(format!("{error}; check that the file exists and that this user may read it")),
    )?;
    let holds = String::from_utf8_lossy(&text)
        .lines()
        .any(|line| line.starts_with("-----BEGIN") && line.trim_end_matches(['-', '\r']).ends_with(wanted));
    match StoreKind::of(&text) {
        _ if holds => Ok(()),
        Some(StoreKind::Jks) => Err(fail("a Java key store; expected PEM: convert it with `keytool -importkeystore -deststoretype PKCS12` and `openssl pkcs12`".to_owned())),
        Some(StoreKind::Pkcs12) => Err(fail("not PEM but DER or PKCS#12; convert it with `openssl x509 -inform der` or `openssl pkcs12 -in FILE -nodes`".to_owned())),
        Some(StoreKind::Pem) | None => Err(fail(format!("holds no PEM block of a {}", wanted.to_ascii_lowercase()))),
    }
}

/// Checks that a file of any content can be read.
pub(super) fn check_readable(flag: &str, path: &Path) -> Result<(), OptionsError> {
    std::fs::File::open(path).map(drop).map_err(|error| OptionsError::File {
        flag: flag.to_owned(),
        path: path.to_owned(),
        reason: format!("{error}; check that the file exists and that this user may read it"),
    })
}
