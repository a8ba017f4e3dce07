//! Why a server does not take a snapshot. The cause stands at the end of a chain of causes, of which clients usually
//! show the first; where it is a known one, what to do is said.

use anyhow::{Error, anyhow};
use serde_json::Value;
use switchover_cluster::Response;

/// Causes of one error that are shown, and how much of all of them.
const MAX_CAUSES: usize = 8;
const MAX_SHOWN_BYTES: usize = 1_000;

/// `HOST: STEP: answered STATUS: cause: deeper cause; what to do`.
pub(super) fn refusal(endpoint: &str, step: &str, response: &Response) -> Error {
    let told = causes(&response.body);
    let remedy = remedy(&told, response.status.as_u16());
    let remedy = remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
    anyhow!("{endpoint}: {step}: answered {}: {told}{remedy}", response.status)
}

/// All reasons of an error on one line, each once.
fn causes(body: &[u8]) -> String {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let mut reasons: Vec<String> = Vec::new();
    let mut error = parsed.as_ref().map(|body| &body["error"]);
    while let Some(this) = error.filter(|this| !this.is_null()).filter(|_| reasons.len() < MAX_CAUSES) {
        let reason = this["reason"].as_str().or(this.as_str()).unwrap_or_default();
        if !reason.is_empty() && !reasons.iter().any(|told| told.contains(reason)) {
            reasons.push(reason.to_owned());
        }
        error = Some(&this["caused_by"]);
    }
    let told = match reasons.is_empty() {
        true => String::from_utf8_lossy(body).into_owned(),
        false => reasons.join(": "),
    };
    let mut line = told.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > MAX_SHOWN_BYTES {
        line.truncate(line.floor_char_boundary(MAX_SHOWN_BYTES));
        line.push_str("...");
    }
    line
}

/// What to do about it, if it is known.
pub(super) fn remedy(told: &str, status: u16) -> Option<&'static str> {
    const IMDS: &str = "the nodes' S3 plugin is too old to get the credentials of their IAM role (IMDSv2): allow IMDSv1 while the snapshot runs (aws ec2 modify-instance-metadata-options --instance-id ID --http-tokens optional) and forbid it again afterwards, or put keys into the nodes' keystore (s3.client.default.access_key and secret_key)";
    const REGION: &str =
        "the bucket is in another region: set aws_region in the services file to the bucket's region";
    const BUCKET: &str = "there is no such bucket: check repo_uri, or create the bucket";
    const CREDENTIALS: &str = "the nodes have no credentials for S3: give them an IAM role, or put keys into every node's keystore (s3.client.default.access_key and secret_key) and reload secure settings";
    const ACCESS: &str = "the nodes may not use the bucket: their IAM role or keys need s3:ListBucket on the bucket and s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it; check that bucket and region are the ones meant";
    const PLUGIN: &str = "install the plugin on every node (elasticsearch-plugin or opensearch-plugin install repository-s3) and restart the nodes one by one";
    const PATH_REPO: &str = "add the folder to path.repo in elasticsearch.yml or opensearch.yml on every node and restart the nodes one by one";
    const FOLDER: &str = "the folder must be one shared file system, mounted at this path on every node and writable for the server's user; a bucket must take writes with the nodes' credentials";
    const RUNNING: &str = "another snapshot is running or being deleted: wait until it is done";
    const RIGHTS: &str = "the user of the services file may not do this: it needs the right to manage snapshots (cluster:admin/snapshot/*, cluster:admin/repository/*)";
    const KNOWN: [(&[&str], &str); 11] = [
        (&["status code: 401"], IMDS),
        (
            &["authorizationheadermalformed", "permanentredirect", "is wrong; expecting", "status code: 301"],
            REGION,
        ),
        (&["nosuchbucket", "bucket does not exist"], BUCKET),
        (&["unable to load credentials", "unable to load aws credentials"], CREDENTIALS),
        (&["java.nio.file"], FOLDER),
        (
            &[
                "accessdenied",
                "access denied",
                "status code: 403",
                "invalidaccesskeyid",
                "signaturedoesnotmatch",
            ],
            ACCESS,
        ),
        (&["repository type [s3] does not exist", "unknown [repository] type [s3]"], PLUGIN),
        (&["path.repo"], PATH_REPO),
        (&["not accessible on", "cannot be accessed on the node", "could not read"], FOLDER),
        (
            &["concurrent_snapshot", "currently used", "is already running", "currently being deleted"],
            RUNNING,
        ),
        (&["no permissions for", "is unauthorized for"], RIGHTS),
    ];
    let told = told.to_ascii_lowercase();
    let known = KNOWN.into_iter().find(|(signs, _)| signs.iter().any(|sign| told.contains(sign)));
    known.map(|(_, remedy)| remedy).or((status == 403).then_some(RIGHTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documents' own example.
    const IMDS: &str = r#"{"error":{"root_cause":[{"type":"repository_verification_exception","reason":"[migration_assistant_repo] path [rfs-snapshot-repo] is not accessible on master node"}],"type":"repository_verification_exception","reason":"[migration_assistant_repo] path [rfs-snapshot-repo] is not accessible on master node","caused_by":{"type":"i_o_exception","reason":"Unable to upload object [rfs-snapshot-repo/tests-s8TvZ3CcRoO8bvyXcyV2Yg/master.dat] using a single upload","caused_by":{"type":"amazon_service_exception","reason":"Unauthorized (Service: null; Status Code: 401; Error Code: null; Request ID: null)"}}},"status":500}"#;

    #[test]
    fn the_whole_chain_is_told() {
        let told = causes(IMDS.as_bytes());
        assert!(
            told.starts_with("[migration_assistant_repo] path [rfs-snapshot-repo] is not accessible"),
            "{told}"
        );
        assert!(told.ends_with("Request ID: null)") && told.contains(": Unable to upload"), "{told}");
        assert_eq!(causes(b"<html>\n502 </html>"), "<html> 502 </html>");
        assert_eq!(causes(br#"{"error":"IndexMissing[x]","status":404}"#), "IndexMissing[x]");
        let endless = r#"{"error":"#.to_owned()
            + &r#"{"reason":"x","caused_by":"#.repeat(100)
            + "null"
            + &"}".repeat(101);
        assert_eq!(causes(endless.as_bytes()), "x");
        assert!(causes("é".repeat(5_000).as_bytes()).len() < 1_100);
    }

    #[test]
    fn known_causes_have_a_remedy() {
        for (told, part) in [
            (causes(IMDS.as_bytes()).as_str(), "IMDSv1"),
            (
                "x is not accessible on master node: Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)",
                "s3:PutObject",
            ),
            (
                "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
                "aws_region",
            ),
            (
                "The bucket is in this region: (Service: Amazon S3; Status Code: 301; Error Code: PermanentRedirect)",
                "aws_region",
            ),
            ("The specified bucket does not exist (Error Code: NoSuchBucket)", "create the bucket"),
            ("repository type [s3] does not exist", "plugin install repository-s3"),
            ("Unable to load AWS credentials from any provider in the chain", "keystore"),
            (
                "[r] location [/x] doesn't match any of the locations specified by path.repo because this setting is empty",
                "add the folder to path.repo",
            ),
            (
                "[r] path  is not accessible on master node: java.nio.file.AccessDeniedException: /x",
                "mounted",
            ),
            ("a file written by master to the store [/x] cannot be accessed on the node [n]", "mounted"),
            (
                "cannot snapshot while a snapshot deletion is in-progress (concurrent_snapshot_execution_exception)",
                "wait",
            ),
            ("no permissions for [cluster:admin/repository/put]", "right"),
        ] {
            let remedy = remedy(told, 500).unwrap_or_else(|| panic!("{told}"));
            assert!(remedy.contains(part), "{told}: {remedy}");
        }
        assert_eq!(remedy("something else", 500), None);
        assert!(remedy("", 403).unwrap().contains("right"));
    }
}
