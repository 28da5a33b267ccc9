//! The table of rules.
//!
//! *Invariant*: a rule is in the table, or it does not exist: tests demand that it is
//! sorted, documented and has cases.

use std::fmt;

use serde::Serialize;

use super::report::Report;
use super::scope::Scope;
use super::{acm, cloudfront, elb, network, operations, s3, security_group};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Data travels in clear, or anybody gets in.
    Critical,
    /// A guard that others rely on is missing.
    High,
    /// A second line of defence is missing.
    Medium,
    /// Good practice.
    Low,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        })
    }
}

/// Something that must hold of all resources.
#[derive(Debug)]
pub struct Rule {
    /// A stable name, `WT-ELB-001`.
    pub id: &'static str,
    /// What holds, in a few words: `listeners are encrypted`.
    pub title: &'static str,
    /// How bad it is if it doesn't.
    pub severity: Severity,
    /// What exactly must hold, why, and what does not count. Sentences.
    pub explain: &'static str,
    /// Where others ask for it: `Security Hub ELB.18`, `PCI DSS 4.2.1`...
    pub controls: &'static [&'static str],
    /// What to do, one sentence without a full stop.
    pub fix: &'static str,
    /// Looks at all resources and reports those for which it doesn't hold.
    pub(super) check: fn(&Scope<'_>, &mut Report),
}

/// Every rule, in order of id.
pub static RULES: &[&Rule] = &[
    &acm::ISSUED,
    &acm::KEY,
    &acm::COVERS,
    &cloudfront::viewer::HTTPS,
    &cloudfront::viewer::PROTOCOL,
    &cloudfront::viewer::CERTIFICATE,
    &cloudfront::origin::HTTPS,
    &cloudfront::origin::PROTOCOL,
    &cloudfront::bucket::SIGNED,
    &cloudfront::viewer::HSTS,
    &cloudfront::balancer::NO_BYPASS,
    &cloudfront::balancer::AGREES,
    &cloudfront::logs::KEPT,
    &cloudfront::balancer::OWN,
    &elb::listener::ENCRYPTED,
    &elb::redirect::ONLY_REDIRECTS,
    &elb::listener::POLICY,
    &elb::target::ENCRYPTED,
    &elb::target::HEALTH_CHECK,
    &elb::listener::HSTS,
    &elb::balancer::HEADERS,
    &elb::balancer::DESYNC,
    &elb::balancer::LOGS,
    &elb::listener::CERTIFICATE,
    &network::FLOW_LOGS,
    &network::FORMAT,
    &operations::IGNORED,
    &s3::transport::PLAINTEXT,
    &s3::transport::OLD_TLS,
    &s3::bucket::PUBLIC_ACCESS,
    &s3::bucket::OWNERSHIP,
    &s3::bucket::ENCRYPTION,
    &s3::bucket::WEBSITE,
    &s3::grant::SCOPED,
    &security_group::public::HTTPS_ONLY,
    &security_group::public::HIGH_RISK,
    &security_group::public::ADMINISTRATION,
    &security_group::tier::BALANCER_ONLY,
    &network::DEFAULT_GROUP,
];

/// The rule of this id, one of [`RULES`] or of those whose findings are made elsewhere.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    let mut all = RULES.iter().chain(super::OUTSIDE);
    all.find(|rule| rule.id == id).copied()
}
