//! `kafka create-topic` and `delete-topic`: asking twice is no failure.

use anyhow::anyhow;
use clap::Args;
use serde_json::{Map, json};
use switchover_kafka::{Resolved, TopicShape, create_topic, delete_topic};

use super::failed;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Shape {
    /// How many partitions; more of them let more replayers share the work [default: the brokers']
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(i32).range(1..=100_000))]
    partitions: Option<i32>,
    /// How many copies of each [default: the brokers']
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(i32).range(1..=100))]
    replication_factor: Option<i32>,
    /// A setting of the topic, such as max.message.bytes=4194304.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

pub(super) fn create(at: &Resolved, shape: Shape, as_json: bool) -> Result<(), Failure> {
    let setting = |text: &String| {
        let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| Failure::Usage(format!("--setting {text}: expected NAME=VALUE")))
    };
    let settings = shape.settings.iter().map(setting).collect::<Result<_, _>>()?;
    let shape = TopicShape { partitions: shape.partitions, replication: shape.replication_factor, settings };
    let created = create_topic(&at.options, &at.topic, &shape).map_err(failed)?;
    let text = if created { "Created topic" } else { "There is already a topic" };
    answer(&at.topic, text, ("created", created), as_json)
}

pub(super) fn delete(at: &Resolved, acknowledged: bool, as_json: bool) -> Result<(), Failure> {
    let question =
        "Deleting a topic will irreversibly delete all captured traffic records stored in that topic.";
    confirm(question, acknowledged)?;
    let deleted = delete_topic(&at.options, &at.topic).map_err(failed)?;
    let text = if deleted { "Deleted topic" } else { "There is no topic" };
    answer(&at.topic, text, ("existed", deleted), as_json)
}

fn answer(topic: &str, text: &str, (key, value): (&str, bool), as_json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    if as_json {
        out.document(Map::from_iter([("topic".to_owned(), json!(topic)), (key.to_owned(), json!(value))]))?;
    } else {
        out.line(format_args!("{text} {topic}."))?;
    }
    out.flush().map_err(|failure| match failure {
        Failure::Failed(error) => Failure::Failed(anyhow!("it was done, but {error:#}")),
        other => other,
    })
}
