//! Makes and deletes VPC origins.
//!
//! Facts: *Amazon CloudFront API Reference* (`CreateVpcOrigin`, `GetVpcOrigin`,
//! `DeleteVpcOrigin`); *Developer Guide*, "Restrict access with VPC origins".
//!
//! *Invariant*: a VPC origin that a distribution uses is never sent a delete that could
//! succeed; CloudFront refuses it, and that is a wait.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudfront::config::{Config, retry::RetryConfig};
use aws_sdk_cloudfront::operation::get_vpc_origin::GetVpcOriginOutput;
use aws_sdk_cloudfront::types::{
    Origin, OriginSslProtocols, SslProtocol, VpcOriginEndpointConfig, VpcOriginSummary,
};

use super::cloudfront::{
    block, each, failed, id_of, incomplete, present, quantity, read_each, sdk_tags, set, set_block,
    small, tags_of, text, text_set, texts, update_tags,
};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Settled, Wanted,
    cloudfront_distribution,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

const GET: &str = "cloudfront:GetVpcOrigin";

/// What the name of the group begins with that AWS makes in the VPC of a VPC origin
/// (Developer Guide, "Restrict access with VPC origins").
pub(super) const SERVICE_GROUP: &str = "CloudFront-VPCOrigins-Service-SG";

/// The lifecycle of `aws_cloudfront_vpc_origin`.
pub(super) struct CloudfrontVpcOrigin;

#[async_trait]
impl Lifecycle for CloudfrontVpcOrigin {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let answer = get(aws, &id).await?;
            let origin = present(answer.vpc_origin, GET)?;
            let tags = tags_of(aws, &origin.arn).await?;
            let config = present(origin.vpc_origin_endpoint_config, GET)?;
            let mut attributes = set([
                ("id", origin.id.into()),
                ("arn", origin.arn.into()),
                ("etag", answer.e_tag.into()),
                ("vpc_origin_endpoint_config", read_config(&config)),
            ]);
            attributes.insert("tags".to_owned(), tags.value());
            Ok(attributes)
        })
        .await
    }

    /// Those that lead to the same load balancer, or have the same name, are looked at. One
    /// of ours that leads to another was replaced, and has a record.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let wanted_config = Value::Map(wanted.attributes.clone());
        let given = |path| text(&wanted_config, path);
        let name = given("vpc_origin_endpoint_config.name");
        let arn = given("vpc_origin_endpoint_config.arn");
        let alike = origins(aws).await?.into_iter().filter(|summary| {
            name.as_ref() == Some(&summary.name)
                || arn.as_ref() == Some(&summary.origin_endpoint_arn)
        });
        let found = each(alike, |summary| async move {
            let tags = tags_of(aws, &summary.arn).await?;
            Ok(Found {
                id: id_of(&summary.id),
                ownership: tags.ownership(wanted),
            })
        })
        .await;
        let found: Vec<Found> = found.into_iter().collect::<Result<_, Error>>()?;
        // Several may lead to one load balancer: another's is not in our way.
        Ok(found
            .into_iter()
            .filter(|found| found.ownership != super::Ownership::Foreign)
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        const OPERATION: &str = "cloudfront:CreateVpcOrigin";
        let answer = aws
            .cloudfront()
            .create_vpc_origin()
            .vpc_origin_endpoint_config(write(&wanted.attributes)?)
            .tags(sdk_tags(wanted.tags())?)
            .customize()
            // Nothing tells AWS that a second call is the first again.
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(failed(OPERATION))
            .map_err(hinted)?;
        Ok(id_of(&present(answer.vpc_origin, OPERATION)?.id))
    }

    /// A distribution can't be given one that is not deployed, and the group that AWS makes
    /// for it may not be there before.
    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        let origin = present(get(aws, &id.text).await?.vpc_origin, GET)?;
        Ok(match origin.status.as_str() {
            "Deployed" => Settled::Done,
            status if status.contains("Fail") => Settled::Failed {
                why: format!(
                    "{GET}: the VPC origin is {status}: the VPC needs an internet gateway, and the load balancer's subnets a free IPv4 address"
                ),
            },
            status => Settled::Waiting {
                what: format!("CloudFront: VPC origin {id}"),
                detail: status.to_owned(),
            },
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        _id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        update_tags(aws, observed, wanted).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = match get(aws, &id.text).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deleted::Gone),
            answer => answer?,
        };
        let origin = present(answer.vpc_origin, GET)?;
        let waiting = |detail: String| Deleted::Waiting {
            what: format!("CloudFront: VPC origin {id}"),
            detail,
        };
        // On its way in or out.
        if matches!(origin.status.as_str(), "Deploying" | "Deleting") {
            return Ok(waiting(origin.status));
        }
        let deleted = aws
            .cloudfront()
            .delete_vpc_origin()
            .id(&id.text)
            .set_if_match(answer.e_tag)
            .send()
            .await
            .map_err(failed("cloudfront:DeleteVpcOrigin"));
        match deleted {
            Ok(_) => Ok(waiting("Deleting".to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::InUse => {
                Ok(waiting("a distribution still uses it".to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let uses = |origin: &Origin| {
            let config = origin.vpc_origin_config();
            config.is_some_and(|config| config.vpc_origin_id() == id.text)
        };
        cloudfront_distribution::users(aws, |distribution| {
            let origins = distribution.origins.as_ref();
            origins.is_some_and(|origins| origins.items().iter().any(uses))
        })
        .await
    }
}

async fn get(aws: &Aws, id: &str) -> Result<GetVpcOriginOutput, Error> {
    aws.cloudfront()
        .get_vpc_origin()
        .id(id)
        .send()
        .await
        .map_err(failed(GET))
}

/// Every VPC origin of the account.
pub(super) async fn origins(aws: &Aws) -> Result<Vec<VpcOriginSummary>, Error> {
    const OPERATION: &str = "cloudfront:ListVpcOrigins";
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let answer = aws
            .cloudfront()
            .list_vpc_origins()
            .set_marker(marker)
            .send()
            .await
            .map_err(failed(OPERATION))?;
        let page = present(answer.vpc_origin_list, OPERATION)?;
        all.extend(page.items.unwrap_or_default());
        marker = page.next_marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(all);
        }
    }
}

fn write(wanted: &Attributes) -> Result<VpcOriginEndpointConfig, Error> {
    let nothing = Value::Null;
    let wanted = &Value::Map(wanted.clone());
    let config = block(wanted, "vpc_origin_endpoint_config").unwrap_or(&nothing);
    let protocols = block(config, "origin_ssl_protocols")
        .and_then(|protocols| texts(protocols, "items"))
        .unwrap_or_default();
    let protocols = OriginSslProtocols::builder()
        .quantity(quantity(&protocols))
        .set_items(Some(
            protocols
                .iter()
                .map(|protocol| SslProtocol::from(protocol.as_str()))
                .collect(),
        ))
        .build()
        .map_err(incomplete)?;
    let policy = text(config, "origin_protocol_policy").map(|text| text.as_str().into());
    VpcOriginEndpointConfig::builder()
        .set_name(text(config, "name"))
        .set_arn(text(config, "arn"))
        .set_http_port(small(config, "http_port"))
        .set_https_port(small(config, "https_port"))
        .set_origin_protocol_policy(policy)
        .origin_ssl_protocols(protocols)
        .build()
        .map_err(incomplete)
}

fn read_config(config: &VpcOriginEndpointConfig) -> Value {
    let protocols = config.origin_ssl_protocols.as_ref().map(|protocols| {
        set_block([
            ("quantity", protocols.quantity.into()),
            (
                "items",
                text_set(protocols.items.iter().map(SslProtocol::as_str)),
            ),
        ])
    });
    set_block([
        ("name", config.name.clone().into()),
        ("arn", config.arn.clone().into()),
        ("http_port", config.http_port.into()),
        ("https_port", config.https_port.into()),
        (
            "origin_protocol_policy",
            config.origin_protocol_policy.as_str().into(),
        ),
        ("origin_ssl_protocols", protocols.unwrap_or_default()),
    ])
}

/// The next step, where CloudFront's own words don't say it.
fn hinted(error: Error) -> Error {
    match error.code.as_deref() {
        Some("InvalidArgument") => error.hint(
            "the VPC needs an internet gateway (nothing is routed through it), the load balancer an active state and a free IPv4 address in its subnets; some zones have no VPC origins (Developer Guide, \"Restrict access with VPC origins\")",
        ),
        Some("EntityLimitExceeded") => {
            error.hint("ask AWS for a higher quota of VPC origins (Service Quotas, Amazon CloudFront)")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::{read_config, write};
    use crate::value::{Attributes, Value};

    fn origin() -> Attributes {
        let config = Value::from_json(&serde_json::json!([{
            "name": "cdn-shop-prod-web-main",
            "arn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc",
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "https-only",
            "origin_ssl_protocols": [{"items": ["TLSv1.2"], "quantity": 1}],
        }]));
        [("vpc_origin_endpoint_config".to_owned(), config)].into()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = write(&origin()).unwrap();
        assert_eq!(
            read_config(&written),
            origin()["vpc_origin_endpoint_config"]
        );
    }

    #[test]
    fn one_that_leads_nowhere_is_refused_before_a_call() {
        let error = write(&Attributes::new()).unwrap_err();
        assert!(error.message.contains("name"), "{error}");
    }
}
