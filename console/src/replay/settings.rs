//! What the commands work on, out of the services file.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use switchover_cluster::ClusterOptions;
use switchover_coordinate::{Board, Job};
use switchover_kafka::{DEFAULT_TOPIC, KafkaArgs};

use crate::failure::Failure;
use crate::fleet::launch::Launcher;
use crate::fleet::place;
use crate::services::{ReplayBlock, Services, Side};

/// What replayers are.
const PROGRAM: &str = "switchover-replayer";
/// Where the existing tool's console keeps what others are to see, and its replayer's folder there.
const SHARED_DIRECTORY: &str = "SHARED_LOGS_DIR_PATH";
const SHARED_REPLAYER: &str = "traffic-replayer-default";
const DEFAULT_SCALE: u32 = 1;

/// The replay of a services file.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(super) target: ClusterOptions,
    pub(super) block: ReplayBlock,
    pub(super) input: Input,
    state_dir: PathBuf,
    output_dir: Option<PathBuf>,
}

/// What is replayed.
#[derive(Debug)]
pub(super) enum Input {
    /// Capture logs, read from their beginning at each start.
    Logs(Vec<PathBuf>),
    /// A topic, of which the group remembers how far it is.
    Kafka(Box<KafkaArgs>),
    /// What the options say, or the units.
    Options,
}

impl Settings {
    pub(crate) async fn load(config: &Path) -> Result<Self, Failure> {
        let mut services = Services::load(config)?;
        let missing = |what: &str, key: &str| {
            Failure::Usage(format!("{what} is not set: add a block {key} to {}", config.display()))
        };
        let block = services.take_replay().ok_or_else(|| missing("Replay", "replay"))?;
        let target = services.cluster(Side::Target).await?;
        let target = target.ok_or_else(|| missing("The target", "target_cluster"))?;
        let own =
            ["captureLogDir", "kafkaConnection", "input"].iter().any(|key| block.options.contains_key(*key));
        let input = match (&*block.capture_log_dir, services.kafka()) {
            ([], Some((kafka, folder))) if !own => Input::Kafka(Box::new(kafka.args(folder, no_flags())?)),
            ([], _) => Input::Options,
            (folders, _) => {
                Input::Logs(folders.iter().map(|folder| services.folder().join(folder)).collect())
            }
        };
        let state_dir = match &block.state_dir {
            Some(folder) => services.folder().join(folder),
            None => services.state_dir(),
        };
        let settings = Self {
            target,
            input,
            state_dir,
            output_dir: block.output_dir.as_ref().map(|folder| services.folder().join(folder)),
            block,
        };
        settings.checked_scale(settings.scale())?;
        Ok(settings)
    }

    /// What is wanted of replayers, and what they say. Nothing is sent yet.
    pub(crate) fn board(&self) -> Result<Board, Failure> {
        let Self { target, block, .. } = self;
        place::board(Job::Replay, target, block.coordinator_uri.as_deref(), &block.session_name)
    }

    /// How replayers come to be on this host.
    pub(super) fn launcher(&self) -> Result<Launcher, Failure> {
        Ok(Launcher::new(PROGRAM, self.block.launch, self.session_dir())?)
    }

    /// How many replayers there are after the start.
    pub(super) fn scale(&self) -> u32 {
        self.block.scale.unwrap_or(DEFAULT_SCALE)
    }

    /// Only what a group divides can have several replayers.
    pub(super) fn checked_scale(&self, scale: u32) -> Result<u32, Failure> {
        if scale > 1 && self.is_from_start() {
            let why = "two would each replay all of it; with Kafka, partitions are divided among several";
            return Err(Failure::Usage(format!(
                "a capture log has exactly one replayer, not {scale}: {why}"
            )));
        }
        Ok(scale)
    }

    /// Each start replays everything again.
    pub(super) fn is_from_start(&self) -> bool {
        match self.input {
            Input::Logs(_) => true,
            Input::Kafka(_) => false,
            Input::Options => {
                ["captureLogDir", "input"].iter().any(|key| self.block.options.contains_key(*key))
            }
        }
    }

    /// Of this replay alone.
    pub(super) fn session_dir(&self) -> PathBuf {
        place::session_dir(&self.state_dir, "replay", &self.block.session_name)
    }

    /// Where replayers that are started as processes write, each in a folder of its own.
    pub(super) fn output_dir(&self) -> PathBuf {
        let shared = || {
            let shared = std::env::var_os(SHARED_DIRECTORY).filter(|path| !path.is_empty())?;
            Some(PathBuf::from(shared).join(SHARED_REPLAYER))
        };
        self.output_dir.clone().or_else(shared).unwrap_or_else(|| self.session_dir())
    }

    /// What is replayed, without secrets.
    fn describe_input(&self) -> Value {
        match &self.input {
            Input::Logs(folders) => json!({"capture_log_dir": folders}),
            Input::Kafka(kafka) => json!({"kafka": kafka.kafka_connection, "topic": kafka.kafka_topic}),
            Input::Options => Value::Null,
        }
    }

    /// What is set, without secrets.
    pub(super) fn describe(&self) -> Value {
        let mut all = Map::new();
        let mut set = |key: &str, value: Value| all.insert(key.to_owned(), value);
        set("scale", self.scale().into());
        set("session_name", self.block.session_name.clone().into());
        set("target", self.target.uri.clone().into());
        set("coordinator_uri", self.block.coordinator_uri.clone().into());
        set("input", self.describe_input());
        set("launch", json!(self.block.launch));
        set("state_dir", self.state_dir.display().to_string().into());
        set("output_dir", self.output_dir().display().to_string().into());
        set("options", shown(&self.block.options));
        all.into()
    }
}

/// Options as they may be shown: passwords that are given as such are not.
fn shown(options: &Map<String, Value>) -> Value {
    let value = |key: &str, value: &Value| {
        let secret = ["targetPassword", "target-password", "kafkaPassword", "kafka-password"].contains(&key);
        if secret { "REDACTED".into() } else { value.clone() }
    };
    options.iter().map(|(key, given)| (key.clone(), value(key, given))).collect::<Map<_, _>>().into()
}

/// As if no flag about Kafka was given.
fn no_flags() -> KafkaArgs {
    KafkaArgs {
        kafka_connection: None,
        kafka_topic: DEFAULT_TOPIC.to_owned(),
        kafka_client_id: None,
        kafka_auth_type: None,
        enable_msk_auth: false,
        kafka_user_name: None,
        kafka_password_file: None,
        kafka_password: None,
        kafka_ca_file: None,
        kafka_cert_file: None,
        kafka_key_file: None,
        kafka_without_tls: false,
        kafka_property_file: None,
        kafka_listener_name: None,
        kafka_secret_name: None,
    }
}
