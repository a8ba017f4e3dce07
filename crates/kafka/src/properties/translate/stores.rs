//! Trust stores and key stores. PEM and PKCS#12 key stores are used as they are; Java's own format is not readable
//! outside Java, and a PKCS#12 trust store has no counterpart in librdkafka: both get told how to convert.

use super::{FromFile, Left, Probe};
use crate::options::{OptionsError, Pem, Secret, TlsIdentity};
use std::path::{Path, PathBuf};

/// Formats of certificate stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Pem,
    Pkcs12,
    Jks,
}

impl StoreKind {
    /// By its first bytes.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => Some(Self::Jks),
            [0x30, ..] => Some(Self::Pkcs12),
            _ => start.windows(10).any(|text| text == b"-----BEGIN").then_some(Self::Pem),
        }
    }
}

/// Where a store is: its line, its file, its format.
type Store = (usize, PathBuf, StoreKind);

pub(super) fn take(left: &mut Left<'_>, file: &mut FromFile, probe: Probe<'_>) -> Result<(), OptionsError> {
    if let Some((line, value)) = left.take("ssl.endpoint.identification.algorithm") {
        file.check_host_name = Some(match value.trim().to_ascii_lowercase().as_str() {
            "https" => true,
            "" | "none" => false,
            _ => {
                let reason =
                    format!("'{value}' is neither https nor empty (which does not check the brokers' names)");
                return Err(left.error(line, "ssl.endpoint.identification.algorithm", reason));
            }
        });
    }
    trust(left, file, probe)?;
    identity(left, file, probe)
}

fn trust(left: &mut Left<'_>, file: &mut FromFile, probe: Probe<'_>) -> Result<(), OptionsError> {
    left.take("ssl.truststore.password"); // certificates are no secret, and PEM files have none
    let native = left.text("ssl.ca.location").map(|path| Pem::File(path.into()));
    let inline = left.text("ssl.ca.pem").or(left.text("ssl.truststore.certificates")).map(Pem::Inline);
    let store = match store(left, "ssl.truststore", probe)? {
        None => None,
        Some((_, path, StoreKind::Pem)) => Some(Pem::File(path)),
        Some((line, path, kind)) => {
            return Err(left.error(line, "ssl.truststore.location", trust_conversion(&path, kind)));
        }
    };
    file.ca = native.or(inline).or(store);
    Ok(())
}

fn identity(left: &mut Left<'_>, file: &mut FromFile, probe: Probe<'_>) -> Result<(), OptionsError> {
    let store_password = left.text("ssl.keystore.password").map(Secret::new);
    let key_password = left.text("ssl.key.password").map(Secret::new);
    let pem = |location: Option<String>, inline: Option<String>| {
        location.map(|path| Pem::File(path.into())).or(inline.map(Pem::Inline))
    };
    let chain = left.text("ssl.certificate.pem").or(left.text("ssl.keystore.certificate.chain"));
    let certificate = pem(left.text("ssl.certificate.location"), chain);
    let key = left.text("ssl.key.pem").or(left.text("ssl.keystore.key"));
    let key = pem(left.text("ssl.key.location"), key);
    let store = store(left, "ssl.keystore", probe)?;
    file.identity = match (certificate, key, store) {
        (Some(certificate), Some(key), _) => Some(TlsIdentity::Pem { certificate, key, key_password }),
        (None, None, None) => None,
        (None, None, Some((_, path, StoreKind::Pem))) => {
            // One file with both, as Kafka wants it.
            let both = Pem::File(path);
            Some(TlsIdentity::Pem { certificate: both.clone(), key: both, key_password })
        }
        (None, None, Some((_, file, StoreKind::Pkcs12))) => {
            Some(TlsIdentity::Pkcs12 { file, password: store_password })
        }
        (None, None, Some((line, path, StoreKind::Jks))) => {
            return Err(left.error(line, "ssl.keystore.location", key_conversion(&path)));
        }
        _ => {
            let reason = "a certificate chain needs its key: set both ssl.keystore.certificate.chain and \
                          ssl.keystore.key, or ssl.keystore.location";
            return Err(left.error(1, "ssl.keystore", reason));
        }
    };
    Ok(())
}

/// `PREFIX.location` with `PREFIX.type`, or with what the file itself looks like: without a type, Java takes a
/// store for either of its two formats.
fn store(left: &mut Left<'_>, prefix: &str, probe: Probe<'_>) -> Result<Option<Store>, OptionsError> {
    let kind = left.take(&format!("{prefix}.type"));
    let Some((line, location)) = left.take(&format!("{prefix}.location")) else { return Ok(None) };
    let path = PathBuf::from(location.trim());
    let seen = probe(&path);
    let kind = match kind {
        None => seen.unwrap_or(StoreKind::Jks),
        Some((line, kind)) => match kind.trim().to_ascii_uppercase().as_str() {
            "PEM" => StoreKind::Pem,
            "PKCS12" => StoreKind::Pkcs12,
            "JKS" => seen.filter(|seen| *seen == StoreKind::Pkcs12).unwrap_or(StoreKind::Jks),
            _ => {
                let reason = format!("'{kind}' is not supported; accepted: PEM, PKCS12 (key stores only)");
                return Err(left.error(line, &format!("{prefix}.type"), reason));
            }
        },
    };
    Ok(Some((line, path, kind)))
}

fn trust_conversion(path: &Path, kind: StoreKind) -> String {
    let store = path.display();
    let pem = path.with_extension("pem");
    let to_pem = |p12: &Path| format!("openssl pkcs12 -in {} -nokeys -out {}", p12.display(), pem.display());
    let done = format!(
        "then set ssl.truststore.type=PEM and ssl.truststore.location={}, or give --kafkaCaFile",
        pem.display()
    );
    match kind {
        StoreKind::Pem | StoreKind::Pkcs12 => {
            format!(
                "{store} is a PKCS#12 trust store, which can't be used here; convert it with `{}`, {done}",
                to_pem(path)
            )
        }
        StoreKind::Jks => {
            let p12 = path.with_extension("p12");
            format!(
                "{store} is a Java key store (JKS), which only Java reads; convert it with `keytool -importkeystore -srckeystore {store} -destkeystore {} -deststoretype PKCS12` and `{}`, {done}",
                p12.display(),
                to_pem(&p12)
            )
        }
    }
}

fn key_conversion(path: &Path) -> String {
    let (store, p12) = (path.display(), path.with_extension("p12"));
    format!(
        "{store} is a Java key store (JKS), which only Java reads; convert it with `keytool -importkeystore -srckeystore {store} -destkeystore {p12} -deststoretype PKCS12`, then set ssl.keystore.type=PKCS12 and ssl.keystore.location={p12}",
        p12 = p12.display()
    )
}
