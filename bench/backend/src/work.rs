//! What a request takes: a known amount of processor time, a known time of waiting.

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};
use std::io;
use std::time::Duration;

/// What each request takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    /// Processor time.
    pub(crate) burn: Duration,
    /// Time without any.
    pub(crate) wait: Duration,
}

impl Work {
    /// Takes it.
    ///
    /// # Errors
    /// When the kernel has no clock of a thread's processor time.
    pub(crate) async fn take(self) -> io::Result<()> {
        burn(self.burn)?;
        if !self.wait.is_zero() {
            tokio::time::sleep(self.wait).await;
        }
        Ok(())
    }
}

/// Keeps the thread busy until it has had `time` of a processor. Not until the clock on the wall says so: a thread that
/// has to wait for a processor would then do less work the busier the machine is, and hide what a proxy takes from it.
///
/// # Errors
/// When the kernel has no clock of a thread's processor time.
fn burn(time: Duration) -> io::Result<()> {
    if time.is_zero() {
        return Ok(());
    }
    let end = processor_time()? + time;
    while processor_time()? < end {
        std::hint::spin_loop();
    }
    Ok(())
}

fn processor_time() -> io::Result<Duration> {
    let time: TimeSpec = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_at_least_the_processor_time_asked_for() {
        let before = processor_time().unwrap();
        burn(Duration::from_millis(20)).unwrap();
        assert!(processor_time().unwrap() - before >= Duration::from_millis(20));
    }
}
