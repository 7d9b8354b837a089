//! Keys that are not what was meant.

use super::source::Source;
use protocol::config::distance;

/// The keys that count here.
const KEYS: [&str; 24] = [
    "bootstrap.servers",
    "client.id",
    "config.providers",
    "default.api.timeout.ms",
    "kfleet.oauthbearer.token.command",
    "request.timeout.ms",
    "sasl.jaas.config",
    "sasl.mechanism",
    "sasl.oauthbearer.client.credentials.client.id",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.scope",
    "sasl.oauthbearer.token.endpoint.url",
    "security.protocol",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.type",
];

/// librdkafka's names, which Java's clients do not know, and theirs for the same.
const OF_LIBRDKAFKA: [(&str, &str); 9] = [
    (
        "enable.ssl.certificate.verification",
        "ssl.endpoint.identification.algorithm",
    ),
    ("metadata.broker.list", "bootstrap.servers"),
    ("sasl.password", "sasl.jaas.config"),
    ("sasl.username", "sasl.jaas.config"),
    ("ssl.ca.location", "ssl.truststore.location"),
    ("ssl.ca.pem", "ssl.truststore.certificates"),
    ("ssl.certificate.location", "ssl.keystore.location"),
    ("ssl.certificate.pem", "ssl.keystore.certificate.chain"),
    ("ssl.key.location", "ssl.keystore.location"),
];

/// Names keys that nearly are one of those that count. All others are ignored, as Kafka's clients do.
pub(super) fn look_for_mistakes(source: &Source, warnings: &mut Vec<String>) {
    for key in source.keys() {
        let place = format!("{}:{}", source.shown(), source.line(key));
        let other = OF_LIBRDKAFKA.iter().find(|(name, _)| *name == key);
        if let Some((_, javas)) = other {
            warnings.push(format!(
                "{place}: {key} is librdkafka's and is ignored; Java's is {javas}"
            ));
        } else if let Some(meant) = meant(key) {
            warnings.push(format!(
                "{place}: {key} is not known and is ignored; did you mean {meant}?"
            ));
        }
    }
}

fn meant(key: &str) -> Option<&'static str> {
    if KEYS.contains(&key) {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    let nearest = KEYS.iter().map(|known| (distance(known, &lower), *known)).min();
    nearest.filter(|(distance, _)| *distance <= 2).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_misses_are_named() {
        assert_eq!(meant("ssl.trustore.location"), Some("ssl.truststore.location"));
        assert_eq!(meant("Security.Protocol"), Some("security.protocol"));
        assert_eq!(meant("sasl.mechanisms"), Some("sasl.mechanism"));
        for fine in [
            "acks",
            "group.id",
            "client.rack",
            "security.providers",
            "ssl.protocol",
            "ssl.truststore.password",
            "client.id",
        ] {
            assert_eq!(meant(fine), None, "{fine}");
        }
    }
}
