//! The settings of replayers that are started as processes. Secrets are in files of their own.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::{Map, Value};
use switchover_kafka::KafkaArgs;

use super::settings::{Input, Settings};
use crate::fleet::files;
use crate::fleet::target_keys::{self, absolute, secret_file};

/// What each replayer has for itself, and the flag that says so.
const OUTPUTS: [(&str, &str); 3] =
    [("tupleDir", "tuples"), ("deadLetterDir", "dead-letters"), ("reportFile", "report.json")];

/// Writes the file that all replayers of this host share, and gives the arguments of the one of this number.
pub(super) fn arguments(settings: &Settings, number: u32) -> Result<Vec<OsString>> {
    let mut arguments = vec!["--config".into(), write(settings)?.into()];
    let own = settings.output_dir().join(format!("replayer-{number}"));
    files::make_directory(&own)?;
    for (flag, name) in OUTPUTS {
        arguments.extend([format!("--{flag}").into(), absolute(&own.join(name))?.into()]);
    }
    Ok(arguments)
}

fn write(settings: &Settings) -> Result<String> {
    let directory = settings.session_dir();
    let mut keys = settings.block.options.clone();
    let mut given: Vec<String> = Vec::new();
    for (output, _) in OUTPUTS {
        if keys.contains_key(output) {
            bail!(
                "replay options, {output}: each replayer has its own; give output_dir, the folder that holds all of them"
            );
        }
    }
    let mut set = |key: &str, value: Value| {
        if keys.insert(key.to_owned(), value).is_some() {
            given.push(key.to_owned());
        }
    };
    for (key, value) in target_keys::of(&settings.target, &directory)? {
        set(&key, value);
    }
    match &settings.input {
        Input::Logs(folders) => {
            let folders = folders.iter().map(|folder| absolute(folder).map(Value::from));
            set("captureLogDir", folders.collect::<Result<_>>()?);
        }
        Input::Kafka(args) => {
            for (key, value) in kafka(args, &directory)? {
                set(&key, value);
            }
        }
        Input::Options => {}
    }
    let coordinator = settings.block.coordinator_uri.as_ref().unwrap_or(&settings.target.uri);
    set("coordinatorUri", coordinator.clone().into());
    if !settings.block.session_name.is_empty() {
        set("sessionName", settings.block.session_name.clone().into());
    }
    if !given.is_empty() {
        bail!(
            "replay options {}: the console sets these from other keys of the services file",
            given.join(", ")
        );
    }
    if !["captureLogDir", "kafkaConnection", "kafkaPropertyFile", "input"]
        .iter()
        .any(|key| keys.contains_key(*key))
    {
        bail!(
            "nothing to replay: add a block kafka, or capture_log_dir to the block replay of the services file"
        );
    }
    let text = serde_json::to_vec_pretty(&target_keys::checked("replay", keys)?);
    let path = directory.join("replayer.yaml");
    files::replace(&path, &text.context("cannot write the settings of replayers")?)?;
    absolute(&path)
}

/// How to reach the brokers, by the names of the flags.
fn kafka(args: &KafkaArgs, directory: &Path) -> Result<Map<String, Value>> {
    let mut keys = Map::new();
    let mut set = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    if let Some(brokers) = &args.kafka_connection {
        set("kafkaConnection", brokers.clone().into());
    }
    set("kafkaTopic", args.kafka_topic.clone().into());
    if let Some(kind) = args.kafka_auth_type.and_then(|kind| kind.to_possible_value()) {
        set("kafkaAuthType", kind.get_name().into());
    }
    if let Some(user) = &args.kafka_user_name {
        set("kafkaUserName", user.clone().into());
    }
    if let Some(password) = &args.kafka_password {
        set("kafkaPasswordFile", secret_file(directory, "kafka-password", password)?);
    }
    if args.kafka_without_tls {
        set("kafkaWithoutTls", true.into());
    }
    for (key, file) in [
        ("kafkaCaFile", &args.kafka_ca_file),
        ("kafkaCertFile", &args.kafka_cert_file),
        ("kafkaKeyFile", &args.kafka_key_file),
        ("kafkaPropertyFile", &args.kafka_property_file),
    ] {
        if let Some(file) = file {
            set(key, absolute(file)?.into());
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
