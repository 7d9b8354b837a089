//! Names that are most like one that does not exist.

use protocol::config::distance;

/// How many are shown.
const SHOWN_MAX: usize = 3;

/// The known names that are like this one, the nearest first: a slip or two away, or with all of it inside.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let asked = name.to_lowercase();
    let slips_max = (asked.len() / 4).clamp(1, 3);
    let like = known.into_iter().filter_map(|known| {
        let other = known.to_lowercase();
        let slips = distance(&asked, &other);
        let holds = asked.len() >= 3 && other.contains(&asked);
        (slips <= slips_max || holds).then_some((slips, known))
    });
    let mut like: Vec<(usize, &str)> = like.collect();
    like.sort_unstable();
    like.into_iter().take(SHOWN_MAX).map(|(_, known)| known).collect()
}

/// "did you mean a or b?", if there is anything to mean.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let like = nearest(name, known);
    (!like.is_empty()).then(|| format!("did you mean {}?", like.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_parts_are_found_and_nothing_else() {
        let known = ["billing", "billing-eu", "orders", "a", "b"];
        let like = |name: &str| nearest(name, known);
        assert_eq!(like("biling"), ["billing"]);
        assert_eq!(like("Billing"), ["billing", "billing-eu"]);
        assert_eq!(like("order"), ["orders"]);
        assert!(like("shipping").is_empty() && like("").len() <= 2);
        assert_eq!(
            did_you_mean("billin", known).unwrap(),
            "did you mean billing or billing-eu?"
        );
        assert_eq!(did_you_mean("payments", known), None);
    }
}
