//! What makes a thing fit for use, beside the thing itself.
//!
//! A load balancer without a listener answers nobody, a security group without its rules
//! lets nobody through: whoever turns to a new one turns when its parts stand, and the parts
//! of the old one stay until then. AWS's own calls ask for none of this, so no reference says
//! it.
//!
//! *Invariant*: data and pure functions; no part ever waits for a user that it needs itself.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::graph::Graph;

/// What a whole needs before it is of use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completion {
    /// Kind of the whole.
    pub(super) whole: &'static str,
    /// Kinds of the parts that make it so; they refer to it, or to another part of it.
    pub(super) parts: &'static [&'static str],
    /// Who waits for the parts.
    pub(super) users: Users,
}

/// Who waits for the parts of what they use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Users {
    /// Everybody that refers to the whole, as the parts are what protects it.
    All,
    /// What is in service already, however far it is from the whole: traffic turns with it.
    InService,
}

/// In order of the whole.
pub(super) static COMPLETIONS: &[Completion] = &[
    Completion {
        whole: "aws_lb",
        parts: &["aws_lb_listener", "aws_lb_listener_rule"],
        users: Users::InService,
    },
    Completion {
        whole: "aws_lb_target_group",
        parts: &["aws_lb_target_group_attachment"],
        users: Users::InService,
    },
    Completion {
        whole: "aws_route_table",
        parts: &["aws_route"],
        users: Users::InService,
    },
    // A log that arrives before the policy arrives in a bucket that takes it in clear.
    Completion {
        whole: "aws_s3_bucket",
        parts: &[
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_server_side_encryption_configuration",
        ],
        users: Users::All,
    },
    Completion {
        whole: "aws_security_group",
        parts: &[
            "aws_vpc_security_group_egress_rule",
            "aws_vpc_security_group_ingress_rule",
        ],
        users: Users::InService,
    },
    Completion {
        whole: "aws_subnet",
        parts: &["aws_route_table_association"],
        users: Users::InService,
    },
];

impl Completion {
    /// What a kind completes.
    pub(super) fn by(kind: &str) -> impl Iterator<Item = &'static Self> {
        COMPLETIONS
            .iter()
            .filter(move |completion| completion.parts.contains(&kind))
    }

    /// The wholes that a part belongs to, from what it refers to: straight, or through another
    /// part.
    pub(super) fn wholes<'a>(
        &self,
        needed: impl IntoIterator<Item = &'a Address>,
        graph: &'a Graph,
    ) -> BTreeSet<&'a Address> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&Address> = needed.into_iter().collect();
        while let Some(address) = open.pop() {
            if address.kind == self.whole {
                found.insert(address);
            } else if self.parts.contains(&address.kind.as_str()) {
                open.extend(graph.dependencies(address));
            }
        }
        found
    }

    /// Whether this kind is itself one of the parts.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.parts.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::COMPLETIONS;
    use crate::kind::Kind;

    #[test]
    fn completions_are_sorted_and_about_kinds() {
        assert!(COMPLETIONS.is_sorted_by_key(|completion| completion.whole));
        for completion in COMPLETIONS {
            for kind in completion.parts.iter().chain([&completion.whole]) {
                assert!(Kind::of(kind).is_some(), "{kind}");
            }
        }
    }
}
