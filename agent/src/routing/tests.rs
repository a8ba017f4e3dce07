//! Who serves what.

use super::*;
use switchover_capture::ServedBy::{Source, Target};

const READ: Asked = Asked { mutating: false, held_open: false };
const WRITE: Asked = Asked { mutating: true, held_open: false };
const SCROLL: Asked = Asked { mutating: false, held_open: true };

fn by(mode: Mode, weight: u8) -> Routing {
    Routing { mode, weight, route_by: RouteBy::Connection }
}

#[test]
fn each_mode_serves_what_it_says() {
    let cluster = |routing: Routing, asked| routing.cluster(asked, Lot::new(30), || Lot::new(0));
    for asked in [READ, WRITE, SCROLL] {
        assert_eq!(cluster(by(Mode::Source, 0), asked), Source);
        assert_eq!(cluster(by(Mode::Target, 0), asked), Target);
        assert_eq!(cluster(by(Mode::All, 100), asked), Target);
        assert_eq!(cluster(by(Mode::All, 0), asked), Source);
    }
    assert_eq!(cluster(by(Mode::Reads, 100), WRITE), Source);
    assert_eq!(cluster(by(Mode::Reads, 100), SCROLL), Target);
    assert_eq!(cluster(by(Mode::Reads, 31), READ), Target);
    assert_eq!(cluster(by(Mode::Reads, 30), READ), Source);
    assert_eq!(cluster(by(Mode::All, 99), SCROLL), Source);
    assert_eq!(cluster(by(Mode::All, 31), WRITE), Target);
}

#[test]
fn by_request_only_reads_draw_a_lot_of_their_own() {
    let routing = Routing { mode: Mode::All, weight: 50, route_by: RouteBy::Request };
    assert_eq!(routing.cluster(READ, Lot::new(99), || Lot::new(0)), Target);
    assert_eq!(routing.cluster(READ, Lot::new(0), || Lot::new(99)), Source);
    assert_eq!(routing.cluster(WRITE, Lot::new(0), || Lot::new(99)), Target);
    assert_eq!(routing.cluster(WRITE, Lot::new(99), || Lot::new(0)), Source);
}

#[test]
fn what_can_not_be_meant_is_refused() {
    let parsed = |text: &str| serde_json::from_str::<Routing>(text).map_err(|error| error.to_string());
    let checked = |text: &str| parsed(text).and_then(Routing::check);
    assert_eq!(checked(r#"{"mode":"reads","weight":10}"#), Ok(by(Mode::Reads, 10)));
    assert_eq!(checked(r#"{"mode":"target"}"#), Ok(by(Mode::Target, 0)));
    for wrong in [
        r#"{"mode":"reads","weight":101}"#,
        r#"{"mode":"source","weight":1}"#,
        r#"{"mode":"target","weight":100}"#,
        r#"{"mode":"both"}"#,
        r#"{"weight":10}"#,
        r#"{"mode":"reads","wieght":10}"#,
        r#"{"mode":"reads","weight":-1}"#,
        "",
    ] {
        assert!(checked(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn lots_are_spread_evenly_also_over_few_connections() {
    for many in [10_u32, 16, 100, 1000] {
        let lots = Lots::default();
        let drawn: Vec<Lot> = (0..many).map(|_| lots.draw()).collect();
        for weight in [1, 10, 50, 90] {
            let below = drawn.iter().filter(|lot| lot.is_below(weight)).count() as f64;
            let wanted = f64::from(many) * f64::from(weight) / 100.0;
            assert!((below - wanted).abs() <= 2.5, "{below} of {many} at {weight} %");
        }
        assert!(drawn.iter().all(|lot| lot.is_below(100) && !lot.is_below(0)));
    }
}

#[test]
fn what_a_search_holds_open_is_known_by_its_path() {
    for (method, target, mutating, held_open) in [
        ("GET", "/i/_search", false, false),
        ("POST", "/i/_search?scroll=1m", false, true),
        ("POST", "/_search/scroll", false, true),
        ("DELETE", "/_search/scroll/abc", false, true),
        ("POST", "/i/_pit?keep_alive=1m", false, true),
        ("DELETE", "/_pit", false, true),
        ("POST", "/i/_search/point_in_time?keep_alive=1m", false, true),
        ("POST", "/i/_async_search", false, true),
        ("GET", "/_async_search/abc", false, true),
        ("POST", "/_plugins/_sql", false, true),
        ("GET", "/_tasks/n:1", false, true),
        // A point in time stands in the body, and the path names no index then.
        ("POST", "/_search", false, true),
        ("PUT", "/i/_doc/_pit", true, false),
        ("GET", "/i/_doc/_pit", false, true),
        ("GET", "/", false, false),
        ("POST", "/_bulk", true, false),
    ] {
        let asked = Asked::of(method, target.as_bytes());
        assert_eq!(asked, Asked { mutating, held_open }, "{method} {target}");
    }
}
