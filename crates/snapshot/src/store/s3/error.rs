//! What S3's answers mean. The SDK's own texts say too little ("service error") or too much.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use switchover_sigv4::with_causes;

use super::StoreErrorKind;

/// Where S3 says which region a bucket is in.
const REGION_HEADER: &str = "x-amz-bucket-region";

pub(super) enum Failure {
    /// S3 answered with an error.
    Answer {
        status: u16,
        code: String,
        message: String,
        region: Option<String>,
    },
    /// There was no answer.
    NoAnswer(String),
    /// The request could not be made: no credentials, no region.
    NotSent(String),
    /// The answer broke off.
    Body(String),
    TooLarge(u64),
    TooMany(usize),
    Ends(u64),
}

impl Failure {
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => Self::Answer {
                status: answer.raw().status().as_u16(),
                code: answer.err().code().unwrap_or_default().to_owned(),
                message: answer.err().message().unwrap_or_default().to_owned(),
                region: answer.raw().headers().get(REGION_HEADER).map(str::to_owned),
            },
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Self::NoAnswer(with_causes(error)),
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
                Self::NoAnswer(with_causes(error))
            }
            _ => Self::NotSent(with_causes(error)),
        }
    }

    pub(super) fn body(error: &dyn std::error::Error) -> Self {
        Self::Body(with_causes(error))
    }

    /// The kind, and a sentence for a person.
    pub(super) fn tell(self, bucket: &str, asked_region: Option<&str>) -> (StoreErrorKind, String) {
        use StoreErrorKind::{Denied, NotFound, Other, OtherRegion, TooLarge, Truncated, Unavailable};
        match self {
            Self::Answer { region: Some(region), status: 301 | 307 | 400 | 403, .. }
                if asked_region != Some(region.as_str()) =>
            {
                let asked = asked_region.unwrap_or("no region");
                (
                    OtherRegion,
                    format!(
                        "the bucket {bucket} is in {region}, but {asked} was asked; give --s3Region {region}"
                    ),
                )
            }
            Self::Answer { code, .. } if code == "NoSuchBucket" => {
                (NotFound, format!("there is no bucket {bucket}"))
            }
            Self::Answer { code, status, message, .. } => {
                let said = [code, message]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join(": ");
                match status {
                    404 => (NotFound, "it does not exist".to_owned()),
                    401 | 403 => (
                        Denied,
                        format!(
                            "access denied (HTTP {status} {said}); it takes s3:GetObject and s3:ListBucket on {bucket}. An object that is missing is told in this way too when s3:ListBucket is"
                        ),
                    ),
                    301 | 307 => (
                        OtherRegion,
                        format!(
                            "the bucket is in another region (HTTP {status} {said}); give its --s3Region"
                        ),
                    ),
                    416 => (Truncated, "it ends before what is needed of it".to_owned()),
                    429 | 500.. => (Unavailable, format!("HTTP {status} {said}, several times")),
                    _ => (Other, format!("HTTP {status} {said}")),
                }
            }
            Self::NoAnswer(cause) => (Unavailable, format!("no answer: {cause}")),
            Self::NotSent(cause) if asked_region.is_none() => {
                (Other, format!("{cause}; no region is known: give --s3Region or set AWS_REGION"))
            }
            Self::NotSent(cause) => (
                Denied,
                format!(
                    "{cause}; credentials come from the default chain (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the shared files and AWS_PROFILE, web identity, ECS or EKS, EC2 instance profile)"
                ),
            ),
            Self::Body(cause) => (Unavailable, format!("the answer broke off, several times: {cause}")),
            Self::TooLarge(length) => {
                (TooLarge, format!("with {length} bytes it is larger than any real one"))
            }
            Self::TooMany(limit) => {
                (Other, format!("there are more than {limit} objects: this is no repository"))
            }
            Self::Ends(length) => {
                (Truncated, format!("it ends at byte {length}, before what is needed of it"))
            }
        }
    }
}
