//! Makes, changes and deletes response headers policies.
//!
//! They can't be tagged; one of the same name is ours only if it is the same in everything.
//! Facts: *Amazon CloudFront API Reference* (`ResponseHeadersPolicyConfig`).
//!
//! *Invariant*: AWS's own (managed) policies are never looked at.

mod shape;

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudfront::operation::get_response_headers_policy::GetResponseHeadersPolicyOutput;
use aws_sdk_cloudfront::types::{
    CacheBehaviors, ResponseHeadersPolicy, ResponseHeadersPolicyConfig, ResponseHeadersPolicyType,
};

use super::cloudfront::{failed, id_of, present, read_each};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted,
    cloudfront_distribution,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

const GET: &str = "cloudfront:GetResponseHeadersPolicy";

/// The lifecycle of `aws_cloudfront_response_headers_policy`.
pub(super) struct CloudfrontResponseHeadersPolicy;

#[async_trait]
impl Lifecycle for CloudfrontResponseHeadersPolicy {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let answer = get(aws, &id).await?;
            let policy = present(answer.response_headers_policy, GET)?;
            let config = present(policy.response_headers_policy_config, GET)?;
            let mut attributes = shape::read(config);
            attributes.insert("id".to_owned(), policy.id.into());
            attributes.insert("etag".to_owned(), answer.e_tag.into());
            Ok(attributes)
        })
        .await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(name) = wanted.attributes.get("name").and_then(Value::as_str) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for policy in policies(aws).await? {
            let Some(config) = policy.response_headers_policy_config else {
                continue;
            };
            if config.name == name {
                found.push(Found {
                    id: id_of(&policy.id),
                    ownership: if differs(&config, &wanted.attributes)? {
                        Ownership::Foreign
                    } else {
                        Ownership::Equal
                    },
                });
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        const OPERATION: &str = "cloudfront:CreateResponseHeadersPolicy";
        let blank = shape::blank(&wanted.attributes)?;
        let answer = aws
            .cloudfront()
            .create_response_headers_policy()
            .response_headers_policy_config(shape::write(&wanted.attributes, blank)?)
            .send()
            .await
            .map_err(failed(OPERATION))?;
        Ok(id_of(
            &present(answer.response_headers_policy, OPERATION)?.id,
        ))
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let standing = shape::write(observed, shape::blank(observed)?)?;
        if !differs(&standing, &wanted.attributes)? {
            return Ok(());
        }
        let answer = get(aws, &id.text).await?;
        let policy = present(answer.response_headers_policy, GET)?;
        let config = present(policy.response_headers_policy_config, GET)?;
        aws.cloudfront()
            .update_response_headers_policy()
            .id(&id.text)
            .set_if_match(answer.e_tag)
            .response_headers_policy_config(shape::write(&wanted.attributes, config)?)
            .send()
            .await
            .map_err(failed("cloudfront:UpdateResponseHeadersPolicy"))?;
        Ok(())
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let e_tag = match get(aws, &id.text).await {
            Ok(answer) => answer.e_tag,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deleted::Gone),
            Err(error) => return Err(error),
        };
        let deleted = aws
            .cloudfront()
            .delete_response_headers_policy()
            .id(&id.text)
            .set_if_match(e_tag)
            .send()
            .await
            .map_err(failed("cloudfront:DeleteResponseHeadersPolicy"));
        match deleted {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::InUse => Ok(Deleted::Waiting {
                what: format!("CloudFront: response headers policy {id}"),
                detail: "a distribution still uses it".to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let is_this = |policy: Option<&str>| policy == Some(&id.text);
        cloudfront_distribution::users(aws, |distribution| {
            let default = distribution.default_cache_behavior.as_ref();
            let others = distribution.cache_behaviors.as_ref();
            let mut others = others.into_iter().flat_map(CacheBehaviors::items);
            default.is_some_and(|of| is_this(of.response_headers_policy_id()))
                || others.any(|of| is_this(of.response_headers_policy_id()))
        })
        .await
    }
}

async fn get(aws: &Aws, id: &str) -> Result<GetResponseHeadersPolicyOutput, Error> {
    aws.cloudfront()
        .get_response_headers_policy()
        .id(id)
        .send()
        .await
        .map_err(failed(GET))
}

/// Every policy of the account's own.
async fn policies(aws: &Aws) -> Result<Vec<ResponseHeadersPolicy>, Error> {
    const OPERATION: &str = "cloudfront:ListResponseHeadersPolicies";
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let answer = aws
            .cloudfront()
            .list_response_headers_policies()
            .r#type(ResponseHeadersPolicyType::Custom)
            .set_marker(marker)
            .send()
            .await
            .map_err(failed(OPERATION))?;
        let page = present(answer.response_headers_policy_list, OPERATION)?;
        let summaries = page.items.unwrap_or_default().into_iter();
        all.extend(summaries.filter_map(|summary| summary.response_headers_policy));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// Whether a policy lacks anything that is wanted.
fn differs(standing: &ResponseHeadersPolicyConfig, wanted: &Attributes) -> Result<bool, Error> {
    let standing = shape::read(standing.clone());
    let written = shape::write(&standing, shape::blank(&standing)?)?;
    Ok(shape::read(shape::write(wanted, written)?) != standing)
}
