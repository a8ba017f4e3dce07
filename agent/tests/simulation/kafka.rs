//! A broker: partitions, an idempotent gapless producer, and what goes wrong between them.

use crate::plan::{Plan, Plant};
use crate::rng::Rng;
use crate::truth::{Truth, identity};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use switchover_agent::shipper::{Broker, Producer};
use switchover_kafka::{DeliveryEvents, KafkaError, SendError};

/// Records in one request of a producer.
const MAX_BATCH: u64 = 8;

/// The cluster; shared with its producers.
pub struct Kafka {
    rng: Rng,
    plant: Option<Plant>,
    queue: usize,
    blind: bool,
    truth: Rc<RefCell<Truth>>,
    partitions: Vec<Partition>,
    link: Option<Rc<RefCell<Link>>>,
    pub down: bool,
    pub wall_ms: i64,
}

#[derive(Default)]
struct Partition {
    stored: Vec<(i64, Vec<u8>)>,
    leaderless: bool,
    /// A request of a producer that is gone, which the broker has not read yet.
    late: Vec<Sent>,
}

#[derive(Clone)]
struct Sent {
    sequence: u64,
    payload: Vec<u8>,
    created_ms: i64,
}

/// One producer's side.
struct Link {
    events: Arc<dyn DeliveryEvents>,
    dead: Option<String>,
    /// By partition: not stored, and stored but not acknowledged.
    queued: Vec<VecDeque<Sent>>,
    unacked: Vec<VecDeque<u64>>,
}

impl Link {
    fn in_flight(&self) -> usize {
        self.queued.iter().map(VecDeque::len).sum::<usize>()
            + self.unacked.iter().map(VecDeque::len).sum::<usize>()
    }

    /// Everything not acknowledged fails.
    fn fail_all(&mut self, reason: &str) {
        let queued = self.queued.iter_mut().flat_map(std::mem::take).map(|sent| sent.sequence);
        let all: Vec<_> = queued.chain(self.unacked.iter_mut().flat_map(std::mem::take)).collect();
        all.into_iter().for_each(|sequence| self.events.failed(sequence as usize, reason.to_owned()));
    }
}

pub struct SimProducer {
    kafka: Rc<RefCell<Kafka>>,
    link: Rc<RefCell<Link>>,
}

#[derive(Clone)]
pub struct SimBroker(pub Rc<RefCell<Kafka>>);

impl Kafka {
    pub fn new(rng: Rng, plan: &Plan, truth: Rc<RefCell<Truth>>) -> Self {
        Self {
            rng,
            plant: plan.plant,
            queue: plan.queue,
            blind: plan.blind,
            truth,
            partitions: (0..plan.partitions).map(|_| Partition::default()).collect(),
            link: None,
            down: false,
            wall_ms: 0,
        }
    }

    pub fn has_work(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.borrow().in_flight() > 0)
    }

    /// The connection is lost, as the library notices it.
    pub fn outage(&mut self, down: bool) {
        self.down = down;
        if let Some(link) = self.link.as_ref().filter(|_| down) {
            link.borrow().events.unreachable("all brokers are down".to_owned());
        }
    }

    /// The producer can't go on.
    pub fn fatal(&mut self) {
        if let Some(link) = &self.link {
            let mut link = link.borrow_mut();
            link.dead = Some("simulated fatal error".to_owned());
            link.fail_all("simulated fatal error");
        }
    }

    pub fn change_leader(&mut self, to_none: bool) {
        let at = self.rng.below(self.partitions.len() as u64) as usize;
        self.partitions[at].leaderless = to_none;
    }

    pub fn heal(&mut self) {
        self.down = false;
        self.partitions.iter_mut().for_each(|partition| partition.leaderless = false);
    }

    /// Something on some partition.
    pub fn step(&mut self) {
        let at = self.rng.below(self.partitions.len() as u64) as usize;
        if self.down || self.partitions[at].leaderless {
            return;
        }
        self.read_late_of(at);
        let Some(link) = self.link.clone() else { return };
        let mut link = link.borrow_mut();
        // A request that is dropped on its way changes nothing: the library sends it again, in its order.
        match self.rng.below(5) {
            0 | 1 => self.accept(at, &mut link),
            2 | 3 => self.acknowledge(at, &mut link),
            _ => {}
        }
    }

    /// Requests of producers that are gone are read before those of others.
    fn read_late_of(&mut self, at: usize) {
        let late = std::mem::take(&mut self.partitions[at].late);
        late.into_iter().for_each(|sent| self.store(at, sent));
    }

    fn read_late(&mut self) {
        (0..self.partitions.len()).for_each(|at| self.read_late_of(at));
    }

    fn accept(&mut self, at: usize, link: &mut Link) {
        let batch = self.rng.between(1, MAX_BATCH).min(link.queued[at].len() as u64) as usize;
        let mut batch: Vec<_> = link.queued[at].drain(..batch).collect();
        if self.plant == Some(Plant::ReorderOnRetry) && self.rng.one_in(8) {
            batch.reverse();
        }
        for sent in batch {
            link.unacked[at].push_back(sent.sequence);
            if self.plant == Some(Plant::AckedBeforeStored) && self.rng.one_in(30) {
                continue;
            }
            let again = (self.plant == Some(Plant::SentTwice) && self.rng.one_in(30)).then(|| sent.clone());
            self.store(at, sent);
            if let Some(again) = again {
                self.truth.borrow_mut().acked(again.sequence);
                self.store(at, again);
            }
        }
    }

    fn acknowledge(&mut self, at: usize, link: &mut Link) {
        let batch = self.rng.between(1, MAX_BATCH).min(link.unacked[at].len() as u64) as usize;
        for sequence in link.unacked[at].drain(..batch).collect::<Vec<_>>() {
            let told = match self.plant {
                Some(Plant::AckOfTheWrongEntry) if self.rng.one_in(10) => sequence.saturating_sub(1),
                _ => sequence,
            };
            self.truth.borrow_mut().acked(sequence);
            link.events.delivered(told as usize);
        }
    }

    fn store(&mut self, at: usize, sent: Sent) {
        self.truth.borrow_mut().stored(&sent.payload, sent.sequence, sent.created_ms);
        self.partitions[at].stored.push((sent.created_ms, sent.payload));
    }

    fn partition_of(&self, key: &str) -> usize {
        let hash = key.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        (hash % self.partitions.len() as u64) as usize
    }
}

impl Producer for SimProducer {
    fn send(&self, key: &str, payload: &[u8], token: usize) -> Result<(), SendError> {
        let kafka = self.kafka.borrow();
        let mut link = self.link.borrow_mut();
        if let Some(reason) = &link.dead {
            return Err(SendError::Dead(reason.clone()));
        }
        if link.in_flight() >= kafka.queue {
            return Err(SendError::QueueFull);
        }
        let sent = Sent { sequence: token as u64, payload: payload.to_vec(), created_ms: kafka.wall_ms };
        link.queued[kafka.partition_of(key)].push_back(sent);
        assert_eq!(identity(payload).map(|identity| identity.0).as_deref(), Some(key));
        Ok(())
    }
}

impl Drop for SimProducer {
    fn drop(&mut self) {
        let kafka = &mut *self.kafka.borrow_mut();
        kafka.link = None;
        let mut link = self.link.borrow_mut();
        for (partition, queued) in kafka.partitions.iter_mut().zip(&link.queued) {
            // Its last request may still be on the way to the broker.
            if kafka.rng.one_in(4) && partition.late.is_empty() {
                let batch = kafka.rng.between(1, MAX_BATCH) as usize;
                partition.late = queued.iter().take(batch).cloned().collect();
            }
        }
        link.fail_all("the producer was dropped");
    }
}

impl Broker for SimBroker {
    type Producer = SimProducer;

    fn producer(
        &self,
        events: Arc<dyn DeliveryEvents>,
        _max_record_bytes: Option<usize>,
    ) -> Result<SimProducer, KafkaError> {
        let partitions = self.0.borrow().partitions.len();
        let queues = || (0..partitions).map(|_| VecDeque::new()).collect();
        let link = Link {
            events,
            dead: None,
            queued: queues(),
            unacked: (0..partitions).map(|_| VecDeque::new()).collect(),
        };
        let link = Rc::new(RefCell::new(link));
        self.0.borrow_mut().link = Some(Rc::clone(&link));
        if self.0.borrow().down {
            link.borrow().events.unreachable("all brokers are down".to_owned());
        }
        Ok(SimProducer { kafka: Rc::clone(&self.0), link })
    }

    fn visit_since(&self, since_ms: i64, mut visit: impl FnMut(&[u8])) -> Result<(), KafkaError> {
        let kafka = &mut *self.0.borrow_mut();
        if kafka.down || kafka.partitions.iter().any(|partition| partition.leaderless) {
            let (brokers, reason) = ("simulated".to_owned(), "down".to_owned());
            return Err(KafkaError::Unreachable { brokers, waited_s: 1, reason });
        }
        if kafka.blind {
            let (topic, reason) = ("simulated".to_owned(), "not authorized".to_owned());
            return Err(KafkaError::Operation { topic, action: "reading the end of the topic", reason });
        }
        kafka.read_late();
        for partition in &kafka.partitions {
            let from = partition.stored.iter().position(|(created, _)| *created >= since_ms);
            for (_, record) in partition.stored.iter().skip(from.unwrap_or(partition.stored.len())) {
                visit(record);
            }
        }
        kafka.truth.borrow_mut().asked_since_ms = Some(since_ms);
        Ok(())
    }
}
