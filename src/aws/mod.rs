//! What one *does* to a kind: its lifecycle, and the clients that carry it out.
//!
//! Only here do SDK crates appear. A kind's file here implements [`Lifecycle`]; the
//! executor and refresh know nothing else of AWS.
//!
//! *Invariant*: no call decides anything. What is to be created, changed or deleted was
//! decided by the plan; a lifecycle turns one such decision into the calls of one service.

mod acm_certificate;
mod acm_certificate_validation;
mod acm_validation;
mod client;
mod cloudfront;
mod cloudfront_distribution;
mod cloudfront_origin_access_control;
mod cloudfront_response_headers_policy;
mod cloudfront_vpc_origin;
mod cloudwatch_log_delivery;
mod cloudwatch_log_delivery_destination;
mod cloudwatch_log_delivery_source;
mod data;
mod default_security_group;
mod ec2;
mod eip;
mod elb;
mod error;
mod flow_log;
mod given;
mod internet_gateway;
mod lb;
mod lb_listener;
mod lb_listener_action;
mod lb_listener_condition;
mod lb_listener_rule;
mod lb_target_group;
mod lb_target_group_attachment;
mod leaving;
mod log_sources;
mod logs;
mod nat_gateway;
mod network_interface;
pub mod objects;
mod origin;
pub mod permissions;
pub mod quotas;
pub mod regions;
mod route;
mod route53_record;
mod route53_record_set;
mod route_table;
mod route_table_association;
mod s3;
mod s3_bucket;
mod s3_bucket_lifecycle_configuration;
mod s3_bucket_logging;
mod s3_bucket_ownership_controls;
mod s3_bucket_policy;
mod s3_bucket_public_access_block;
mod s3_bucket_server_side_encryption_configuration;
mod s3_bucket_versioning;
mod security_group;
mod security_group_rule;
mod subnet;
pub mod survey;
pub mod tagged;
mod tags;
pub mod target_health;
pub mod trail;
pub mod untag;
mod values;
mod vpc;
#[cfg(test)]
mod words;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

pub use client::{Answer, Aws, Guard, Identity, Settings, deciding, may_have_acted};
pub use data::partition;
pub use error::{Error, ErrorKind};
pub use origin::{Base, Origin, Profile, Role};
use security_group_rule::{Direction, SecurityGroupRules};

use crate::address::Address;
use crate::resource::Id;
use crate::value::Attributes;

/// Every kind's lifecycle, in order of name.
static LIFECYCLES: &[(&str, &dyn Lifecycle)] = &[
    ("aws_acm_certificate", &acm_certificate::LIFECYCLE),
    (
        "aws_acm_certificate_validation",
        &acm_certificate_validation::LIFECYCLE,
    ),
    (
        "aws_cloudfront_distribution",
        &cloudfront_distribution::CloudfrontDistribution,
    ),
    (
        "aws_cloudfront_origin_access_control",
        &cloudfront_origin_access_control::CloudfrontOriginAccessControl,
    ),
    (
        "aws_cloudfront_response_headers_policy",
        &cloudfront_response_headers_policy::CloudfrontResponseHeadersPolicy,
    ),
    (
        "aws_cloudfront_vpc_origin",
        &cloudfront_vpc_origin::CloudfrontVpcOrigin,
    ),
    (
        "aws_cloudwatch_log_delivery",
        &cloudwatch_log_delivery::CloudwatchLogDelivery,
    ),
    (
        "aws_cloudwatch_log_delivery_destination",
        &cloudwatch_log_delivery_destination::CloudwatchLogDeliveryDestination,
    ),
    (
        "aws_cloudwatch_log_delivery_source",
        &cloudwatch_log_delivery_source::CloudwatchLogDeliverySource,
    ),
    (
        "aws_default_security_group",
        &default_security_group::DefaultSecurityGroup,
    ),
    ("aws_eip", &eip::Eip),
    ("aws_flow_log", &flow_log::FlowLog),
    ("aws_internet_gateway", &internet_gateway::InternetGateway),
    ("aws_lb", &lb::Lb),
    ("aws_lb_listener", &lb_listener::LbListener),
    ("aws_lb_listener_rule", &lb_listener_rule::LbListenerRule),
    ("aws_lb_target_group", &lb_target_group::LbTargetGroup),
    (
        "aws_lb_target_group_attachment",
        &lb_target_group_attachment::LbTargetGroupAttachment,
    ),
    ("aws_nat_gateway", &nat_gateway::NatGateways),
    ("aws_route", &route::Routes),
    ("aws_route53_record", &route53_record::Route53Record),
    ("aws_route_table", &route_table::RouteTables),
    (
        "aws_route_table_association",
        &route_table_association::RouteTableAssociations,
    ),
    ("aws_s3_bucket", &s3_bucket::LIFECYCLE),
    (
        "aws_s3_bucket_lifecycle_configuration",
        &s3_bucket_lifecycle_configuration::LIFECYCLE,
    ),
    ("aws_s3_bucket_logging", &s3_bucket_logging::LIFECYCLE),
    (
        "aws_s3_bucket_ownership_controls",
        &s3_bucket_ownership_controls::LIFECYCLE,
    ),
    ("aws_s3_bucket_policy", &s3_bucket_policy::LIFECYCLE),
    (
        "aws_s3_bucket_public_access_block",
        &s3_bucket_public_access_block::LIFECYCLE,
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        &s3_bucket_server_side_encryption_configuration::LIFECYCLE,
    ),
    ("aws_s3_bucket_versioning", &s3_bucket_versioning::LIFECYCLE),
    ("aws_security_group", &security_group::SecurityGroup),
    ("aws_subnet", &subnet::Subnet),
    ("aws_vpc", &vpc::Vpc),
    (
        "aws_vpc_security_group_egress_rule",
        &SecurityGroupRules(Direction::Out),
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        &SecurityGroupRules(Direction::In),
    ),
];

/// Every kind of lookup, in order of name.
static LOOKUPS: &[(&str, &dyn Ask)] = &[
    (
        "aws_acm_certificate",
        &data::acm_certificate::AcmCertificate,
    ),
    (
        "aws_availability_zones",
        &data::availability_zones::AvailabilityZones,
    ),
    (
        "aws_caller_identity",
        &data::caller_identity::CallerIdentity,
    ),
    (
        "aws_ec2_managed_prefix_list",
        &data::ec2_managed_prefix_list::Ec2ManagedPrefixList,
    ),
    ("aws_route53_zone", &data::route53_zone::Route53Zone),
    (
        "aws_secretsmanager_secret",
        &data::secretsmanager_secret::SecretsmanagerSecret,
    ),
    ("aws_security_group", &data::security_group::SecurityGroup),
    ("aws_ssm_parameter", &data::ssm_parameter::SsmParameter),
    ("aws_subnets", &data::subnets::Subnets),
    ("aws_vpc", &data::vpc::Vpc),
];

/// The lifecycle of the kind of this name.
#[must_use]
pub fn lifecycle(kind: &str) -> Option<&'static dyn Lifecycle> {
    let index = LIFECYCLES
        .binary_search_by_key(&kind, |(name, _)| name)
        .ok()?;
    Some(LIFECYCLES[index].1)
}

/// The answer of the kind of lookup of this name, `aws_vpc`.
#[must_use]
pub fn lookup(kind: &str) -> Option<&'static dyn Ask> {
    let index = LOOKUPS.binary_search_by_key(&kind, |(name, _)| name).ok()?;
    Some(LOOKUPS[index].1)
}

/// The names of all kinds of lookup, in order.
pub fn lookup_kinds() -> impl Iterator<Item = &'static str> {
    LOOKUPS.iter().map(|(name, _)| *name)
}

/// A resource as it is to be made, with every reference resolved.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where it stands in the spec.
    pub address: Address,
    /// Region to make it in.
    pub region: String,
    /// What it should be; no value is unknown, but a parent that does not stand yet leaves
    /// its children's references unknown, for which nobody asks.
    pub attributes: Attributes,
    /// Whose it is.
    pub owner: Owner,
}

/// Whose a resource is: what the tags `watertight:*` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// Lineage of the state document.
    pub lineage: String,
}

/// The tag with the lineage of the state that made a thing. It is no attribute: `create`
/// writes it, `find` returns it, nothing else sees it.
pub const LINEAGE_TAG: &str = "watertight:lineage";
/// The tag with the application's name.
pub const APP_TAG: &str = "watertight:app";
/// The tag with the environment's name.
pub const ENVIRONMENT_TAG: &str = "watertight:environment";
/// The tag with the resource's address.
pub const ADDRESS_TAG: &str = "watertight:address";

/// Something in AWS that may be the resource that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What AWS calls it.
    pub id: Id,
    /// Whose it is, as far as can be proven.
    pub ownership: Ownership,
}

/// Whose a found thing is. A name alone is never proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Its tags name our app, environment and address, and this lineage (empty if the tag
    /// is missing).
    Tagged {
        /// The lineage that made it.
        lineage: String,
    },
    /// It can't be tagged, and it belongs to a parent that is proven ours.
    ChildOfOurs,
    /// It is a setting of a parent that is proven ours, as AWS makes it, unasked, for every
    /// such parent: nobody can tell who set it.
    Given,
    /// It can't be tagged, and its value is exactly the desired one.
    Equal,
    /// One per account, used by several apps (a certificate's validation record).
    Shared,
    /// It exists and nothing proves that it is ours.
    Foreign,
}

/// How far a thing is after it was made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Dependents can't use it yet.
    Waiting {
        /// What is waited for: `ACM: shop.example.com`.
        what: String,
        /// What AWS says now: `PENDING_VALIDATION`.
        detail: String,
    },
    /// Dependents may start; the thing itself is still on its way.
    Usable {
        /// What is waited for.
        what: String,
        /// What AWS says now.
        detail: String,
    },
    /// It is as it will be.
    Done,
    /// It never will be.
    Failed {
        /// What AWS says.
        why: String,
    },
}

/// How far a delete is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is no more (or never was).
    Gone,
    /// Ask again: `delete` is entered anew after a pause.
    Waiting {
        /// What is waited for.
        what: String,
        /// What AWS says now.
        detail: String,
    },
    /// It stays, and why.
    Kept {
        /// The reason, a phrase.
        why: String,
    },
}

/// What stands in the way of a delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// What it is, for people: `network interface eni-0a1b (ELB app/other/50dc)`.
    pub what: String,
    /// Its id or ARN, where it has one; tells whether the same plan removes it.
    pub id: Option<String>,
    /// Whether what it was made for is gone already, so that AWS takes it away by itself.
    pub leaves: bool,
}

/// What AWS has under a parent.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildFound {
    /// Its kind.
    pub kind: &'static str,
    /// What AWS calls it.
    pub id: Id,
    /// What it is like.
    pub attributes: Attributes,
}

/// What can be done to the resources of a kind.
///
/// Every mutation is one call and is sent only when the state says that it will be; see
/// `docs` of [`executor`](crate::executor). Ids are in the form of the kind's Terraform
/// import. Attributes that come in or go out are in the schema's vocabulary, without
/// references; what AWS reports and the schema does not name is left out.
#[async_trait]
pub trait Lifecycle: Send + Sync {
    /// The kind by whose lifecycle these are read, where one batch serves several kinds;
    /// `kind` is this one's own name.
    fn read_as(&self, kind: &'static str) -> &'static str {
        kind
    }

    /// Reads many by id, with the service's batch call where there is one. One answer an
    /// id, in order; `None` for what AWS says does not exist. Attributes hold everything
    /// that AWS reports under a name of the schema, computed ones too (`arn`, `dns_name`);
    /// `tags` are all tags but `watertight:lineage`; JSON documents are maps; a block that
    /// AWS reports as off or empty, and that Terraform does not show, is left out.
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>>;

    /// Looks for a resource that the state does not know. Several may be found; none if
    /// nothing is there. Asked only when the attributes in the kind's `named_by` are known.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error>;

    /// Makes it, by at most one mutating call, and returns as soon as AWS has named it.
    /// `token` is 32 hex digits, the same for the same attempt.
    async fn create(&self, aws: &Aws, wanted: &Wanted, token: &str) -> Result<Id, Error>;

    /// How far it is. Polled apart from calls that change anything. What can be used as
    /// soon as it can be read needs none: what was made is read until AWS shows it.
    async fn settle(&self, _aws: &Aws, _id: &Id) -> Result<Settled, Error> {
        Ok(Settled::Done)
    }

    /// The same of what this run makes, after so long a wait: what is wanted tells where to
    /// look for a cause that AWS does not name.
    async fn settle_wanted(
        &self,
        aws: &Aws,
        id: &Id,
        _wanted: &Wanted,
        _waited: Duration,
    ) -> Result<Settled, Error> {
        self.settle(aws, id).await
    }

    /// Makes what was observed into what is wanted, by calls that may be repeated.
    /// `wanted`'s tags are all that should be there, foreign ones included; a tag that was
    /// observed and is not among them goes.
    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error>;

    /// What AWS calls it once it has been updated, where an id holds what an update changes.
    fn id_after_update(&self, id: &Id, _wanted: &Wanted) -> Id {
        id.clone()
    }

    /// Deletes it, by at most one mutating call an entry. What is not there is `Gone`.
    /// `going` are the ids of everything that the same plan deletes: what several things
    /// share stays while one that is not among them uses it.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error>;

    /// What would prevent a delete now.
    async fn blockers(&self, _aws: &Aws, _id: &Id) -> Result<Vec<Blocker>, Error> {
        Ok(Vec::new())
    }

    /// What of others would miss it, though AWS deletes it all the same.
    async fn relied_on_by(&self, _aws: &Aws, _id: &Id) -> Result<Vec<Blocker>, Error> {
        Ok(Vec::new())
    }

    /// For a kind that owns its children alone: all children that AWS has under these
    /// parents, of every such kind. One batch for all parents.
    async fn children(&self, _aws: &Aws, _parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
        Ok(Vec::new())
    }
}

/// A kind of lookup.
#[async_trait]
pub trait Ask: Send + Sync {
    /// IAM actions that it calls, `ec2:DescribeVpcs`.
    fn permissions(&self) -> &'static [&'static str] {
        &[]
    }

    /// Asks AWS once. Arguments hold no reference; the answer is in the schema's vocabulary
    /// of the data source, arguments included.
    ///
    /// # Errors
    /// A failed call; and, as [`ErrorKind::NotFound`] or [`ErrorKind::Refused`], that
    /// nothing or several were found: the message says what there is, the hint what to
    /// write.
    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error>;
}

#[cfg(test)]
mod tests {
    use super::{LIFECYCLES, LOOKUPS};
    use crate::kind::KINDS;

    #[test]
    fn every_kind_has_its_lifecycle() {
        let lifecycles: Vec<&str> = LIFECYCLES.iter().map(|(name, _)| *name).collect();
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(lifecycles, kinds);
    }

    #[test]
    fn every_lookup_says_what_it_calls() {
        for (name, lookup) in LOOKUPS {
            let permissions = lookup.permissions();
            // Who one is may be asked by everybody.
            let none_needed = *name == "aws_caller_identity";
            assert!(none_needed || !permissions.is_empty(), "{name}");
            assert!(permissions.is_sorted(), "{name}");
        }
    }
}
