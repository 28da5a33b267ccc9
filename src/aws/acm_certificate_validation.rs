//! `aws_acm_certificate_validation`: that a certificate is issued.
//!
//! Where the wanted resource names no records, they are made by hand, elsewhere.
//!
//! *Invariant*: no call here changes anything in AWS.

mod hangs;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};
use futures::future::join_all;

use super::acm_certificate::{AT_ONCE, describe, failure, what};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Settled, Wanted};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// Asks by
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html>.
pub(super) static LIFECYCLE: Validations = Validations;

#[derive(Debug)]
pub(super) struct Validations;

#[async_trait]
impl Lifecycle for Validations {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let mut answers = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let reads = some.iter().map(|id| async move {
                let detail = describe(aws, id).await?;
                Ok(detail.and_then(|detail| attributes(id, &detail)))
            });
            answers.extend(join_all(reads).await);
        }
        answers
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let id = id_of(wanted)?;
        let detail = describe(aws, &id).await?;
        Ok(detail
            .and_then(|detail| attributes(&id, &detail))
            .map(|_| Found {
                id,
                ownership: Ownership::Given,
            })
            .into_iter()
            .collect())
    }

    async fn create(&self, _aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        id_of(wanted)
    }

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        Ok(match describe(aws, id).await? {
            Some(detail) => progress(&detail),
            None => Settled::Failed {
                why: format!("certificate {id} does not exist any more"),
            },
        })
    }

    async fn settle_wanted(
        &self,
        aws: &Aws,
        id: &Id,
        wanted: &Wanted,
        after: Duration,
    ) -> Result<Settled, Error> {
        let Some(detail) = describe(aws, id).await? else {
            return self.settle(aws, id).await;
        };
        let records = wanted.attributes.get("validation_record_fqdns");
        let by_hand = records.is_none_or(|records| records.items().is_empty());
        let settled = progress(&detail);
        Ok(hangs::explained(aws, &detail, settled, by_hand, after).await)
    }

    async fn update(
        &self,
        _aws: &Aws,
        _id: &Id,
        _observed: &Attributes,
        _wanted: &Wanted,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(
        &self,
        _aws: &Aws,
        _id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        Ok(Deleted::Gone)
    }
}

fn id_of(wanted: &Wanted) -> Result<Id, Error> {
    let arn = wanted
        .attributes
        .get("certificate_arn")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Refused,
                "acm:DescribeCertificate",
                "the certificate's ARN is not known",
            )
        })?;
    Ok(Id {
        region: wanted.region.clone(),
        text: arn.to_owned(),
    })
}

fn attributes(id: &Id, detail: &CertificateDetail) -> Option<Attributes> {
    (detail.status == Some(CertificateStatus::Issued)).then(|| {
        Attributes::from([
            ("certificate_arn".to_owned(), id.text.as_str().into()),
            ("id".to_owned(), id.text.as_str().into()),
        ])
    })
}

fn progress(detail: &CertificateDetail) -> Settled {
    if detail.status == Some(CertificateStatus::Issued) {
        return Settled::Done;
    }
    if let Some(why) = failure(detail) {
        return Settled::Failed { why };
    }
    let status = detail.status.as_ref().map(CertificateStatus::as_str);
    let waiting: Vec<_> = detail
        .domain_validation_options()
        .iter()
        .filter(|option| {
            option.validation_status != Some(aws_sdk_acm::types::DomainStatus::Success)
        })
        .filter_map(|option| option.resource_record.as_ref())
        .map(|record| record.name.trim_end_matches('.'))
        .collect();
    let mut text = status.unwrap_or("no status yet").to_owned();
    if !waiting.is_empty() {
        text.push_str(", ACM has not seen ");
        text.push_str(&waiting.join(", "));
        text.push_str(" yet");
    }
    Settled::Waiting {
        what: what(detail),
        detail: text,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{
        CertificateDetail, CertificateStatus, DomainStatus, DomainValidation, FailureReason,
        RecordType, ResourceRecord,
    };

    use super::{attributes, progress};
    use crate::aws::Settled;
    use crate::resource::Id;

    fn detail(status: CertificateStatus) -> CertificateDetail {
        let record = ResourceRecord::builder()
            .name("_a1.shop.example.com.")
            .r#type(RecordType::Cname)
            .value("_b2.acm-validations.aws.")
            .build()
            .unwrap();
        let option = DomainValidation::builder()
            .domain_name("shop.example.com")
            .validation_status(DomainStatus::PendingValidation)
            .resource_record(record)
            .build()
            .unwrap();
        CertificateDetail::builder()
            .domain_name("shop.example.com")
            .status(status)
            .domain_validation_options(option)
            .build()
    }

    #[test]
    fn a_wait_says_what_it_waits_for() {
        let waiting = progress(&detail(CertificateStatus::PendingValidation));
        assert_eq!(
            waiting,
            Settled::Waiting {
                what: "ACM: shop.example.com".to_owned(),
                detail: "PENDING_VALIDATION, ACM has not seen _a1.shop.example.com yet".to_owned(),
            }
        );
        assert_eq!(progress(&detail(CertificateStatus::Issued)), Settled::Done);
    }

    #[test]
    fn a_failure_says_why() {
        let mut failed = detail(CertificateStatus::Failed);
        failed.failure_reason = Some(FailureReason::CaaError);
        let Settled::Failed { why } = progress(&failed) else {
            panic!("a failed certificate is not waited for");
        };
        assert!(why.starts_with("FAILED, CAA_ERROR"), "{why}");
    }

    #[test]
    fn it_stands_when_the_certificate_is_issued() {
        let id = Id {
            region: "eu-west-1".to_owned(),
            text: "arn:aws:acm:eu-west-1:1:certificate/x".to_owned(),
        };
        let check = |status| attributes(&id, &detail(status)).is_some();
        assert!(check(CertificateStatus::Issued));
        assert!(!check(CertificateStatus::PendingValidation));
        assert!(!check(CertificateStatus::Expired));
    }
}
