//! `kafka load`: records of a file into a topic, in their order, byte for byte.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, json};
use switchover_capture::input::{InputError, RawRecord, RecordInput};
use switchover_kafka::{DeliveryEvents, RecordProducer, Resolved, SendError, TopicReader};

use crate::failure::Failure;
use crate::output::Output;

/// Until the last record is acknowledged, after it was sent.
const ACKNOWLEDGEMENT_LIMIT: Duration = Duration::from_secs(120);
/// While the producer's queue is full.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);
/// Without one acknowledgement.
const MAX_PAUSES: u32 = 24_000;
/// Records that are none, of which this many are shown.
const MAX_SHOWN_BAD: u64 = 10;

pub(super) fn run(at: &Resolved, path: &Path, as_json: bool) -> Result<(), Failure> {
    let input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
    };
    let input = RecordInput::new(input).with_context(|| format!("cannot read {}", path.display()))?;
    // The producer would wait for the topic without an end.
    TopicReader::open(&at.options, &at.topic).map_err(super::failed)?;
    let events = Arc::new(Events::default());
    let producer =
        RecordProducer::new(&at.options, &at.topic, Arc::clone(&events) as Arc<dyn DeliveryEvents>);
    let producer = producer.map_err(super::failed)?;
    let mut loading = Loading { producer, events, sent: 0, bad: 0 };
    let result = loading.all(input);
    let delivered = loading.events.delivered.load(Ordering::Acquire);
    let mut out = Output::stdout();
    if as_json {
        out.document(Map::from_iter([
            ("topic".to_owned(), json!(at.topic)),
            ("records".to_owned(), json!(delivered)),
            ("bad".to_owned(), json!(loading.bad)),
            ("complete".to_owned(), json!(result.is_ok() && loading.bad == 0)),
        ]))?;
    } else {
        out.line(format_args!("Loaded {delivered} records into {}", at.topic))?;
    }
    out.flush()?;
    result?;
    match loading.bad {
        0 => Ok(()),
        bad => Err(anyhow!("{bad} records of {} are none and were left out", path.display()).into()),
    }
}

struct Loading {
    producer: RecordProducer,
    events: Arc<Events>,
    sent: u64,
    bad: u64,
}

impl Loading {
    fn all(&mut self, input: RecordInput<'_>) -> anyhow::Result<()> {
        for record in input.raw() {
            match record {
                Ok(record) => self.send(&record)?,
                Err(InputError::Bad(bad)) => {
                    self.bad += 1;
                    if self.bad <= MAX_SHOWN_BAD {
                        eprintln!("error: {bad}");
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        let flushed = self.producer.flush(ACKNOWLEDGEMENT_LIMIT);
        self.events.problem()?;
        let delivered = self.events.delivered.load(Ordering::Acquire);
        if !flushed || delivered < self.sent {
            let (open, waited) = (self.sent - delivered, ACKNOWLEDGEMENT_LIMIT.as_secs());
            bail!(
                "{open} records were not acknowledged within {waited} s; it is not known whether they are in the topic"
            );
        }
        Ok(())
    }

    fn send(&mut self, record: &RawRecord) -> anyhow::Result<()> {
        let key = record.key.as_deref().unwrap_or(&record.stream.connection_id);
        let (mut pauses, mut before) = (0, self.events.delivered.load(Ordering::Acquire));
        loop {
            self.events.problem()?;
            match self.producer.send(key, &record.bytes, 0) {
                Ok(()) => {
                    self.sent += 1;
                    return Ok(());
                }
                Err(SendError::QueueFull) => {
                    std::thread::sleep(QUEUE_PAUSE);
                    let now = self.events.delivered.load(Ordering::Acquire);
                    pauses = if now > before { 0 } else { pauses + 1 };
                    before = now;
                    if pauses > MAX_PAUSES {
                        bail!("the brokers acknowledge nothing: {}", self.events.unreachable());
                    }
                }
                Err(error) => return Err(anyhow!("record {} of the input: {error}", record.number)),
            }
        }
    }
}

#[derive(Default)]
struct Events {
    delivered: AtomicU64,
    failed: Mutex<Option<String>>,
    away: Mutex<Option<String>>,
}

impl Events {
    fn problem(&self) -> anyhow::Result<()> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failed.map_or(Ok(()), |reason| Err(anyhow!(reason)))
    }

    fn unreachable(&self) -> String {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner).clone();
        away.unwrap_or_else(|| "no reason is known".to_owned())
    }
}

impl DeliveryEvents for Events {
    fn delivered(&self, _token: usize) {
        self.delivered.fetch_add(1, Ordering::AcqRel);
    }

    fn failed(&self, _token: usize, reason: String) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    fn unreachable(&self, reason: String) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}
