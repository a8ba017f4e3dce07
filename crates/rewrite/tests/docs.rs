//! Every example in docs/rewriting.md: rows of tables with a captured and a sent request are run by the versions'
//! tables, or by the rules or transformers in the block of code before them in the same section.

use std::borrow::Cow;

use switchover_rewrite::outcome::Stop;
use switchover_rewrite::request::Request;
use switchover_rewrite::rules::Rules;
use switchover_rewrite::transformer::{Files, Transformers};
use switchover_rewrite::versions::Versions;

const DOCUMENT: &str = include_str!("../../../docs/rewriting.md");

/// Fewer rows than this were found: the document is not read right.
const MIN_ROWS: usize = 70;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(path.to_owned())
    }

    fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
        Err(directory.to_owned())
    }
}

enum By {
    Versions(Versions),
    Rules(Rules),
    Transformers(Transformers),
}

impl By {
    fn sent(&self, captured: &str) -> Result<String, Stop> {
        let captured = captured.replace('⏎', "\n");
        let mut words = captured.splitn(3, ' ');
        let (method, target) =
            (words.next().expect("a method and a path"), words.next().expect("a method and a path"));
        let body = words.next().unwrap_or_default();
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let headers = [b"Content-Type: application/json".as_slice()].into_iter().collect();
        let body = Cow::Borrowed(body.as_bytes());
        let mut request = Request::new(method, path, query, headers, body, |_, _| Err(String::new()));
        match self {
            Self::Versions(versions) => versions.rewrite(&mut request)?,
            Self::Rules(rules) => rules.apply(&mut request)?,
            Self::Transformers(transformers) => transformers.apply(&mut request)?,
        }
        let line = format!("{} {}", request.method(), request.target());
        let body = String::from_utf8(request.body().expect("not coded").to_vec()).expect("a text");
        let space = if body.is_empty() { "" } else { " " };
        Ok(format!("{line}{space}{body}").replace('\n', "⏎"))
    }
}

#[test]
fn every_example_is_true() {
    let mut by = By::Versions(Versions::default());
    let mut code: Option<(&str, String)> = None;
    let mut rows = 0;
    for line in DOCUMENT.lines() {
        match &mut code {
            Some((language, text)) if line == "```" => {
                match *language {
                    "yaml" => by = By::Rules(Rules::parse("docs", text).unwrap()),
                    "json" => by = By::Transformers(Transformers::parse(text, &NoFiles, None).unwrap()),
                    _ => {}
                }
                code = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line.starts_with("```") => code = Some((line.trim_start_matches('`'), String::new())),
            None => {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                let [_, captured, sent, _] = *cells else { continue };
                let Some(captured) = captured.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'))
                else {
                    continue;
                };
                rows += 1;
                match (by.sent(captured), sent.strip_prefix("not sent: ")) {
                    (Ok(now), None) => assert_eq!(format!("`{now}`"), sent, "{captured}"),
                    (Err(stop), Some(reason)) => {
                        assert!(stop.to_string().contains(reason), "{captured}: {stop}")
                    }
                    (Ok(now), Some(_)) => panic!("{captured} is sent: {now}"),
                    (Err(stop), None) => panic!("{captured} is not sent: {stop}"),
                }
            }
        }
    }
    assert!(rows >= MIN_ROWS, "{rows} rows");
}
