//! Which things have to do with a step, as the rules see it.
//!
//! A rule looks at a thing, at what that uses, and at the parts of all these: a listener's
//! load balancer, the other listeners of it, the group of that, the rules of the group. So a
//! step is seen by whatever uses its thing, or the whole that its thing is a part of.
//!
//! *Invariant*: a view may be too small, and then something is not found in it; what is found in
//! one is looked at again among all things.

use std::collections::BTreeSet;

use super::things::Thing;

/// The kinds that a rule reads.
pub(super) const READ: &[&str] = &[
    "aws_acm_certificate",
    "aws_acm_certificate_validation",
    "aws_cloudfront_distribution",
    "aws_cloudfront_origin_access_control",
    "aws_cloudfront_response_headers_policy",
    "aws_cloudfront_vpc_origin",
    "aws_cloudwatch_log_delivery",
    "aws_cloudwatch_log_delivery_destination",
    "aws_cloudwatch_log_delivery_source",
    "aws_default_security_group",
    "aws_flow_log",
    "aws_lb",
    "aws_lb_listener",
    "aws_lb_listener_rule",
    "aws_lb_target_group",
    "aws_lb_target_group_attachment",
    "aws_route53_record",
    "aws_s3_bucket",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_security_group",
    "aws_vpc",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];

/// What the rules see a thing by, though it refers to that and not the other way round.
const WHOLES: &[(&str, &str)] = &[
    (
        "aws_cloudwatch_log_delivery",
        "aws_cloudwatch_log_delivery_source",
    ),
    (
        "aws_cloudwatch_log_delivery_source",
        "aws_cloudfront_distribution",
    ),
    ("aws_default_security_group", "aws_vpc"),
    ("aws_flow_log", "aws_vpc"),
    ("aws_lb_listener", "aws_lb"),
    ("aws_lb_listener_rule", "aws_lb_listener"),
    ("aws_lb_target_group_attachment", "aws_lb_target_group"),
    ("aws_route53_record", "aws_cloudfront_distribution"),
    ("aws_route53_record", "aws_lb"),
    ("aws_s3_bucket_ownership_controls", "aws_s3_bucket"),
    ("aws_s3_bucket_policy", "aws_s3_bucket"),
    ("aws_s3_bucket_public_access_block", "aws_s3_bucket"),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket",
    ),
    ("aws_vpc_security_group_egress_rule", "aws_security_group"),
    ("aws_vpc_security_group_ingress_rule", "aws_security_group"),
];

/// Who uses whom, as far as the rules go.
pub(super) struct Views<'a> {
    things: &'a [Thing<'a>],
    users: Vec<BTreeSet<usize>>,
}

impl<'a> Views<'a> {
    pub(super) fn of(things: &'a [Thing<'a>]) -> Self {
        let mut views = Self {
            things,
            users: vec![BTreeSet::new(); things.len()],
        };
        for user in 0..things.len() {
            for used in views.used(user) {
                views.users[used].insert(user);
            }
        }
        views
    }

    /// Whether a rule reads things of this kind.
    pub(super) fn is_read(&self, thing: usize) -> bool {
        READ.contains(&self.things[thing].kind())
    }

    /// What has to do with a thing, itself among it.
    pub(super) fn around(&self, thing: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open = vec![thing];
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(&self.users[next]);
                let used = self.used(next).into_iter();
                open.extend(used.filter(|used| self.is_part(next, *used)));
            }
        }
        let mut view = BTreeSet::new();
        let mut open: Vec<usize> = seen.iter().copied().collect();
        while let Some(next) = open.pop() {
            if !view.insert(next) {
                continue;
            }
            let parts = self.users[next].iter().copied();
            open.extend(parts.filter(|part| self.is_part(*part, next)));
            // What a bucket's policy names uses the bucket, as others may.
            let is_setting = self.things[next].kind().starts_with("aws_s3_bucket_");
            if seen.contains(&next) || !is_setting {
                open.extend(self.used(next));
            }
        }
        view
    }

    /// What a thing uses, of what rules read. A network is seen by its own parts alone.
    fn used(&self, thing: usize) -> Vec<usize> {
        let used = self.things[thing].uses.iter().copied();
        let used = used.filter(|used| self.is_read(*used) && self.is_read(thing));
        used.filter(|used| self.things[*used].kind() != "aws_vpc" || self.is_part(thing, *used))
            .collect()
    }

    fn is_part(&self, part: usize, whole: usize) -> bool {
        WHOLES.contains(&(self.things[part].kind(), self.things[whole].kind()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{READ, WHOLES};
    use crate::kind::KINDS;

    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|end| end == "rs") {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// A kind that a rule names is seen; what a rule follows a value through says the kind, too.
    #[test]
    fn no_kind_that_a_rule_reads_is_passed_over() {
        let mut text = String::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guardrail");
        sources(&folder, &mut text);
        let named = |kind: &&str| text.contains(&format!("\"{kind}\""));
        let named: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).filter(named).collect();
        let read: BTreeSet<&str> = READ.iter().copied().collect();
        let missing: Vec<&&str> = named.difference(&read).collect();
        assert_eq!(missing, [&""; 0]);
        assert!(READ.is_sorted() && WHOLES.is_sorted());
        for (part, whole) in WHOLES {
            assert!(read.contains(part) && read.contains(whole), "{part}");
        }
    }
}
