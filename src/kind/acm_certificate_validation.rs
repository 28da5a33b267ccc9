//! `aws_acm_certificate_validation`: that a certificate is issued.
//!
//! There is nothing of this kind in AWS. It stands when its certificate is issued, so
//! whatever serves the certificate refers to it and waits.
//!
//! *Invariant*: nothing is ever sent to AWS for it but the question.

use super::{Compare, Fact, Guard, Import, Kind};

/// The wait for a certificate.
pub(super) static KIND: Kind = Kind {
    name: "aws_acm_certificate_validation",
    noun: "certificate validation",
    replace: &["certificate_arn"],
    // AWS knows nothing of it; it only makes the records stand before.
    compare: &[("validation_record_fqdns", Compare::WriteOnly)],
    named_by: &["certificate_arn"],
    part_of: Some("aws_acm_certificate"),
    guard: Guard::Idempotent,
    twice: Fact {
        says: "nothing is made: ACM is asked whether the certificate is issued",
        page: "https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html",
    },
    permissions: &["acm:DescribeCertificate"],
    import: Import::Not("the provider has nothing to import: it waits again, at no cost"),
    usual_seconds: 120,
    patience: 75,
    ..Kind::PLAIN
};
