//! Every example in docs/rewriting.md: rows of tables with what was captured, or is in the snapshot, and what is sent are run by the versions'
//! tables, or by the rules or transformers in the block of code before them in the same section.

use std::borrow::Cow;

use switchover_rewrite::documents::{DeclaredDocumentRules, Document, DocumentRules};
use switchover_rewrite::outcome::Stop;
use switchover_rewrite::request::Request;
use switchover_rewrite::rules::Rules;
use switchover_rewrite::transformer::{Files, Transformers};
use switchover_rewrite::versions::Versions;

const DOCUMENT: &str = include_str!("../../../docs/rewriting.md");

/// Fewer rows than this were found: the document is not read right.
const MIN_ROWS: usize = 80;

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
    Documents(DocumentRules),
}

/// Behind this, examples are of documents: `index/type/id?routing {"source":1}`.
const DOCUMENTS: &str = "## Documents of a backfill";

impl By {
    fn sent(&self, captured: &str) -> Result<String, Stop> {
        if let Self::Documents(rules) = self {
            return documents(rules, captured);
        }
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
            Self::Documents(_) => unreachable!("see above"),
        }
        let line = format!("{} {}", request.method(), request.target());
        let body = String::from_utf8(request.body().expect("not coded").to_vec()).expect("a text");
        let space = if body.is_empty() { "" } else { " " };
        Ok(format!("{line}{space}{body}").replace('\n', "⏎"))
    }
}

/// The same form without the type; what is dropped is nothing.
fn documents(rules: &DocumentRules, captured: &str) -> Result<String, Stop> {
    let (address, source) = captured.split_once(' ').expect("an address and a source");
    let (address, routing) =
        address.split_once('?').map_or((address, None), |(address, routing)| (address, Some(routing)));
    let [index, doc_type, id] = *address.split('/').collect::<Vec<_>>() else { panic!("{address}") };
    let document = Document {
        index: index.into(),
        doc_type: Some(doc_type.into()),
        id: id.into(),
        routing: routing.map(Cow::Borrowed),
        options: Vec::new(),
        source: source.as_bytes().into(),
    };
    let told = rules.apply(document)?.into_iter().map(|document| {
        let routing = document.routing.map(|routing| format!("?{routing}")).unwrap_or_default();
        let source = String::from_utf8_lossy(&document.source);
        format!("{}/{}{routing} {source}", document.index, document.id)
    });
    Ok(told.collect::<Vec<_>>().join(" and "))
}

#[test]
fn every_example_is_true() {
    let mut of_documents = false;
    let mut by = By::Versions(Versions::default());
    let mut code: Option<(&str, String)> = None;
    let mut rows = 0;
    for line in DOCUMENT.lines() {
        match &mut code {
            Some((language, text)) if line == "```" => {
                match *language {
                    "yaml" if of_documents => {
                        let declared = DeclaredDocumentRules::parse("docs", text).unwrap();
                        by = By::Documents(DocumentRules { declared, ..DocumentRules::default() });
                    }
                    "json" if of_documents => {
                        let transformers = Transformers::parse_for_documents(text, &NoFiles).unwrap();
                        by = By::Documents(DocumentRules { transformers, ..DocumentRules::default() });
                    }
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
                of_documents |= line == DOCUMENTS;
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                let [_, captured, sent, _] = *cells else { continue };
                let Some(captured) = captured.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'))
                else {
                    continue;
                };
                rows += 1;
                match (by.sent(captured), sent.strip_prefix("not sent: ")) {
                    (Ok(now), None) if sent == "dropped" => assert_eq!(now, "", "{captured}"),
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
