//! A consumer group on the topic that agents ship to: one lane for each partition.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use switchover_kafka::{Committed, KafkaOptions, Polled, RecordConsumer};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{Closed, Fed, Feeder, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, SourceError, Until};
use crate::commit::Offsets;
use crate::done::Done;
use crate::intake::{DroppedLane, Intake};

/// Records wait at most this long to be handed over.
const HAND_OVER_INTERVAL: Duration = Duration::from_millis(20);
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);
/// How often the broker is asked where the partitions end.
const ENDS_INTERVAL: Duration = Duration::from_secs(5);
/// When a partition goes to another replayer, requests of it that are under way have so long to be answered. Then they are
/// given up, so that the other one, which sends them again, is not overtaken by them.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(10);
/// What was given up is let go of within this.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(2);

/// A member of the group.
#[derive(Debug)]
pub struct KafkaSource {
    consumer: Arc<RecordConsumer>,
    topic: String,
    group_id: String,
}

/// What is needed to commit at the end.
#[derive(Debug)]
pub(super) struct Committing {
    consumer: Arc<RecordConsumer>,
    offsets: Arc<Offsets>,
    done: Option<Arc<Done>>,
    reading: JoinHandle<Intake>,
}

impl KafkaSource {
    pub(super) async fn open(
        options: KafkaOptions,
        topic: String,
        group_id: String,
    ) -> Result<Self, SourceError> {
        let names = (topic.clone(), group_id.clone());
        let joining =
            tokio::task::spawn_blocking(move || RecordConsumer::subscribe(&options, &topic, &group_id));
        let consumer = joining.await.map_err(|_| SourceError::Interrupted)??;
        let (topic, group_id) = names;
        Ok(Self { consumer: Arc::new(consumer), topic, group_id })
    }

    /// Topic and group.
    pub(super) fn names(&self) -> (String, String) {
        (self.topic.clone(), self.group_id.clone())
    }

    pub(super) fn start(
        self,
        until: Until,
        feeder: Feeder,
        done: Option<Arc<Done>>,
        stop: CancellationToken,
    ) -> Committing {
        let offsets = Arc::new(Offsets::default());
        let consumer = Arc::clone(&self.consumer);
        tokio::spawn(keep_ends(Arc::clone(&consumer), Arc::clone(&offsets), stop.clone()));
        let group = Group {
            source: self,
            offsets: Arc::clone(&offsets),
            done: done.clone(),
            feeder,
            until,
            assigned: BTreeSet::new(),
            at_end: BTreeSet::new(),
            leaving: Vec::new(),
        };
        Committing { consumer, offsets, done, reading: tokio::spawn(group.read(stop)) }
    }
}

impl Committing {
    pub(super) fn offsets(&self) -> Arc<Offsets> {
        Arc::clone(&self.offsets)
    }

    /// To be called when every acknowledgement is in. Connections that are still being reassembled keep their records
    /// uncommitted until the reader is let go, after the commit.
    pub(super) async fn finish(self) {
        let Ok(intake) = self.reading.await else {
            tracing::error!("the reader of kafka broke down; nothing more is committed");
            return;
        };
        commit(&self.consumer, &self.offsets, self.done.as_deref()).await;
        drop(intake);
    }
}

/// Asks again and again where the partitions end, for the status.
async fn keep_ends(consumer: Arc<RecordConsumer>, offsets: Arc<Offsets>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ENDS_INTERVAL) => {}
        }
        let consumer = Arc::clone(&consumer);
        match tokio::task::spawn_blocking(move || consumer.end_offsets()).await {
            Ok(Ok(ends)) => offsets.ends(&ends),
            Ok(Err(error)) => tracing::debug!(%error, "ends of the partitions not known"),
            Err(_) => return,
        }
    }
}

async fn commit(consumer: &Arc<RecordConsumer>, offsets: &Offsets, done: Option<&Done>) {
    let next = offsets.committable();
    if next.is_empty() {
        return;
    }
    let (consumer, asked) = (Arc::clone(consumer), next.clone());
    let by = done.map(Done::owner).unwrap_or_default();
    match tokio::task::spawn_blocking(move || consumer.commit(&asked, &by)).await {
        Ok(Ok(())) => {
            offsets.committed(&next);
            if let Some(Err(error)) = done.map(|done| done.committed(&next)) {
                // The evaluation will not get further either, and says so.
                tracing::warn!(%error, "committed offsets not noted");
            }
        }
        Ok(Err(error)) => tracing::warn!(%error, "offsets not committed, trying again"),
        Err(error) => tracing::warn!(%error, "offsets not committed, trying again"),
    }
}

struct Group {
    source: KafkaSource,
    offsets: Arc<Offsets>,
    done: Option<Arc<Done>>,
    feeder: Feeder,
    until: Until,
    assigned: BTreeSet<i32>,
    at_end: BTreeSet<i32>,
    leaving: Vec<Leaving>,
}

/// Partitions that the group takes away together.
struct Leaving {
    partitions: Vec<i32>,
    /// Until these are let go of, records of requests that are not whole are not taken for finished.
    lanes: Vec<DroppedLane>,
    deadline: Instant,
}

impl Group {
    async fn read(mut self, stop: CancellationToken) -> Intake {
        let consumer = Arc::clone(&self.source.consumer);
        let mut commits = tokio::time::interval(COMMIT_INTERVAL);
        let mut hand_over = tokio::time::interval(HAND_OVER_INTERVAL);
        commits.set_missed_tick_behavior(MissedTickBehavior::Delay);
        hand_over.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut over = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return self.feeder.intake,
                _ = commits.tick() => commit(&consumer, &self.offsets, self.done.as_deref()).await,
                _ = hand_over.tick() => {
                    self.feeder.intake.expire_at_ends();
                    if self.hand_over(&stop).await.is_err() {
                        return self.feeder.intake;
                    }
                    self.let_go().await;
                }
                polled = consumer.next(), if !over => match polled {
                    Ok(polled) => {
                        self.take(polled).await;
                        over = self.until == Until::End && !self.assigned.is_empty() && self.at_end == self.assigned;
                        if over {
                            self.feeder.intake.finish();
                            if self.end(Ok(()), &stop).await.is_err() {
                                return self.feeder.intake;
                            }
                        } else if self.feeder.intake.is_full(MAX_BATCH_RECORDS, MAX_BATCH_BYTES)
                            && self.hand_over(&stop).await.is_err()
                        {
                            return self.feeder.intake;
                        }
                    }
                    Err(error) => {
                        over = true;
                        if self.end(Err(error.to_string()), &stop).await.is_err() {
                            return self.feeder.intake;
                        }
                    }
                },
            }
        }
    }

    async fn take(&mut self, polled: Polled) {
        let intake = &mut self.feeder.intake;
        match polled {
            Polled::Assigned(partitions) => {
                tracing::info!(?partitions, topic = self.source.topic, "partitions assigned");
                let mut others = Vec::new();
                for (partition, committed) in partitions {
                    if self.assigned.insert(partition) {
                        let offset = committed.as_ref().map(|committed| committed.offset);
                        if let (Some(done), Some(Committed { offset, by })) = (&self.done, committed) {
                            if by == done.owner() {
                                done.assigned(partition, offset);
                            } else {
                                others.push((partition, offset));
                            }
                        }
                        intake.open_lane(lane(partition), offset.is_some_and(|offset| offset > 0));
                    }
                }
                self.claim(others).await;
            }
            Polled::Revoked(partitions) => {
                tracing::info!(?partitions, topic = self.source.topic, "partitions revoked");
                let lanes = partitions.iter().filter_map(|partition| {
                    self.offsets.leave(*partition);
                    self.assigned.remove(partition);
                    self.at_end.remove(partition);
                    self.feeder.intake.drop_lane(lane(*partition))
                });
                let lanes = lanes.collect();
                let deadline = Instant::now() + LEAVE_TIMEOUT;
                self.leaving.push(Leaving { partitions, lanes, deadline });
            }
            Polled::Lost(partitions) => {
                tracing::warn!(
                    ?partitions,
                    topic = self.source.topic,
                    "partitions lost: the group believed this replayer dead; what is under way is given up"
                );
                for partition in partitions {
                    self.offsets.forget(partition);
                    self.assigned.remove(&partition);
                    self.at_end.remove(&partition);
                    self.feeder.intake.drop_lane(lane(partition));
                }
            }
            Polled::PartitionEnd { partition } if !self.assigned.contains(&partition) => {}
            Polled::PartitionEnd { partition } => {
                intake.lane_at_end(lane(partition));
                self.at_end.insert(partition);
            }
            Polled::Record { partition, offset, payload, .. } => {
                if !self.assigned.contains(&partition) {
                    return;
                }
                let topic = &self.source.topic;
                let place = || format!("topic {topic} partition {partition} offset {offset}");
                let token = self.offsets.begin(partition, offset);
                intake.record(lane(partition), Bytes::from(payload), Some(token), place);
                if self.until == Until::Never {
                    self.at_end.remove(&partition);
                }
            }
        }
    }

    /// Takes partitions that another replayer has had.
    async fn claim(&self, partitions: Vec<(i32, i64)>) {
        let Some(done) = self.done.as_ref().filter(|_| !partitions.is_empty()) else { return };
        for (partition, _) in &partitions {
            if let Err(error) = done.forget(*partition) {
                // The evaluation will not get further either, and says so.
                tracing::warn!(%error, partition, "not noted that another replayer has had the partition");
            }
        }
        let (consumer, by) = (Arc::clone(&self.source.consumer), done.owner());
        let claimed = tokio::task::spawn_blocking(move || consumer.commit(&partitions, &by)).await;
        if let Ok(Err(error)) = claimed {
            tracing::warn!(%error, "partitions not claimed; the next commit does it");
        }
    }

    /// Gives partitions back of which nothing is under way any more.
    async fn let_go(&mut self) {
        for mut leaving in std::mem::take(&mut self.leaving) {
            let now = Instant::now();
            let in_use = leaving.partitions.iter().any(|partition| self.offsets.is_in_use(*partition));
            if now >= leaving.deadline {
                leaving.partitions.iter().for_each(|partition| self.offsets.abandon(*partition));
            }
            if in_use && now < leaving.deadline + ABANDON_TIMEOUT {
                self.leaving.push(leaving);
                continue;
            }
            commit(&self.source.consumer, &self.offsets, self.done.as_deref()).await;
            leaving.partitions.iter().for_each(|partition| self.offsets.forget(*partition));
            leaving.lanes.clear();
            match self.source.consumer.release(&leaving.partitions) {
                Ok(()) => tracing::info!(partitions = ?leaving.partitions, "partitions given back"),
                Err(error) => tracing::warn!(%error, "partitions were gone"),
            }
        }
    }

    async fn hand_over(&mut self, stop: &CancellationToken) -> Result<(), Closed> {
        if self.feeder.intake.is_empty() {
            return Ok(());
        }
        let batch = self.feeder.intake.take();
        self.send(Fed::Batch(Box::new(batch)), stop).await
    }

    async fn end(&mut self, result: Result<(), String>, stop: &CancellationToken) -> Result<(), Closed> {
        self.hand_over(stop).await?;
        self.send(Fed::Ended(result), stop).await
    }

    /// Waits for room, and commits meanwhile: a slow target must not keep finished work uncommitted. The group is still
    /// listened to, or it would take this replayer for dead.
    async fn send(&mut self, fed: Fed, stop: &CancellationToken) -> Result<(), Closed> {
        let (sender, consumer) = (self.feeder.sender.clone(), Arc::clone(&self.source.consumer));
        let mut looks = tokio::time::interval_at(Instant::now() + COMMIT_INTERVAL, COMMIT_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut paused = BTreeSet::new();
        let sent = loop {
            tokio::select! {
                permit = sender.reserve() => break permit.map(|permit| permit.send(fed)).map_err(|_| Closed),
                () = stop.cancelled() => break Err(Closed),
                _ = looks.tick() => {
                    commit(&consumer, &self.offsets, self.done.as_deref()).await;
                    self.let_go().await;
                    paused.retain(|partition| self.assigned.contains(partition));
                    let running: Vec<i32> = self.assigned.difference(&paused).copied().collect();
                    match consumer.pause(&running) {
                        Ok(()) => paused.extend(running),
                        Err(error) => tracing::debug!(%error, "not paused"),
                    }
                }
                Ok(polled) = consumer.next(), if !paused.is_empty() && paused.is_superset(&self.assigned) => {
                    self.take(polled).await;
                }
            }
        };
        paused.retain(|partition| self.assigned.contains(partition));
        if !paused.is_empty()
            && let Err(error) = consumer.resume(&Vec::from_iter(paused))
        {
            tracing::warn!(%error, "not resumed");
        }
        sent
    }
}

fn lane(partition: i32) -> u32 {
    partition.unsigned_abs()
}
