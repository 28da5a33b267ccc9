//! `aws_acm_certificate`: a public certificate that ACM issues and renews.
//!
//! *Invariant*: ACM's own private keys only; a certificate's key never passes through here.

use super::{Allowed, Compare, Fact, Guard, Kind, LEAVE_OUT};

/// A certificate. What it says can't be changed; a new one is issued and takes its place.
pub(super) static KIND: Kind = Kind {
    name: "aws_acm_certificate",
    noun: "certificate",
    // `Export` is set by the request only:
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateOptions.html
    replace: &[
        "certificate_authority_arn",
        "domain_name",
        "key_algorithm",
        "options.export",
        "subject_alternative_names",
        "validation_method",
    ],
    // ACM lists the domain among the alternative names, whether it was or not:
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html
    allowed: &[
        (
            "key_algorithm",
            Allowed::Words(&[
                "EC_prime256v1",
                "EC_secp384r1",
                "EC_secp521r1",
                "RSA_1024",
                "RSA_2048",
                "RSA_3072",
                "RSA_4096",
            ]),
        ),
        ("validation_method", Allowed::Words(&["DNS", "EMAIL"])),
    ],
    not_sent: &[
        (
            "certificate_body",
            "Import it into ACM and give the service its ARN.",
        ),
        (
            "certificate_chain",
            "Import it into ACM and give the service its ARN.",
        ),
        (
            "private_key",
            "Import it into ACM and give the service its ARN.",
        ),
        (
            "private_key_wo",
            "Import it into ACM and give the service its ARN.",
        ),
        (
            "private_key_wo_version",
            "Import it into ACM and give the service its ARN.",
        ),
        ("early_renewal_duration", LEAVE_OUT),
        ("validation_option", "Certificates are validated by DNS."),
    ],
    compare: &[("subject_alternative_names", Compare::SetWith("domain_name"))],
    set_keys: &[("domain_validation_options", "domain_name")],
    named_by: &["domain_name"],
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    guard: Guard::Token {
        seconds: Some(3600),
    },
    twice: Fact {
        says: "`IdempotencyToken`: for an hour the same token is answered with the same certificate",
        page: "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html",
    },
    permissions: &[
        "acm:AddTagsToCertificate",
        "acm:DeleteCertificate",
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "acm:ListTagsForCertificate",
        "acm:RemoveTagsFromCertificate",
        "acm:RequestCertificate",
        "acm:UpdateCertificateOptions",
    ],
    patience: 75,
    ..Kind::PLAIN
};
