//! Who still needs a certificate's validation record.
//!
//! ACM validates a name by one `CNAME` an account, the same for every certificate of that
//! name in every region, and renews by it (ACM user guide, "DNS validation"). Calls: ACM
//! API reference, version 2015-12-08.
//!
//! *Invariant*: a region that can't be read counts as one that needs the record.

use std::collections::BTreeSet;

use aws_sdk_acm::types::{CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};
use futures::StreamExt as _;
use futures::stream;

use super::{Aws, Error, ErrorKind};
use crate::resource::Id;

/// The end of every validation record's value.
pub(super) const DOMAIN: &str = ".acm-validations.aws";

/// Without them all, `ListCertificates` shows RSA 1024 and 2048 alone.
const ALGORITHMS: [KeyAlgorithm; 7] = [
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
];

/// How many regions are asked at a time.
const AT_ONCE: usize = 8;

/// Why the record of this name has to stay: a certificate beside those that go lists it,
/// or nobody can say. None if it may go. `region` is one where EC2 can be asked which
/// regions the account has.
pub(super) async fn still_listed(
    aws: &Aws,
    record: &str,
    region: &str,
    going: &BTreeSet<Id>,
) -> Option<String> {
    let regions = match enabled_regions(aws, region).await {
        Ok(regions) => regions,
        Err(error) => {
            return Some(format!(
                "certificates of other regions may need it, and the account's regions can't be read ({error})"
            ));
        }
    };
    let answers = stream::iter(regions).map(|region| async move {
        match listing_certificate(aws, &region, record, going).await {
            Ok(arn) => arn.map(|arn| format!("certificate {arn} is validated by it")),
            Err(error) => Some(format!(
                "certificates in {region} may need it, and can't be read ({error})"
            )),
        }
    });
    let mut answers: Vec<String> = answers
        .buffer_unordered(AT_ONCE)
        .filter_map(|answer| async { answer })
        .collect()
        .await;
    answers.sort();
    answers.into_iter().next()
}

async fn enabled_regions(aws: &Aws, region: &str) -> Result<Vec<String>, Error> {
    let answer = aws
        .ec2(region)
        .describe_regions()
        .send()
        .await
        .map_err(|error| Error::of("ec2:DescribeRegions", &error))?;
    Ok(answer
        .regions
        .unwrap_or_default()
        .into_iter()
        .filter_map(|region| region.region_name)
        .collect())
}

/// The first certificate of a region that lists the record and does not go.
async fn listing_certificate(
    aws: &Aws,
    region: &str,
    record: &str,
    going: &BTreeSet<Id>,
) -> Result<Option<String>, Error> {
    let client = aws.acm(region);
    let summaries: Vec<CertificateSummary> = client
        .list_certificates()
        .certificate_statuses(CertificateStatus::Issued)
        .certificate_statuses(CertificateStatus::PendingValidation)
        .includes(
            Filters::builder()
                .set_key_types(Some(ALGORITHMS.to_vec()))
                .build(),
        )
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("acm:ListCertificates", &error))?;
    for summary in summaries.iter().filter(|summary| may_list(summary, record)) {
        let Some(arn) = summary.certificate_arn() else {
            continue;
        };
        if going.iter().any(|id| id.text == arn) {
            continue;
        }
        let answer = client
            .describe_certificate()
            .certificate_arn(arn)
            .send()
            .await
            .map_err(|error| Error::of("acm:DescribeCertificate", &error));
        let certificate = match answer {
            // Deleted in between.
            Err(error) if error.kind == ErrorKind::NotFound => continue,
            answer => answer?.certificate,
        };
        let listed = certificate.is_some_and(|certificate| {
            certificate
                .domain_validation_options()
                .iter()
                .any(|option| {
                    option
                        .resource_record()
                        .is_some_and(|of| same_name(of.name(), record))
                })
        });
        if listed {
            return Ok(Some(arn.to_owned()));
        }
    }
    Ok(None)
}

/// Whether a certificate covers the name that the record validates, or has more names than
/// the list tells (it tells a hundred).
fn may_list(summary: &CertificateSummary, record: &str) -> bool {
    let Some((_, validated)) = record.split_once('.') else {
        return true;
    };
    let names = summary
        .subject_alternative_name_summaries()
        .iter()
        .map(String::as_str)
        .chain(summary.domain_name());
    let mut names = names.map(|name| name.strip_prefix("*.").unwrap_or(name));
    summary.has_additional_subject_alternative_names == Some(true)
        || names.any(|name| same_name(name, validated))
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim_end_matches('.')
        .eq_ignore_ascii_case(other.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::CertificateSummary;

    use super::may_list;

    #[test]
    fn which_certificates_are_looked_into() {
        let check = |names: &[&str], expected: bool| {
            let summary = CertificateSummary::builder()
                .domain_name(names[0])
                .set_subject_alternative_name_summaries(Some(
                    names.iter().map(|name| (*name).to_owned()).collect(),
                ))
                .build();
            assert_eq!(may_list(&summary, "_a1b2.shop.example.com"), expected);
        };
        check(&["shop.example.com"], true);
        check(&["*.shop.example.com"], true);
        check(&["other.example.com", "Shop.example.com"], true);
        check(&["example.com", "a.shop.example.com"], false);
        let many = CertificateSummary::builder()
            .domain_name("example.com")
            .has_additional_subject_alternative_names(true)
            .build();
        assert!(may_list(&many, "_a1b2.shop.example.com"));
    }
}
