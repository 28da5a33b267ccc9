//! How long a bucket's objects stay.
//!
//! *Invariant*: nothing goes sooner than by the rules that Terraform has, or than in ten years.

use serde_json::Value as Json;

/// Days that stand for "for ever", where the blueprint must have a number.
const LONG: u64 = 3650;

/// How long objects stay, as the blueprint's inputs say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Days until an object goes; none for never.
    pub(super) expire_days: Option<u64>,
    /// Days until an overwritten or deleted version goes; none for never.
    pub(super) noncurrent_days: Option<u64>,
    /// Whether there are rules that the inputs can't say.
    pub(super) is_more: bool,
}

impl Lifetime {
    /// Of the rules of `aws_s3_bucket_lifecycle_configuration` (`rule`), or of those that the
    /// bucket itself has in the provider's older form (`lifecycle_rule`).
    pub(super) fn of(rules: &Json) -> Self {
        let mut found = Self::default();
        let rules = rules.as_array().into_iter().flatten();
        for rule in rules.filter(|rule| is_on(rule)) {
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
                .any(|name| {
                    rule.get(name)
                        .and_then(Json::as_array)
                        .is_some_and(|all| !all.is_empty())
                });
            found.expire_days = sooner(found.expire_days, expiration);
            found.noncurrent_days = sooner(found.noncurrent_days, noncurrent);
        }
        found
    }

    /// As lines of a component.
    pub(super) fn lines(self) -> String {
        let expires = self
            .expire_days
            .map(|days| format!("expire_days = {days}\n"));
        let noncurrent = match self.noncurrent_days {
            Some(days) => format!("noncurrent_days = {days}\n"),
            None => format!(
                "noncurrent_days = {LONG}  # so far overwritten and deleted versions stay for ever\n"
            ),
        };
        expires.unwrap_or_default() + &noncurrent
    }
}

fn is_on(rule: &Json) -> bool {
    let status = rule.get("status").and_then(Json::as_str);
    status == Some("Enabled") || rule.get("enabled") == Some(&Json::Bool(true))
}

/// Whether a rule is about every object: neither a prefix nor a tag nor a size stands anywhere in
/// its filter.
fn is_of_all(rule: &Json) -> bool {
    let parts = ["prefix", "filter", "tags"];
    parts.iter().all(|name| rule.get(name).is_none_or(is_empty))
}

fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(_) => true,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.iter().all(is_empty),
        Json::Object(entries) => entries.values().all(is_empty),
    }
}

fn days(rule: &Json, block: &str, names: &[&str]) -> Option<u64> {
    let block = rule.get(block)?.get(0)?;
    let days = names.iter().find_map(|name| block.get(name)?.as_u64());
    days.filter(|days| *days > 0)
}

fn sooner(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Lifetime;

    #[test]
    fn rules_of_the_whole_bucket_become_inputs() {
        let rules = json!([
            {"status": "Enabled", "prefix": "", "filter": [{"prefix": "", "tag": []}],
             "expiration": [{"days": 365, "date": ""}],
             "noncurrent_version_expiration": [{"noncurrent_days": 30}]},
            {"status": "Enabled", "filter": [], "expiration": [{"days": 400}]},
            {"status": "Disabled", "filter": [], "expiration": [{"days": 1}]},
        ]);
        let found = Lifetime::of(&rules);
        assert_eq!(found.lines(), "expire_days = 365\nnoncurrent_days = 30\n");
        assert!(!found.is_more);
    }

    #[test]
    fn what_stays_for_ever_stays_long() {
        let none = Lifetime::of(&json!(null));
        assert_eq!(none, Lifetime::default());
        assert!(none.lines().starts_with("noncurrent_days = 3650"));
    }

    #[test]
    fn rules_of_a_part_are_told_and_none_of_them_spreads() {
        let rules = json!([
            {"enabled": true, "prefix": "tmp/", "expiration": [{"days": 1}]},
            {"enabled": true, "prefix": "", "transition": [{"days": 30}],
             "noncurrent_version_expiration": [{"days": 7}]},
        ]);
        let found = Lifetime::of(&rules);
        assert_eq!(found.lines(), "noncurrent_days = 7\n");
        assert!(found.is_more);
    }
}
