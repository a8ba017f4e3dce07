//! The region of a cluster: a token is signed for one.

/// The region is not known.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot tell the AWS region of {brokers}: expected brokers such as b-1.NAME.kafka.REGION.amazonaws.com:9098; for other names (an alias, a proxy) set AWS_REGION"
)]
pub struct RegionError {
    brokers: String,
}

pub(super) fn find(
    brokers: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<String, RegionError> {
    brokers
        .split(',')
        .find_map(of_host)
        .or_else(|| environment("AWS_REGION"))
        .or_else(|| environment("AWS_DEFAULT_REGION"))
        .filter(|region| !region.is_empty())
        .ok_or_else(|| RegionError { brokers: brokers.to_owned() })
}

/// `b-1.x.c3.kafka.REGION.amazonaws.com:9098`, or with `kafka-serverless`.
fn of_host(broker: &str) -> Option<String> {
    let host = broker.trim().rsplit_once(':').map_or(broker.trim(), |(host, _)| host);
    let host = host.to_ascii_lowercase();
    let name = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let (before, region) = name.rsplit_once('.')?;
    let service = before.rsplit('.').next().unwrap_or_default();
    matches!(service, "kafka" | "kafka-serverless").then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_then_by_environment() {
        let none = |_: &str| None;
        for (brokers, region) in [
            ("b-1.demo.abc123.c2.kafka.eu-central-1.amazonaws.com:9098,b-2.demo.x:9098", "eu-central-1"),
            ("boot-abc.c1.kafka-serverless.us-east-1.amazonaws.com:9098", "us-east-1"),
            ("alias:9098, B-1.X.kafka.us-gov-west-1.AMAZONAWS.com", "us-gov-west-1"),
        ] {
            assert_eq!(find(brokers, none).unwrap(), region);
        }
        let said = find("kafka.example.com:9098", none).unwrap_err().to_string();
        assert!(said.contains("kafka.example.com:9098") && said.contains("AWS_REGION"), "{said}");
        let set = |name: &str| (name == "AWS_DEFAULT_REGION").then(|| "us-west-2".to_owned());
        assert_eq!(find("localhost:1", set).unwrap(), "us-west-2");
        assert!(find("s3.us-west-2.amazonaws.com:1", none).is_err());
    }
}
