//! `aws_acm_certificate`: a public certificate that ACM issues and renews.
//!
//! *Invariant*: a certificate that can't be issued any more says so by having no way of
//! validation, so the next plan replaces it; it is never polled for ever.

mod detail;

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_acm::types::{
    CertificateDetail, CertificateOptions, CertificateSummary,
    CertificateTransparencyLoggingPreference, Filters, KeyAlgorithm, Tag, ValidationMethod,
};
use futures::future::{join_all, try_join};

use detail::{PREFERENCE, attributes, in_use, is_over, progress};
pub(super) use detail::{failure, what};

use super::tags::Tags;
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Settled, Wanted, leaving,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
/// and its neighbours.
pub(super) static LIFECYCLE: Certificates = Certificates;

#[derive(Debug)]
pub(super) struct Certificates;

/// Certificates read at once. ACM has no batch, and allows ten descriptions a second:
/// <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>.
pub(super) const AT_ONCE: usize = 5;

#[async_trait]
impl Lifecycle for Certificates {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let mut answers = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            answers.extend(join_all(some.iter().map(|id| read_one(aws, id))).await);
        }
        answers
    }

    /// Any number of certificates may bear one name, so another's is in nobody's way.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(domain) = text(wanted, "domain_name") else {
            return Ok(Vec::new());
        };
        let named = list(aws, &wanted.region, domain).await?;
        let mut ours = Vec::new();
        for some in named.chunks(AT_ONCE) {
            let asked = some.iter().map(|(id, is_good)| async move {
                let tags = tags(aws, id).await?.unwrap_or_default();
                Ok::<_, Error>((id.clone(), *is_good, tags.ownership(wanted)))
            });
            for answer in join_all(asked).await {
                let (id, is_good, ownership) = answer?;
                if ownership != Ownership::Foreign {
                    ours.push((is_good, Found { id, ownership }));
                }
            }
        }
        // One that failed or ran out stands for the resource only where nothing better does.
        let best = ours.iter().any(|(is_good, _)| *is_good);
        Ok(ours
            .into_iter()
            .filter(|(is_good, _)| *is_good == best)
            .map(|(_, found)| found)
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, token: &str) -> Result<Id, Error> {
        let names = wanted.attributes.get("subject_alternative_names");
        let names: Vec<String> = names
            .map_or(&[][..], Value::items)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let answer = aws
            .acm(&wanted.region)
            .request_certificate()
            .set_domain_name(text(wanted, "domain_name").map(str::to_owned))
            .set_validation_method(text(wanted, "validation_method").map(ValidationMethod::from))
            .set_subject_alternative_names((!names.is_empty()).then_some(names))
            .set_key_algorithm(text(wanted, "key_algorithm").map(KeyAlgorithm::from))
            .set_certificate_authority_arn(
                text(wanted, "certificate_authority_arn").map(str::to_owned),
            )
            .set_options(wanted.attributes.get("options").and_then(options))
            .set_tags(Some(tag_list(wanted.tags())?))
            .idempotency_token(token)
            .send()
            .await
            .map_err(|error| {
                let error = Error::of(REQUEST, &error);
                match error.code.as_deref() {
                    Some("LimitExceededException") => error.hint(
                        "ACM allows ten names a certificate and some thousand requests a year unless the quota is raised",
                    ),
                    _ => error,
                }
            })?;
        let arn = answer.certificate_arn.ok_or_else(|| {
            Error::new(
                ErrorKind::Uncertain,
                REQUEST,
                "the answer names no certificate",
            )
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text: arn,
        })
    }

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        Ok(match describe(aws, id).await? {
            Some(detail) => progress(&detail),
            None => Settled::Waiting {
                what: format!("ACM: {id}"),
                detail: "not visible yet".to_owned(),
            },
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.acm(&id.region);
        let changes = wanted.tag_changes(observed);
        if !changes.set.is_empty() {
            client
                .add_tags_to_certificate()
                .certificate_arn(&id.text)
                .set_tags(Some(tag_list(changes.set)?))
                .send()
                .await
                .map_err(|error| Error::of("acm:AddTagsToCertificate", &error))?;
        }
        if !changes.remove.is_empty() {
            remove_tags(aws, id, changes.remove).await?;
        }
        let preference = |attributes: &Attributes| {
            let options = attributes.get("options").unwrap_or(&Value::Null);
            let preference = options.get(PREFERENCE).as_str();
            preference.map(CertificateTransparencyLoggingPreference::from)
        };
        if let Some(wanted) = preference(&wanted.attributes)
            && preference(observed).as_ref() != Some(&wanted)
        {
            let options = CertificateOptions::builder()
                .certificate_transparency_logging_preference(wanted)
                .build();
            client
                .update_certificate_options()
                .certificate_arn(&id.text)
                .options(options)
                .send()
                .await
                .map_err(|error| Error::of("acm:UpdateCertificateOptions", &error))?;
        }
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
            .acm(&id.region)
            .delete_certificate()
            .certificate_arn(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("acm:DeleteCertificate", &error));
        let Err(error) = answer else {
            return Ok(Deleted::Gone);
        };
        match error.kind {
            ErrorKind::NotFound => Ok(Deleted::Gone),
            // What served it may be gone already; ACM hears of that after minutes.
            ErrorKind::InUse | ErrorKind::Conflict => match describe(aws, id).await? {
                Some(detail) => Ok(Deleted::Waiting {
                    what: what(&detail),
                    detail: in_use(&detail),
                }),
                None => Ok(Deleted::Gone),
            },
            _ => Err(error),
        }
    }

    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let Some(detail) = describe(aws, id).await? else {
            return Ok(Vec::new());
        };
        let users = detail.in_use_by().iter().map(|arn| Blocker {
            what: arn.clone(),
            id: Some(arn.clone()),
            leaves: true,
        });
        Ok(leaving::once_gone(aws, &id.region, users.collect()).await)
    }
}

const REQUEST: &str = "acm:RequestCertificate";

fn text<'a>(wanted: &'a Wanted, name: &str) -> Option<&'a str> {
    wanted.attributes.get(name).and_then(Value::as_str)
}

/// A certificate in detail. None if there is no such certificate.
pub(super) async fn describe(aws: &Aws, id: &Id) -> Result<Option<CertificateDetail>, Error> {
    let answer = aws
        .acm(&id.region)
        .describe_certificate()
        .certificate_arn(&id.text)
        .send()
        .await
        .map_err(|error| Error::of("acm:DescribeCertificate", &error));
    match answer {
        Ok(answer) => Ok(answer.certificate),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn tags(aws: &Aws, id: &Id) -> Result<Option<Tags>, Error> {
    let answer = aws
        .acm(&id.region)
        .list_tags_for_certificate()
        .certificate_arn(&id.text)
        .send()
        .await
        .map_err(|error| Error::of("acm:ListTagsForCertificate", &error));
    match answer {
        Ok(answer) => Ok(Some(
            answer
                .tags
                .unwrap_or_default()
                .into_iter()
                .map(|tag| (tag.key, tag.value.unwrap_or_default()))
                .collect(),
        )),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn read_one(aws: &Aws, id: &Id) -> Result<Option<Attributes>, Error> {
    let (detail, tags) = try_join(describe(aws, id), tags(aws, id)).await?;
    Ok(detail
        .zip(tags)
        .map(|(detail, tags)| attributes(id, &detail, &tags)))
}

/// The certificates of this name, and whether they serve or may yet. Without the key types
/// ACM lists RSA certificates only:
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html>.
async fn list(aws: &Aws, region: &str, domain: &str) -> Result<Vec<(Id, bool)>, Error> {
    let every_key = KeyAlgorithm::values()
        .iter()
        .map(|name| KeyAlgorithm::from(*name));
    let includes = Filters::builder().set_key_types(Some(every_key.collect()));
    let mut pages = aws
        .acm(region)
        .list_certificates()
        .includes(includes.build())
        .max_items(1000)
        .into_paginator()
        .send();
    let mut named = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::of("acm:ListCertificates", &error))?;
        for summary in page.certificate_summary_list.unwrap_or_default() {
            named.extend(of_name(summary, region, domain));
        }
    }
    Ok(named)
}

fn of_name(summary: CertificateSummary, region: &str, domain: &str) -> Option<(Id, bool)> {
    let is_named = summary
        .domain_name
        .is_some_and(|name| name.eq_ignore_ascii_case(domain));
    let is_good = !summary.status.as_ref().is_some_and(is_over);
    let id = Id {
        region: region.to_owned(),
        text: summary.certificate_arn.filter(|_| is_named)?,
    };
    Some((id, is_good))
}

fn options(block: &Value) -> Option<CertificateOptions> {
    let block = block.items().first()?;
    Some(
        CertificateOptions::builder()
            .set_certificate_transparency_logging_preference(
                block
                    .get(PREFERENCE)
                    .as_str()
                    .map(CertificateTransparencyLoggingPreference::from),
            )
            .set_export(block.get("export").as_str().map(Into::into))
            .build(),
    )
}

fn tag(key: String, value: Option<String>) -> Result<Tag, Error> {
    Tag::builder()
        .key(key)
        .set_value(value)
        .build()
        .map_err(|error| Error::new(ErrorKind::Refused, REQUEST, error.to_string()))
}

/// Takes the tags of these keys off a certificate.
pub(super) async fn remove_tags(aws: &Aws, id: &Id, keys: Vec<String>) -> Result<(), Error> {
    let tags = keys.into_iter().map(|key| tag(key, None));
    aws.acm(&id.region)
        .remove_tags_from_certificate()
        .certificate_arn(&id.text)
        .set_tags(Some(tags.collect::<Result<_, _>>()?))
        .send()
        .await
        .map_err(|error| Error::of("acm:RemoveTagsFromCertificate", &error))?;
    Ok(())
}

fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>, Error> {
    tags.into_iter()
        .map(|(key, value)| tag(key, Some(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{CertificateStatus, CertificateSummary};

    use super::{Value, of_name, options};

    #[test]
    fn certificates_are_looked_for_by_name_and_told_whether_they_serve() {
        let check = |name: &str, status, expected: Option<bool>| {
            let summary = CertificateSummary::builder()
                .certificate_arn("arn:aws:acm:eu-west-1:1:certificate/x")
                .domain_name(name)
                .status(status)
                .build();
            let found = of_name(summary, "eu-west-1", "shop.example.com");
            assert_eq!(found.map(|(_, is_good)| is_good), expected);
        };
        check("shop.example.com", CertificateStatus::Issued, Some(true));
        check(
            "Shop.example.com",
            CertificateStatus::PendingValidation,
            Some(true),
        );
        check("shop.example.com", CertificateStatus::Failed, Some(false));
        check("example.com", CertificateStatus::Issued, None);
    }

    #[test]
    fn options_go_out_as_they_are_written() {
        let block = Value::block([("export", "DISABLED".into())]);
        let sent = options(&block).unwrap();
        assert_eq!(sent.export.unwrap().as_str(), "DISABLED");
        assert!(options(&Value::List(Vec::new())).is_none());
    }
}
