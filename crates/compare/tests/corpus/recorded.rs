//! The recording.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use serde::Deserialize;
use switchover_compare::answer::Answer;
use switchover_compare::compare::Question;
use switchover_compare::items::SentItems;
use switchover_rest::Call;

/// One request and everything that was answered.
#[derive(Deserialize)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) body: String,
    pub(crate) source: Recorded,
    pub(crate) again: Option<Recorded>,
    pub(crate) targets: BTreeMap<String, Recorded>,
}

#[derive(Deserialize, Clone)]
pub(crate) struct Recorded {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: String,
    base64: Option<String>,
}

impl Exchange {
    pub(crate) fn question(&self) -> Question<'_> {
        Question {
            call: Call::parse(&self.method, self.target.as_bytes()),
            body: self.body.as_bytes(),
            items: &SentItems::All,
        }
    }

    /// The request on one line.
    pub(crate) fn line(&self) -> String {
        let body: String = self.body.chars().take(100).collect();
        format!("{} {} {}", self.method, self.target, body.replace('\n', "\\n"))
    }
}

impl Recorded {
    pub(crate) fn answer(&self) -> Answer<'_> {
        let header = |name: &str| {
            let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str().into())
        };
        let body = match &self.base64 {
            Some(text) => base64::engine::general_purpose::STANDARD.decode(text).unwrap().into(),
            None => self.body.as_bytes().into(),
        };
        Answer {
            status: self.status,
            content_type: header("content-type"),
            location: header("location"),
            warning: header("warning").is_some(),
            body,
        }
    }
}

pub(crate) fn read() -> Vec<Exchange> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/answers.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
