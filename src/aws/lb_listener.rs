//! `aws_lb_listener`: a port of a load balancer.
//!
//! Calls and attribute keys: Elastic Load Balancing API reference, version 2015-12-01
//! (`ListenerAttribute` lists the keys).
//!
//! *Invariant*: a listener never stands with another TLS policy or certificate than the
//! wanted ones: they are part of the call that makes or changes it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum, Certificate, Listener, ListenerAttribute,
    MutualAuthenticationAttributes, ProtocolEnum,
};
use futures::future::{try_join_all, try_join3};

use super::lb_listener_action as action;
use super::values::{at, differs, given, number, text, truth, word};
use super::{
    Aws, ChildFound, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted, elb, lb_listener_rule,
};
use crate::kind::schema::Schema;
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_lb_listener`.
pub(super) struct LbListener;

#[rustfmt::skip]
const KEYS: elb::Keys = &[
    ("routing_http_request_x_amzn_mtls_clientcert_header_name", "routing.http.request.x_amzn_mtls_clientcert.header_name"),
    ("routing_http_request_x_amzn_mtls_clientcert_issuer_header_name", "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name"),
    ("routing_http_request_x_amzn_mtls_clientcert_leaf_header_name", "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name"),
    ("routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name", "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name"),
    ("routing_http_request_x_amzn_mtls_clientcert_subject_header_name", "routing.http.request.x_amzn_mtls_clientcert_subject.header_name"),
    ("routing_http_request_x_amzn_mtls_clientcert_validity_header_name", "routing.http.request.x_amzn_mtls_clientcert_validity.header_name"),
    ("routing_http_request_x_amzn_tls_cipher_suite_header_name", "routing.http.request.x_amzn_tls_cipher_suite.header_name"),
    ("routing_http_request_x_amzn_tls_version_header_name", "routing.http.request.x_amzn_tls_version.header_name"),
    ("routing_http_response_access_control_allow_credentials_header_value", "routing.http.response.access_control_allow_credentials.header_value"),
    ("routing_http_response_access_control_allow_headers_header_value", "routing.http.response.access_control_allow_headers.header_value"),
    ("routing_http_response_access_control_allow_methods_header_value", "routing.http.response.access_control_allow_methods.header_value"),
    ("routing_http_response_access_control_allow_origin_header_value", "routing.http.response.access_control_allow_origin.header_value"),
    ("routing_http_response_access_control_expose_headers_header_value", "routing.http.response.access_control_expose_headers.header_value"),
    ("routing_http_response_access_control_max_age_header_value", "routing.http.response.access_control_max_age.header_value"),
    ("routing_http_response_content_security_policy_header_value", "routing.http.response.content_security_policy.header_value"),
    ("routing_http_response_server_enabled", "routing.http.response.server.enabled"),
    ("routing_http_response_strict_transport_security_header_value", "routing.http.response.strict_transport_security.header_value"),
    ("routing_http_response_x_content_type_options_header_value", "routing.http.response.x_content_type_options.header_value"),
    ("routing_http_response_x_frame_options_header_value", "routing.http.response.x_frame_options.header_value"),
    ("tcp_idle_timeout_seconds", "tcp.idle_timeout.seconds"),
];

/// What `ModifyListener` changes.
const MODIFIED: &[&str] = &[
    "alpn_policy",
    "certificate_arn",
    "default_action",
    "mutual_authentication",
    "port",
    "protocol",
    "ssl_policy",
];

#[async_trait]
impl Lifecycle for LbListener {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        elb::read(ids, |batch| read_batch(aws, batch)).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(lb) = text(&wanted.attributes, "load_balancer_arn") else {
            return Ok(Vec::new());
        };
        let client = aws.elb(&wanted.region);
        let listeners = match of_load_balancer(&client, lb).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let port = number(&wanted.attributes, "port");
        let arn = listeners
            .into_iter()
            .find(|listener| listener.port == port)
            .and_then(|listener| listener.listener_arn);
        match arn {
            Some(arn) => elb::found(&client, wanted, arn).await,
            None => Ok(Vec::new()),
        }
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "elasticloadbalancing:CreateListener";
        let attributes = &wanted.attributes;
        let answer = aws
            .elb(&wanted.region)
            .create_listener()
            .set_load_balancer_arn(text(attributes, "load_balancer_arn").map(str::to_owned))
            .set_port(number(attributes, "port"))
            .set_protocol(text(attributes, "protocol").map(ProtocolEnum::from))
            .set_ssl_policy(text(attributes, "ssl_policy").map(str::to_owned))
            .set_certificates(certificates(attributes))
            .set_alpn_policy(alpn_policy(attributes))
            .set_mutual_authentication(mutual_authentication(attributes))
            .set_default_actions(Some(action::to_aws(at(attributes, "default_action"))))
            .set_tags(elb::tag_list(wanted.tags()))
            .send()
            .await
            .map_err(|error| refused(Error::of(operation, &error), wanted))?;
        let listener = answer.listeners.unwrap_or_default().into_iter().next();
        let text = listener
            .and_then(|listener| listener.listener_arn)
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
        let changed = |name: &str| differs(observed, attributes, name);
        if MODIFIED.iter().any(|name| changed(name)) {
            let operation = "elasticloadbalancing:ModifyListener";
            client
                .modify_listener()
                .listener_arn(&id.text)
                .set_port(number(attributes, "port"))
                .set_protocol(text(attributes, "protocol").map(ProtocolEnum::from))
                .set_ssl_policy(text(attributes, "ssl_policy").map(str::to_owned))
                .set_certificates(certificates(attributes))
                .set_alpn_policy(alpn_policy(attributes))
                .set_mutual_authentication(mutual_authentication(attributes))
                .set_default_actions(Some(action::to_aws(at(attributes, "default_action"))))
                .send()
                .await
                .map_err(|error| refused(Error::of(operation, &error), wanted))?;
        }
        let changed = elb::changed(KEYS, observed, attributes);
        if !changed.is_empty() {
            let changed = changed
                .into_iter()
                .map(|(key, value)| ListenerAttribute::builder().key(key).value(value).build())
                .collect();
            client
                .modify_listener_attributes()
                .listener_arn(&id.text)
                .set_attributes(Some(changed))
                .send()
                .await
                .map_err(|error| {
                    let operation = "elasticloadbalancing:ModifyListenerAttributes";
                    elb::refused(Error::of(operation, &error))
                })?;
        }
        elb::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .elb(&id.region)
            .delete_listener()
            .listener_arn(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:DeleteListener", &error));
        match answer {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(Deleted::Gone),
        }
    }

    async fn children(&self, aws: &Aws, parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
        lb_listener_rule::of_listeners(aws, parents).await
    }
}

/// Every listener of these load balancers. What is reported of each by key is left out: it
/// would be a call for each.
pub(super) async fn of_load_balancers(aws: &Aws, parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
    let found = parents.iter().map(|parent| async move {
        let client = aws.elb(&parent.region);
        match of_load_balancer(&client, &parent.text).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            listeners => Ok(listeners?
                .iter()
                .filter_map(|listener| {
                    Some(ChildFound {
                        kind: "aws_lb_listener",
                        id: Id {
                            region: parent.region.clone(),
                            text: listener.listener_arn.clone()?,
                        },
                        attributes: observed(listener, &BTreeMap::new()),
                    })
                })
                .collect()),
        }
    });
    let found: Vec<Vec<ChildFound>> = try_join_all(found).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Every listener of a load balancer.
pub(super) async fn of_load_balancer(client: &Client, lb: &str) -> Result<Vec<Listener>, Error> {
    client
        .describe_listeners()
        .load_balancer_arn(lb)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeListeners", &error))
}

async fn read_batch(aws: &Aws, ids: &[Id]) -> Result<BTreeMap<String, Attributes>, Error> {
    let Some(first) = ids.first() else {
        return Ok(BTreeMap::new());
    };
    let client = aws.elb(&first.region);
    let arns = elb::arns(ids);
    let (listeners, tags, reports) = try_join3(
        describe(&client, arns.clone()),
        elb::tags(&client, &arns),
        elb::reports(&arns, |arn| reported(&client, arn)),
    )
    .await?;
    let listeners = listeners.iter().map(|of| (of.listener_arn(), of));
    Ok(elb::put_together(listeners, &tags, &reports, observed))
}

async fn describe(client: &Client, arns: Vec<String>) -> Result<Vec<Listener>, Error> {
    let answer = client
        .describe_listeners()
        .set_listener_arns(Some(arns))
        .send()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeListeners", &error))?;
    Ok(answer.listeners.unwrap_or_default())
}

async fn reported(client: &Client, arn: &str) -> Result<BTreeMap<String, String>, Error> {
    let answer = client
        .describe_listener_attributes()
        .listener_arn(arn)
        .send()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeListenerAttributes", &error))?;
    Ok(answer
        .attributes
        .unwrap_or_default()
        .into_iter()
        .filter_map(|attribute| Some((attribute.key?, attribute.value?)))
        .collect())
}

/// Everything that AWS reports, under the schema's names.
fn observed(listener: &Listener, reported: &BTreeMap<String, String>) -> Attributes {
    let certificate = listener.certificates().first();
    let mut attributes = given([
        ("id", listener.listener_arn().into()),
        ("arn", listener.listener_arn().into()),
        ("load_balancer_arn", listener.load_balancer_arn().into()),
        ("port", listener.port().into()),
        ("protocol", word(listener.protocol())),
        ("ssl_policy", listener.ssl_policy().into()),
        (
            "certificate_arn",
            certificate.and_then(|of| of.certificate_arn()).into(),
        ),
        (
            "alpn_policy",
            listener.alpn_policy().first().map(String::as_str).into(),
        ),
        (
            "default_action",
            action::from_aws(listener.default_actions()),
        ),
        (
            "mutual_authentication",
            listener
                .mutual_authentication()
                .map_or(Value::Null, observed_mutual_authentication),
        ),
    ]);
    if let Some(schema) = Schema::of("aws_lb_listener") {
        attributes.extend(elb::by_name(schema, KEYS, reported));
    }
    attributes
}

/// As Terraform shows it: of a mode that is off, nothing but the mode.
fn observed_mutual_authentication(of: &MutualAuthenticationAttributes) -> Value {
    let Some(mode) = of.mode() else {
        return Value::Null;
    };
    if mode == "off" {
        return Value::block([("mode", mode.into())]);
    }
    Value::List(vec![Value::Map(given([
        ("mode", mode.into()),
        ("trust_store_arn", of.trust_store_arn().into()),
        (
            "ignore_client_certificate_expiry",
            of.ignore_client_certificate_expiry().into(),
        ),
        (
            "advertise_trust_store_ca_names",
            word(of.advertise_trust_store_ca_names()),
        ),
    ]))])
}

fn mutual_authentication(wanted: &Attributes) -> Option<MutualAuthenticationAttributes> {
    let part = |part: &str| format!("mutual_authentication.{part}");
    let mode = text(wanted, &part("mode"))?;
    Some(
        MutualAuthenticationAttributes::builder()
            .mode(mode)
            .set_trust_store_arn(text(wanted, &part("trust_store_arn")).map(str::to_owned))
            .set_ignore_client_certificate_expiry(truth(
                wanted,
                &part("ignore_client_certificate_expiry"),
            ))
            .set_advertise_trust_store_ca_names(
                text(wanted, &part("advertise_trust_store_ca_names"))
                    .map(AdvertiseTrustStoreCaNamesEnum::from),
            )
            .build(),
    )
}

fn certificates(wanted: &Attributes) -> Option<Vec<Certificate>> {
    let arn = text(wanted, "certificate_arn")?;
    Some(vec![Certificate::builder().certificate_arn(arn).build()])
}

fn alpn_policy(wanted: &Attributes) -> Option<Vec<String>> {
    Some(vec![text(wanted, "alpn_policy")?.to_owned()])
}

/// A listener's failure; one about its TLS policy names the policy and the region.
fn refused(error: Error, wanted: &Wanted) -> Error {
    let policy = text(&wanted.attributes, "ssl_policy");
    match (error.code.as_deref(), policy) {
        (Some("SSLPolicyNotFound"), Some(policy)) => {
            let region = &wanted.region;
            elb::refused(error).hint(format!(
                "the region has no TLS policy {policy}; `aws elbv2 describe-ssl-policies --region {region}` lists those it has: set `tls_policy` to one that leads there"
            ))
        }
        _ => elb::refused(error),
    }
}

#[cfg(test)]
mod tests {
    use super::KEYS;
    use crate::kind::schema::Schema;

    #[test]
    fn every_header_of_the_schema_has_its_key() {
        let schema = Schema::of("aws_lb_listener").unwrap();
        let headers: Vec<&str> = schema
            .attributes
            .iter()
            .map(|attribute| attribute.name)
            .filter(|name| name.starts_with("routing_http_") || name.starts_with("tcp_"))
            .collect();
        let keys: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        assert_eq!(keys, headers);
        for (name, key) in KEYS {
            assert_eq!(*name, key.replace('.', "_"));
        }
    }
}
