//! Which of several quotas counts, by Kafka's order of precedence.

use std::collections::BTreeMap;

use client::{QuotaEntity, QuotaValues};

use super::entity::{CLIENT_ID, IP, USER};

/// For each key, whose quota counts, and its value. `named` is who is asked about.
pub(super) fn effective(
    all: &BTreeMap<QuotaEntity, QuotaValues>,
    named: &QuotaEntity,
) -> BTreeMap<String, (QuotaEntity, f64)> {
    let mut found = BTreeMap::new();
    for entity in candidates(named) {
        for (key, value) in all.get(&entity).into_iter().flatten() {
            found.entry(key.clone()).or_insert_with(|| (entity.clone(), *value));
        }
    }
    found
}

/// Whose quotas are looked for, in order.
fn candidates(named: &QuotaEntity) -> Vec<QuotaEntity> {
    let levels = |kind: &str| {
        let mut levels: Vec<Option<String>> = named.get(kind).cloned().flatten().map(Some).into_iter().collect();
        levels.push(None);
        levels
    };
    let entity = |parts: &[(&str, &Option<String>)]| -> QuotaEntity {
        parts
            .iter()
            .map(|(kind, name)| ((*kind).to_owned(), (*name).clone()))
            .collect()
    };
    if named.contains_key(IP) {
        return levels(IP).iter().map(|ip| entity(&[(IP, ip)])).collect();
    }
    let (users, clients) = (levels(USER), levels(CLIENT_ID));
    let mut candidates = Vec::new();
    for user in &users {
        candidates.extend(
            clients
                .iter()
                .map(|client| entity(&[(USER, user), (CLIENT_ID, client)])),
        );
        candidates.push(entity(&[(USER, user)]));
    }
    candidates.extend(clients.iter().map(|client| entity(&[(CLIENT_ID, client)])));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(user: Option<Option<&str>>, client: Option<Option<&str>>) -> QuotaEntity {
        let part = |kind: &str, name: Option<Option<&str>>| Some((kind.to_owned(), name?.map(str::to_owned)));
        [part(USER, user), part(CLIENT_ID, client)]
            .into_iter()
            .flatten()
            .collect()
    }

    #[test]
    fn the_order_is_kafkas() {
        let (alice, app) = (Some(Some("alice")), Some(Some("app")));
        let default = Some(None);
        // From the weakest to the strongest: each that is added counts.
        let order = [
            (None, default),
            (None, app),
            (default, None),
            (default, default),
            (default, app),
            (alice, None),
            (alice, default),
            (alice, app),
        ];
        let mut all = BTreeMap::new();
        for (at, (user, client)) in (1..).zip(order) {
            let value = f64::from(at);
            all.insert(
                entity(user, client),
                QuotaValues::from([("producer_byte_rate".to_owned(), value)]),
            );
            let found = effective(&all, &entity(alice, app));
            assert_eq!(found["producer_byte_rate"], (entity(user, client), value));
        }
        // Others get what is there for everybody, and keys count each for itself.
        all.insert(
            entity(None, default),
            QuotaValues::from([("request_percentage".to_owned(), 9.0)]),
        );
        let found = effective(&all, &entity(Some(Some("bob")), Some(Some("other"))));
        assert_eq!(found["producer_byte_rate"].0, entity(default, default));
        assert_eq!(found["request_percentage"], (entity(None, default), 9.0));
        assert!(effective(&BTreeMap::new(), &entity(alice, None)).is_empty());
    }

    #[test]
    fn addresses_have_their_own_or_that_of_all() {
        let of = |name: Option<&str>| QuotaEntity::from([(IP.to_owned(), name.map(str::to_owned))]);
        let rate = |value| QuotaValues::from([("connection_creation_rate".to_owned(), value)]);
        let all = BTreeMap::from([(of(None), rate(5.0)), (of(Some("10.0.0.1")), rate(7.0))]);
        let counts = |ip| effective(&all, &of(Some(ip)))["connection_creation_rate"].1;
        assert_eq!((counts("10.0.0.1"), counts("10.0.0.2")), (7.0, 5.0));
    }
}
