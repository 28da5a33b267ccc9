//! What the kinds of Elastic Load Balancing have in common: batches, tags and attributes
//! by key.
//!
//! *Invariant*: one missing thing never fails the reading of others.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use futures::future::try_join_all;

use super::tags::{TagChanges, Tags};
use super::{Error, ErrorKind, Found, Ownership, Wanted, values};
use crate::kind::schema::Schema;
use crate::resource::Id;
use crate::value::Attributes;

/// How many ARNs `DescribeTags` takes (API reference).
const BATCH: usize = 20;

/// What there is under this ARN, and whose it is.
pub(super) async fn found(
    client: &Client,
    wanted: &Wanted,
    arn: String,
) -> Result<Vec<Found>, Error> {
    let of_each = tags(client, std::slice::from_ref(&arn)).await?;
    let ownership = of_each
        .get(&arn)
        .map_or(Ownership::Foreign, |tags| tags.ownership(wanted));
    Ok(vec![Found {
        id: Id {
            region: wanted.region.clone(),
            text: arn,
        },
        ownership,
    }])
}

/// Reads many by ARN through a call that fails as a whole if one of them is missing: a
/// batch that fails so is halved until the missing one stands alone.
pub(super) async fn read<'a, F, Answer>(
    ids: &'a [Id],
    ask: F,
) -> Vec<Result<Option<Attributes>, Error>>
where
    F: Fn(&'a [Id]) -> Answer,
    Answer: Future<Output = Result<BTreeMap<String, Attributes>, Error>> + Send,
{
    let mut answers = Vec::with_capacity(ids.len());
    let mut batches: VecDeque<&[Id]> = ids.chunks(BATCH).collect();
    while let Some(batch) = batches.pop_front() {
        match ask(batch).await {
            Ok(mut found) => answers.extend(batch.iter().map(|id| Ok(found.remove(&id.text)))),
            Err(error) if error.kind == ErrorKind::NotFound => {
                if batch.len() == 1 {
                    answers.push(Ok(None));
                } else {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.push_front(second);
                    batches.push_front(first);
                }
            }
            Err(error) => answers.extend(batch.iter().map(|_| Err(error.clone()))),
        }
    }
    answers
}

/// The text of each id.
pub(super) fn arns(ids: &[Id]) -> Vec<String> {
    ids.iter().map(|id| id.text.clone()).collect()
}

/// Tags by ARN.
pub(super) async fn tags(
    client: &Client,
    arns: &[String],
) -> Result<BTreeMap<String, Tags>, Error> {
    let mut found = BTreeMap::new();
    for batch in arns.chunks(BATCH) {
        let answer = client
            .describe_tags()
            .set_resource_arns(Some(batch.to_vec()))
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:DescribeTags", &error))?;
        for description in answer.tag_descriptions.unwrap_or_default() {
            let tags = description
                .tags
                .unwrap_or_default()
                .into_iter()
                .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
                .collect();
            found.insert(description.resource_arn.unwrap_or_default(), tags);
        }
    }
    Ok(found)
}

/// What AWS reports of each by key, by ARN: a call for each, all at once.
pub(super) async fn reports<'a, Answer>(
    arns: &'a [String],
    ask: impl Fn(&'a str) -> Answer,
) -> Result<BTreeMap<&'a str, Report>, Error>
where
    Answer: Future<Output = Result<Report, Error>>,
{
    let asked = arns.iter().map(|arn| {
        let answer = ask(arn);
        async move { Ok((arn.as_str(), answer.await?)) }
    });
    Ok(try_join_all(asked).await?.into_iter().collect())
}

/// Keys and values, of `Describe...Attributes`.
pub(super) type Report = BTreeMap<String, String>;

/// Things with their ARNs, their tags and what was reported of each -> attributes by ARN.
pub(super) fn put_together<'a, T: 'a>(
    described: impl Iterator<Item = (Option<&'a str>, &'a T)>,
    tags: &BTreeMap<String, Tags>,
    reports: &BTreeMap<&str, Report>,
    observed: impl Fn(&T, &Report) -> Attributes,
) -> BTreeMap<String, Attributes> {
    described
        .filter_map(|(arn, thing)| {
            let arn = arn?;
            let mut attributes = observed(thing, reports.get(arn)?);
            if let Some(tags) = tags.get(arn) {
                attributes.insert("tags".to_owned(), tags.value());
            }
            Some((arn.to_owned(), attributes))
        })
        .collect()
}

/// Tags as a create call takes them.
pub(super) fn tag_list(tags: BTreeMap<String, String>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    (!tags.is_empty()).then_some(tags)
}

/// Writes and removes tags.
pub(super) async fn write_tags(
    client: &Client,
    arn: &str,
    changes: TagChanges,
) -> Result<(), Error> {
    if let Some(tags) = tag_list(changes.set) {
        client
            .add_tags()
            .resource_arns(arn)
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:AddTags", &error))?;
    }
    if !changes.remove.is_empty() {
        client
            .remove_tags()
            .resource_arns(arn)
            .set_tag_keys(Some(changes.remove))
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:RemoveTags", &error))?;
    }
    Ok(())
}

/// Attributes of the schema, each with AWS's key for it.
pub(super) type Keys = &'static [(&'static str, &'static str)];

/// What AWS reports by key, under the schema's names.
pub(super) fn by_name(
    schema: &Schema,
    keys: Keys,
    reported: &BTreeMap<String, String>,
) -> Attributes {
    values::given(keys.iter().filter_map(|(name, key)| {
        let text = reported.get(*key)?;
        Some((*name, values::typed(schema, name, text)))
    }))
}

/// The wanted values that were not observed, under AWS's keys.
pub(super) fn changed(
    keys: Keys,
    observed: &Attributes,
    wanted: &Attributes,
) -> Vec<(&'static str, String)> {
    keys.iter()
        .filter(|(name, _)| values::differs(observed, wanted, name))
        .filter_map(|(name, key)| Some((*key, values::at(wanted, name).scalar_text()?)))
        .collect()
}

/// A call's failure, with what to do about it. That something it *refers* to is missing
/// does not mean that the thing itself is.
pub(super) fn refused(mut error: Error) -> Error {
    let hint = match error.code.as_deref().unwrap_or_default() {
        "SSLPolicyNotFound" => {
            "this region lacks the TLS policy; give another tls_policy (`aws elbv2 describe-ssl-policies` lists those there are)"
        }
        "CertificateNotFound" | "UnsupportedCertificate" => {
            "a listener takes a certificate of its own region that is ISSUED"
        }
        "InvalidConfigurationRequest" | "InvalidSubnet" | "SubnetNotFound" => {
            "a load balancer takes subnets of at least two zones, one a zone, each with eight free addresses"
        }
        "TooManyLoadBalancers"
        | "TooManyListeners"
        | "TooManyTargetGroups"
        | "TooManyTargets"
        | "TooManyRules" => "ask for a higher quota in Service Quotas, or delete what nobody needs",
        "DuplicateLoadBalancerName"
        | "DuplicateTargetGroupName"
        | "DuplicateListener"
        | "PriorityInUse" => {
            return error;
        }
        _ => "",
    };
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::Refused;
    }
    if hint.is_empty() {
        error
    } else {
        error.hint(hint)
    }
}

/// An ARN's part after `loadbalancer/` or from `targetgroup/`, as `CloudWatch` names it.
pub(super) fn arn_suffix(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    resource.strip_prefix("loadbalancer/").unwrap_or(resource)
}

#[cfg(test)]
mod tests {
    use super::{arn_suffix, read};
    use crate::aws::{Error, ErrorKind};
    use crate::resource::Id;
    use crate::value::Attributes;

    #[tokio::test]
    async fn one_that_is_missing_does_not_hide_the_others() {
        let ids: Vec<Id> = ["a", "b", "gone", "d", "e"]
            .iter()
            .map(|text| Id {
                region: "eu-west-1".to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        let answers = read(&ids, async |batch: &[Id]| {
            if batch.iter().any(|id| id.text == "gone") {
                return Err(Error::new(ErrorKind::NotFound, "test", "one is missing"));
            }
            Ok(batch
                .iter()
                .map(|id| (id.text.clone(), Attributes::new()))
                .collect())
        })
        .await;
        let stands: Vec<bool> = answers
            .into_iter()
            .map(|answer| answer.unwrap().is_some())
            .collect();
        assert_eq!(stands, [true, true, false, true, true]);
    }

    #[test]
    fn suffixes() {
        let check = |arn: &str, suffix: &str| assert_eq!(arn_suffix(arn), suffix);
        check(
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc",
            "app/web/50dc",
        );
        check(
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app/6d0e",
            "targetgroup/app/6d0e",
        );
    }
}
