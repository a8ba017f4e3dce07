//! The parts that all OTLP messages share.

use super::Service;
use super::spans::Value;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{self as common, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

pub(super) fn attribute(key: &str, value: Value) -> KeyValue {
    let value = match value {
        Value::Text(text) => AnyValue::StringValue(text),
        Value::Whole(number) => AnyValue::IntValue(number),
        Value::Seconds(seconds) => AnyValue::DoubleValue(seconds),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(common::AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Names of OpenTelemetry's semantic conventions.
pub(super) fn resource(service: &Service) -> Resource {
    let text = |key, text: &str| attribute(key, Value::Text(text.to_owned()));
    let attributes = vec![
        text("service.name", service.name),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", &service.instance),
    ];
    Resource { attributes, ..Resource::default() }
}

pub(super) fn scope(service: &Service) -> InstrumentationScope {
    InstrumentationScope {
        name: service.name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
