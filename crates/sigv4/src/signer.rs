//! The signature of one request.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use tokio::sync::watch;

use crate::credentials::{self, CredentialsError, SharedCredentialsProvider};

/// Signs for one service in one region.
#[derive(Clone)]
pub struct Signer {
    service: String,
    region: String,
    credentials: watch::Receiver<Credentials>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("service", &self.service)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct ToSign<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query, as in the request line.
    pub target: &'a str,
    /// The value of `Host`, as sent.
    pub host: &'a str,
    /// The value of `Content-Type`, if the request has one.
    pub content_type: Option<&'a str>,
    /// See [`payload_hash`](crate::payload_hash).
    pub payload_hash: &'a str,
}

/// A request can't be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The credentials are over, and no new ones came.
    #[error("the AWS credentials expired and could not be renewed")]
    Expired,
    /// Something in the request can't be part of a signature.
    #[error("{0}")]
    Request(String),
}

impl SignError {
    /// Whether it may be different a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Expired)
    }
}

impl Signer {
    /// Gets credentials from the SDK's default chain and goes on renewing them. To be called within a runtime.
    ///
    /// # Errors
    /// When there are none.
    pub async fn with_default_chain(service: &str, region: &str) -> Result<Self, CredentialsError> {
        Self::with_provider(service, region, credentials::default_chain(region).await?).await
    }

    /// Service and region that it signs for.
    #[must_use]
    pub fn scope(&self) -> (&str, &str) {
        (&self.service, &self.region)
    }

    /// The same with credentials of another provider.
    ///
    /// # Errors
    /// When it has none.
    pub async fn with_provider(
        service: &str,
        region: &str,
        provider: SharedCredentialsProvider,
    ) -> Result<Self, CredentialsError> {
        let credentials = credentials::keep_fresh(provider).await?;
        Ok(Self { service: service.to_owned(), region: region.to_owned(), credentials })
    }

    /// The headers that make the request a signed one, with `Authorization` among them. Never waits.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign(&self, request: ToSign<'_>, time: SystemTime) -> Result<Vec<(String, String)>, SignError> {
        let credentials = self.credentials.borrow().clone();
        if credentials.expiry().is_some_and(|end| end <= time) {
            return Err(SignError::Expired);
        }
        let mut settings = SigningSettings::default();
        // OpenSearch Serverless refuses requests without the header, the managed service takes it.
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let identity = credentials.into();
        let failed = |error: &dyn std::error::Error| {
            SignError::Request(match error.source() {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            })
        };
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(time)
            .settings(settings)
            .build()
            .map_err(|error| failed(&error))?
            .into();
        let headers = [("host", request.host)]
            .into_iter()
            .chain(request.content_type.map(|content_type| ("content-type", content_type)));
        let body = SignableBody::Precomputed(request.payload_hash.to_owned());
        let signable = SignableRequest::new(request.method, request.target, headers, body)
            .map_err(|error| failed(&error))?;
        let (instructions, _) = sign(signable, &parameters).map_err(|error| failed(&error))?.into_parts();
        let (headers, _) = instructions.into_parts();
        Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
    }
}

#[cfg(test)]
mod tests;
