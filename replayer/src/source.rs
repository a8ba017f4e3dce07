//! Where captured traffic is read from.
//!
//! A source reads ahead on its own and hands over batches through a short queue. When the run takes no more, the
//! source waits: memory is bounded by what the run has taken, not by the input.

mod file;
mod kafka;
mod log;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switchover_kafka::{KafkaError, KafkaOptions};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::commit::Offsets;
use crate::done::Done;
use crate::intake::{Batch, Intake};
use crate::selection::Selection;
use kafka::KafkaSource;

/// Batches that wait for the run.
const MAX_BATCHES_WAITING: usize = 4;
/// A batch is handed over at the latest with this many records...
const MAX_BATCH_RECORDS: u64 = 256;
/// ... or this many bytes of them.
const MAX_BATCH_BYTES: u64 = 256 * 1024;

/// The input, as configured.
#[derive(Debug, Clone)]
pub enum Input {
    /// Capture logs' directories.
    Logs(Vec<PathBuf>),
    /// A consumer group on a topic.
    Kafka {
        /// The brokers.
        options: Box<KafkaOptions>,
        /// The topic.
        topic: String,
        /// The group.
        group_id: String,
    },
    /// A file of records.
    File(PathBuf),
    /// Records on standard input.
    Stdin,
}

impl Input {
    /// Several processes that read it divide it among themselves, and it remembers how far they are.
    #[must_use]
    pub fn is_divided(&self) -> bool {
        matches!(self, Self::Kafka { .. })
    }
}

/// When the input is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Until {
    /// When everything that is there has been read (of Kafka: every partition).
    End,
    /// Never; what is captured later is replayed as it comes.
    Never,
}

/// Why an input can't be opened. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A directory or file.
    #[error("cannot read {path}: {source}; check the path and that this user may read it", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// The opening was cut short.
    #[error("opening the input was cut short")]
    Interrupted,
}

/// What a source hands over.
#[derive(Debug)]
pub enum Fed {
    /// More to replay.
    Batch(Box<Batch>),
    /// That was all, or why there is no more.
    Ended(Result<(), String>),
}

/// An opened input.
#[derive(Debug)]
pub enum Source {
    /// Read by a thread.
    Logs(Vec<PathBuf>),
    /// Read by a thread.
    File(PathBuf, std::fs::File),
    /// Read by a thread.
    Stdin,
    /// Read by a task.
    Kafka(KafkaSource),
}

impl Source {
    /// Opens an input, so that a wrong path or topic shows before anything is sent.
    ///
    /// # Errors
    /// When it is not there or can't be read.
    pub async fn open(input: Input) -> Result<Self, SourceError> {
        match input {
            Input::Logs(paths) => {
                for path in &paths {
                    std::fs::read_dir(path)
                        .map_err(|source| SourceError::Io { path: path.clone(), source })?;
                }
                Ok(Self::Logs(paths))
            }
            Input::File(path) => match std::fs::File::open(&path) {
                Ok(file) => Ok(Self::File(path, file)),
                Err(source) => Err(SourceError::Io { path, source }),
            },
            Input::Stdin => Ok(Self::Stdin),
            Input::Kafka { options, topic, group_id } => {
                Ok(Self::Kafka(KafkaSource::open(*options, topic, group_id).await?))
            }
        }
    }

    /// Topic and group of an input that remembers what was finished, so that tuples have to be on disk first.
    #[must_use]
    pub fn committed_to(&self) -> Option<(String, String)> {
        match self {
            Self::Kafka(source) => Some(source.names()),
            Self::Logs(_) | Self::File(..) | Self::Stdin => None,
        }
    }

    /// Begins to read, until the end or `stop`.
    #[must_use]
    pub fn start(
        self,
        until: Until,
        selection: Selection,
        packet_timeout: Duration,
        done: Option<Arc<Done>>,
        budget: Arc<Budget>,
        stop: CancellationToken,
    ) -> Reading {
        let (sender, batches) = mpsc::channel(MAX_BATCHES_WAITING);
        let feeder = Feeder { intake: Intake::new(budget, selection, packet_timeout, done.clone()), sender };
        let committing = match self {
            Self::Logs(paths) => {
                std::thread::spawn(move || log::read(&paths, until, feeder, &stop));
                None
            }
            Self::File(path, file) => {
                std::thread::spawn(move || {
                    file::read(&path.display().to_string(), file, until, feeder, &stop)
                });
                None
            }
            Self::Stdin => {
                std::thread::spawn(move || {
                    file::read("standard input", std::io::stdin(), until, feeder, &stop)
                });
                None
            }
            Self::Kafka(source) => Some(source.start(until, feeder, done, stop)),
        };
        Reading { batches, committing }
    }
}

/// A source being read.
#[derive(Debug)]
pub struct Reading {
    /// What it hands over.
    pub batches: mpsc::Receiver<Fed>,
    committing: Option<kafka::Committing>,
}

impl Reading {
    /// The offsets of a consumer group.
    #[must_use]
    pub fn offsets(&self) -> Option<Arc<Offsets>> {
        self.committing.as_ref().map(kafka::Committing::offsets)
    }

    /// Commits what was finished, once everything that will be acknowledged has been.
    pub async fn finish(mut self) {
        self.batches.close();
        // A reader that waits to hand a batch over goes on when the queue is closed; what it holds is not replayed.
        while self.batches.recv().await.is_some() {}
        if let Some(committing) = self.committing {
            committing.finish().await;
        }
    }
}

/// The reading end's side of the queue.
struct Feeder {
    intake: Intake,
    sender: mpsc::Sender<Fed>,
}

/// The run takes no more.
#[derive(Debug)]
struct Closed;

impl Feeder {
    /// From a thread: hands over what there is.
    fn hand_over(&mut self) -> Result<(), Closed> {
        if self.intake.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(Fed::Batch(Box::new(self.intake.take()))).map_err(|_| Closed)
    }

    /// From a thread: hands over when there is enough.
    fn hand_over_full(&mut self) -> Result<(), Closed> {
        if self.intake.is_full(MAX_BATCH_RECORDS, MAX_BATCH_BYTES) { self.hand_over() } else { Ok(()) }
    }

    /// From a thread: the input is over, or broken.
    fn end(mut self, result: Result<(), String>) -> Result<(), Closed> {
        if result.is_ok() {
            self.intake.finish();
        }
        self.hand_over()?;
        self.sender.blocking_send(Fed::Ended(result)).map_err(|_| Closed)
    }
}
