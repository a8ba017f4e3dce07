//! How long a record may be. Brokers refuse a batch that is longer than the topic's `max.message.bytes`; a refused
//! record must be split, for which its sender has to know the limit.

use crate::client::{ClientState, log};
use crate::options::{Auth, KafkaOptions};
use crate::{KafkaError, error};
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as Library;
use std::time::Duration;

/// What a batch of one record holds beside the record: headers of batch and record, and the key.
pub(crate) const RECORD_OVERHEAD_BYTES: usize = 512;
/// What a topic takes by default, less the overhead.
pub(crate) const DEFAULT_RECORD_BYTES: usize = 1024 * 1024 + 12 - RECORD_OVERHEAD_BYTES;
/// One question to the brokers.
const QUESTION_LIMIT: Duration = Duration::from_secs(3);

/// A record longer than the topic takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Kafka topic {topic} does not take a record of {size} bytes{}: raise the topic's max.message.bytes, or let the record be split",
    limit.map(|limit| format!(" (at most {limit})")).unwrap_or_default()
)]
pub struct RecordTooLarge {
    /// The topic.
    pub topic: String,
    /// Bytes of the record, without its key.
    pub size: usize,
    /// The longest record that is taken; `None` when the brokers only said no.
    pub limit: Option<usize>,
}

/// The longest record that `topic` takes by its present configuration. `None` when there is no such topic, when we
/// may not ask (the right to describe a topic's configuration is one of its own), or with IAM, where the library's
/// admin client can't log in. Blocks for the brokers' answer, at most 3 s.
///
/// # Errors
/// When no client can be made or no broker answers.
pub fn max_record_bytes(options: &KafkaOptions, topic: &str) -> Result<Option<usize>, KafkaError> {
    if matches!(options.auth, Auth::MskIam(_)) {
        return Ok(None);
    }
    // A runtime of our own on a thread of our own: the caller may be in one.
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(options, topic));
        asking.join().unwrap_or_else(|_| {
            Err(KafkaError::Setup {
                brokers: options.brokers.clone(),
                reason: "the question failed".to_owned(),
            })
        })
    })
}

fn ask(options: &KafkaOptions, topic: &str) -> Result<Option<usize>, KafkaError> {
    let setup = |reason| KafkaError::Setup { brokers: options.brokers.clone(), reason };
    let state = ClientState::prepare(options)?;
    let admin: AdminClient<Context> = options
        .client_config()
        .create_with_context(Context { state })
        .map_err(|error| setup(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| setup(error.to_string()))?;
    let asked = AdminOptions::new().request_timeout(Some(QUESTION_LIMIT));
    let resource = ResourceSpecifier::Topic(topic);
    let answers = runtime.block_on(admin.describe_configs([&resource], &asked));
    let failed = |error: &Library| {
        if error::is_outage(error)
            || matches!(error.rdkafka_error_code(), Some(code) if error::is_timeout(code))
        {
            let state = &admin.inner().context().state;
            state.unreachable(QUESTION_LIMIT.as_secs(), &error.to_string())
        } else {
            KafkaError::operation(topic, "asking for its configuration", error)
        }
    };
    let described = answers.map_err(|error| failed(&error))?;
    let limit = described.into_iter().flatten().find_map(|resource| {
        let value = resource.get("max.message.bytes")?.value.as_ref()?;
        value.parse::<usize>().ok()
    });
    Ok(limit.map(|bytes| bytes.saturating_sub(RECORD_OVERHEAD_BYTES)))
}

struct Context {
    state: ClientState,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: Library, reason: &str) {
        self.state.note(&error, reason);
    }
}
