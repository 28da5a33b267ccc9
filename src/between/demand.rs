//! What must come before what, as data.
//!
//! *Invariant*: a demand has a reason that a person can read in a plan, and a source.

/// One thing always comes before another.
#[derive(Debug)]
pub struct Demand {
    /// A stable name, `WT-ORD-001`.
    pub id: &'static str,
    /// What holds at all times, in a few words.
    pub title: &'static str,
    /// What would happen otherwise, a clause.
    pub why: &'static str,
    /// The page that it follows from.
    pub source: &'static str,
    pub(super) first: Side,
    pub(super) then: Side,
    pub(super) tie: Tie,
}

impl Demand {
    /// Whether two steps may stand the other way round, where another demand wants that: so it
    /// is with what serves, never with what protects.
    pub(super) fn may_give_way(&self) -> bool {
        self.id >= "WT-ORD-100"
    }
}

/// Steps that a demand is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) does: Does,
    /// Kinds of the things; all, where there is none.
    pub(super) kinds: &'static [&'static str],
}

/// What a step does to its thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Makes it, or makes it so.
    Builds,
    /// The same, of what is in service, or on what is.
    Turns,
    /// Deletes it.
    Goes,
    /// Deletes it, as another stands in its place.
    Leaves,
}

/// What the two have to do with each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tie {
    /// The one is the other's successor.
    Same,
    /// The one used the other until now.
    Used,
    /// Both belong to one parent of this kind, and are of one kind.
    Beside(&'static str),
    /// The one is part of a thing of this kind, and the other refers to that, or to another
    /// part of it.
    Straight(&'static str),
    /// The same, be it through others.
    Far(&'static str),
}

const ANY: &[&str] = &[];
const CERTIFICATES: &[&str] = &["aws_acm_certificate_validation"];
const GROUP_RULES: &[&str] = &[
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];
const LISTENERS: &[&str] = &["aws_lb_listener", "aws_lb_listener_rule"];
const TARGETS: &[&str] = &["aws_lb_target_group_attachment"];
const ROUTES: &[&str] = &["aws_route"];
const ASSOCIATIONS: &[&str] = &["aws_route_table_association"];

const fn builds(kinds: &'static [&'static str]) -> Side {
    Side {
        does: Does::Builds,
        kinds,
    }
}

const fn turns(kinds: &'static [&'static str]) -> Side {
    Side {
        does: Does::Turns,
        kinds,
    }
}

const fn goes(kinds: &'static [&'static str]) -> Side {
    Side {
        does: Does::Goes,
        kinds,
    }
}

const fn leaves(kinds: &'static [&'static str]) -> Side {
    Side {
        does: Does::Leaves,
        kinds,
    }
}

/// In order of id. Up to 099 what protects, from 100 what serves.
pub static DEMANDS: &[Demand] = &[
    Demand {
        id: "WT-ORD-001",
        title: "a certificate is valid before anything presents it",
        why: "it would present a certificate that nobody can trust",
        source: "https://docs.aws.amazon.com/acm/latest/userguide/domain-ownership-validation.html",
        first: builds(CERTIFICATES),
        then: builds(&["aws_cloudfront_distribution", "aws_lb_listener"]),
        tie: Tie::Straight("aws_acm_certificate"),
    },
    Demand {
        id: "WT-ORD-002",
        title: "a bucket is closed, encrypted and takes TLS alone before anything writes to it or reads from it",
        why: "what goes into the bucket by then could go in clear, or be read by others",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
        first: builds(&[
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_server_side_encryption_configuration",
        ]),
        then: builds(&[
            "aws_cloudfront_distribution",
            "aws_cloudwatch_log_delivery_destination",
            "aws_flow_log",
            "aws_lb",
            "aws_s3_bucket_logging",
        ]),
        tie: Tie::Straight("aws_s3_bucket"),
    },
    Demand {
        id: "WT-ORD-003",
        title: "rules of a security group are added before others of it go",
        why: "what the old rule let through would be cut off, and people open more in a hurry",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
        first: builds(GROUP_RULES),
        then: goes(GROUP_RULES),
        tie: Tie::Beside("aws_security_group"),
    },
    Demand {
        id: "WT-ORD-004",
        title: "what is replaced goes when its successor stands",
        why: "for a while there would be neither",
        source: "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle",
        first: builds(ANY),
        then: goes(ANY),
        tie: Tie::Same,
    },
    Demand {
        id: "WT-ORD-005",
        title: "nothing goes before what used it has turned away",
        why: "it is in use by then: an old certificate, say, by a listener",
        source: "https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html",
        first: builds(ANY),
        then: goes(ANY),
        tie: Tie::Used,
    },
    Demand {
        id: "WT-ORD-100",
        title: "names lead to a load balancer that listens",
        why: "a name would lead to a load balancer that answers nobody",
        source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html",
        first: builds(LISTENERS),
        then: turns(ANY),
        tie: Tie::Far("aws_lb"),
    },
    Demand {
        id: "WT-ORD-101",
        title: "a replaced load balancer listens until names have turned away",
        why: "a name would lead to a load balancer that answers nobody any more",
        source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html",
        first: turns(ANY),
        then: goes(LISTENERS),
        tie: Tie::Far("aws_lb"),
    },
    Demand {
        id: "WT-ORD-102",
        title: "a listener turns to a target group that has its targets",
        why: "a listener would send people to a target group with nothing in it",
        source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
        first: builds(TARGETS),
        then: turns(ANY),
        tie: Tie::Far("aws_lb_target_group"),
    },
    Demand {
        id: "WT-ORD-103",
        title: "targets stay in a target group until its listeners have turned away",
        why: "a listener would send people to a target group with nothing in it any more",
        source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
        first: turns(ANY),
        then: goes(TARGETS),
        tie: Tie::Far("aws_lb_target_group"),
    },
    Demand {
        id: "WT-ORD-104",
        title: "a security group has its rules before anything in service turns to it",
        why: "traffic would meet a security group that lets nothing through",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
        first: builds(GROUP_RULES),
        then: turns(ANY),
        tie: Tie::Far("aws_security_group"),
    },
    Demand {
        id: "WT-ORD-105",
        title: "rules of a security group stay until what is in service has turned away",
        why: "traffic would meet a security group that no longer lets it through",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
        first: turns(ANY),
        then: goes(GROUP_RULES),
        tie: Tie::Far("aws_security_group"),
    },
    Demand {
        id: "WT-ORD-106",
        title: "a replaced load balancer keeps its targets until it listens no more",
        why: "people who still come to the old load balancer would find nothing behind it",
        source: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html",
        first: leaves(&["aws_lb_listener"]),
        then: goes(TARGETS),
        tie: Tie::Far("aws_lb_target_group"),
    },
    Demand {
        id: "WT-ORD-107",
        title: "a route table has its routes before a subnet turns to it",
        why: "a subnet would have no way out",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html",
        first: builds(ROUTES),
        then: turns(ANY),
        tie: Tie::Far("aws_route_table"),
    },
    Demand {
        id: "WT-ORD-108",
        title: "a subnet has its route table before anything in service turns to it",
        why: "a subnet would go by the VPC's main route table for a while",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html",
        first: builds(ASSOCIATIONS),
        then: turns(ANY),
        tie: Tie::Far("aws_subnet"),
    },
];

#[cfg(test)]
mod tests {
    use super::DEMANDS;
    use crate::kind::Kind;

    #[test]
    fn demands_are_sorted_explained_and_about_kinds() {
        assert!(DEMANDS.is_sorted_by_key(|demand| demand.id));
        for demand in DEMANDS {
            assert!(demand.source.starts_with("https://"), "{}", demand.id);
            assert!(!demand.why.ends_with('.') && !demand.title.ends_with('.'));
            for kind in demand.first.kinds.iter().chain(demand.then.kinds) {
                assert!(Kind::of(kind).is_some(), "{}: {kind}", demand.id);
            }
        }
    }
}
