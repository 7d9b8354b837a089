//! What Kafka's MBeans are called in Prometheus. There is no single answer: it depends on the rules the JMX exporter
//! was given.

/// The rules of the JMX exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// examples/kafka-2_0_0.yml of the exporter, which Strimzi and most dashboards follow.
    Kafka200,
    /// `pattern: ".*"`, as the tutorials have it.
    Default,
}

impl Rules {
    /// As the templates' variable has it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "kafka-2_0_0" => Some(Self::Kafka200),
            "default" => Some(Self::Default),
            _ => None,
        }
    }
}

/// What is asked of an MBean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// A gauge's value.
    Value,
    /// What a meter has counted.
    Count,
    /// A percentile of a histogram, as in 0.99.
    Quantile(&'static str),
}

impl Attribute {
    /// As templates name it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "value" => Some(Self::Value),
            "count" => Some(Self::Count),
            "p50" => Some(Self::Quantile("0.50")),
            "p95" => Some(Self::Quantile("0.95")),
            "p99" => Some(Self::Quantile("0.99")),
            _ => None,
        }
    }
}

/// A selector of the series of an MBean, `domain:type:name`, with further matchers; none if the MBean is not written
/// like that.
pub(crate) fn selector(rules: Rules, mbean: &str, attribute: Attribute, matchers: &str) -> Option<String> {
    let mut parts = mbean.split(':');
    let (domain, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    let (domain, area) = domain.split_once('.')?;
    let (metric, own) = match rules {
        Rules::Kafka200 => {
            let bare = name.strip_suffix("PerSec").filter(|_| attribute == Attribute::Count);
            let total = if attribute == Attribute::Count { "_total" } else { "" };
            let metric = format!("{domain}_{area}_{kind}_{}{total}", bare.unwrap_or(name)).to_lowercase();
            let own = match attribute {
                Attribute::Quantile(quantile) => format!("quantile=\"{quantile}\""),
                _ => String::new(),
            };
            (metric, own)
        }
        Rules::Default => {
            let suffix = match attribute {
                Attribute::Value => "Value".to_owned(),
                Attribute::Count => "Count".to_owned(),
                Attribute::Quantile(quantile) => format!("{}thPercentile", quantile.trim_start_matches("0.")),
            };
            (format!("{domain}_{area}_{kind}_{suffix}"), format!("name=\"{name}\""))
        }
    };
    let all: Vec<&str> = [own.as_str(), matchers]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    Some(match all.as_slice() {
        [] => metric,
        all => format!("{metric}{{{}}}", all.join(",")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the exporter writes them with its own example and with no rules.
    #[test]
    fn names_are_those_of_the_exporter() {
        for (mbean, attribute, matchers, example, default) in [
            (
                "kafka.server:BrokerTopicMetrics:MessagesInPerSec",
                Attribute::Count,
                "topic=\"\"",
                "kafka_server_brokertopicmetrics_messagesin_total{topic=\"\"}",
                "kafka_server_BrokerTopicMetrics_Count{name=\"MessagesInPerSec\",topic=\"\"}",
            ),
            (
                "kafka.controller:KafkaController:ActiveControllerCount",
                Attribute::Value,
                "",
                "kafka_controller_kafkacontroller_activecontrollercount",
                "kafka_controller_KafkaController_Value{name=\"ActiveControllerCount\"}",
            ),
            (
                "kafka.network:RequestMetrics:TotalTimeMs",
                Attribute::Quantile("0.99"),
                "request=\"Produce\"",
                "kafka_network_requestmetrics_totaltimems{quantile=\"0.99\",request=\"Produce\"}",
                "kafka_network_RequestMetrics_99thPercentile{name=\"TotalTimeMs\",request=\"Produce\"}",
            ),
            (
                "kafka.network:SocketServer:NetworkProcessorAvgIdlePercent",
                Attribute::Value,
                "",
                "kafka_network_socketserver_networkprocessoravgidlepercent",
                "kafka_network_SocketServer_Value{name=\"NetworkProcessorAvgIdlePercent\"}",
            ),
        ] {
            let named = |rules| selector(rules, mbean, attribute, matchers).unwrap();
            assert_eq!(named(Rules::Kafka200), example);
            assert_eq!(named(Rules::Default), default);
        }
        assert_eq!(selector(Rules::Default, "kafka", Attribute::Value, ""), None);
    }
}
