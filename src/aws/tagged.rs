//! What carries our tags, whatever it is called.
//!
//! In: whose. Out: what is found, with the address that its tags say. Facts: *Resource Groups
//! Tagging API Reference*, `GetResources`; the forms of ARNs, *Service Authorization Reference*.
//!
//! *Invariant*: a name neither proves nor hides anything here: what was made under another name,
//! as it was moved or replaced since, is found all the same.

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::{
    ADDRESS_TAG, APP_TAG, Aws, ENVIRONMENT_TAG, Error, Found, LINEAGE_TAG, Owner, Ownership,
};
use crate::address::Address;
use crate::resource::Id;

/// The kinds that are looked for by their names alone and carry tags, and what stands before the
/// id in their ARNs; nothing where the ARN is the id.
const KINDS: [(&str, Option<char>); 6] = [
    ("aws_cloudwatch_log_delivery_destination", Some(':')),
    ("aws_cloudwatch_log_delivery_source", Some(':')),
    ("aws_lb", None),
    ("aws_lb_target_group", None),
    ("aws_s3_bucket", Some(':')),
    ("aws_security_group", Some('/')),
];

/// Whether one of this kind that is not there under its name may be there under another.
#[must_use]
pub fn may_have_another_name(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// What stands in this region of [those kinds](may_have_another_name) with the tags of this
/// application and environment, whichever state made it. AWS's index may lag some seconds behind,
/// so that what is listed may be gone by now.
///
/// # Errors
/// The call failed, or may not be made (`tag:GetResources`).
pub async fn tagged(
    aws: &Aws,
    region: &str,
    owner: &Owner,
) -> Result<Vec<(Address, Found)>, Error> {
    let filter = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
    let listed = aws
        .tagging(region)
        .get_resources()
        .tag_filters(filter(APP_TAG, &owner.app))
        .tag_filters(filter(ENVIRONMENT_TAG, &owner.environment))
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("tag:GetResources", &error))?;
    let found = listed.into_iter().filter_map(|one| {
        let tags: Vec<(String, String)> = one
            .tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect();
        let says = |key: &str| tags.iter().find(|(name, _)| name == key);
        let address: Address = says(ADDRESS_TAG)?.1.parse().ok()?;
        let lineage = says(LINEAGE_TAG).map(|(_, lineage)| lineage.clone());
        let id = Id {
            region: region.to_owned(),
            text: id_in(&one.resource_arn?, &address.kind)?,
        };
        let ownership = Ownership::Tagged {
            lineage: lineage.unwrap_or_default(),
        };
        Some((address, Found { id, ownership }))
    });
    Ok(found.collect())
}

/// What AWS calls the thing of this kind and ARN otherwise.
fn id_in(arn: &str, kind: &str) -> Option<String> {
    let (_, before) = KINDS.iter().find(|(name, _)| *name == kind)?;
    match before {
        None => Some(arn.to_owned()),
        Some(before) => arn.rsplit_once(*before).map(|(_, id)| id.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, id_in};
    use crate::kind::Kind;

    #[test]
    fn an_arn_holds_the_id() {
        let check = |kind: &str, arn: &str, id: &str| {
            assert_eq!(id_in(arn, kind).as_deref(), Some(id), "{kind}");
        };
        let group = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1";
        check("aws_security_group", group, "sg-1");
        check("aws_s3_bucket", "arn:aws:s3:::shop-logs", "shop-logs");
        let source = "arn:aws:logs:us-east-1:123456789012:delivery-source:shop";
        check("aws_cloudwatch_log_delivery_source", source, "shop");
        let balancer =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50d";
        check("aws_lb", balancer, balancer);
        assert_eq!(id_in(group, "aws_vpc"), None);
    }

    #[test]
    fn whatever_is_found_by_its_name_alone_and_has_tags_is_among_them() {
        let kinds = crate::kind::KINDS.iter();
        let named = kinds.filter(|kind| {
            let has_tags = kind.schema().attribute("tags").is_some();
            has_tags && kind.generated_name.is_some()
        });
        let named: Vec<&str> = named.map(|kind| kind.name).collect();
        assert_eq!(named, KINDS.map(|(name, _)| name));
        for kind in named {
            let kind = Kind::of(kind).unwrap();
            assert!(
                kind.permissions.contains(&"tag:GetResources"),
                "{}",
                kind.name
            );
        }
    }
}
