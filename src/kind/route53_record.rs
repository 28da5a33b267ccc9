//! `aws_route53_record`: a name in a zone and what it stands for.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Compare, Fact, Guard, Kind, LEAVE_OUT};

/// A `CREATE` of a name and type that stand is refused (API reference,
/// `ChangeResourceRecordSets`). A zone takes one change at a time, hence `serialise_by`.
/// `allow_overwrite` is a word to Terraform alone.
pub(super) static KIND: Kind = Kind {
    name: "aws_route53_record",
    noun: "DNS record",
    replace: &["zone_id", "name", "type", "set_identifier"],
    allowed: &[
        ("ttl", Allowed::Range(0, 2_147_483_647)),
        (
            "type",
            Allowed::Words(&[
                "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA",
                "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT",
            ]),
        ),
    ],
    not_sent: &[
        ("cidr_routing_policy", LEAVE_OUT),
        ("failover_routing_policy", LEAVE_OUT),
        ("geolocation_routing_policy", LEAVE_OUT),
        ("geoproximity_routing_policy", LEAVE_OUT),
        ("health_check_id", LEAVE_OUT),
        ("latency_routing_policy", LEAVE_OUT),
        ("multivalue_answer_routing_policy", LEAVE_OUT),
        ("set_identifier", LEAVE_OUT),
        ("weighted_routing_policy", LEAVE_OUT),
    ],
    compare: &[
        ("allow_overwrite", Compare::WriteOnly),
        ("name", Compare::DnsName),
        ("alias.name", Compare::DnsName),
    ],
    named_by: &["zone_id", "name", "type"],
    serialise_by: Some("zone_id"),
    alone_with: &["zone_id", "name", "type", "set_identifier"],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second `CREATE` of the name and type is refused with `InvalidChangeBatch`",
        page: "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    },
    home: Some("us-east-1"),
    permissions: &[
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "ec2:DescribeRegions",
        "route53:ChangeResourceRecordSets",
        "route53:ListResourceRecordSets",
    ],
    ..Kind::PLAIN
};
