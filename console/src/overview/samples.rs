//! Made migrations, one for each state that is shown.

use super::*;

/// By name.
pub(crate) fn all() -> Vec<(&'static str, Overview)> {
    [
        ("not-started", not_started()),
        ("running", running()),
        ("complete-with-failures", complete_with_failures()),
        ("complete", complete()),
        ("unknown", unknown()),
        ("blocked", blocked()),
    ]
    .into_iter()
    .map(|(name, phases)| {
        let source = Some("https://es.internal:9200".to_owned());
        let mut overview = Overview::new(phases, source, Some("https://os.internal:9200".to_owned()));
        overview.at_unix_ms = 1_795_324_813_000;
        overview.took_ms = 1_210;
        (name, overview)
    })
    .collect()
}

fn not_started() -> Phases {
    Phases {
        agents: Phase::not_in_use("list the agents' admin addresses in the services file"),
        replay: Phase::not_in_use("add a block replay to the services file"),
        differences: Phase::not_in_use("the replay finds them"),
        ..Phases::default()
    }
}

fn with<D>(state: State, details: D) -> Phase<D> {
    Phase { summary: Summary::new(state), details: Some(details) }
}

fn agent(node: &str, held: u64) -> Agent {
    Agent {
        address: format!("http://{node}:9199"),
        state: "capturing".to_owned(),
        node: Some(node.to_owned()),
        requests_per_second: Some(412.4),
        captured_requests: Some(1_204_331),
        held_requests: Some(held),
        held_bytes: Some(held * 1_100),
        lost_requests: Some(0),
        open_connections: Some(64),
        blocked_connections: Some(0),
        gap_count: Some(0),
        ..Agent::default()
    }
}

fn agents() -> Phase<Agents> {
    let agents = vec![agent("es-coord-1", 12), agent("es-coord-2", 0)];
    with(State::Running, Agents { agents, ..Agents::default() })
}

fn snapshot() -> Phase<Snapshot> {
    let details = Snapshot {
        name: "cutover".to_owned(),
        repository: "migration".to_owned(),
        server_state: Some("SUCCESS".to_owned()),
        began_unix_ms: Some(1_795_310_000_000),
        ended_unix_ms: Some(1_795_312_460_000),
        shards: Some(48),
        shards_done: Some(48),
        ..Snapshot::default()
    };
    with(State::Complete, details)
}

fn metadata() -> Phase<Metadata> {
    let details = Metadata {
        last_run_unix_ms: 1_795_313_000_000,
        created: 41,
        unchanged: 2,
        left_out: 3,
        ..Metadata::default()
    };
    with(State::Complete, details)
}

fn index(name: &str, state: State, percent: f64, mib: u64, failed_documents: u64) -> IndexRow {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a made figure")]
    let bytes_done = (percent / 100.0 * (mib << 20) as f64) as u64;
    let documents = bytes_done / 900;
    IndexRow {
        name: name.to_owned(),
        state,
        percent,
        bytes: mib << 20,
        bytes_done,
        documents,
        failed_documents,
    }
}

fn running() -> Phases {
    let indices = vec![
        index("logs-2026.11", State::Running, 61.2, 20_480, 3),
        index("products", State::Running, 12.5, 4_096, 0),
        index("logs-2026.10", State::NotStarted, 0.0, 18_432, 0),
        index("customers", State::Complete, 100.0, 512, 0),
    ];
    let bytes = indices.iter().map(|index| index.bytes).sum();
    let bytes_done = indices.iter().map(|index| index.bytes_done).sum();
    let details = Backfill {
        workers_running: 2,
        workers_desired: 2,
        bytes,
        bytes_done,
        documents: 15_203_441,
        failed_documents: 3,
        documents_per_second: 41_220.0,
        began_unix_ms: Some(1_795_324_000_000),
        failed_document_dir: Some("/var/lib/switchover/backfill/failed-documents".to_owned()),
        indices,
        ..Backfill::default()
    };
    let mut backfill = with(State::Running, details);
    backfill.summary.progress = Some(Progress {
        percent: Some(31.9),
        bytes_per_second: Some(62_914_560.0),
        eta_seconds: Some(494),
        stands_still: None,
    });
    Phases {
        agents: agents(),
        snapshot: snapshot(),
        metadata: metadata(),
        backfill,
        replay: Phase::default(),
        differences: Phase::default(),
        verification: Phase::default(),
    }
}

fn replay() -> (Phase<Replay>, Phase<Differences>) {
    let details = Replay {
        replayers_running: 1,
        replayers_desired: 1,
        live: true,
        behind_ms: Some(2_100),
        requests_per_second: 801.4,
        replayed: 2_204_118,
        oldest: Some(Oldest {
            request: "POST /products/_search [conn-76.1]".to_owned(),
            seconds: 4,
            reason: "no answer yet".to_owned(),
        }),
        ..Replay::default()
    };
    let group = |endpoint: &str, kind: &str, path: &str, count| Group {
        endpoint: endpoint.to_owned(),
        kind: kind.to_owned(),
        path: path.to_owned(),
        count,
    };
    let differences = Differences {
        same: 2_190_004,
        expected_difference: 14_020,
        different: 94,
        not_comparable: 12,
        groups: vec![group("search", "value", "hits.total.value", 81), group("search", "status", "", 13)],
    };
    (with(State::Running, details), with(State::Running, differences))
}

fn complete_with_failures() -> Phases {
    let indices = vec![
        index("logs-2026.11", State::CompleteWith(7, Lack::FailedDocuments), 100.0, 20_480, 7),
        index("products", State::Complete, 100.0, 4_096, 0),
    ];
    let details = Backfill {
        bytes: 24_576 << 20,
        bytes_done: 24_576 << 20,
        documents: 28_633_115,
        failed_documents: 7,
        began_unix_ms: Some(1_795_314_000_000),
        ended_unix_ms: Some(1_795_316_400_000),
        failed_document_dir: Some("/var/lib/switchover/backfill/failed-documents".to_owned()),
        indices,
        ..Backfill::default()
    };
    let mut backfill = with(State::CompleteWith(7, Lack::FailedDocuments), details);
    backfill.summary.progress = Some(Progress { percent: Some(100.0), ..Progress::default() });
    let (replay, differences) = replay();
    Phases { backfill, replay, differences, ..running() }
}

fn complete() -> Phases {
    let failures = complete_with_failures();
    let mut backfill = failures.backfill;
    backfill.summary.state = State::Complete;
    if let Some(details) = &mut backfill.details {
        details.failed_documents = 0;
        details.indices = vec![index("products", State::Complete, 100.0, 24_576, 0)];
    }
    let verification = Verification {
        at_unix_ms: 1_795_324_000_000,
        documents: 28_633_122,
        source_writes: Some(0),
        target_writes: Some(0),
        ..Verification::default()
    };
    Phases {
        agents: Phase::not_in_use("list the agents"),
        replay: Phase::not_in_use("add a block replay to the services file"),
        differences: Phase::not_in_use("the replay finds them"),
        backfill,
        verification: with(State::Complete, verification),
        ..failures
    }
}

fn unknown() -> Phases {
    let silent = Agent {
        address: "http://es-coord-2:9199".to_owned(),
        state: "noAnswer".to_owned(),
        reason: Some("http://es-coord-2:9199: connection refused; check that the agent runs".to_owned()),
        ..Agent::default()
    };
    let mut agents = with(
        State::Unknown("http://es-coord-2:9199: connection refused; check that the agent runs".to_owned()),
        Agents { agents: vec![agent("es-coord-1", 0), silent], ..Agents::default() },
    );
    agents.summary.fact(
        "nodes without an agent",
        "es-data-1 (10.0.0.3:9200, 2 open connections): what clients write there is not captured",
    );
    let reason =
        "https://os.internal:9200: answered 503 Service Unavailable: <b>no master</b>; try again later";
    Phases { agents, backfill: Phase::unknown(reason), ..running() }
}

fn blocked() -> Phases {
    let mut phases = running();
    let reason = "the target has no room: 429 circuit_breaking_exception (host-1.3)".to_owned();
    phases.backfill.summary.state = State::Blocked(reason);
    phases.backfill.summary.progress = Some(Progress { percent: Some(31.9), ..Progress::default() });
    phases
}
