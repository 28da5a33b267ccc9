//! `aws_lb`: an Application Load Balancer.
//!
//! Calls and attribute keys: Elastic Load Balancing API reference, version 2015-12-01
//! (`LoadBalancerAttribute` lists the keys).
//!
//! *Invariant*: only application load balancers are made here.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, LoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use futures::future::try_join3;

use super::values::{at, differs, given, text, texts, truth, word};
use super::{
    Aws, ChildFound, Deleted, Error, ErrorKind, Found, Lifecycle, Settled, Wanted, elb, lb_listener,
};
use crate::kind::schema::Schema;
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_lb`.
pub(super) struct Lb;

const KEYS: elb::Keys = &[
    ("client_keep_alive", "client_keep_alive.seconds"),
    (
        "desync_mitigation_mode",
        "routing.http.desync_mitigation_mode",
    ),
    (
        "drop_invalid_header_fields",
        "routing.http.drop_invalid_header_fields.enabled",
    ),
    (
        "enable_cross_zone_load_balancing",
        "load_balancing.cross_zone.enabled",
    ),
    ("enable_deletion_protection", DELETION_PROTECTION),
    ("enable_http2", "routing.http2.enabled"),
    (
        "enable_tls_version_and_cipher_suite_headers",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    ),
    ("enable_waf_fail_open", "waf.fail_open.enabled"),
    (
        "enable_xff_client_port",
        "routing.http.xff_client_port.enabled",
    ),
    ("enable_zonal_shift", "zonal_shift.config.enabled"),
    ("idle_timeout", "idle_timeout.timeout_seconds"),
    (
        "preserve_host_header",
        "routing.http.preserve_host_header.enabled",
    ),
    (
        "xff_header_processing_mode",
        "routing.http.xff_header_processing.mode",
    ),
];
const DELETION_PROTECTION: &str = "deletion_protection.enabled";

/// Blocks that say where logs go, each with the start of AWS's keys for it.
const LOGS: elb::Keys = &[
    ("access_logs", "access_logs.s3"),
    ("connection_logs", "connection_logs.s3"),
    ("health_check_logs", "health_check_logs.s3"),
];

#[async_trait]
impl Lifecycle for Lb {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        elb::read(ids, |batch| read_batch(aws, batch)).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(name) = text(&wanted.attributes, "name") else {
            return Ok(Vec::new());
        };
        let client = aws.elb(&wanted.region);
        let arn = match describe(&client, Asked::Name(name)).await {
            Ok(found) => found.into_iter().find_map(|lb| lb.load_balancer_arn),
            Err(error) if error.kind == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(arn) = arn else {
            return Ok(Vec::new());
        };
        elb::found(&client, wanted, arn).await
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "elasticloadbalancing:CreateLoadBalancer";
        let attributes = &wanted.attributes;
        if let Some(other) =
            text(attributes, "load_balancer_type").filter(|of| *of != "application")
        {
            let message = format!("watertight makes application load balancers, not {other} ones");
            return Err(Error::new(ErrorKind::Refused, operation, message));
        }
        let answer = aws
            .elb(&wanted.region)
            .create_load_balancer()
            .set_name(text(attributes, "name").map(str::to_owned))
            .r#type(LoadBalancerTypeEnum::Application)
            .set_scheme(truth(attributes, "internal").map(scheme))
            .set_ip_address_type(text(attributes, "ip_address_type").map(IpAddressType::from))
            .set_subnets(texts(attributes, "subnets"))
            .set_security_groups(texts(attributes, "security_groups"))
            .set_tags(elb::tag_list(wanted.tags()))
            .send()
            .await
            .map_err(|error| elb::refused(Error::of(operation, &error)))?;
        let lb = answer.load_balancers.unwrap_or_default().into_iter().next();
        let text = lb.and_then(|lb| lb.load_balancer_arn).ok_or_else(|| {
            Error::new(ErrorKind::Uncertain, operation, "the answer names no ARN")
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text,
        })
    }

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        let answer = describe(&aws.elb(&id.region), Asked::Arns(vec![id.text.clone()])).await;
        let lb = match answer {
            Ok(found) => found.into_iter().next(),
            Err(error) if error.kind == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(lb.as_ref().map_or_else(
            || Settled::Waiting {
                what: format!("ELB: {}", elb::arn_suffix(&id.text)),
                detail: "not visible yet".to_owned(),
            },
            settled,
        ))
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
        if differs(observed, attributes, "subnets") {
            client
                .set_subnets()
                .load_balancer_arn(&id.text)
                .set_subnets(texts(attributes, "subnets"))
                .send()
                .await
                .map_err(|error| {
                    elb::refused(Error::of("elasticloadbalancing:SetSubnets", &error))
                })?;
        }
        if differs(observed, attributes, "ip_address_type") {
            client
                .set_ip_address_type()
                .load_balancer_arn(&id.text)
                .set_ip_address_type(text(attributes, "ip_address_type").map(IpAddressType::from))
                .send()
                .await
                .map_err(|error| {
                    elb::refused(Error::of("elasticloadbalancing:SetIpAddressType", &error))
                })?;
        }
        if differs(observed, attributes, "security_groups") {
            client
                .set_security_groups()
                .load_balancer_arn(&id.text)
                .set_security_groups(texts(attributes, "security_groups"))
                .send()
                .await
                .map_err(|error| {
                    elb::refused(Error::of("elasticloadbalancing:SetSecurityGroups", &error))
                })?;
        }
        let changed = changed_attributes(observed, attributes);
        if !changed.is_empty() {
            modify(&client, &id.text, changed).await?;
        }
        elb::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    /// Deletion protection goes first, whatever was observed: what was observed may be from
    /// before the entry that cleared it.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let client = aws.elb(&id.region);
        let reported = match reported(&client, &id.text).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deleted::Gone),
            answer => answer?,
        };
        if reported
            .get(DELETION_PROTECTION)
            .is_some_and(|on| on == "true")
        {
            let off = vec![(DELETION_PROTECTION.to_owned(), "false".to_owned())];
            modify(&client, &id.text, off).await?;
            let name = text(observed, "name").unwrap_or(&id.text);
            return Ok(Deleted::Waiting {
                what: format!("ELB: {name}"),
                detail: "deletion protection taken off".to_owned(),
            });
        }
        let answer = client
            .delete_load_balancer()
            .load_balancer_arn(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:DeleteLoadBalancer", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::InUse => Err(error.hint(
                "a VPC endpoint service, an accelerator or a VPC origin still sends traffic to it; take it away there first",
            )),
            Err(error) => Err(error),
        }
    }

    async fn children(&self, aws: &Aws, parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
        lb_listener::of_load_balancers(aws, parents).await
    }
}

async fn read_batch(aws: &Aws, ids: &[Id]) -> Result<BTreeMap<String, Attributes>, Error> {
    let Some(first) = ids.first() else {
        return Ok(BTreeMap::new());
    };
    let client = aws.elb(&first.region);
    let arns = elb::arns(ids);
    let (lbs, tags, reports) = try_join3(
        describe(&client, Asked::Arns(arns.clone())),
        elb::tags(&client, &arns),
        elb::reports(&arns, |arn| reported(&client, arn)),
    )
    .await?;
    Ok(elb::put_together(
        lbs.iter().map(|lb| (lb.load_balancer_arn(), lb)),
        &tags,
        &reports,
        observed,
    ))
}

enum Asked<'a> {
    Name(&'a str),
    Arns(Vec<String>),
}

async fn describe(client: &Client, asked: Asked<'_>) -> Result<Vec<LoadBalancer>, Error> {
    let call = client.describe_load_balancers();
    let call = match asked {
        Asked::Name(name) => call.names(name),
        Asked::Arns(arns) => call.set_load_balancer_arns(Some(arns)),
    };
    let answer = call
        .send()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeLoadBalancers", &error))?;
    Ok(answer.load_balancers.unwrap_or_default())
}

async fn reported(client: &Client, arn: &str) -> Result<BTreeMap<String, String>, Error> {
    let answer = client
        .describe_load_balancer_attributes()
        .load_balancer_arn(arn)
        .send()
        .await
        .map_err(|error| {
            Error::of(
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                &error,
            )
        })?;
    Ok(answer
        .attributes
        .unwrap_or_default()
        .into_iter()
        .filter_map(|attribute| Some((attribute.key?, attribute.value?)))
        .collect())
}

/// Whether a load balancer writes any of its logs into a bucket; none that is gone does.
pub(super) async fn logs_to(client: &Client, arn: &str, bucket: &str) -> Result<bool, Error> {
    let reported = match reported(client, arn).await {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(false),
        answer => answer?,
    };
    let is_this = |logs: &Value| logs.get("bucket").as_str() == Some(bucket);
    let mut kinds = LOGS.iter().filter_map(|(_, key)| logs(key, &reported));
    Ok(kinds.any(|logs| logs.items().iter().any(is_this)))
}

async fn modify(client: &Client, arn: &str, changed: Vec<(String, String)>) -> Result<(), Error> {
    let attributes = changed
        .into_iter()
        .map(|(key, value)| {
            LoadBalancerAttribute::builder()
                .key(key)
                .value(value)
                .build()
        })
        .collect();
    client
        .modify_load_balancer_attributes()
        .load_balancer_arn(arn)
        .set_attributes(Some(attributes))
        .send()
        .await
        .map_err(|error| {
            let error = Error::of("elasticloadbalancing:ModifyLoadBalancerAttributes", &error);
            // AWS answers so when it may not write the test object (user guide, "Enable
            // access logs").
            if error.message.contains("Access Denied for bucket") {
                return error.hint("the log bucket must stand in the same region, be encrypted with SSE-S3, and have a policy that lets logdelivery.elasticloadbalancing.amazonaws.com write");
            }
            elb::refused(error)
        })?;
    Ok(())
}

fn scheme(internal: bool) -> LoadBalancerSchemeEnum {
    if internal {
        LoadBalancerSchemeEnum::Internal
    } else {
        LoadBalancerSchemeEnum::InternetFacing
    }
}

fn settled(lb: &LoadBalancer) -> Settled {
    let state = lb.state.as_ref();
    let what = format!("ELB: {}", lb.load_balancer_name().unwrap_or_default());
    match state.and_then(|state| state.code.as_ref()) {
        Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
            Settled::Done
        }
        Some(LoadBalancerStateEnum::Failed) => Settled::Failed {
            why: state
                .and_then(|state| state.reason.clone())
                .unwrap_or_else(|| "AWS could not set it up".to_owned()),
        },
        other => Settled::Usable {
            what,
            detail: other
                .map_or("provisioning", |code| code.as_str())
                .to_owned(),
        },
    }
}

/// Everything that AWS reports, under the schema's names.
fn observed(lb: &LoadBalancer, reported: &BTreeMap<String, String>) -> Attributes {
    let arn = lb.load_balancer_arn().unwrap_or_default();
    let subnets = lb
        .availability_zones()
        .iter()
        .filter_map(|zone| zone.subnet_id.clone());
    let mut attributes = given([
        ("id", arn.into()),
        ("arn", arn.into()),
        ("arn_suffix", elb::arn_suffix(arn).into()),
        ("name", lb.load_balancer_name().into()),
        ("load_balancer_type", word(lb.r#type())),
        (
            "internal",
            lb.scheme()
                .map(|scheme| *scheme == LoadBalancerSchemeEnum::Internal)
                .into(),
        ),
        ("ip_address_type", word(lb.ip_address_type())),
        ("dns_name", lb.dns_name().into()),
        ("zone_id", lb.canonical_hosted_zone_id().into()),
        ("vpc_id", lb.vpc_id().into()),
        ("subnets", Value::texts(subnets)),
        (
            "security_groups",
            Value::texts(lb.security_groups().iter().cloned()),
        ),
    ]);
    if let Some(schema) = Schema::of("aws_lb") {
        attributes.extend(elb::by_name(schema, KEYS, reported));
    }
    for (block, key) in LOGS {
        if let Some(logs) = logs(key, reported) {
            attributes.insert((*block).to_owned(), logs);
        }
    }
    attributes
}

/// Where logs go. None where they go nowhere: a bucket that AWS still names while its logs
/// are off says nothing.
fn logs(key: &str, reported: &BTreeMap<String, String>) -> Option<Value> {
    let part = |part: &str| {
        reported
            .get(&format!("{key}.{part}"))
            .map_or("", String::as_str)
    };
    if part("enabled") != "true" {
        return None;
    }
    Some(Value::List(vec![Value::Map(given([
        ("enabled", true.into()),
        ("bucket", part("bucket").into()),
        ("prefix", part("prefix").into()),
    ]))]))
}

/// AWS's keys and values for everything wanted that was not observed.
fn changed_attributes(observed: &Attributes, wanted: &Attributes) -> Vec<(String, String)> {
    let mut changed: Vec<(String, String)> = elb::changed(KEYS, observed, wanted)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    for (block, key) in LOGS {
        if !differs(observed, wanted, block) {
            continue;
        }
        let enabled = truth(wanted, &format!("{block}.enabled")).unwrap_or(false);
        changed.push((format!("{key}.enabled"), enabled.to_string()));
        if !enabled {
            continue;
        }
        for part in ["bucket", "prefix"] {
            if let Some(value) = at(wanted, &format!("{block}.{part}")).scalar_text() {
                changed.push((format!("{key}.{part}"), value));
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{KEYS, changed_attributes, logs};
    use crate::kind::schema::Schema;
    use crate::value::{Attributes, Value};

    fn attributes(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Attributes {
        entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    #[test]
    fn keys_belong_to_attributes() {
        let schema = Schema::of("aws_lb").unwrap();
        for (name, _) in KEYS {
            assert!(schema.attribute(name).is_some(), "no {name}");
        }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let to = |bucket: &str| {
            Value::block([("enabled", Value::Bool(true)), ("bucket", bucket.into())])
        };
        let observed = attributes([
            ("idle_timeout", Value::Int(60)),
            ("drop_invalid_header_fields", Value::Bool(false)),
            ("access_logs", to("logs")),
        ]);
        let wanted = attributes([
            ("idle_timeout", Value::Int(60)),
            ("drop_invalid_header_fields", Value::Bool(true)),
            ("access_logs", to("logs")),
            ("connection_logs", to("logs")),
        ]);
        let sent: Vec<String> = changed_attributes(&observed, &wanted)
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            sent,
            [
                "routing.http.drop_invalid_header_fields.enabled=true",
                "connection_logs.s3.enabled=true",
                "connection_logs.s3.bucket=logs",
            ]
        );
        assert!(changed_attributes(&wanted, &wanted).is_empty());
    }

    #[test]
    fn logs_that_go_nowhere_are_no_block() {
        let reported = |entries: &[(&str, &str)]| -> BTreeMap<String, String> {
            entries
                .iter()
                .map(|(key, value)| (format!("access_logs.s3.{key}"), (*value).to_owned()))
                .collect()
        };
        let off = reported(&[("enabled", "false"), ("bucket", ""), ("prefix", "")]);
        assert_eq!(logs("access_logs.s3", &off), None);
        let on = reported(&[("enabled", "true"), ("bucket", "logs"), ("prefix", "")]);
        assert_eq!(
            logs("access_logs.s3", &on),
            Some(Value::block([
                ("enabled", Value::Bool(true)),
                ("bucket", "logs".into())
            ]))
        );
    }
}
