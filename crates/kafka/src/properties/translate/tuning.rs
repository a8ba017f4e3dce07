//! Properties of speed and size. What is left of the file in the end is librdkafka's own, or unknown.

use super::{FromFile, Left};
use crate::options::OptionsError;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError as Library;
use rdkafka::types::RDKafkaConfRes;

/// What a Kafka request holds beside one record.
const REQUEST_OVERHEAD_BYTES: usize = 500;
/// The longest that librdkafka lets metadata get old.
const METADATA_AGE_MAX_MS: u64 = 86_400_000;

/// Of no meaning to a program that is not Java: records are bytes.
const JAVA_ONLY: [&str; 6] = [
    "key.serializer",
    "value.serializer",
    "key.deserializer",
    "value.deserializer",
    "ssl.protocol",
    "metric.reporters",
];

/// Java's name, librdkafka's name, whether for producers only.
const RENAMED: [(&str, &str, bool); 13] = [
    ("linger.ms", "linger.ms", true),
    ("queue.buffering.max.ms", "linger.ms", true),
    ("batch.size", "batch.size", true),
    ("compression.type", "compression.type", true),
    ("compression.codec", "compression.type", true),
    ("compression.level", "compression.level", true),
    ("compression.zstd.level", "compression.level", true),
    ("retry.backoff.ms", "retry.backoff.ms", true),
    ("retry.backoff.max.ms", "retry.backoff.max.ms", true),
    ("queue.buffering.max.kbytes", "queue.buffering.max.kbytes", true),
    ("queue.buffering.max.messages", "queue.buffering.max.messages", true),
    ("send.buffer.bytes", "socket.send.buffer.bytes", false),
    ("receive.buffer.bytes", "socket.receive.buffer.bytes", false),
];

pub(super) fn take(left: &mut Left<'_>, file: &mut FromFile) -> Result<(), OptionsError> {
    for name in JAVA_ONLY {
        left.take(name);
    }
    if left.by_name.get("client.dns.lookup").is_some_and(|(_, value)| value == "default") {
        left.take("client.dns.lookup");
    }
    for (java, native, for_producers) in RENAMED {
        let Some((line, mut value)) = left.take(java) else { continue };
        if native.starts_with("socket.") && value.trim() == "-1" {
            "0".clone_into(&mut value); // the system's default
        }
        let settings = if for_producers { &mut file.tuning.producer } else { &mut file.tuning.common };
        settings.push((native.to_owned(), known(left, line, java, native, &value)?));
    }
    sizes_and_times(left, file)?;
    for (name, (line, value)) in std::mem::take(&mut left.by_name) {
        match check(&name, &value) {
            Ok(()) => {
                if name == "enable.ssl.certificate.verification" && value.trim() != "true" {
                    file.warnings
                        .push(format!("line {line}: {name}={value}: anybody can pose as the brokers"));
                }
                file.tuning.common.push((name, value.trim().to_owned()));
            }
            Err(Refused::Unknown) => {
                file.warnings.push(format!("line {line}: {name} is not known to this program and not used"));
            }
            Err(Refused::Invalid(reason)) => return Err(left.error(line, &name, reason)),
        }
    }
    Ok(())
}

fn sizes_and_times(left: &mut Left<'_>, file: &mut FromFile) -> Result<(), OptionsError> {
    for name in ["message.max.bytes", "max.request.size"] {
        if let Some((line, value)) = left.take(name) {
            let bytes = number(left, line, name, &value)?;
            known(left, line, name, "message.max.bytes", &bytes.to_string())?;
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            file.tuning.max_record_bytes = Some(bytes.saturating_sub(REQUEST_OVERHEAD_BYTES));
        }
    }
    if let Some((line, value)) = left.take("buffer.memory") {
        let kib = (number(left, line, "buffer.memory", &value)? / 1024).max(1).to_string();
        let kib = known(left, line, "buffer.memory", "queue.buffering.max.kbytes", &kib)?;
        file.tuning.producer.push(("queue.buffering.max.kbytes".to_owned(), kib));
    }
    if let Some((line, value)) = left.take("metadata.max.age.ms") {
        // Java asks again at this age; librdkafka forgets what is this old and asks again at another pace.
        let age = number(left, line, "metadata.max.age.ms", &value)?;
        let pace =
            known(left, line, "metadata.max.age.ms", "topic.metadata.refresh.interval.ms", &age.to_string())?;
        let forget = age.saturating_mul(3).clamp(1, METADATA_AGE_MAX_MS).to_string();
        file.tuning.common.push(("topic.metadata.refresh.interval.ms".to_owned(), pace));
        file.tuning.common.push(("metadata.max.age.ms".to_owned(), forget));
    }
    if let Some((line, value)) = left.take("request.timeout.ms") {
        let value = known(left, line, "request.timeout.ms", "socket.timeout.ms", &value)?;
        file.tuning.producer.push(("request.timeout.ms".to_owned(), value.clone()));
        file.tuning.common.push(("socket.timeout.ms".to_owned(), value));
    }
    if let Some((line, value)) = left.take("ssl.cipher.suites") {
        if value.contains("_WITH_") || value.contains("TLS_") {
            file.warnings.push(format!(
                "line {line}: ssl.cipher.suites is not used: these are Java's names; OpenSSL's are accepted, such as ECDHE-RSA-AES256-GCM-SHA384"
            ));
        } else {
            file.tuning.common.push(("ssl.cipher.suites".to_owned(), value));
        }
    }
    Ok(())
}

fn number(left: &Left<'_>, line: usize, name: &str, value: &str) -> Result<u64, OptionsError> {
    value.trim().parse().map_err(|_| left.error(line, name, format!("'{value}' is not a whole number")))
}

/// The value, if librdkafka takes it under its own name.
fn known(
    left: &Left<'_>,
    line: usize,
    java: &str,
    native: &str,
    value: &str,
) -> Result<String, OptionsError> {
    match check(native, value) {
        Ok(()) => Ok(value.trim().to_owned()),
        Err(Refused::Unknown) => Err(left.error(line, java, "is not supported by this build of librdkafka")),
        Err(Refused::Invalid(reason)) => Err(left.error(line, java, reason)),
    }
}

enum Refused {
    Unknown,
    Invalid(String),
}

fn check(name: &str, value: &str) -> Result<(), Refused> {
    match ClientConfig::new().set(name, value.trim()).create_native_config() {
        Ok(_) => Ok(()),
        Err(Library::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_INVALID, reason, _, _)) => {
            Err(Refused::Invalid(reason))
        }
        Err(_) => Err(Refused::Unknown),
    }
}
