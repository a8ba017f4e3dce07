//! Making and deleting topics, and what else only the library's admin client can ask.

use crate::client::{self, ClientState};
use crate::options::{Auth, KafkaOptions};
use crate::{KafkaError, error};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use std::time::Duration;

/// What the brokers may take to make or to delete a topic, and to tell all of them.
const TOPIC_LIMIT: Duration = Duration::from_secs(30);
/// The brokers' own number.
const BROKERS_DEFAULT: i32 = -1;

/// A topic to be made. What is `None` is as the brokers have it by default.
#[derive(Debug, Clone, Default)]
pub struct TopicShape {
    /// Partitions.
    pub partitions: Option<i32>,
    /// Copies of each.
    pub replication: Option<i32>,
    /// Settings such as `max.message.bytes`.
    pub settings: Vec<(String, String)>,
}

/// Makes a topic; false when it exists already, whatever its shape. Blocks, at most 30 s.
///
/// # Errors
/// When the brokers can't be asked or refuse, and with IAM, with which the library's admin client can't log in.
pub fn create_topic(options: &KafkaOptions, topic: &str, shape: &TopicShape) -> Result<bool, KafkaError> {
    with_admin(options, topic, TOPIC_LIMIT, async |admin, asked| {
        let replication = TopicReplication::Fixed(shape.replication.unwrap_or(BROKERS_DEFAULT));
        let mut new = NewTopic::new(topic, shape.partitions.unwrap_or(BROKERS_DEFAULT), replication);
        for (key, value) in &shape.settings {
            new = new.set(key, value);
        }
        let asked = asked.operation_timeout(Some(TOPIC_LIMIT));
        let answers = admin.create_topics([&new], &asked).await?;
        Ok(answers.into_iter().next())
    })
    .and_then(|answer| match answer {
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
        answer => done(answer, options, topic, "creating it", "the right Create on the topic or the cluster"),
    })
}

/// Deletes a topic; false when there is none. Blocks, at most 30 s.
///
/// # Errors
/// As [`create_topic`].
pub fn delete_topic(options: &KafkaOptions, topic: &str) -> Result<bool, KafkaError> {
    with_admin(options, topic, TOPIC_LIMIT, async |admin, asked| {
        let asked = asked.operation_timeout(Some(TOPIC_LIMIT));
        let answers = admin.delete_topics(&[topic], &asked).await?;
        Ok(answers.into_iter().next())
    })
    .and_then(|answer| match answer {
        Some(Err((_, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic))) => {
            Ok(false)
        }
        answer => done(answer, options, topic, "deleting it", "the right Delete on the topic"),
    })
}

/// Deletes a consumer group with its offsets; false when there is none. Blocks, at most 30 s.
///
/// # Errors
/// As [`create_topic`], and when it has members.
pub fn delete_group(options: &KafkaOptions, group: &str) -> Result<bool, KafkaError> {
    with_admin(options, group, TOPIC_LIMIT, async |admin, asked| {
        let answers = admin.delete_groups(&[group], &asked).await?;
        Ok(answers.into_iter().next())
    })
    .and_then(|answer| match answer {
        Some(Err((_, RDKafkaErrorCode::GroupIdNotFound))) => Ok(false),
        answer => done(answer, options, group, "deleting the group", "the right Delete on the group"),
    })
}

type Answer = Option<Result<String, (String, RDKafkaErrorCode)>>;

fn done(
    answer: Answer,
    options: &KafkaOptions,
    topic: &str,
    action: &'static str,
    needed: &'static str,
) -> Result<bool, KafkaError> {
    match answer {
        Some(Ok(_)) => Ok(true),
        Some(Err((
            _,
            RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed,
        ))) => Err(KafkaError::TopicForbidden {
            brokers: options.brokers.clone(),
            topic: topic.to_owned(),
            needed,
        }),
        Some(Err((_, code))) => Err(KafkaError::operation(topic, action, &Library::AdminOp(code))),
        None => Err(KafkaError::Operation {
            topic: topic.to_owned(),
            action,
            reason: "the brokers answered nothing".to_owned(),
        }),
    }
}

/// Asks something with an admin client, on a thread and a runtime of its own: the caller may be in one.
pub(crate) fn with_admin<T: Send>(
    options: &KafkaOptions,
    topic: &str,
    limit: Duration,
    ask: impl AsyncFnOnce(&AdminClient<Context>, AdminOptions) -> Result<T, Library> + Send,
) -> Result<T, KafkaError> {
    let setup = |reason| KafkaError::Setup { brokers: options.brokers.clone(), reason };
    if matches!(options.auth, Auth::MskIam(_)) {
        let reason = "topics can't be made, deleted or configured with msk-iam; use Amazon's console, or a user with a password";
        return Err(setup(reason.to_owned()));
    }
    let asking = || {
        let state = ClientState::prepare(options)?;
        let created = options.client_config().create_with_context(Context { state });
        let admin: AdminClient<Context> = created.map_err(|error| setup(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        let asked = AdminOptions::new().request_timeout(Some(limit));
        runtime.block_on(ask(&admin, asked)).map_err(|error| {
            let passes = |code| error::is_timeout(code);
            if error::is_outage(&error) || error.rdkafka_error_code().is_some_and(passes) {
                admin.inner().context().state.unreachable(limit.as_secs(), &error.to_string())
            } else {
                KafkaError::operation(topic, "asking for its configuration", &error)
            }
        })
    };
    std::thread::scope(|scope| {
        let answer = scope.spawn(asking).join();
        answer.unwrap_or_else(|_| Err(setup("the question failed".to_owned())))
    })
}

pub(crate) struct Context {
    state: ClientState,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: Library, reason: &str) {
        self.state.note(&error, reason);
    }
}
