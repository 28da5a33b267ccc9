//! Makes, changes and deletes distributions.
//!
//! Facts: *Amazon CloudFront API Reference* (`CreateDistributionWithTags`,
//! `UpdateDistribution`, `DeleteDistribution`).
//!
//! *Invariant*: a configuration is only ever sent over the one it was made from, whose
//! `ETag` goes with it.

mod read;
mod write;

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{
    Aliases, CacheBehavior, DefaultCacheBehavior, DistributionConfigWithTags, DistributionSummary,
};

use super::cloudfront::{
    each, failed, id_of, incomplete, present, read_each, sdk_tags, tags_of, texts, update_tags,
};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Settled, Wanted,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_cloudfront_distribution`.
pub(super) struct CloudfrontDistribution;

#[async_trait]
impl Lifecycle for CloudfrontDistribution {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let answer = get(aws, &id).await?;
            let distribution = present(answer.distribution, "cloudfront:GetDistribution")?;
            let tags = tags_of(aws, &distribution.arn).await?;
            let mut attributes = read::read(distribution, answer.e_tag)?;
            attributes.insert("tags".to_owned(), tags.value());
            Ok(attributes)
        })
        .await
    }

    /// A distribution has no name. Those that serve a wanted domain are looked at first;
    /// the tags of all others only where none of those is ours, so that one whose answer
    /// was lost is found even if the spec has changed since.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let aliases = texts(&Value::Map(wanted.attributes.clone()), "aliases").unwrap_or_default();
        let serves = |summary: &DistributionSummary| {
            let served = summary.aliases.iter().flat_map(Aliases::items);
            served.into_iter().any(|served| {
                aliases
                    .iter()
                    .any(|alias| alias.eq_ignore_ascii_case(served))
            })
        };
        let (in_the_way, others): (Vec<_>, Vec<_>) =
            distributions(aws).await?.into_iter().partition(serves);
        let mut found = judge(aws, wanted, in_the_way).await?;
        if !found.iter().any(is_tagged) {
            let others = judge(aws, wanted, others).await?;
            found.extend(others.into_iter().filter(is_tagged));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, token: &str) -> Result<Id, Error> {
        // IAM has no action for the call with tags.
        const OPERATION: &str = "cloudfront:CreateDistribution";
        let config = write::write(&wanted.attributes, write::blank(token)?)?;
        let config = DistributionConfigWithTags::builder()
            .distribution_config(config)
            .tags(sdk_tags(wanted.tags())?)
            .build();
        let answer = aws
            .cloudfront()
            .create_distribution_with_tags()
            .distribution_config_with_tags(config)
            .send()
            .await
            .map_err(failed(OPERATION));
        match answer {
            Ok(answer) => Ok(id_of(&present(answer.distribution, OPERATION)?.id)),
            Err(error) if error.code.as_deref() == Some("CNAMEAlreadyExists") => {
                // It may be our own, of which only the answer was lost.
                let ours = self.find(aws, wanted).await?.iter().any(is_tagged);
                Err(if ours { error } else { domain_taken(error) })
            }
            Err(error) => Err(hinted(error)),
        }
    }

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        let answer = get(aws, &id.text).await?;
        let distribution = present(answer.distribution, "cloudfront:GetDistribution")?;
        Ok(if distribution.status == "Deployed" {
            Settled::Done
        } else {
            Settled::Usable {
                what: format!("CloudFront: {}", distribution.domain_name),
                detail: format!("{}, reaching the edge locations", distribution.status),
            }
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        update_tags(aws, observed, wanted).await?;
        if !differs(observed, &wanted.attributes)? {
            return Ok(());
        }
        let live = aws
            .cloudfront()
            .get_distribution_config()
            .id(&id.text)
            .send()
            .await
            .map_err(failed("cloudfront:GetDistributionConfig"))?;
        let config = present(live.distribution_config, "cloudfront:GetDistributionConfig")?;
        aws.cloudfront()
            .update_distribution()
            .id(&id.text)
            .set_if_match(live.e_tag)
            .distribution_config(write::write(&wanted.attributes, config)?)
            .send()
            .await
            .map_err(failed("cloudfront:UpdateDistribution"))
            .map_err(|error| match error.code.as_deref() {
                Some("CNAMEAlreadyExists") => domain_taken(error),
                _ => hinted(error),
            })?;
        Ok(())
    }

    /// CloudFront deletes only what is disabled, and disabled everywhere.
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
        let distribution = present(answer.distribution, "cloudfront:GetDistribution")?;
        let mut config = present(
            distribution.distribution_config,
            "cloudfront:GetDistribution",
        )?;
        let waiting = |detail: &str| Deleted::Waiting {
            what: format!("CloudFront: {}", distribution.domain_name),
            detail: detail.to_owned(),
        };
        if config.enabled {
            config.enabled = false;
            let disabled = aws
                .cloudfront()
                .update_distribution()
                .id(&id.text)
                .set_if_match(answer.e_tag)
                .distribution_config(config)
                .send()
                .await
                .map_err(failed("cloudfront:UpdateDistribution"));
            return after_delete(disabled, waiting("disabled, leaving the edge locations"));
        }
        if distribution.status != "Deployed" {
            return Ok(waiting("InProgress, leaving the edge locations"));
        }
        let deleted = aws
            .cloudfront()
            .delete_distribution()
            .id(&id.text)
            .set_if_match(answer.e_tag)
            .send()
            .await
            .map_err(failed("cloudfront:DeleteDistribution"));
        match deleted {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) => after_delete::<()>(Err(error), waiting("still in use")),
        }
    }
}

/// What a step of a delete comes to: waiting, unless it failed for good.
fn after_delete<T>(answer: Result<T, Error>, waiting: Deleted) -> Result<Deleted, Error> {
    match answer.map_err(|error| (error.kind, error)) {
        // Somebody changed it between our two calls, or the edge is not there yet.
        Ok(_) | Err((ErrorKind::InUse | ErrorKind::Conflict, _)) => Ok(waiting),
        Err((ErrorKind::NotFound, _)) => Ok(Deleted::Gone),
        Err((_, error)) => Err(error),
    }
}

async fn get(
    aws: &Aws,
    id: &str,
) -> Result<aws_sdk_cloudfront::operation::get_distribution::GetDistributionOutput, Error> {
    aws.cloudfront()
        .get_distribution()
        .id(id)
        .send()
        .await
        .map_err(failed("cloudfront:GetDistribution"))
}

/// The distributions that use a thing, as what stands in the way of its delete.
pub(super) async fn users(
    aws: &Aws,
    uses: impl Fn(&DistributionSummary) -> bool,
) -> Result<Vec<Blocker>, Error> {
    let all = distributions(aws).await?;
    Ok(all
        .into_iter()
        .filter(|distribution| uses(distribution))
        .map(|distribution| {
            let names = distribution.aliases.and_then(|aliases| aliases.items);
            let name = names.unwrap_or_default().into_iter().next();
            let name = name.unwrap_or(distribution.domain_name);
            Blocker {
                what: format!("distribution {} ({name})", distribution.id),
                id: Some(distribution.id),
                leaves: false,
            }
        })
        .collect())
}

async fn distributions(aws: &Aws) -> Result<Vec<DistributionSummary>, Error> {
    const OPERATION: &str = "cloudfront:ListDistributions";
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let answer = aws
            .cloudfront()
            .list_distributions()
            .set_marker(marker)
            .send()
            .await
            .map_err(failed(OPERATION))?;
        let page = present(answer.distribution_list, OPERATION)?;
        all.extend(page.items.unwrap_or_default());
        marker = page.next_marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// Whose each of them is.
async fn judge(
    aws: &Aws,
    wanted: &Wanted,
    candidates: Vec<DistributionSummary>,
) -> Result<Vec<Found>, Error> {
    each(candidates, |candidate| async move {
        let tags = tags_of(aws, &candidate.arn).await?;
        Ok(Found {
            id: id_of(&candidate.id),
            ownership: tags.ownership(wanted),
        })
    })
    .await
    .into_iter()
    .collect()
}

fn is_tagged(found: &Found) -> bool {
    matches!(found.ownership, Ownership::Tagged { .. })
}

/// Whether the configuration that was observed lacks anything that is wanted. Decided
/// without a call, by writing and reading both the same way.
fn differs(observed: &Attributes, wanted: &Attributes) -> Result<bool, Error> {
    let standing = write::write(observed, write::blank("")?)?;
    let changed = write::write(wanted, standing.clone())?;
    Ok(read::read_config(changed)? != read::read_config(standing)?)
}

/// The behavior, whatever paths it is for.
#[expect(
    deprecated,
    reason = "distributions without a cache policy still have times to live"
)]
fn without_path(from: CacheBehavior) -> Result<DefaultCacheBehavior, Error> {
    DefaultCacheBehavior::builder()
        .target_origin_id(from.target_origin_id)
        .viewer_protocol_policy(from.viewer_protocol_policy)
        .set_trusted_signers(from.trusted_signers)
        .set_trusted_key_groups(from.trusted_key_groups)
        .set_allowed_methods(from.allowed_methods)
        .set_smooth_streaming(from.smooth_streaming)
        .set_compress(from.compress)
        .set_lambda_function_associations(from.lambda_function_associations)
        .set_function_associations(from.function_associations)
        .set_field_level_encryption_id(from.field_level_encryption_id)
        .set_realtime_log_config_arn(from.realtime_log_config_arn)
        .set_cache_policy_id(from.cache_policy_id)
        .set_origin_request_policy_id(from.origin_request_policy_id)
        .set_response_headers_policy_id(from.response_headers_policy_id)
        .set_grpc_config(from.grpc_config)
        .set_forwarded_values(from.forwarded_values)
        .set_min_ttl(from.min_ttl)
        .set_default_ttl(from.default_ttl)
        .set_max_ttl(from.max_ttl)
        .build()
        .map_err(incomplete)
}

/// Another distribution, perhaps of another account, serves the domain.
fn domain_taken(error: Error) -> Error {
    Error {
        kind: ErrorKind::Refused,
        ..error
    }
    .hint(
        "another CloudFront distribution (perhaps in another account) serves this domain; take the alias off it (`aws cloudfront list-conflicting-aliases` shows where it is), or choose another domain",
    )
}

/// The next step, where CloudFront's own words don't say it.
fn hinted(error: Error) -> Error {
    let hint = match error.code.as_deref() {
        Some("InvalidViewerCertificate") => {
            "the certificate must be issued, lie in us-east-1 and name every alias"
        }
        Some("TooManyDistributions" | "TooManyDistributionCNAMEs") => {
            "ask AWS for a higher quota (Service Quotas, Amazon CloudFront)"
        }
        Some("InvalidWebACLId") => "a web ACL for CloudFront has the scope CLOUDFRONT (us-east-1)",
        // What a new account hears until AWS has looked at it.
        Some("AccessDenied") if error.message.contains("must be verified") => {
            "AWS has to unlock CloudFront for this account; open a support case"
        }
        _ => return error,
    };
    error.hint(hint)
}

#[cfg(test)]
mod tests;
