//! How the provider's own reading shows what stands: by which id it takes a thing over, and
//! what it believes of it then.
//!
//! Facts: the provider's source, `internal/service/...` of hashicorp/terraform-provider-aws
//! (each entry names its file): the importer, what `Read` sets, and the `@Testing` notes with
//! which its own tests import. What is not there is what an import leaves unset.
//!
//! *Invariant*: every kind that can be imported has an entry, and an entry claims nothing that
//! depends on AWS: only on the provider.

use super::Provider;
use crate::kind::Literal;
use crate::value::{Attributes, Value};

/// What an import of a kind does.
#[derive(Debug)]
pub struct Read {
    /// The provider's name.
    pub kind: &'static str,
    /// The id that the importer takes, made of attributes: `{subnet_id|gateway_id}` is the one
    /// that is set, and what stands in brackets is there if its attribute is.
    pub id: &'static str,
    /// Whether provider 5 has an importer.
    pub by_5: bool,
    /// Arguments that `Read` never sets, and that have a default.
    pub unread: &'static [Unread],
    /// Arguments that `Read` never sets and the importer sets to their default.
    pub preset: &'static [&'static str],
    /// The block with an action whose only target group is read as `target_group_arn` and as
    /// `forward`, both.
    pub both_ways: Option<&'static str>,
    /// Defaults of the provider beside those that the kind has.
    pub defaults: &'static [(&'static str, Literal)],
    /// Arguments and blocks that stay as they are read where they aren't written, as they are
    /// computed or their difference is suppressed, and the schema does not tell.
    pub left: &'static [&'static str],
    /// The file under `internal/service`.
    pub source: &'static str,
}

/// An argument that is unset after an import.
#[derive(Debug)]
pub struct Unread {
    /// Its name.
    pub argument: &'static str,
    /// Of which resources.
    of: fn(&Attributes) -> bool,
}

impl Unread {
    const fn always(argument: &'static str) -> Self {
        Self {
            argument,
            of: |_| true,
        }
    }
}

impl Read {
    const PLAIN: Self = Self {
        kind: "",
        id: "{id}",
        by_5: true,
        unread: &[],
        preset: &[],
        both_ways: None,
        defaults: &[],
        left: &[],
        source: "",
    };

    const fn by(kind: &'static str, id: &'static str, source: &'static str) -> Self {
        Self {
            kind,
            id,
            source,
            ..Self::PLAIN
        }
    }

    /// The id by which the importer takes a thing of these attributes; none where it can't be
    /// told.
    #[must_use]
    pub fn id_of(&self, thing: &Attributes) -> Option<String> {
        let value = |names: &str| {
            let mut values = names.split('|').filter_map(|name| thing.get(name));
            values.find_map(|value| value.scalar_text().filter(|text| !text.is_empty()))
        };
        let mut id = String::new();
        for part in self.id.split_inclusive(['}', ']']) {
            let Some((before, name)) = part.split_once('{') else {
                id.push_str(part.trim_end_matches(']'));
                continue;
            };
            let value = value(name.trim_end_matches('}'));
            match (before.strip_prefix('['), value) {
                (Some(before), Some(value)) => id.extend([before, &value]),
                (Some(_), None) => {}
                (None, value) => id.extend([before, &value?]),
            }
        }
        Some(id)
    }

    /// What is unset of such a resource.
    pub fn unset<'a>(&'a self, resource: &'a Attributes) -> impl Iterator<Item = &'static str> {
        let unread = self.unread.iter();
        unread
            .filter(|one| (one.of)(resource))
            .map(|one| one.argument)
    }
}

/// Every kind that can be imported, in order of name.
pub static READS: &[Read] = &[
    Read {
        left: &["options"],
        ..Read::by("aws_acm_certificate", "{arn}", "acm/certificate.go")
    },
    Read {
        preset: &["retain_on_delete", "wait_for_deployment"],
        ..Read::by(
            "aws_cloudfront_distribution",
            "{id}",
            "cloudfront/distribution.go",
        )
    },
    Read::by(
        "aws_cloudfront_origin_access_control",
        "{id}",
        "cloudfront/origin_access_control.go",
    ),
    Read::by(
        "aws_cloudfront_response_headers_policy",
        "{id}",
        "cloudfront/response_headers_policy.go",
    ),
    Read::by(
        "aws_cloudfront_vpc_origin",
        "{id}",
        "cloudfront/vpc_origin.go",
    ),
    Read::by("aws_cloudwatch_log_delivery", "{id}", "logs/delivery.go"),
    Read::by(
        "aws_cloudwatch_log_delivery_destination",
        "{name}",
        "logs/delivery_destination.go",
    ),
    Read::by(
        "aws_cloudwatch_log_delivery_source",
        "{name}",
        "logs/delivery_source.go",
    ),
    Read {
        unread: &[Unread::always("revoke_rules_on_delete")],
        ..Read::by(
            "aws_default_security_group",
            "{id}",
            "ec2/vpc_default_security_group.go",
        )
    },
    Read::by("aws_eip", "{id}", "ec2/ec2_eip.go"),
    Read {
        left: &["destination_options"],
        ..Read::by("aws_flow_log", "{id}", "ec2/vpc_flow_log.go")
    },
    Read::by(
        "aws_internet_gateway",
        "{id}",
        "ec2/vpc_internet_gateway.go",
    ),
    Read {
        left: &[
            "access_logs",
            "connection_logs",
            // Of an application load balancer, which can't be without.
            "enable_cross_zone_load_balancing",
            "health_check_logs",
            "subnet_mapping",
        ],
        ..Read::by("aws_lb", "{arn}", "elbv2/load_balancer.go")
    },
    Read {
        both_ways: Some("default_action"),
        defaults: &[(
            "default_action.forward.target_group.weight",
            Literal::Int(1),
        )],
        left: &["default_action.forward.stickiness", "mutual_authentication"],
        ..Read::by("aws_lb_listener", "{arn}", "elbv2/listener.go")
    },
    Read {
        both_ways: Some("action"),
        defaults: &[("action.forward.target_group.weight", Literal::Int(1))],
        left: &["action.forward.stickiness"],
        ..Read::by("aws_lb_listener_rule", "{arn}", "elbv2/listener_rule.go")
    },
    // AWS has these attributes of a group only where they mean something: `slow_start` and
    // `proxy_protocol_v2` by protocol, `deregistration_delay` not of functions and load
    // balancers (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html>).
    Read {
        unread: &[
            Unread {
                argument: "deregistration_delay",
                of: |group| matches!(target_type(group), "alb" | "lambda"),
            },
            Unread {
                argument: "lambda_multi_value_headers_enabled",
                of: |group| target_type(group) != "lambda",
            },
            Unread {
                argument: "proxy_protocol_v2",
                of: |group| is_http(group) || matches!(target_type(group), "alb" | "lambda"),
            },
            Unread {
                argument: "slow_start",
                of: |group| !is_http(group) || target_type(group) == "lambda",
            },
        ],
        left: &[
            "health_check",
            "stickiness",
            "target_failover",
            "target_group_health",
            "target_health_state",
        ],
        ..Read::by("aws_lb_target_group", "{arn}", "elbv2/target_group.go")
    },
    // By 6.35 and later; the port is in the id, as nothing that `Read` asks tells it.
    Read {
        by_5: false,
        ..Read::by(
            "aws_lb_target_group_attachment",
            "{target_group_arn},{target_id}[,{port}]",
            "elbv2/target_group_attachment.go",
        )
    },
    Read::by("aws_nat_gateway", "{id}", "ec2/vpc_nat_gateway.go"),
    Read::by(
        "aws_route",
        "{route_table_id}_{destination_cidr_block|destination_ipv6_cidr_block|destination_prefix_list_id}",
        "ec2/vpc_route.go",
    ),
    Read::by(
        "aws_route53_record",
        "{zone_id}_{name}_{type}[_{set_identifier}]",
        "route53/record.go",
    ),
    Read::by("aws_route_table", "{id}", "ec2/vpc_route_table.go"),
    Read::by(
        "aws_route_table_association",
        "{subnet_id|gateway_id}/{route_table_id}",
        "ec2/vpc_route_table_association.go",
    ),
    Read {
        unread: &[Unread::always("force_destroy")],
        ..Read::by("aws_s3_bucket", "{bucket}", "s3/bucket.go")
    },
    Read::by(
        "aws_s3_bucket_lifecycle_configuration",
        "{bucket}",
        "s3/bucket_lifecycle_configuration.go",
    ),
    Read::by("aws_s3_bucket_logging", "{bucket}", "s3/bucket_logging.go"),
    Read::by(
        "aws_s3_bucket_ownership_controls",
        "{bucket}",
        "s3/bucket_ownership_controls.go",
    ),
    Read::by("aws_s3_bucket_policy", "{bucket}", "s3/bucket_policy.go"),
    Read::by(
        "aws_s3_bucket_public_access_block",
        "{bucket}",
        "s3/bucket_public_access_block.go",
    ),
    Read::by(
        "aws_s3_bucket_server_side_encryption_configuration",
        "{bucket}",
        "s3/bucket_server_side_encryption_configuration.go",
    ),
    Read::by(
        "aws_s3_bucket_versioning",
        "{bucket}",
        "s3/bucket_versioning.go",
    ),
    Read {
        unread: &[Unread::always("revoke_rules_on_delete")],
        ..Read::by("aws_security_group", "{id}", "ec2/vpc_security_group.go")
    },
    Read::by("aws_subnet", "{id}", "ec2/vpc_subnet.go"),
    Read::by("aws_vpc", "{id}", "ec2/vpc_.go"),
    Read::by(
        "aws_vpc_security_group_egress_rule",
        "{id}",
        "ec2/vpc_security_group_egress_rule.go",
    ),
    Read::by(
        "aws_vpc_security_group_ingress_rule",
        "{id}",
        "ec2/vpc_security_group_ingress_rule.go",
    ),
];

fn target_type(group: &Attributes) -> &str {
    let given = group.get("target_type").and_then(Value::as_str);
    given.unwrap_or("instance")
}

fn is_http(group: &Attributes) -> bool {
    let protocol = group.get("protocol").and_then(Value::as_str);
    protocol.is_some_and(|protocol| matches!(protocol, "HTTP" | "HTTPS"))
}

/// The entry of a kind.
#[must_use]
pub fn of(kind: &str) -> Option<&'static Read> {
    let index = READS.binary_search_by_key(&kind, |read| read.kind).ok()?;
    Some(&READS[index])
}

/// Whether this line of the provider can take a thing of this kind over.
pub(super) fn can_be_imported(kind: &str, provider: Provider) -> bool {
    of(kind).is_some_and(|read| read.by_5 || provider == Provider::Six)
}

/// Says a forward to one target group in both ways in which it is read: who says one of them
/// alone takes the other away.
pub(super) fn say_both_ways(kind: &str, resource: &mut Attributes) {
    let block = of(kind).and_then(|read| read.both_ways);
    let Some(Value::List(actions)) = block.and_then(|block| resource.get_mut(block)) else {
        return;
    };
    for action in actions {
        let Value::Map(action) = action else {
            continue;
        };
        let group = action.get("target_group_arn").filter(|arn| !arn.is_null());
        let forward = action.get("forward").filter(|block| !block.is_null());
        match (group.cloned(), forward) {
            (Some(arn), None) => {
                let group = Value::block([("arn", arn)]);
                let forward = Value::block([("target_group", group)]);
                action.insert("forward".to_owned(), forward);
            }
            (None, Some(forward)) => {
                let groups = forward.items().first().map(|one| one.get("target_group"));
                if let Some([group]) = groups.map(Value::items) {
                    let arn = group.get("arn").clone();
                    action.insert("target_group_arn".to_owned(), arn);
                }
            }
            _ => {}
        }
    }
}

/// Whether an import of a forward to one target group reads more than is said of it. The
/// provider can't tell which of the two ways was meant, "AWS returns ARNs in both",
/// <https://github.com/hashicorp/terraform-provider-aws/pull/39413>.
pub(super) fn is_read_both_ways(kind: &str, resource: &Attributes) -> bool {
    let mut both = resource.clone();
    say_both_ways(kind, &mut both);
    both != *resource
}

#[cfg(test)]
mod tests;
