//! An agent that clients write through while things go wrong, and what must hold all the while and in the end.

use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::Connection;
use switchover_testkit::program::eventually;

const WRITERS: usize = 8;
/// Between two tries to connect, and between two looks at the accounts.
const PAUSE: Duration = Duration::from_millis(20);

/// Writers, their agent, and somebody who looks at its accounts.
pub(crate) struct Stage {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    destination: String,
    directory: PathBuf,
    flags: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Writes that were answered.
    pub(crate) answered: usize,
    /// Records that are in the topic another time.
    pub(crate) repeated: usize,
}

struct Shared {
    agent: Mutex<Agent>,
    address: Mutex<String>,
    /// Paths of the documents whose write was answered with success.
    answered: Mutex<Vec<String>>,
    looks: AtomicUsize,
    ended: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panicked")
}

impl Stage {
    pub(crate) fn start(destination: &str, directory: &Path, flags: &[&str]) -> Self {
        let agent = Agent::start(destination, directory, flags);
        let shared = Arc::new(Shared {
            address: Mutex::new(agent.address.clone()),
            agent: Mutex::new(agent),
            answered: Mutex::default(),
            looks: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let mut threads = Vec::new();
        for writer in 0..WRITERS {
            let shared = Arc::clone(&shared);
            threads.push(std::thread::spawn(move || shared.write(writer)));
        }
        let theirs = Arc::clone(&shared);
        threads.push(std::thread::spawn(move || theirs.look_at_the_accounts()));
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Self { shared, threads, destination: destination.to_owned(), directory: directory.to_owned(), flags }
    }

    /// Waits until so many more writes were answered.
    pub(crate) fn more(&self, count: usize) {
        let before = locked(&self.shared.answered).len();
        eventually("more writes", || (locked(&self.shared.answered).len() >= before + count).then_some(()));
    }

    /// `kill -9` of the agent; `meanwhile`; and a new one on the same log.
    pub(crate) fn kill_agent(&self, meanwhile: impl FnOnce()) {
        let mut agent = locked(&self.shared.agent);
        agent.kill();
        meanwhile();
        let flags: Vec<_> = self.flags.iter().map(String::as_str).collect();
        *agent = Agent::start(&self.destination, &self.directory, &flags);
        locked(&self.shared.address).clone_from(&agent.address);
    }

    pub(crate) fn await_status(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || Some(locked(&self.shared.agent).status()).filter(&condition))
    }

    /// Ends the writers and the agent. A reader that knows records by their identity finds each answered write in the
    /// topic, once and in order.
    pub(crate) fn finish(self, bootstrap: &str, topic: &str) -> Outcome {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("a writer or the one who looks"));
        let mut agent = locked(&self.shared.agent);
        let last = agent.await_delivery();
        check_accounts(&last);
        assert_eq!(last["gaps"].as_array().map(Vec::len), Some(0), "{last}");
        assert!(agent.terminate().success());
        assert!(self.shared.looks.load(Ordering::Relaxed) > 50, "nobody looked at the accounts");

        let found = records::of_topic(bootstrap, topic);
        let (first, repeated) = records::without_repeats(&found);
        assert_eq!(records::once_each_in_order(&first).len(), first.len());
        let mut times: HashMap<String, usize> = HashMap::new();
        // What a killed agent had begun has no end.
        for line in records::request_lines(&records::transactions_despite_gaps(&found)) {
            *times.entry(line).or_default() += 1;
        }
        let answered = locked(&self.shared.answered);
        let wrong: Vec<_> = answered
            .iter()
            .map(|path| (path, times.get(&format!("PUT {path} HTTP/1.1")).copied().unwrap_or_default()))
            .filter(|(_, times)| *times != 1)
            .collect();
        assert!(wrong.is_empty(), "{} of {} are there 0 or 2 times: {wrong:?}", wrong.len(), answered.len());
        assert!(times.values().all(|times| *times == 1), "a write that was not answered is there twice");
        Outcome { answered: answered.len(), repeated }
    }
}

impl Shared {
    /// Writes until the end, each document once. A connection that fails is followed by the next.
    fn write(&self, writer: usize) {
        let mut number = 0;
        while !self.ended() {
            let address = locked(&self.address).clone();
            let Ok(mut connection) = Connection::open(&address) else {
                std::thread::sleep(PAUSE);
                continue;
            };
            while !self.ended() {
                number += 1;
                let path = format!("/chaos/_doc/{writer}-{number}");
                match connection.send("PUT", &path, &format!(r#"{{"number":{number}}}"#)) {
                    Ok(answer) if answer.status == 200 => locked(&self.answered).push(path),
                    Ok(answer) if answer.status == 502 => break,
                    Ok(answer) => panic!("{}", String::from_utf8_lossy(&answer.raw)),
                    Err(_) => break,
                }
            }
        }
    }

    fn look_at_the_accounts(&self) {
        while !self.ended() {
            check_accounts(&locked(&self.agent).status());
            self.looks.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(PAUSE);
        }
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// captured = delivered + held + lost, and what is lost is in gaps.
fn check_accounts(status: &Value) {
    for unit in ["requests", "records", "bytes"] {
        let count = |part: &str| status[part][unit].as_u64().expect("a count");
        assert_eq!(count("captured"), count("delivered") + count("held") + count("lost"), "{unit}: {status}");
    }
    let gaps = status["gaps"].as_array().expect("gaps");
    let in_gaps: u64 = gaps.iter().map(|gap| gap["records"].as_u64().expect("a count")).sum();
    assert_eq!(status["lost"]["records"], in_gaps, "{status}");
}
