//! How long a bucket's objects stay.
//!
//! *Invariant*: nothing goes sooner than by the rules that Terraform has, or than in ten years.

use crate::value::Value;

/// Days that stand for "for ever", where the blueprint must have a number.
pub(super) const LONG: i64 = 3650;

/// How long objects stay, as the blueprint's inputs say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Days until an object goes; none for never.
    pub(super) expire_days: Option<i64>,
    /// Days until an overwritten or deleted version goes; none for never.
    pub(super) noncurrent_days: Option<i64>,
    /// Whether there are rules that the inputs can't say.
    pub(super) is_more: bool,
}

impl Lifetime {
    /// Of the rules of `aws_s3_bucket_lifecycle_configuration` (`rule`), or of those that the
    /// bucket itself has in the provider's older form (`lifecycle_rule`).
    pub(super) fn of(rules: &Value) -> Self {
        let mut found = Self::default();
        for rule in rules.items().iter().filter(|rule| is_on(rule)) {
            if !is_of_all(rule) {
                found.is_more = true;
                continue;
            }
            let expiration = days(rule, "expiration", &["days"]);
            let noncurrent = days(
                rule,
                "noncurrent_version_expiration",
                &["noncurrent_days", "days"],
            );
            found.is_more |= ["transition", "noncurrent_version_transition"]
                .iter()
                .any(|name| !rule.get(name).items().is_empty());
            found.expire_days = sooner(found.expire_days, expiration);
            found.noncurrent_days = sooner(found.noncurrent_days, noncurrent);
        }
        found
    }
}

fn is_on(rule: &Value) -> bool {
    rule.get("status").as_str() == Some("Enabled") || rule.get("enabled").as_bool() == Some(true)
}

/// Whether a rule is about every object: neither a prefix nor a tag nor a size stands anywhere in
/// its filter.
fn is_of_all(rule: &Value) -> bool {
    let mut parts = ["prefix", "filter", "tags"].into_iter();
    parts.all(|name| is_empty(rule.get(name)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(0) => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.iter().all(is_empty),
        Value::Map(entries) => entries.values().all(is_empty),
        _ => false,
    }
}

fn days(rule: &Value, block: &str, names: &[&str]) -> Option<i64> {
    let block = rule.get(block).items().first()?;
    let days = names.iter().find_map(|name| block.get(name).as_int());
    days.filter(|days| *days > 0)
}

fn sooner(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Lifetime;
    use crate::value::Value;

    fn of(rules: &serde_json::Value) -> Lifetime {
        Lifetime::of(&Value::from_json(rules))
    }

    #[test]
    fn rules_of_the_whole_bucket_become_inputs() {
        let found = of(&json!([
            {"status": "Enabled", "prefix": "", "filter": [{"prefix": "", "tag": []}],
             "expiration": [{"days": 365, "date": ""}],
             "noncurrent_version_expiration": [{"noncurrent_days": 30}]},
            {"status": "Enabled", "filter": [], "expiration": [{"days": 400}]},
            {"status": "Disabled", "filter": [], "expiration": [{"days": 1}]},
        ]));
        let expected = Lifetime {
            expire_days: Some(365),
            noncurrent_days: Some(30),
            is_more: false,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn what_stays_for_ever_has_no_days() {
        assert_eq!(of(&json!(null)), Lifetime::default());
    }

    #[test]
    fn rules_of_a_part_are_told_and_none_of_them_spreads() {
        let found = of(&json!([
            {"enabled": true, "prefix": "tmp/", "expiration": [{"days": 1}]},
            {"enabled": true, "prefix": "", "transition": [{"days": 30}],
             "noncurrent_version_expiration": [{"days": 7}]},
        ]));
        let expected = Lifetime {
            expire_days: None,
            noncurrent_days: Some(7),
            is_more: true,
        };
        assert_eq!(found, expected);
    }
}
