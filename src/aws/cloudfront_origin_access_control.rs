//! Makes, changes and deletes origin access controls.
//!
//! They can't be tagged; one of the same name is ours only if it is the same in everything.
//! Facts: *Amazon CloudFront API Reference* (`OriginAccessControlConfig`).
//!
//! *Invariant*: a control that a distribution uses is never sent a delete that could
//! succeed; CloudFront refuses it, and that is a wait.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{Origin, OriginAccessControlConfig, OriginAccessControlSummary};

use super::cloudfront::{failed, id_of, incomplete, present, read_each, set, text};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted,
    cloudfront_distribution,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

const GET: &str = "cloudfront:GetOriginAccessControl";

/// The lifecycle of `aws_cloudfront_origin_access_control`.
pub(super) struct CloudfrontOriginAccessControl;

#[async_trait]
impl Lifecycle for CloudfrontOriginAccessControl {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let answer = aws
                .cloudfront()
                .get_origin_access_control()
                .id(&id)
                .send()
                .await
                .map_err(failed(GET))?;
            let control = present(answer.origin_access_control, GET)?;
            let config = present(control.origin_access_control_config, GET)?;
            let mut attributes = read_config(&config);
            attributes.insert("id".to_owned(), control.id.into());
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
        for summary in controls(aws).await? {
            if summary.name != name {
                continue;
            }
            let standing = OriginAccessControlConfig::builder()
                .name(summary.name)
                .description(summary.description)
                .signing_protocol(summary.signing_protocol)
                .signing_behavior(summary.signing_behavior)
                .origin_access_control_origin_type(summary.origin_access_control_origin_type)
                .build()
                .map_err(incomplete)?;
            found.push(Found {
                id: id_of(&summary.id),
                ownership: if write(&wanted.attributes, Some(&standing))? == standing {
                    Ownership::Equal
                } else {
                    Ownership::Foreign
                },
            });
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        const OPERATION: &str = "cloudfront:CreateOriginAccessControl";
        let answer = aws
            .cloudfront()
            .create_origin_access_control()
            .origin_access_control_config(write(&wanted.attributes, None)?)
            .send()
            .await
            .map_err(failed(OPERATION))?;
        Ok(id_of(&present(answer.origin_access_control, OPERATION)?.id))
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let standing = write(observed, None)?;
        let changed = write(&wanted.attributes, Some(&standing))?;
        if changed == standing {
            return Ok(());
        }
        aws.cloudfront()
            .update_origin_access_control()
            .id(&id.text)
            .set_if_match(text(&Value::Map(observed.clone()), "etag"))
            .origin_access_control_config(changed)
            .send()
            .await
            .map_err(failed("cloudfront:UpdateOriginAccessControl"))?;
        Ok(())
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .cloudfront()
            .get_origin_access_control()
            .id(&id.text)
            .send()
            .await
            .map_err(failed(GET));
        let e_tag = match answer {
            Ok(answer) => answer.e_tag,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deleted::Gone),
            Err(error) => return Err(error),
        };
        let deleted = aws
            .cloudfront()
            .delete_origin_access_control()
            .id(&id.text)
            .set_if_match(e_tag)
            .send()
            .await
            .map_err(failed("cloudfront:DeleteOriginAccessControl"));
        match deleted {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::InUse => Ok(Deleted::Waiting {
                what: format!("CloudFront: origin access control {id}"),
                detail: "a distribution still uses it".to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let uses = |origin: &Origin| origin.origin_access_control_id() == Some(&id.text);
        cloudfront_distribution::users(aws, |distribution| {
            let origins = distribution.origins.as_ref();
            origins.is_some_and(|origins| origins.items().iter().any(uses))
        })
        .await
    }
}

async fn controls(aws: &Aws) -> Result<Vec<OriginAccessControlSummary>, Error> {
    const OPERATION: &str = "cloudfront:ListOriginAccessControls";
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let answer = aws
            .cloudfront()
            .list_origin_access_controls()
            .set_marker(marker)
            .send()
            .await
            .map_err(failed(OPERATION))?;
        let page = present(answer.origin_access_control_list, OPERATION)?;
        all.extend(page.items.unwrap_or_default());
        marker = page.next_marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// What stands, with everything that is wanted.
fn write(
    wanted: &Attributes,
    standing: Option<&OriginAccessControlConfig>,
) -> Result<OriginAccessControlConfig, Error> {
    let wanted = &Value::Map(wanted.clone());
    let behavior = text(wanted, "signing_behavior").map(|text| text.as_str().into());
    let protocol = text(wanted, "signing_protocol").map(|text| text.as_str().into());
    let of = text(wanted, "origin_access_control_origin_type").map(|text| text.as_str().into());
    OriginAccessControlConfig::builder()
        .set_name(text(wanted, "name").or_else(|| Some(standing?.name.clone())))
        .set_description(text(wanted, "description").or_else(|| standing?.description.clone()))
        .set_signing_behavior(behavior.or_else(|| Some(standing?.signing_behavior.clone())))
        .set_signing_protocol(protocol.or_else(|| Some(standing?.signing_protocol.clone())))
        .set_origin_access_control_origin_type(
            of.or_else(|| Some(standing?.origin_access_control_origin_type.clone())),
        )
        .build()
        .map_err(incomplete)
}

fn read_config(config: &OriginAccessControlConfig) -> Attributes {
    let of = config.origin_access_control_origin_type.as_str();
    set([
        ("name", config.name.clone().into()),
        ("description", config.description.clone().into()),
        ("signing_behavior", config.signing_behavior.as_str().into()),
        ("signing_protocol", config.signing_protocol.as_str().into()),
        ("origin_access_control_origin_type", of.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::{read_config, write};
    use crate::value::{Attributes, Value};

    fn control(behavior: &str) -> Attributes {
        [
            ("name", "shop-prod-web-site"),
            ("description", "shop prod"),
            ("origin_access_control_origin_type", "s3"),
            ("signing_behavior", behavior),
            ("signing_protocol", "sigv4"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = write(&control("always"), None).unwrap();
        assert_eq!(read_config(&written), control("always"));
    }

    #[test]
    fn what_is_not_given_stays_and_what_is_given_wins() {
        let standing = write(&control("never"), None).unwrap();
        let mut wanted = control("always");
        wanted.remove("description");
        let changed = write(&wanted, Some(&standing)).unwrap();
        assert_eq!(read_config(&changed), control("always"));
    }

    #[test]
    fn one_without_a_signing_behavior_is_refused_before_a_call() {
        let mut wanted = control("always");
        wanted.remove("signing_behavior");
        let error = write(&wanted, None).unwrap_err();
        assert!(error.message.contains("signing_behavior"), "{error}");
    }
}
