//! A line on stderr now and then, so that hours of comparing are not silent.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Progress {
    begun: Instant,
    told: Instant,
    documents: u64,
    /// Of the shards' files that are done, and of what is read of the present one.
    done_bytes: u64,
    shard_bytes: u64,
    all_bytes: u64,
}

impl Progress {
    pub(super) fn new(all_bytes: u64) -> Self {
        let now = Instant::now();
        Self { begun: now, told: now, documents: 0, done_bytes: 0, shard_bytes: 0, all_bytes }
    }

    /// A piece of the present shard's documents was read.
    pub(super) fn read(&mut self, bytes: u64) {
        self.shard_bytes += bytes;
    }

    pub(super) fn compared(&mut self, documents: u64) {
        self.documents += documents;
        self.tell(Instant::now());
    }

    /// The shard is done, whose files have so many bytes.
    pub(super) fn shard(&mut self, bytes: u64) {
        self.done_bytes = self.done_bytes.saturating_add(bytes);
        self.shard_bytes = 0;
    }

    fn tell(&mut self, now: Instant) {
        if now.duration_since(self.told) >= INTERVAL {
            self.told = now;
            eprintln!("{}", self.line(now.duration_since(self.begun)));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let done = self.done_bytes.saturating_add(self.shard_bytes).min(self.all_bytes);
        let percent = u128::from(done) * 100 / u128::from(self.all_bytes.max(1));
        let rate = self.documents as f64 / elapsed.as_secs_f64().max(0.001);
        format!("{} documents compared, {rate:.0}/s, {percent} % of the snapshot's bytes", self.documents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_rate_and_percent() {
        let mut progress = Progress::new(1000);
        progress.shard(300);
        progress.read(200);
        progress.compared(50);
        let line = "50 documents compared, 25/s, 50 % of the snapshot's bytes";
        assert_eq!(progress.line(Duration::from_secs(2)), line);
        progress.shard(u64::MAX);
        assert!(progress.line(Duration::ZERO).contains("100 %"));
        assert!(Progress::new(0).line(Duration::ZERO).starts_with("0 documents compared, 0/s, 0 %"));
    }
}
