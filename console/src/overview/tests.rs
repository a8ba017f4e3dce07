use super::agents::Gap;
use super::*;

/// A file that holds what is expected. `SWITCHOVER_WRITE_GOLDEN=1` writes it anew, to be looked at before it is kept.
pub(crate) fn assert_golden(path: &str, shown: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path);
    if std::env::var_os("SWITCHOVER_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, shown).unwrap();
    }
    let expected =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(shown, expected, "{}", path.display());
}

#[test]
fn the_json_of_each_state() {
    for (name, overview) in samples::all() {
        let json = serde_json::to_string_pretty(&overview).unwrap();
        assert_golden(&format!("status/{name}.json"), &(json + "\n"));
    }
}

fn sample(name: &str) -> Overview {
    samples::all().into_iter().find(|(sample, _)| *sample == name).unwrap().1
}

#[test]
fn each_state_has_its_exit_code_and_its_next_step() {
    for (name, code, command) in [
        ("not-started", 3, Some("switchover snapshot create")),
        ("running", 3, Some("switchover status --watch")),
        ("unknown", 1, Some("curl -sS http://es-coord-2:9199/status")),
        ("blocked", 4, Some("switchover backfill status --deep-check")),
        (
            "complete-with-failures",
            4,
            Some(
                "switchover backfill retry-failed --failed-document-dir /var/lib/switchover/backfill/failed-documents",
            ),
        ),
        ("complete", 0, None),
    ] {
        let overview = sample(name);
        assert_eq!((overview.exit_code, overview.next.command.as_deref()), (code, command), "{name}");
    }
}

#[test]
fn a_snapshot_that_is_gone_is_not_to_be_taken_again() {
    let phases = |backfill: State| Phases { backfill: Phase::new(backfill), ..Phases::default() };
    let of = |backfill| Overview::new(phases(backfill), None, Some("t".to_owned())).snapshot.summary.state;
    assert_eq!(of(State::Complete), State::Complete);
    assert!(matches!(of(State::Paused), State::Blocked(_)));
    assert_eq!(of(State::NotStarted), State::NotStarted);
}

#[test]
fn gaps_count_from_the_begin_of_the_snapshot_on() {
    let gap = |to_unix_ms| Gap { to_unix_ms, ..Gap::default() };
    let agent = Agent { gap_count: Some(5), gaps: vec![gap(10), gap(20), gap(30)], ..Agent::default() };
    let judged = |since| {
        let mut phase = Phase {
            summary: Summary::new(State::Running),
            details: Some(Agents { agents: vec![agent.clone()], ..Agents::default() }),
        };
        phase.judge_gaps(since);
        (phase.details.unwrap().gaps_that_matter, matches!(phase.summary.state, State::Blocked(_)))
    };
    assert_eq!(judged(Some(25)), (1, true));
    assert_eq!(judged(Some(31)), (0, false));
    assert_eq!(judged(Some(5)), (5, true), "those that are not listed may matter too");
    assert_eq!(judged(None), (5, true), "nobody knows when the snapshot began");
    assert_eq!(judged(Some(u64::MAX)), (0, false), "there is no snapshot yet");
}

#[test]
fn what_is_no_part_of_the_migration_does_not_count() {
    let mut phases = Phases {
        snapshot: Phase::new(State::Complete),
        metadata: Phase::new(State::Complete),
        backfill: Phase::new(State::Complete),
        agents: Phase::not_in_use("x"),
        replay: Phase::not_in_use("x"),
        differences: Phase::not_in_use("x"),
        verification: Phase::not_in_use("x"),
    };
    assert_eq!(Overview::new(phases.clone(), None, Some("t".to_owned())).exit_code, 0);
    phases.verification = Phase::unknown("no answer");
    assert_eq!(Overview::new(phases, None, Some("t".to_owned())).exit_code, 1);
}
