//! Blobs in an S3 bucket, or in a store that speaks its protocol.

mod error;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::ResponseChecksumValidation;
use bytes::{Bytes, BytesMut};

use self::error::Failure;
use super::{Blob, BlobStore, StoreError, StoreErrorKind};

/// Tries of one request, by the SDK: what was not answered, was answered with 5xx, or was throttled.
const REQUEST_ATTEMPTS: u32 = 5;
/// Tries when the answer came and its body broke off, which the SDK leaves to us.
const BODY_ATTEMPTS: u32 = 4;
/// Before the second try; then twice as long each time.
const BODY_RETRY_PAUSE: Duration = Duration::from_millis(200);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Until the first byte of an answer, and between bytes.
const READ_LIMIT: Duration = Duration::from_secs(30);
/// Blobs of one listing. Listed are only folders with a handful.
const MAX_LISTED_BLOBS: usize = 100_000;
/// Stores of others than Amazon take any region.
const REGION_OF_AN_ENDPOINT: &str = "us-east-1";

/// How to reach the bucket. Credentials come from the SDK's default chain.
#[derive(Debug, Clone, Default)]
pub struct S3Options {
    /// The bucket's region; from the environment or the profile when not given.
    pub region: Option<String>,
    /// Another store than Amazon's, `http(s)://host:port`; it is asked with the bucket in the path.
    pub endpoint: Option<String>,
}

/// One bucket; a key is an object's key.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    region: Option<String>,
}

impl S3Store {
    /// Makes a client; nothing is asked yet.
    pub async fn new(bucket: &str, options: &S3Options) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_LIMIT).read_timeout(READ_LIMIT).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(REQUEST_ATTEMPTS))
            .timeout_config(timeouts);
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &options.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let shared = loader.load().await;
        let mut config = aws_sdk_s3::config::Builder::from(&shared)
            .force_path_style(options.endpoint.is_some())
            // Files have checksums of their own, and a range of an object can't be checked.
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let mut region = shared.region().cloned();
        if region.is_none() && options.endpoint.is_some() {
            region = Some(Region::from_static(REGION_OF_AN_ENDPOINT));
            config = config.region(region.clone());
        }
        let region = region.map(|region| region.as_ref().to_owned());
        Self { client: Client::from_conf(config.build()), bucket: bucket.to_owned(), region }
    }

    fn error(&self, key: &str, failure: Failure) -> StoreError {
        let (kind, detail) = failure.tell(&self.bucket, self.region.as_deref());
        StoreError { kind, url: self.url(key), detail }
    }

    /// A blob or a range of it, of at most `max_bytes`.
    async fn get(&self, key: &str, range: Option<Range<u64>>, max_bytes: u64) -> Result<Bytes, StoreError> {
        let mut pause = BODY_RETRY_PAUSE;
        let mut attempt = 1;
        loop {
            match self.get_once(key, range.clone(), max_bytes).await {
                Err(Failure::Body(cause)) if attempt < BODY_ATTEMPTS => {
                    tracing::debug!(url = self.url(key), cause, attempt, "answer broke off, asking again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    attempt += 1;
                }
                result => return result.map_err(|failure| self.error(key, failure)),
            }
        }
    }

    async fn get_once(&self, key: &str, range: Option<Range<u64>>, max_bytes: u64) -> Result<Bytes, Failure> {
        // The header's end is the last byte, not the one after it.
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let request = self.client.get_object().bucket(&self.bucket).key(key).set_range(range);
        let mut answer = request.send().await.map_err(|error| Failure::of(&error))?;
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        if length > max_bytes {
            return Err(Failure::TooLarge(length));
        }
        let mut bytes = BytesMut::with_capacity(usize::try_from(length).unwrap_or_default());
        while let Some(chunk) = answer.body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| Failure::body(&error))?);
            if bytes.len() as u64 > max_bytes {
                return Err(Failure::TooLarge(bytes.len() as u64));
            }
        }
        Ok(bytes.freeze())
    }
}

#[async_trait]
impl BlobStore for S3Store {
    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Blob>, StoreError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).delimiter("/");
        let mut pages = request.into_paginator().send();
        let mut blobs = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.error(prefix, Failure::of(&error)))?;
            for object in page.contents() {
                let length = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                blobs.extend(object.key().map(|key| Blob { key: key.to_owned(), length }));
            }
            if blobs.len() > MAX_LISTED_BLOBS {
                return Err(self.error(prefix, Failure::TooMany(MAX_LISTED_BLOBS)));
            }
        }
        Ok(blobs)
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        let wanted = range.end.saturating_sub(range.start);
        if wanted == 0 {
            return Ok(Bytes::new());
        }
        let bytes = self.get(key, Some(range.clone()), wanted).await?;
        if (bytes.len() as u64) < wanted {
            return Err(self.error(key, Failure::Ends(range.start.saturating_add(bytes.len() as u64))));
        }
        Ok(bytes)
    }

    async fn read_whole(&self, key: &str, max_bytes: u64) -> Result<Bytes, StoreError> {
        self.get(key, None, max_bytes).await
    }
}

#[cfg(test)]
mod tests;
