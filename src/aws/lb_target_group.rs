//! `aws_lb_target_group`: the application's instances or addresses.
//!
//! Calls and attribute keys: Elastic Load Balancing API reference, version 2015-12-01
//! (`TargetGroupAttribute` lists the keys).
//!
//! *Invariant*: a target group never stands with another protocol, for its traffic or its
//! health checks, than the wanted one: both are part of the call that makes it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ForwardActionConfig, Matcher, ProtocolEnum, TargetGroup, TargetGroupAttribute,
    TargetGroupIpAddressTypeEnum, TargetTypeEnum,
};
use futures::future::try_join3;

use super::lb_listener::of_load_balancer;
use super::lb_listener_rule::of_listener;
use super::values::{at, differs, given, number, text, truth, word};
use super::{Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted, elb};
use crate::kind::schema::Schema;
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_lb_target_group`.
pub(super) struct LbTargetGroup;

#[rustfmt::skip]
const KEYS: elb::Keys = &[
    ("connection_termination", "deregistration_delay.connection_termination.enabled"),
    ("deregistration_delay", "deregistration_delay.timeout_seconds"),
    ("lambda_multi_value_headers_enabled", "lambda.multi_value_headers.enabled"),
    ("load_balancing_algorithm_type", "load_balancing.algorithm.type"),
    ("load_balancing_anomaly_mitigation", "load_balancing.algorithm.anomaly_mitigation"),
    ("load_balancing_cross_zone_enabled", "load_balancing.cross_zone.enabled"),
    ("preserve_client_ip", "preserve_client_ip.enabled"),
    ("proxy_protocol_v2", "proxy_protocol_v2.enabled"),
    ("slow_start", "slow_start.duration_seconds"),
];

#[async_trait]
impl Lifecycle for LbTargetGroup {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        elb::read(ids, |batch| read_batch(aws, batch)).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(name) = text(&wanted.attributes, "name") else {
            return Ok(Vec::new());
        };
        let client = aws.elb(&wanted.region);
        let answer = client.describe_target_groups().names(name).send().await;
        let groups = match answer.map_err(|error| Error::of(DESCRIBE, &error)) {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?.target_groups.unwrap_or_default(),
        };
        match groups.into_iter().find_map(|group| group.target_group_arn) {
            Some(arn) => elb::found(&client, wanted, arn).await,
            None => Ok(Vec::new()),
        }
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "elasticloadbalancing:CreateTargetGroup";
        let attributes = &wanted.attributes;
        let owned = |path: &str| text(attributes, path).map(str::to_owned);
        let answer = aws
            .elb(&wanted.region)
            .create_target_group()
            .set_name(owned("name"))
            .set_protocol(text(attributes, "protocol").map(ProtocolEnum::from))
            .set_protocol_version(owned("protocol_version"))
            .set_port(number(attributes, "port"))
            .set_vpc_id(owned("vpc_id"))
            .set_target_type(text(attributes, "target_type").map(TargetTypeEnum::from))
            .set_ip_address_type(
                text(attributes, "ip_address_type").map(TargetGroupIpAddressTypeEnum::from),
            )
            .set_target_control_port(number(attributes, "target_control_port"))
            .set_health_check_enabled(truth(attributes, "health_check.enabled"))
            .set_health_check_protocol(
                text(attributes, "health_check.protocol").map(ProtocolEnum::from),
            )
            .set_health_check_port(owned("health_check.port"))
            .set_health_check_path(owned("health_check.path"))
            .set_health_check_interval_seconds(number(attributes, "health_check.interval"))
            .set_health_check_timeout_seconds(number(attributes, "health_check.timeout"))
            .set_healthy_threshold_count(number(attributes, "health_check.healthy_threshold"))
            .set_unhealthy_threshold_count(number(attributes, "health_check.unhealthy_threshold"))
            .set_matcher(matcher(attributes))
            .set_tags(elb::tag_list(wanted.tags()))
            .send()
            .await
            .map_err(|error| elb::refused(Error::of(operation, &error)))?;
        let group = answer.target_groups.unwrap_or_default().into_iter().next();
        let text = group
            .and_then(|group| group.target_group_arn)
            .ok_or_else(|| {
                Error::new(ErrorKind::Uncertain, operation, "the answer names no ARN")
            })?;
        Ok(Id {
            region: wanted.region.clone(),
            text,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.elb(&id.region);
        let attributes = &wanted.attributes;
        if differs(observed, attributes, "health_check") {
            let owned = |path: &str| text(attributes, path).map(str::to_owned);
            client
                .modify_target_group()
                .target_group_arn(&id.text)
                .set_health_check_enabled(truth(attributes, "health_check.enabled"))
                .set_health_check_protocol(
                    text(attributes, "health_check.protocol").map(ProtocolEnum::from),
                )
                .set_health_check_port(owned("health_check.port"))
                .set_health_check_path(owned("health_check.path"))
                .set_health_check_interval_seconds(number(attributes, "health_check.interval"))
                .set_health_check_timeout_seconds(number(attributes, "health_check.timeout"))
                .set_healthy_threshold_count(number(attributes, "health_check.healthy_threshold"))
                .set_unhealthy_threshold_count(number(
                    attributes,
                    "health_check.unhealthy_threshold",
                ))
                .set_matcher(matcher(attributes))
                .send()
                .await
                .map_err(|error| {
                    elb::refused(Error::of("elasticloadbalancing:ModifyTargetGroup", &error))
                })?;
        }
        let changed = changed_attributes(observed, attributes);
        if !changed.is_empty() {
            let changed = changed
                .into_iter()
                .map(|(key, value)| {
                    TargetGroupAttribute::builder()
                        .key(key)
                        .value(value)
                        .build()
                })
                .collect();
            client
                .modify_target_group_attributes()
                .target_group_arn(&id.text)
                .set_attributes(Some(changed))
                .send()
                .await
                .map_err(|error| {
                    let operation = "elasticloadbalancing:ModifyTargetGroupAttributes";
                    elb::refused(Error::of(operation, &error))
                })?;
        }
        elb::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    /// A group is in use for a moment after its last listener is gone.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .elb(&id.region)
            .delete_target_group()
            .target_group_arn(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:DeleteTargetGroup", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::InUse => {
                let holders: Vec<String> = self
                    .blockers(aws, id)
                    .await?
                    .into_iter()
                    .map(|blocker| blocker.what)
                    .collect();
                let detail = if holders.is_empty() {
                    "just now in use".to_owned()
                } else {
                    format!("in use by {}", holders.join(", "))
                };
                let name = text(observed, "name").unwrap_or(&id.text);
                Ok(Deleted::Waiting {
                    what: format!("ELB: {name}"),
                    detail,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The listeners and their rules that forward to it.
    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let client = aws.elb(&id.region);
        let groups = match describe(&client, std::slice::from_ref(id)).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let mut blockers = Vec::new();
        for lb in groups.iter().flat_map(TargetGroup::load_balancer_arns) {
            for listener in &of_load_balancer(&client, lb).await? {
                let port = listener.port().unwrap_or_default();
                let name = format!("listener {port} of load balancer {}", elb::arn_suffix(lb));
                if forward_to(listener.default_actions(), &id.text) {
                    blockers.push(Blocker {
                        what: name.clone(),
                        id: listener.listener_arn.clone(),
                        leaves: false,
                    });
                }
                let Some(arn) = listener.listener_arn() else {
                    continue;
                };
                for rule in of_listener(&client, arn).await? {
                    if forward_to(rule.actions(), &id.text) {
                        let priority = rule.priority().unwrap_or_default();
                        blockers.push(Blocker {
                            what: format!("rule {priority} of {name}"),
                            id: rule.rule_arn,
                            leaves: false,
                        });
                    }
                }
            }
        }
        Ok(blockers)
    }
}

/// Whether one of the actions forwards to this group.
fn forward_to(actions: &[Action], group: &str) -> bool {
    actions.iter().any(|action| {
        let forwards = action.forward_config();
        let groups = forwards
            .map(ForwardActionConfig::target_groups)
            .unwrap_or_default();
        action.target_group_arn() == Some(group)
            || groups.iter().any(|of| of.target_group_arn() == Some(group))
    })
}

const DESCRIBE: &str = "elasticloadbalancing:DescribeTargetGroups";

async fn describe(client: &Client, ids: &[Id]) -> Result<Vec<TargetGroup>, Error> {
    let answer = client
        .describe_target_groups()
        .set_target_group_arns(Some(elb::arns(ids)))
        .send()
        .await
        .map_err(|error| Error::of(DESCRIBE, &error))?;
    Ok(answer.target_groups.unwrap_or_default())
}

async fn read_batch(aws: &Aws, ids: &[Id]) -> Result<BTreeMap<String, Attributes>, Error> {
    let Some(first) = ids.first() else {
        return Ok(BTreeMap::new());
    };
    let client = aws.elb(&first.region);
    let arns = elb::arns(ids);
    let (groups, tags, reports) = try_join3(
        describe(&client, ids),
        elb::tags(&client, &arns),
        elb::reports(&arns, |arn| reported(&client, arn)),
    )
    .await?;
    let groups = groups.iter().map(|of| (of.target_group_arn(), of));
    Ok(elb::put_together(groups, &tags, &reports, observed))
}

async fn reported(client: &Client, arn: &str) -> Result<BTreeMap<String, String>, Error> {
    let answer = client
        .describe_target_group_attributes()
        .target_group_arn(arn)
        .send()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeTargetGroupAttributes", &error))?;
    Ok(answer
        .attributes
        .unwrap_or_default()
        .into_iter()
        .filter_map(|attribute| Some((attribute.key?, attribute.value?)))
        .collect())
}

/// Everything that AWS reports, under the schema's names.
fn observed(group: &TargetGroup, reported: &BTreeMap<String, String>) -> Attributes {
    let arn = group.target_group_arn().unwrap_or_default();
    let mut attributes = given([
        ("id", arn.into()),
        ("arn", arn.into()),
        ("arn_suffix", elb::arn_suffix(arn).into()),
        ("name", group.target_group_name().into()),
        ("port", group.port().into()),
        ("protocol", word(group.protocol())),
        ("protocol_version", group.protocol_version().into()),
        ("vpc_id", group.vpc_id().into()),
        ("target_type", word(group.target_type())),
        ("ip_address_type", word(group.ip_address_type())),
        ("target_control_port", group.target_control_port().into()),
        (
            "load_balancer_arns",
            Value::texts(group.load_balancer_arns().iter().cloned()),
        ),
        ("health_check", health_check(group)),
        ("stickiness", stickiness(reported)),
    ]);
    if let Some(schema) = Schema::of("aws_lb_target_group") {
        attributes.extend(elb::by_name(schema, KEYS, reported));
    }
    attributes
}

fn health_check(group: &TargetGroup) -> Value {
    let matcher = group
        .matcher()
        .and_then(|matcher| matcher.http_code().or(matcher.grpc_code()));
    Value::List(vec![Value::Map(given([
        ("enabled", group.health_check_enabled().into()),
        ("protocol", word(group.health_check_protocol())),
        ("port", group.health_check_port().into()),
        ("path", group.health_check_path().into()),
        ("interval", group.health_check_interval_seconds().into()),
        ("timeout", group.health_check_timeout_seconds().into()),
        ("healthy_threshold", group.healthy_threshold_count().into()),
        (
            "unhealthy_threshold",
            group.unhealthy_threshold_count().into(),
        ),
        ("matcher", matcher.into()),
    ]))])
}

/// The block `stickiness`, which Terraform shows even when it is off.
fn stickiness(reported: &BTreeMap<String, String>) -> Value {
    let text = |key: &str| reported.get(key).map(String::as_str);
    let Some(of) = text("stickiness.type") else {
        return Value::Null;
    };
    let seconds = text(&format!("stickiness.{of}.duration_seconds"));
    Value::List(vec![Value::Map(given([
        (
            "enabled",
            (text("stickiness.enabled") == Some("true")).into(),
        ),
        ("type", of.into()),
        (
            "cookie_duration",
            seconds.and_then(|text| text.parse::<i64>().ok()).into(),
        ),
        (
            "cookie_name",
            text(&format!("stickiness.{of}.cookie_name")).into(),
        ),
    ]))])
}

fn matcher(wanted: &Attributes) -> Option<Matcher> {
    let codes = at(wanted, "health_check.matcher").scalar_text()?;
    let matcher = Matcher::builder();
    Some(if text(wanted, "protocol_version") == Some("GRPC") {
        matcher.grpc_code(codes).build()
    } else {
        matcher.http_code(codes).build()
    })
}

/// AWS's keys and values for everything wanted that was not observed.
fn changed_attributes(observed: &Attributes, wanted: &Attributes) -> Vec<(String, String)> {
    let mut changed: Vec<(String, String)> = elb::changed(KEYS, observed, wanted)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    if let (true, Some(of)) = (
        differs(observed, wanted, "stickiness"),
        text(wanted, "stickiness.type"),
    ) {
        changed.push(("stickiness.type".to_owned(), of.to_owned()));
        let parts = [
            ("enabled", "stickiness.enabled".to_owned()),
            (
                "cookie_duration",
                format!("stickiness.{of}.duration_seconds"),
            ),
            ("cookie_name", format!("stickiness.{of}.cookie_name")),
        ];
        changed.extend(parts.into_iter().filter_map(|(name, key)| {
            Some((
                key,
                at(wanted, &format!("stickiness.{name}")).scalar_text()?,
            ))
        }));
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{KEYS, changed_attributes, stickiness};
    use crate::kind::schema::Schema;
    use crate::value::{Attributes, Value};

    #[test]
    fn keys_belong_to_attributes() {
        let schema = Schema::of("aws_lb_target_group").unwrap();
        for (name, _) in KEYS {
            assert!(schema.attribute(name).is_some(), "no {name}");
        }
    }

    #[test]
    fn stickiness_is_read_as_it_is_written() {
        let block = Value::block([
            ("type", Value::text("lb_cookie")),
            ("enabled", Value::Bool(true)),
            ("cookie_duration", Value::Int(3600)),
        ]);
        let wanted = Attributes::from([("stickiness".to_owned(), block.clone())]);
        let sent: BTreeMap<String, String> = changed_attributes(&Attributes::new(), &wanted)
            .into_iter()
            .collect();
        assert_eq!(stickiness(&sent), block);
        assert!(changed_attributes(&wanted, &wanted).is_empty());
    }
}
