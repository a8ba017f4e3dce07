//! What a daemon counts. It lists its figures once; they are served as text for Prometheus and pushed by OTLP from the
//! same list, so the two can't differ.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// One figure at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Without the daemon's prefix and without a unit's or a counter's suffix, which Prometheus' text adds.
    pub name: &'static str,
    /// For people.
    pub help: &'static str,
    /// What was counted.
    pub value: FigureValue,
}

/// A figure's kind and value.
#[derive(Debug, Clone, PartialEq)]
pub enum FigureValue {
    /// Only grows.
    Counter(u64),
    /// Goes up and down.
    Level(u64),
    /// A level for each value of a label.
    Levels {
        /// The label's name.
        label: &'static str,
        /// Its values, each with its level.
        levels: Vec<(String, u64)>,
    },
    /// Durations in seconds.
    Durations(Durations),
}

/// Durations in buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct Durations {
    /// Of all of them, in seconds.
    pub sum: f64,
    /// How many are in each bucket, by the bucket's upper bound in seconds. The last bound is `f64::INFINITY`.
    pub buckets: Vec<(f64, u64)>,
}

/// The figures as `OpenMetrics` text; `prefix` stands before each name.
#[must_use]
pub fn text(prefix: &str, figures: Vec<Figure>) -> String {
    let mut registry = Registry::with_prefix(prefix);
    registry.register_collector(Box::new(Listed(figures)));
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        tracing::warn!(%error, "metrics could not be written");
    }
    text
}

#[derive(Debug)]
struct Listed(Vec<Figure>);

impl Collector for Listed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        for Figure { name, help, value } in &self.0 {
            match value {
                FigureValue::Counter(count) => ConstCounter::new(*count)
                    .encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?,
                FigureValue::Level(level) => ConstGauge::new(*level).encode(encoder.encode_descriptor(
                    name,
                    help,
                    None,
                    MetricType::Gauge,
                )?)?,
                FigureValue::Levels { label, levels } => {
                    let mut descriptor = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                    for (value, level) in levels {
                        let labels = [(*label, value.as_str())];
                        ConstGauge::new(*level).encode(descriptor.encode_family(&labels)?)?;
                    }
                }
                FigureValue::Durations(Durations { sum, buckets }) => {
                    let number = buckets.iter().map(|(_, count)| count).sum();
                    encoder
                        .encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?
                        .encode_histogram::<NoLabelSet>(*sum, number, buckets, None)?;
                }
            }
        }
        Ok(())
    }
}
