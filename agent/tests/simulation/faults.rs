//! What goes wrong, when, and how it ends.

use crate::plan::Faults;
use crate::world::{End, World};

/// Faults that last end after so many steps, on average.
const FAULT_STEPS: u64 = 60;
/// The most that the wall clock is set by at once.
const MAX_CLOCK_STEP_MS: u64 = 30_000;

impl World {
    /// Something may go wrong.
    pub fn disturb(&mut self) -> Result<(), String> {
        let Faults { kill, kill_in_call, power, restart, .. } = self.plan.faults;
        if self.happens(kill_in_call) {
            let calls = self.rng.between(1, 6);
            self.report.say(format!("will be killed inside system call {calls} from here"));
            self.disk.state().kill_in = Some(calls);
        }
        self.disturb_disk();
        self.disturb_kafka();
        if self.happens(self.plan.faults.clock_step) {
            let step = self.rng.below(2 * MAX_CLOCK_STEP_MS) as i64 - MAX_CLOCK_STEP_MS as i64;
            self.report.say(format!("the wall clock is set by {step} ms"));
            self.wall_offset_ms += step;
        }
        if self.happens(power) {
            self.end_life(End::PowerCut)?;
        } else if self.happens(kill) {
            self.end_life(End::Killed)?;
        } else if self.happens(restart) {
            self.end_life(End::Asked)?;
        }
        Ok(())
    }

    fn happens(&mut self, rate: u64) -> bool {
        rate > 0 && self.rng.one_in(rate)
    }

    fn disturb_disk(&mut self) {
        let Faults { disk_full, fsync_fails, .. } = self.plan.faults;
        let full = self.disk.state().full;
        if if full { self.happens(FAULT_STEPS) } else { self.happens(disk_full) } {
            self.report.say(format!("the disk is full: {}", !full));
            self.disk.state().full = !full;
        }
        let fails = self.disk.state().fsync_fails;
        if if fails { self.happens(FAULT_STEPS) } else { self.happens(fsync_fails) } {
            self.report.say(format!("fsync fails: {}", !fails));
            self.disk.state().fsync_fails = !fails;
        }
    }

    fn disturb_kafka(&mut self) {
        let Faults { outage, fatal, leader_change, .. } = self.plan.faults;
        let down = self.kafka.borrow().down;
        if if down { self.happens(FAULT_STEPS) } else { self.happens(outage) } {
            self.report.say(format!("kafka is down: {}", !down));
            self.kafka.borrow_mut().outage(!down);
        }
        if self.happens(fatal) {
            self.report.say("the producer fails for good");
            self.kafka.borrow_mut().fatal();
        }
        if self.happens(leader_change) {
            let to_none = self.rng.one_in(2);
            self.report.say(format!("a partition has no leader: {to_none}"));
            self.kafka.borrow_mut().change_leader(to_none);
        }
    }
}
