use std::sync::Arc;

use super::*;
use crate::overview::samples;

fn shown(name: &str) -> Shown {
    let overview = samples::all().into_iter().find(|(sample, _)| *sample == name).unwrap().1;
    Shown { overview: Some(Arc::new(overview)), age: Duration::from_secs(2), error: None }
}

#[test]
fn every_phase_is_there_with_its_word_in_every_state() {
    for (name, overview) in samples::all() {
        let html = whole(&shown(name));
        for (phase, summary) in overview.phases() {
            let key = phase.key();
            let section = html.split(&format!("id=\"{key}\" aria-labelledby")).nth(1).unwrap();
            let section = section.split("</section>").next().unwrap();
            assert!(section.contains(&format!("data-state=\"{}\"", summary.state.word())), "{name} {key}");
            assert!(section.contains(&summary.state.short()), "{name} {key}");
        }
    }
}

#[test]
fn what_servers_say_is_text_and_never_markup() {
    let html = whole(&shown("unknown"));
    assert!(html.contains("&lt;b&gt;no master&lt;/b&gt;") && !html.contains("<b>no master"), "{html}");
    assert_eq!(Escaped("<a href='x'>\"&\u{1b}").to_string(), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{fffd}");
}

#[test]
fn what_is_old_or_failed_is_told() {
    let notice = |shown: &Shown| {
        let html = whole(shown);
        html.split("role=\"status\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let mut now = shown("running");
    assert_eq!(notice(&now), "");
    now.age = Duration::from_secs(61);
    assert!(notice(&now).starts_with("Stale since 2026-11-22 05:20:13 UTC"));
    now.error = Some("no such file".to_owned());
    assert!(notice(&now).ends_with("could not be looked at: no such file"));
    let nothing = Shown { overview: None, age: Duration::ZERO, error: None };
    assert!(notice(&nothing).contains("first look"));
}

#[test]
fn there_are_no_inline_scripts_or_styles_and_nothing_from_elsewhere() {
    for (name, _) in samples::all() {
        let html = whole(&shown(name));
        for forbidden in
            ["<style", "style=", "onclick", "<script>", "src=\"http", "href=\"http", "javascript:"]
        {
            assert!(!html.contains(forbidden), "{name}: {forbidden}");
        }
    }
}

/// Into the folder SWITCHOVER_PAGES, for tests/page.
#[test]
fn pages_of_all_states() {
    let given = std::env::var_os("SWITCHOVER_PAGES").map(std::path::PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let folder = given.as_deref().unwrap_or(temporary.path());
    let nothing = Shown { overview: None, age: Duration::ZERO, error: None };
    let pages =
        samples::all().into_iter().map(|(name, _)| (name, shown(name))).chain([("not-seen", nothing)]);
    for (name, shown) in pages {
        std::fs::write(folder.join(format!("{name}.html")), whole(&shown)).unwrap();
    }
    std::fs::write(folder.join("style.css"), super::super::answer::STYLE).unwrap();
    std::fs::write(folder.join("page.js"), super::super::answer::SCRIPT).unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().filter(Result::is_ok).count(), samples::all().len() + 3);
}
