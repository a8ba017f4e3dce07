//! What to do about a handshake that failed: the usual mistakes come up as low-level words.

use rustls::{CertificateError, Error};
use std::io;

/// The next thing to try after this failure, as the second half of a sentence.
#[must_use]
pub fn advice(error: &Error) -> &'static str {
    match error {
        Error::InvalidMessage(_) => "the port seems not to speak TLS: try http://",
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "use a host name the certificate is made out to, or allow an insecure connection"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "renew the server's certificate (or check the clock of this host), or allow an insecure connection"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "check the clocks of this host and of the server"
            }
            // webpki's own, which is no dependency of ours.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                "the server shows a certificate that is an authority's itself: give it one that an authority signed (basicConstraints CA:FALSE), or allow an insecure connection"
            }
            _ => {
                "give the CA file of the authority that signed its certificate, or allow an insecure connection"
            }
        },
        Error::AlertReceived(_) => {
            "the server refused the handshake: check whether it wants a client certificate, and its TLS settings"
        }
        _ => "check the TLS settings of the server",
    }
}

/// The TLS failure that an IO error of a handshake or of a TLS connection stands for.
#[must_use]
pub fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mistakes_have_advice_of_their_own() {
        for (certificate, said) in [
            (CertificateError::UnknownIssuer, "CA file"),
            (CertificateError::NotValidForName, "host name"),
            (CertificateError::Expired, "renew"),
            (CertificateError::NotValidYet, "clock"),
        ] {
            let error = io::Error::other(Error::InvalidCertificate(certificate));
            assert!(advice(cause(&error).unwrap()).contains(said), "{error}");
        }
        assert!(cause(&io::ErrorKind::UnexpectedEof.into()).is_none());
    }
}
