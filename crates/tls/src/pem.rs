//! Certificates and keys in PEM files.

use crate::TlsError;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use x509_parser::prelude::{FromDer, X509Certificate};

/// All certificates of a file, at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::file(path, error))?;
    if certificates.is_empty() {
        return Err(TlsError::file(path, "holds no certificate; expected PEM, -----BEGIN CERTIFICATE-----"));
    }
    Ok(certificates)
}

/// The authorities of a file.
pub(crate) fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| TlsError::file(path, error))?;
    }
    Ok(roots)
}

/// The authorities in an environment variable, at least one.
pub(crate) fn roots_in_variable(name: &str) -> Result<RootCertStore, TlsError> {
    let fail = |reason: String| TlsError::variable(name, reason);
    let pem = std::env::var(name).map_err(|error| fail(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| fail(error.to_string()))?;
        roots.add(certificate).map_err(|error| fail(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fail("holds no certificate; expected PEM, -----BEGIN CERTIFICATE-----".to_owned()));
    }
    Ok(roots)
}

/// The authorities that the system trusts.
pub(crate) fn system_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let reason = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(TlsError::NoSystemRoots(reason));
    }
    Ok(roots)
}

/// A certificate chain and its key, checked: they belong together, and the certificate is valid today.
pub(crate) fn certified_key(chain: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let certificates = certificates(chain)?;
    if let Some(certificate) = certificates.first() {
        check_validity(certificate).map_err(|reason| TlsError::file(chain, reason))?;
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| TlsError::file(key, format!("no private key in it: {error}")))?;
    let signing = crate::provider()
        .key_provider
        .load_private_key(private)
        .map_err(|error| TlsError::file(key, error))?;
    let certified = CertifiedKey::new(certificates, signing);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(error) => {
            let reason = format!("is not the key of the certificate in {}: {error}", chain.display());
            Err(TlsError::file(key, reason))
        }
    }
}

fn check_validity(certificate: &CertificateDer<'_>) -> Result<(), String> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let validity = parsed.validity();
    if now > validity.not_after.timestamp() {
        return Err(format!("the certificate expired at {}", validity.not_after));
    }
    if now < validity.not_before.timestamp() {
        return Err(format!("the certificate is not valid before {}", validity.not_before));
    }
    Ok(())
}
