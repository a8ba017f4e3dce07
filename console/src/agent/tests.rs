//! What several tests need: an attachment as it stands in a journal. And the plan, as people see it.

use std::path::PathBuf;

use clap::Parser;

use super::args::AttachArgs;
use super::journal::{Agent, Attachment, Edit, Mode, Node, Step};
use super::plan::Plan;
use super::redirect::Redirect;
use super::{files, yaml};

pub(super) fn attachment(mode: Mode) -> Attachment {
    let node = Node {
        unit: "elasticsearch.service".into(),
        config: "/etc/elasticsearch/elasticsearch.yml".into(),
        version: "Elasticsearch 7.10.2".into(),
        client_port: 9200,
        addresses: Vec::new(),
        tls: false,
        host: "127.0.0.1".into(),
    };
    let redirects = mode == Mode::Redirect;
    let agent = Agent {
        unit: "switchover-agent.service".into(),
        config: "/etc/switchover/agent.yaml".into(),
        uid: 998,
        port: if redirects { 19200 } else { 9200 },
        admin: "127.0.0.1:9199".parse().unwrap(),
    };
    let rules = redirects.then(|| Redirect {
        table: Redirect::table("agent"),
        client_port: 9200,
        agent_port: 19200,
        agent_uid: 998,
        addresses: Vec::new(),
        close_old: false,
    });
    Attachment::new("agent", mode, (node, agent), rules, 1_700_000_000_000)
}

fn edit(path: &str, text: &str, settings: &[(&str, &str)]) -> Edit {
    let (mut edited, mut changes) = (text.to_owned(), Vec::new());
    for (key, value) in settings {
        let (next, change) = yaml::set(&edited, key, value).unwrap().unwrap();
        (edited, _) = (next, changes.push(change));
    }
    Edit {
        path: path.into(),
        original: Some(PathBuf::from("/var/lib/switchover/attach/agent.original")),
        original_sha256: files::sha256(text.as_bytes()),
        edited_sha256: files::sha256(edited.as_bytes()),
        changes,
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: AttachArgs,
}

fn args(line: &str) -> AttachArgs {
    Line::parse_from(std::iter::once("attach").chain(line.split_whitespace())).args
}

#[test]
fn the_plan_of_a_relocation() {
    let node = edit(
        "/etc/elasticsearch/elasticsearch.yml",
        "# Set a custom port for HTTP:\nhttp.port: 9200-9300   # range\n",
        &[("http.port", "19200"), ("http.publish_port", "9200")],
    );
    let agent = edit("/etc/switchover/agent.yaml", "", &[("destinationUri", "http://127.0.0.1:19200")]);
    let mut attachment = attachment(Mode::Relocate);
    assert_eq!(attachment.node_port(), 9200);
    let steps = vec![
        Step::Guard,
        Step::AgentConfig(agent),
        Step::MoveNode { edit: node, restarted: false },
        Step::StartAgent { was_enabled: false },
        Step::CompareAnswers,
    ];
    let plan = Plan { attachment: attachment.clone(), steps: steps.clone(), contents: Vec::new() };
    assert_eq!(
        plan.text(&args("--mode relocate --confirmWithin 5m")),
        "Plan: attach switchover-agent.service to Elasticsearch 7.10.2 (elasticsearch.service, port 9200) by relocate
 1. until all is done, switchover-revert-agent.timer undoes it if this command or the host dies
 2. edit /etc/switchover/agent.yaml
    +destinationUri: http://127.0.0.1:19200
 3. edit /etc/elasticsearch/elasticsearch.yml
    -http.port: 9200-9300   # range
    +http.port: 19200   # range
    +http.publish_port: 9200
    systemctl restart elasticsearch.service, wait at most 180 s until the cluster is as before
 4. systemctl enable --now switchover-agent.service, wait until it captures
 5. compare the answers of node and agent to 6 reads
Undone by switchover-revert-agent.timer unless confirmed within 300 s.
Undo: switchover agent detach
"
    );
    attachment.steps = steps;
    assert_eq!(attachment.node_port(), 19200);
}

#[test]
fn the_plan_of_a_redirect() {
    let agent = edit("/etc/switchover/agent.yaml", "", &[("listenPort", "19200")]);
    let steps = vec![
        Step::Guard,
        Step::AgentConfig(agent),
        Step::StartAgent { was_enabled: false },
        Step::CompareAnswers,
        Step::Ordering { drop_in: "/x".into() },
        Step::Redirect,
        Step::OldConnections,
    ];
    let plan = Plan { attachment: attachment(Mode::Redirect), steps, contents: Vec::new() };
    assert_eq!(
        plan.text(&args("--mode redirect --closeOld")),
        "Plan: attach switchover-agent.service to Elasticsearch 7.10.2 (elasticsearch.service, port 9200) by redirect
 1. until all is done, switchover-revert-agent.timer undoes it if this command or the host dies
 2. edit /etc/switchover/agent.yaml
    +listenPort: 19200
 3. systemctl enable --now switchover-agent.service, wait until it captures
 4. compare the answers of node and agent to 6 reads
 5. start elasticsearch.service after the redirect when the host boots
 6. systemctl enable --now switchover-redirect@agent.service: new connections to port 9200 reach the agent
 7. wait at most 10 s for connections from before, then close them
Undo: switchover agent detach
"
    );
}
