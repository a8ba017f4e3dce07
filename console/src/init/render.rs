//! The answers as a services file.

use std::fmt::Write;

use super::{Answers, ClusterAnswers};

const DEFAULT_SNAPSHOT: &str = "migration";

/// Fails when answers do not go together.
pub(super) fn services(answers: &Answers) -> Result<String, String> {
    let mut file = Text(String::from(
        "# What the console works on; `switchover doctor` checks it. Files are relative to this one's folder.\n",
    ));
    for (key, side, cluster) in
        [("source_cluster", "source", &answers.source), ("target_cluster", "target", &answers.target)]
    {
        file.cluster(key, side, cluster)?;
    }
    file.snapshot(answers)?;
    file.kafka(answers)?;
    Ok(file.0)
}

struct Text(String);

impl Text {
    fn block(&mut self, indent: usize, key: &str) {
        let _ = writeln!(self.0, "{:indent$}{key}:", "");
    }

    /// A value of a user is a string, whatever it looks like.
    fn pair(&mut self, indent: usize, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            let _ = writeln!(self.0, "{:indent$}{key}: '{}'", "", value.replace('\'', "''"));
        }
    }

    fn cluster(&mut self, key: &str, side: &str, cluster: &ClusterAnswers) -> Result<(), String> {
        if cluster.endpoint.is_none() {
            return Ok(());
        }
        self.block(0, key);
        self.pair(2, "endpoint", cluster.endpoint.as_ref());
        if cluster.insecure {
            self.0.push_str("  allow_insecure: true\n");
        }
        self.pair(2, "ca_file", cluster.ca_file.as_ref());
        match (&cluster.username, &cluster.password_file) {
            (None, None) => self.block(2, "no_auth"),
            (Some(user), Some(file)) => {
                self.block(2, "basic_auth");
                self.pair(4, "username", Some(user));
                self.pair(4, "password_file", Some(file));
            }
            _ => return Err(format!("--{side}-username and --{side}-password-file go together")),
        }
        Ok(())
    }

    fn snapshot(&mut self, answers: &Answers) -> Result<(), String> {
        let Some(uri) = &answers.repo_uri else { return Ok(()) };
        self.block(0, "snapshot");
        let name = answers.snapshot_name.clone().unwrap_or_else(|| DEFAULT_SNAPSHOT.to_owned());
        self.pair(2, "snapshot_name", Some(&name));
        if uri.starts_with("s3://") {
            if answers.s3_region.is_none() {
                return Err("--repo-uri s3://... needs --s3-region".to_owned());
            }
            self.block(2, "s3");
            self.pair(4, "repo_uri", Some(uri));
            self.pair(4, "aws_region", answers.s3_region.as_ref());
            self.pair(4, "endpoint", answers.s3_endpoint.as_ref());
        } else {
            self.block(2, "fs");
            let path = uri.strip_prefix("file://").unwrap_or(uri).to_owned();
            self.pair(4, "repo_path", Some(&path));
        }
        Ok(())
    }

    fn kafka(&mut self, answers: &Answers) -> Result<(), String> {
        let Some(brokers) = &answers.brokers else { return Ok(()) };
        self.block(0, "kafka");
        self.pair(2, "broker_endpoints", Some(brokers));
        let auth = answers.kafka_auth.as_deref().unwrap_or("standard");
        self.block(2, auth);
        if matches!(auth, "scram" | "plain") {
            if answers.kafka_user.is_none() || answers.kafka_password_file.is_none() {
                return Err(format!("--kafka-auth {auth} needs --kafka-user-name and --kafka-password-file"));
            }
            self.pair(4, "username", answers.kafka_user.as_ref());
            self.pair(4, "password_file", answers.kafka_password_file.as_ref());
        }
        if auth != "standard" {
            self.pair(4, "ca_cert_path", answers.kafka_ca_file.as_ref());
        }
        Ok(())
    }
}
