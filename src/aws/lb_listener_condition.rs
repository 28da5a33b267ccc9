//! The conditions of a listener's rule, between AWS's form and the schema's.
//!
//! *Invariant*: AWS's older form of a condition, `Values` beside `Field`, is neither sent
//! nor read: what it says stands in the newer one too (API reference, `RuleCondition`).

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
    PathPatternConditionConfig, QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition,
    SourceIpConditionConfig,
};

use super::values::{given, text, texts};
use crate::value::{Attributes, Value};

/// The blocks `condition`.
pub(super) fn from_aws(conditions: &[RuleCondition]) -> Value {
    Value::List(
        conditions
            .iter()
            .map(|condition| Value::Map(block(condition)))
            .collect(),
    )
}

/// The conditions of blocks `condition`, one a block.
pub(super) fn to_aws(blocks: &Value) -> Vec<RuleCondition> {
    blocks
        .items()
        .iter()
        .filter_map(Value::as_map)
        .flat_map(conditions)
        .collect()
}

fn block(condition: &RuleCondition) -> Attributes {
    given([
        (
            "host_header",
            condition.host_header_config().map_or(Value::Null, |of| {
                one([
                    ("values", set(of.values())),
                    ("regex_values", set(of.regex_values())),
                ])
            }),
        ),
        (
            "http_header",
            condition.http_header_config().map_or(Value::Null, |of| {
                one([
                    ("http_header_name", of.http_header_name().into()),
                    ("values", set(of.values())),
                    ("regex_values", set(of.regex_values())),
                ])
            }),
        ),
        (
            "http_request_method",
            condition
                .http_request_method_config()
                .map_or(Value::Null, |of| one([("values", set(of.values()))])),
        ),
        (
            "path_pattern",
            condition.path_pattern_config().map_or(Value::Null, |of| {
                one([
                    ("values", set(of.values())),
                    ("regex_values", set(of.regex_values())),
                ])
            }),
        ),
        (
            "query_string",
            condition.query_string_config().map_or(Value::Null, |of| {
                let pairs = of.values().iter().map(|pair| {
                    Value::Map(given([
                        ("key", pair.key().into()),
                        ("value", pair.value().into()),
                    ]))
                });
                Value::List(pairs.collect())
            }),
        ),
        (
            "source_ip",
            condition
                .source_ip_config()
                .map_or(Value::Null, |of| one([("values", set(of.values()))])),
        ),
    ])
}

fn one<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::List(vec![Value::Map(given(entries))])
}

fn set(values: &[String]) -> Value {
    if values.is_empty() {
        Value::Null
    } else {
        Value::texts(values.iter().cloned())
    }
}

fn conditions(block: &Attributes) -> Vec<RuleCondition> {
    let part = |name: &str| block.get(name)?.items().first()?.as_map();
    let of = |field: &str| RuleCondition::builder().field(field);
    let mut found = Vec::new();
    if let Some(config) = part("host_header") {
        let config = HostHeaderConditionConfig::builder()
            .set_values(texts(config, "values"))
            .set_regex_values(texts(config, "regex_values"))
            .build();
        found.push(of("host-header").host_header_config(config).build());
    }
    if let Some(config) = part("http_header") {
        let config = HttpHeaderConditionConfig::builder()
            .set_http_header_name(text(config, "http_header_name").map(str::to_owned))
            .set_values(texts(config, "values"))
            .set_regex_values(texts(config, "regex_values"))
            .build();
        found.push(of("http-header").http_header_config(config).build());
    }
    if let Some(config) = part("http_request_method") {
        let config = HttpRequestMethodConditionConfig::builder()
            .set_values(texts(config, "values"))
            .build();
        let condition = of("http-request-method").http_request_method_config(config);
        found.push(condition.build());
    }
    if let Some(config) = part("path_pattern") {
        let config = PathPatternConditionConfig::builder()
            .set_values(texts(config, "values"))
            .set_regex_values(texts(config, "regex_values"))
            .build();
        found.push(of("path-pattern").path_pattern_config(config).build());
    }
    let pairs: Vec<QueryStringKeyValuePair> = block
        .get("query_string")
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_map)
        .map(|pair| {
            QueryStringKeyValuePair::builder()
                .set_key(text(pair, "key").map(str::to_owned))
                .set_value(text(pair, "value").map(str::to_owned))
                .build()
        })
        .collect();
    if !pairs.is_empty() {
        let config = QueryStringConditionConfig::builder()
            .set_values(Some(pairs))
            .build();
        found.push(of("query-string").query_string_config(config).build());
    }
    if let Some(config) = part("source_ip") {
        let config = SourceIpConditionConfig::builder()
            .set_values(texts(config, "values"))
            .build();
        found.push(of("source-ip").source_ip_config(config).build());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{from_aws, to_aws};
    use crate::value::Value;

    #[test]
    fn what_is_written_is_read_back() {
        let texts = |texts: &[&str]| Value::texts(texts.iter().copied());
        let one =
            |name: &str, entries: Vec<(&str, Value)>| Value::map([(name, Value::block(entries))]);
        let pair = |key: &str, value: &str| {
            Value::map([("key", Value::text(key)), ("value", value.into())])
        };
        let blocks = Value::List(vec![
            one(
                "host_header",
                vec![("values", texts(&["a.example.com", "*.b.example.com"]))],
            ),
            one(
                "http_header",
                vec![
                    ("http_header_name", "X-Tenant".into()),
                    ("values", texts(&["a"])),
                ],
            ),
            one("http_request_method", vec![("values", texts(&["GET"]))]),
            one(
                "path_pattern",
                vec![("regex_values", texts(&["^/v[0-9]+/"]))],
            ),
            Value::map([(
                "query_string",
                Value::List(vec![pair("a", "1"), pair("b", "2")]),
            )]),
            one("source_ip", vec![("values", texts(&["10.0.0.0/8"]))]),
        ]);
        assert_eq!(from_aws(&to_aws(&blocks)), blocks);
    }
}
