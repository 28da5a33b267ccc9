//! A certificate's description, in the schema's words and in people's.
//!
//! *Invariant*: pure. What ACM said goes in; nobody is asked.

use aws_sdk_acm::types::{
    CertificateDetail, CertificateExport, CertificateStatus,
    CertificateTransparencyLoggingPreference, CertificateType, DomainValidation, FailureReason,
    RenewalEligibility, ValidationMethod,
};
use aws_smithy_types::date_time::{DateTime, Format};

use crate::aws::Settled;
use crate::aws::given::given;
use crate::aws::tags::Tags;
use crate::resource::Id;
use crate::value::{Attributes, Value};

pub(super) const PREFERENCE: &str = "certificate_transparency_logging_preference";

/// What is read of a certificate.
pub(super) fn attributes(id: &Id, detail: &CertificateDetail, tags: &Tags) -> Attributes {
    let all = detail.domain_validation_options();
    let method = all
        .iter()
        .find_map(|option| option.validation_method.as_ref())
        .filter(|_| !detail.status.as_ref().is_some_and(is_over));
    let options = detail.options.as_ref().map(|options| {
        let preference = options
            .certificate_transparency_logging_preference
            .as_ref()
            .map(CertificateTransparencyLoggingPreference::as_str);
        let export = options.export.as_ref().map(CertificateExport::as_str);
        Value::List(vec![Value::Map(given([
            (PREFERENCE, preference.into()),
            ("export", export.into()),
        ]))])
    });
    let renewal = detail.renewal_summary.as_ref().map(|renewal| {
        let reason = renewal.renewal_status_reason.as_ref();
        Value::List(vec![Value::Map(given([
            ("renewal_status", renewal.renewal_status.as_str().into()),
            (
                "renewal_status_reason",
                reason.map(FailureReason::as_str).into(),
            ),
            ("updated_at", shown(Some(&renewal.updated_at))),
        ]))])
    });
    given([
        ("arn", id.text.as_str().into()),
        (
            "certificate_authority_arn",
            detail.certificate_authority_arn.clone().into(),
        ),
        ("domain_name", detail.domain_name.clone().into()),
        (
            "domain_validation_options",
            Value::List(all.iter().filter_map(record).collect()),
        ),
        ("id", id.text.as_str().into()),
        // Descriptions have been seen with a hyphen where requests have an underscore.
        (
            "key_algorithm",
            detail
                .key_algorithm
                .as_ref()
                .map(|algorithm| algorithm.as_str().replace('-', "_"))
                .into(),
        ),
        ("not_after", shown(detail.not_after.as_ref())),
        ("not_before", shown(detail.not_before.as_ref())),
        ("options", options.into()),
        (
            "renewal_eligibility",
            detail
                .renewal_eligibility
                .as_ref()
                .map(RenewalEligibility::as_str)
                .into(),
        ),
        ("renewal_summary", renewal.into()),
        (
            "status",
            detail.status.as_ref().map(CertificateStatus::as_str).into(),
        ),
        (
            "subject_alternative_names",
            Value::texts(detail.subject_alternative_names()),
        ),
        ("tags", tags.value()),
        (
            "type",
            detail.r#type.as_ref().map(CertificateType::as_str).into(),
        ),
        (
            "validation_method",
            method.map(ValidationMethod::as_str).into(),
        ),
    ])
}

/// An element of `domain_validation_options`: the record that proves one name.
fn record(option: &DomainValidation) -> Option<Value> {
    let record = option.resource_record.as_ref()?;
    Some(Value::map([
        ("domain_name", option.domain_name.as_str().into()),
        ("resource_record_name", record.name.as_str().into()),
        ("resource_record_type", record.r#type.as_str().into()),
        ("resource_record_value", record.value.as_str().into()),
    ]))
}

fn shown(time: Option<&DateTime>) -> Value {
    time.and_then(|time| time.fmt(Format::DateTime).ok()).into()
}

/// What is waited for, for people.
pub(in crate::aws) fn what(detail: &CertificateDetail) -> String {
    format!("ACM: {}", detail.domain_name.as_deref().unwrap_or_default())
}

/// Why a certificate will never be issued, and what to do. None while it may be.
/// Reasons by
/// <https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-failed.html>.
pub(in crate::aws) fn failure(detail: &CertificateDetail) -> Option<String> {
    let status = detail.status.as_ref().filter(|status| is_over(status))?;
    let mut why = status.as_str().to_owned();
    if let Some(reason) = &detail.failure_reason {
        why.push_str(", ");
        why.push_str(reason.as_str());
    }
    let remedy = match (status, &detail.failure_reason) {
        (_, Some(FailureReason::CaaError)) => {
            "let the zone's CAA record admit amazon.com, then apply again for a new certificate"
        }
        (_, Some(FailureReason::DomainNotAllowed)) => {
            "the domain is on a list of unsafe ones; ask that it be taken off, or use another"
        }
        (_, Some(FailureReason::AdditionalVerificationRequired)) => {
            "AWS support must verify the account for this domain"
        }
        (_, Some(FailureReason::InvalidPublicDomain)) => "the domain is no public one",
        (CertificateStatus::ValidationTimedOut, _) => {
            "ACM never saw the validation record; see that the zone is the one that the domain is delegated to, then apply again for a new certificate"
        }
        _ => "apply again for a new certificate",
    };
    Some(format!("{why}: {remedy}"))
}

/// Whether a certificate of this status will never be issued (again).
pub(super) fn is_over(status: &CertificateStatus) -> bool {
    matches!(
        status,
        CertificateStatus::Failed
            | CertificateStatus::ValidationTimedOut
            | CertificateStatus::Revoked
            | CertificateStatus::Expired
    )
}

/// Done when ACM has said, for every name, which record proves it; a moment after the
/// request it has not yet.
pub(super) fn progress(detail: &CertificateDetail) -> Settled {
    if let Some(why) = failure(detail) {
        return Settled::Failed { why };
    }
    let options = detail.domain_validation_options();
    let names = detail.subject_alternative_names().len().max(1);
    let told = options.iter().filter(|option| {
        option.resource_record.is_some()
            || option.validation_method.as_ref() != Some(&ValidationMethod::Dns)
    });
    let told = told.count();
    if told >= names || detail.status == Some(CertificateStatus::Issued) {
        return Settled::Done;
    }
    Settled::Waiting {
        what: what(detail),
        detail: format!("{told} of {names} validation records named"),
    }
}

/// What serves a certificate, for people.
pub(super) fn in_use(detail: &CertificateDetail) -> String {
    match detail.in_use_by() {
        [] => "in use a moment ago".to_owned(),
        users => format!("in use by {}", users.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::builders::CertificateDetailBuilder;
    use aws_sdk_acm::types::{
        CertificateDetail, CertificateStatus, DomainValidation, FailureReason, KeyAlgorithm,
        RecordType, ResourceRecord, ValidationMethod,
    };

    use super::{attributes, failure, in_use, progress};
    use crate::aws::Settled;
    use crate::aws::tags::Tags;
    use crate::resource::Id;
    use crate::value::{Attributes, Value};

    fn name(name: &str, is_told: bool) -> DomainValidation {
        let record = ResourceRecord::builder()
            .name(format!("_a1.{name}."))
            .r#type(RecordType::Cname)
            .value("_b2.acm-validations.aws.")
            .build()
            .unwrap();
        DomainValidation::builder()
            .domain_name(name)
            .validation_method(ValidationMethod::Dns)
            .set_resource_record(is_told.then_some(record))
            .build()
            .unwrap()
    }

    fn certificate(status: CertificateStatus) -> CertificateDetailBuilder {
        CertificateDetail::builder()
            .domain_name("shop.example.com")
            .subject_alternative_names("shop.example.com")
            .subject_alternative_names("www.example.com")
            .key_algorithm(KeyAlgorithm::EcPrime256v1)
            .status(status)
            .domain_validation_options(name("shop.example.com", true))
    }

    fn read(detail: &CertificateDetail) -> Attributes {
        let id = Id {
            region: "eu-west-1".to_owned(),
            text: "arn:aws:acm:eu-west-1:1:certificate/x".to_owned(),
        };
        attributes(&id, detail, &Tags::default())
    }

    #[test]
    fn a_certificate_is_read_in_the_schemas_words() {
        let read = read(
            &certificate(CertificateStatus::PendingValidation)
                .domain_validation_options(name("www.example.com", false))
                .build(),
        );
        assert_eq!(read["key_algorithm"], "EC_prime256v1".into());
        assert_eq!(read["validation_method"], "DNS".into());
        assert_eq!(
            read["domain_validation_options"],
            Value::block([
                ("domain_name", "shop.example.com".into()),
                ("resource_record_name", "_a1.shop.example.com.".into()),
                ("resource_record_type", "CNAME".into()),
                ("resource_record_value", "_b2.acm-validations.aws.".into()),
            ])
        );
        let schema = crate::kind::schema::Schema::of("aws_acm_certificate").unwrap();
        for name in read.keys() {
            let known = schema.attribute(name).is_some() || schema.block(name).is_some();
            assert!(known, "the schema has no {name}");
        }
    }

    #[test]
    fn a_hyphen_in_a_key_algorithm_is_an_underscore() {
        let detail = CertificateDetail::builder().key_algorithm(KeyAlgorithm::from("RSA-2048"));
        assert_eq!(read(&detail.build())["key_algorithm"], "RSA_2048".into());
    }

    #[test]
    fn what_can_never_be_issued_has_no_way_of_validation() {
        let check = |status| read(&certificate(status).build()).contains_key("validation_method");
        assert!(check(CertificateStatus::PendingValidation));
        assert!(check(CertificateStatus::Issued));
        assert!(!check(CertificateStatus::ValidationTimedOut));
        assert!(!check(CertificateStatus::Failed));
        assert!(!check(CertificateStatus::Expired));
    }

    #[test]
    fn dependents_start_when_every_record_is_named() {
        let pending = certificate(CertificateStatus::PendingValidation);
        let waiting = pending
            .clone()
            .domain_validation_options(name("www.example.com", false));
        assert_eq!(
            progress(&waiting.build()),
            Settled::Waiting {
                what: "ACM: shop.example.com".to_owned(),
                detail: "1 of 2 validation records named".to_owned(),
            }
        );
        let told = pending.domain_validation_options(name("www.example.com", true));
        assert_eq!(progress(&told.build()), Settled::Done);
    }

    #[test]
    fn a_failure_says_why_and_what_to_do() {
        let check = |status, reason: Option<FailureReason>, expected: &str| {
            let detail = certificate(status).set_failure_reason(reason).build();
            let why = failure(&detail).unwrap_or_default();
            assert!(why.starts_with(expected), "{why}");
            assert_eq!(expected.is_empty(), why.is_empty());
        };
        check(
            CertificateStatus::Failed,
            Some(FailureReason::CaaError),
            "FAILED, CAA_ERROR: let the zone's CAA record",
        );
        check(
            CertificateStatus::ValidationTimedOut,
            None,
            "VALIDATION_TIMED_OUT: ACM never saw the validation record",
        );
        check(CertificateStatus::PendingValidation, None, "");
    }

    #[test]
    fn users_are_named() {
        let detail = certificate(CertificateStatus::Issued).in_use_by("arn:aws:lb");
        assert_eq!(in_use(&detail.build()), "in use by arn:aws:lb");
    }
}
