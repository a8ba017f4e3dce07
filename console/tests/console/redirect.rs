//! The keeper of a redirect, in a network namespace of its own with a stand-in for the agent and one for the node. Needs
//! root, nft and python3; without root it is left out and says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

const CLIENT_PORT: u16 = 9200;
const AGENT_PORT: u16 = 19200;
const ADMIN_PORT: u16 = 9199;
/// Users that no account has.
const AGENT_UID: u32 = 18_001;
const NODE_UID: u32 = 18_002;
/// Answers with its name; one that is asked for its health is well.
const STAND_IN: &str = "
import sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answer(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        body = sys.argv[1].encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
ports = [int(port) for port in sys.argv[2:]]
for port in ports[1:]:
    threading.Thread(target=ThreadingHTTPServer(('127.0.0.1', port), Answer).serve_forever, daemon=True).start()
ThreadingHTTPServer(('127.0.0.1', ports[0]), Answer).serve_forever()
";

struct Host {
    namespace: String,
    state: tempfile::TempDir,
    children: Vec<Child>,
}

impl Host {
    fn new() -> Self {
        let namespace = format!("switchover-{}", std::process::id());
        let run =
            |arguments: &[&str]| assert!(Command::new("ip").args(arguments).status().unwrap().success());
        run(&["netns", "add", &namespace]);
        run(&["-n", &namespace, "link", "set", "lo", "up"]);
        Self { namespace, state: tempfile::tempdir().unwrap(), children: Vec::new() }
    }

    fn command(&self, uid: u32, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        let uid = uid.to_string();
        command.args([
            "netns",
            "exec",
            &self.namespace,
            "setpriv",
            "--reuid",
            &uid,
            "--regid",
            &uid,
            "--clear-groups",
        ]);
        command.args(words).stdin(Stdio::null());
        command
    }

    fn start(&mut self, uid: u32, words: &[&str]) -> u32 {
        let child = self.command(uid, words).spawn().unwrap();
        let pid = child.id();
        self.children.push(child);
        pid
    }

    fn keep(&mut self) -> u32 {
        let state = self.state.path().to_str().unwrap().to_owned();
        let words = [env!("CARGO_BIN_EXE_switchover"), "agent", "redirect-hold", "--state-dir", &state];
        self.start(0, &words)
    }

    /// Who answers a new connection of this user to the client port.
    fn who(&self, uid: u32) -> String {
        let url = format!("http://127.0.0.1:{CLIENT_PORT}/");
        let output = self.command(uid, &["curl", "-s", "-m", "0.2", &url]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// How long it took until this one answers.
    fn wait_for(&self, wanted: &str, limit: Duration) -> Duration {
        let began = Instant::now();
        while self.who(0) != wanted {
            assert!(began.elapsed() < limit, "{wanted} does not answer after {limit:?}");
            thread::sleep(Duration::from_millis(10));
        }
        began.elapsed()
    }

    fn gaps(&self) -> String {
        fs::read_to_string(self.state.path().join("agent.gaps.jsonl")).unwrap_or_default()
    }

    fn wait_for_gaps(&self, count: usize) {
        let began = Instant::now();
        while self.gaps().matches("\"captured\"").count() < count {
            assert!(began.elapsed() < Duration::from_secs(10), "gaps: {}", self.gaps());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(pid: u32, signal: &str) {
        assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).status();
    }
}

/// What `attach` would have written.
fn journal(folder: &Path) {
    let page = json!({
        "version": 1, "name": "agent", "mode": "redirect", "phase": "attached", "sinceMs": 1, "confirmUntilMs": null,
        "node": {"unit": "n.service", "config": "/n.yml", "version": "", "clientPort": CLIENT_PORT, "addresses": [], "tls": false, "host": "127.0.0.1"},
        "agent": {"unit": "a.service", "config": "/a.yaml", "uid": AGENT_UID, "port": AGENT_PORT, "admin": format!("127.0.0.1:{ADMIN_PORT}")},
        "redirect": {"table": "switchover_agent", "clientPort": CLIENT_PORT, "agentPort": AGENT_PORT, "agentUid": AGENT_UID, "addresses": ["127.0.0.1"], "closeOld": false},
        "steps": [],
    });
    fs::write(folder.join("agent.json"), page.to_string()).unwrap();
}

fn can_run() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let tools = ["nft", "ip", "setpriv", "curl", "python3"];
    let there = |tool: &&str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths)
            .chain([PathBuf::from("/usr/sbin")])
            .any(|folder| folder.join(tool).is_file())
    };
    root && tools.iter().all(there)
}

#[test]
fn clients_reach_the_node_when_the_agent_or_the_keeper_does_not_go_on() {
    if !can_run() {
        eprintln!("left out: needs root, nft, ip, setpriv, curl and python3");
        return;
    }
    let mut host = Host::new();
    journal(host.state.path());
    let python = "/usr/bin/python3";
    let ports = [CLIENT_PORT, AGENT_PORT, ADMIN_PORT].map(|port| port.to_string());
    host.start(NODE_UID, &[python, "-c", STAND_IN, "node", &ports[0]]);
    host.wait_for("node", Duration::from_secs(10));
    let agent = host.start(AGENT_UID, &[python, "-c", STAND_IN, "agent", &ports[1], &ports[2]]);

    let keeper = host.keep();
    host.wait_for("agent", Duration::from_secs(10));
    assert_eq!(host.who(AGENT_UID), "node");
    assert_eq!(host.who(NODE_UID), "agent");
    host.wait_for_gaps(1);

    // It hangs.
    Host::signal(agent, "-STOP");
    // Within a second on a host that runs the keeper in time; this one may be busy, and runs it like everything else.
    let hung = host.wait_for("node", Duration::from_secs(5));
    eprintln!("a hung agent kept clients for {hung:?}");
    Host::signal(agent, "-CONT");
    host.wait_for("agent", Duration::from_secs(5));
    host.wait_for_gaps(2);
    assert!(host.gaps().contains("the agent does not answer"), "{}", host.gaps());

    // The kernel switches off by itself.
    Host::signal(keeper, "-STOP");
    host.wait_for("node", Duration::from_secs(5));
    Host::signal(keeper, "-CONT");
    host.wait_for("agent", Duration::from_secs(5));
    host.wait_for_gaps(3);
    assert!(host.gaps().contains("lapsed"), "{}", host.gaps());

    Host::signal(keeper, "-KILL");
    host.wait_for("node", Duration::from_secs(5));
    let keeper = host.keep();
    host.wait_for("agent", Duration::from_secs(5));
    host.wait_for_gaps(4);
    assert!(host.gaps().contains("the redirect was not kept"), "{}", host.gaps());

    // The agent dies, and nobody starts it again.
    Host::signal(agent, "-KILL");
    host.wait_for("node", Duration::from_secs(3));
    Host::signal(keeper, "-TERM");
    let ended = host.children.last_mut().unwrap().wait().unwrap();
    assert!(ended.success());
    assert_eq!(host.who(0), "node");
    let run =
        host.command(0, &[env!("CARGO_BIN_EXE_switchover"), "agent", "redirect-release"]).status().unwrap();
    assert!(run.success());
    assert_eq!(host.who(0), "node");
}
