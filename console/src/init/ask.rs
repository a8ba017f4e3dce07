//! The questions, on stderr, and the answers, from stdin. A wrong answer is told and asked again.

use std::io::{BufRead, Write};

use switchover_cluster::{Cluster, ClusterOptions};
use switchover_snapshot::RepositoryUri;

use super::{Answers, ClusterAnswers};
use crate::failure::Failure;

const MAX_TRIES: u32 = 5;

pub(super) struct Ask {
    input: Box<dyn BufRead>,
}

/// What is wrong with an answer.
type Check = fn(&str) -> Result<(), String>;

impl Ask {
    pub(super) fn stdin() -> Self {
        Self { input: Box::new(std::io::stdin().lock()) }
    }

    /// Asks unless it is known; an empty answer is none.
    fn fill(&mut self, answer: &mut Option<String>, question: &str, check: Check) -> Result<(), Failure> {
        if answer.is_some() {
            return Ok(());
        }
        for _ in 0..MAX_TRIES {
            eprint!("{question}: ");
            std::io::stderr().flush().map_err(|error| anyhow::anyhow!("cannot ask: {error}"))?;
            let mut line = String::new();
            let read = self
                .input
                .read_line(&mut line)
                .map_err(|error| anyhow::anyhow!("cannot read the answer: {error}"))?;
            if read == 0 {
                let message = "there are no more answers; give flags and --non-interactive";
                return Err(Failure::Usage(message.to_owned()));
            }
            let line = line.trim();
            if line.is_empty() {
                return Ok(());
            }
            match check(line) {
                Ok(()) => {
                    *answer = Some(line.to_owned());
                    return Ok(());
                }
                Err(wrong) => eprintln!("{wrong}"),
            }
        }
        Err(Failure::Usage(format!("{question}: no answer that fits")))
    }
}

pub(super) fn all(answers: &mut Answers, ask: &mut Ask) -> Result<(), Failure> {
    cluster(&mut answers.source, "source", ask)?;
    cluster(&mut answers.target, "target", ask)?;
    ask.fill(
        &mut answers.repo_uri,
        "Snapshot repository, s3://bucket/prefix or a folder that all nodes share (empty: none)",
        repository,
    )?;
    if let Some(uri) = &answers.repo_uri {
        if uri.starts_with("s3://") {
            ask.fill(&mut answers.s3_region, "The bucket's region", anything)?;
        }
        ask.fill(&mut answers.snapshot_name, "Name of the snapshot (empty: migration)", anything)?;
    }
    ask.fill(&mut answers.brokers, "Kafka brokers, host:port,host:port (empty: none)", anything)?;
    if answers.brokers.is_some() {
        ask.fill(
            &mut answers.kafka_auth,
            "How to log in to Kafka: standard, scram, plain, ssl or msk (empty: standard)",
            kafka_auth,
        )?;
        if matches!(answers.kafka_auth.as_deref(), Some("scram" | "plain")) {
            ask.fill(&mut answers.kafka_user, "Kafka user", anything)?;
            ask.fill(&mut answers.kafka_password_file, "File with the Kafka user's password", anything)?;
        }
        if answers.kafka_auth.as_deref().is_some_and(|auth| auth != "standard") {
            ask.fill(
                &mut answers.kafka_ca_file,
                "PEM file of the brokers' authority (empty: the host's)",
                anything,
            )?;
        }
    }
    Ok(())
}

fn cluster(answers: &mut ClusterAnswers, side: &str, ask: &mut Ask) -> Result<(), Failure> {
    ask.fill(
        &mut answers.endpoint,
        &format!("Address of the {side}, http(s)://host:port (empty: none)"),
        endpoint,
    )?;
    let Some(endpoint) = &answers.endpoint else { return Ok(()) };
    if endpoint.starts_with("https://") && !answers.insecure {
        ask.fill(
            &mut answers.ca_file,
            &format!("PEM file of the authority of the {side}'s certificate (empty: the host's)"),
            anything,
        )?;
    }
    ask.fill(&mut answers.username, &format!("User for the {side} (empty: no login)"), anything)?;
    if answers.username.is_some() {
        ask.fill(&mut answers.password_file, "File with the user's password", anything)?;
    }
    Ok(())
}

fn anything(_: &str) -> Result<(), String> {
    Ok(())
}

fn endpoint(answer: &str) -> Result<(), String> {
    Cluster::connect(ClusterOptions::new(answer)).map(drop).map_err(|error| error.to_string())
}

fn repository(answer: &str) -> Result<(), String> {
    answer.parse::<RepositoryUri>().map(drop).map_err(|error| error.to_string())
}

fn kafka_auth(answer: &str) -> Result<(), String> {
    match answer {
        "standard" | "scram" | "plain" | "ssl" | "msk" => Ok(()),
        _ => Err(format!("'{answer}' is none of standard, scram, plain, ssl and msk")),
    }
}
