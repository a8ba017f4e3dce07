//! The end of a run: everything works again, and then everything must have come to Kafka.

use crate::Summary;
use crate::client::{Client, NODE};
use crate::world::{End, World};
use std::sync::Arc;
use switchover_agent::recorder::{Kept, Recorder};

/// Enough for all that a run leaves, with the longest pauses.
const STEPS: u64 = 60_000;

/// Enough for a checkpoint.
const CHECKPOINT_STEPS: u64 = 150;

impl World {
    pub fn heal(&mut self) -> Result<Summary, String> {
        self.report.say("everything is healed");
        {
            let mut disk = self.disk.state();
            (disk.full, disk.fsync_fails, disk.kill_in) = (false, false, None);
        }
        self.kafka.borrow_mut().heal();
        // After a failed fsync the operator has to restart the agent.
        if self.life.as_ref().is_some_and(|life| life.journal.sync_handle().sync().is_err()) {
            self.end_life(End::Asked)?;
        }
        self.come_to_rest()?;
        // The checkpoint, and with it the deletion of segments, comes a little later.
        for _ in 0..CHECKPOINT_STEPS {
            self.step(true)?;
        }
        self.all_is_told()?;
        self.takes_more()?;
        self.come_to_rest()?;
        self.end_life(End::Asked)?;
        let mut truth = self.truth.borrow_mut();
        truth.at_the_end();
        let summary =
            Summary { stored: truth.stored_records(), duplicates: truth.duplicates, writes: self.writes() };
        truth.violation.take().map_or(Ok(summary), Err)
    }

    fn come_to_rest(&mut self) -> Result<(), String> {
        for _ in 0..STEPS {
            if self.is_quiet() {
                return Ok(());
            }
            self.step(true)?;
        }
        Err(format!("it does not come to rest: {}", self.unrest()))
    }

    /// With everything shipped there is room again.
    fn takes_more(&mut self) -> Result<(), String> {
        let Some(life) = &self.life else { return Ok(()) };
        let mut recorder = Recorder::new(Arc::clone(&life.journal), NODE, "connection-last");
        let at = life.journal.clock().now();
        recorder.read(at, b"PUT /i/_doc/1 HTTP/1.1\r\n\r\n");
        match recorder.end_of_mutation(at, 22, 0) {
            Kept::Entry(_) => Ok(()),
            other => Err(format!(
                "the log takes nothing more ({other:?}) though all is shipped: {}",
                self.unrest()
            )),
        }
    }

    fn is_quiet(&self) -> bool {
        let Some(life) = &self.life else { return false };
        life.clients.iter().all(Client::is_closed)
            && life.gate.acked_below() == life.journal.next_sequence()
            && !self.kafka.borrow().has_work()
    }

    fn unrest(&self) -> String {
        self.life.as_ref().map_or("no process".to_owned(), |life| {
            format!(
                "acked below {} of {}, {} responses held, {:?}",
                life.gate.acked_below(),
                life.journal.next_sequence(),
                life.gate.waiting(),
                life.journal.state()
            )
        })
    }

    /// What is lost is in gaps.
    fn all_is_told(&mut self) -> Result<(), String> {
        let Some(life) = &self.life else { return Ok(()) };
        life.journal.close();
        self.step(true)?;
        let Some(life) = &self.life else { return Ok(()) };
        let (lost, told) = (life.journal.state().lost.records, self.truth.borrow().gap_records);
        if lost == told { Ok(()) } else { Err(format!("{lost} records are lost, gaps tell of {told}")) }
    }
}
