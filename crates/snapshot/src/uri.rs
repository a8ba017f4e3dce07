//! Where a repository is, as a user says it.

use std::path::PathBuf;
use std::str::FromStr;

/// `file:///path`, an absolute path, or `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryUri {
    /// The folder that the repository's `location` is, or its `base_path` in it.
    File(PathBuf),
    /// A bucket, and the repository's `base_path` in it (empty: the bucket itself).
    S3 {
        /// The bucket.
        bucket: String,
        /// Without slashes at either end.
        prefix: String,
    },
}

/// A text that says no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no repository: give file:///path, /path or s3://bucket/prefix")]
pub struct RepositoryUriError(String);

impl FromStr for RepositoryUri {
    type Err = RepositoryUriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || RepositoryUriError(text.to_owned());
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_matches('/').to_owned();
            return match bucket {
                "" => Err(wrong()),
                _ => Ok(Self::S3 { bucket: bucket.to_owned(), prefix }),
            };
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if !path.starts_with('/') || path.split('/').any(|part| part == "." || part == "..") {
            return Err(wrong());
        }
        Ok(Self::File(PathBuf::from(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_say_it() {
        let file = |path: &str| Ok(RepositoryUri::File(path.into()));
        let s3 = |prefix: &str| Ok(RepositoryUri::S3 { bucket: "b".into(), prefix: prefix.into() });
        for (text, expected) in [
            ("file:///mnt/repo", file("/mnt/repo")),
            ("/mnt/repo/", file("/mnt/repo/")),
            ("s3://b", s3("")),
            ("s3://b/", s3("")),
            ("s3://b/a/c/", s3("a/c")),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for text in ["", "repo", "file://host/x", "s3://", "s3:///x", "gs://b/x", "/a/../b", "http://x/"] {
            let error = text.parse::<RepositoryUri>().unwrap_err().to_string();
            assert!(error.contains("s3://bucket/prefix"), "{error}");
        }
    }
}
