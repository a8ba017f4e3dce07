use super::*;
use crate::overview::samples;
use crate::overview::tests::assert_golden;

#[test]
fn the_screen_of_each_state() {
    for (name, overview) in samples::all() {
        let lines = whole(&overview);
        assert_golden(&format!("status/{name}.txt"), &(lines.join("\n") + "\n"));
        assert!(!one_line(&overview).contains('\n'));
    }
}

#[test]
fn one_line_has_every_phase_that_counts() {
    let samples = samples::all();
    let (_, running) = samples.iter().find(|(name, _)| *name == "running").unwrap();
    assert_eq!(
        one_line(running),
        "2026-11-22 05:20:13 UTC running; agents running; snapshot complete; metadata complete; backfill running (31.9%, 60.0 MiB/s, 8 min left); replay not started; differences not started; verification not started"
    );
}

#[test]
fn names_do_not_steer_the_terminal() {
    let mut overview = samples::all().remove(1).1;
    overview.backfill.details.as_mut().unwrap().indices[0].name = "a\x1b[2Jb".to_owned();
    assert!(whole(&overview).iter().all(|line| !line.contains('\x1b')));
}
