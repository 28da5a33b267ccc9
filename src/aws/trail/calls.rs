//! Which calls make, change and delete each kind, and what they name of it.
//!
//! Facts: the services' API references, whose calls are the events' names; *Amazon S3 user
//! guide*, "Amazon S3 CloudTrail events", for those of S3 that have another name there
//! (`PutBucketPublicAccessBlock`, `PutBucketLifecycle`).
//!
//! *Invariant*: every kind has its line, in order of name.

/// How the event history speaks of a kind. `id` is what AWS calls the thing; any other
/// attribute is one of the resource's.
#[derive(Debug)]
pub struct Traces {
    /// The kind.
    pub kind: &'static str,
    /// What the trail may list as the call's resource: attributes.
    pub under: &'static [&'static str],
    /// What a call about it names: attributes. Those that it does not have don't count.
    pub names: &'static [&'static str],
    /// Calls that make one.
    pub made: &'static [&'static str],
    /// Calls that change it.
    pub changed: &'static [&'static str],
    /// Calls that delete it.
    pub deleted: &'static [&'static str],
    /// Calls that change its tags.
    pub tagged: &'static [&'static str],
}

impl Traces {
    const NONE: Self = Self {
        kind: "",
        under: &["id"],
        names: &["id"],
        made: &[],
        changed: &[],
        deleted: &[],
        tagged: &[],
    };

    /// Those of a kind.
    #[must_use]
    pub fn of(kind: &str) -> Option<&'static Self> {
        TRACES.iter().find(|traces| traces.kind == kind)
    }

    /// The calls that can have changed a field.
    #[must_use]
    pub fn of_field(&self, path: &str) -> &'static [&'static str] {
        let top = path.split(['.', '[']).next().unwrap_or(path);
        match (self.kind, top) {
            (_, "tags") => self.tagged,
            ("aws_lb", "security_groups") => &["SetSecurityGroups"],
            ("aws_lb", "subnets" | "subnet_mapping") => &["SetSubnets"],
            ("aws_lb", "ip_address_type") => &["SetIpAddressType"],
            _ => self.changed,
        }
    }
}

const EC2_TAGS: &[&str] = &["CreateTags", "DeleteTags"];
const ELB_TAGS: &[&str] = &["AddTags", "RemoveTags"];
const ARN_TAGS: &[&str] = &["TagResource", "UntagResource"];
const RECORDS: &[&str] = &["ChangeResourceRecordSets"];

/// Every kind's.
pub static TRACES: &[Traces] = &[
    Traces {
        kind: "aws_acm_certificate",
        made: &["RequestCertificate", "ImportCertificate"],
        changed: &["UpdateCertificateOptions", "ImportCertificate"],
        deleted: &["DeleteCertificate"],
        tagged: &["AddTagsToCertificate", "RemoveTagsFromCertificate"],
        ..Traces::NONE
    },
    // Nothing of its own at AWS: that a certificate is issued.
    Traces {
        kind: "aws_acm_certificate_validation",
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudfront_distribution",
        made: &["CreateDistributionWithTags", "CreateDistribution"],
        changed: &[
            "UpdateDistribution",
            "UpdateDistributionWithStagingConfig",
            "AssociateAlias",
            "AssociateDistributionWebACL",
            "DisassociateDistributionWebACL",
        ],
        deleted: &["DeleteDistribution"],
        tagged: ARN_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudfront_origin_access_control",
        made: &["CreateOriginAccessControl"],
        changed: &["UpdateOriginAccessControl"],
        deleted: &["DeleteOriginAccessControl"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudfront_response_headers_policy",
        made: &["CreateResponseHeadersPolicy"],
        changed: &["UpdateResponseHeadersPolicy"],
        deleted: &["DeleteResponseHeadersPolicy"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudfront_vpc_origin",
        made: &["CreateVpcOrigin"],
        changed: &["UpdateVpcOrigin"],
        deleted: &["DeleteVpcOrigin"],
        tagged: ARN_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudwatch_log_delivery",
        made: &["CreateDelivery"],
        changed: &["UpdateDeliveryConfiguration"],
        deleted: &["DeleteDelivery"],
        tagged: ARN_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudwatch_log_delivery_destination",
        made: &["PutDeliveryDestination"],
        changed: &["PutDeliveryDestination"],
        deleted: &["DeleteDeliveryDestination"],
        tagged: ARN_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_cloudwatch_log_delivery_source",
        made: &["PutDeliverySource"],
        changed: &["PutDeliverySource"],
        deleted: &["DeleteDeliverySource"],
        tagged: ARN_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_default_security_group",
        changed: &[
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "ModifySecurityGroupRules",
        ],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_eip",
        made: &["AllocateAddress"],
        changed: &[
            "AssociateAddress",
            "DisassociateAddress",
            "ModifyAddressAttribute",
        ],
        deleted: &["ReleaseAddress"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_flow_log",
        made: &["CreateFlowLogs"],
        deleted: &["DeleteFlowLogs"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_internet_gateway",
        made: &["CreateInternetGateway"],
        changed: &["AttachInternetGateway", "DetachInternetGateway"],
        deleted: &["DeleteInternetGateway"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_lb",
        made: &["CreateLoadBalancer"],
        changed: &["ModifyLoadBalancerAttributes"],
        deleted: &["DeleteLoadBalancer"],
        tagged: ELB_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_lb_listener",
        made: &["CreateListener"],
        changed: &[
            "ModifyListener",
            "ModifyListenerAttributes",
            "AddListenerCertificates",
            "RemoveListenerCertificates",
        ],
        deleted: &["DeleteListener"],
        tagged: ELB_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_lb_listener_rule",
        made: &["CreateRule"],
        changed: &["ModifyRule", "SetRulePriorities"],
        deleted: &["DeleteRule"],
        tagged: ELB_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_lb_target_group",
        made: &["CreateTargetGroup"],
        changed: &["ModifyTargetGroup", "ModifyTargetGroupAttributes"],
        deleted: &["DeleteTargetGroup"],
        tagged: ELB_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_lb_target_group_attachment",
        under: &["target_group_arn"],
        names: &["target_group_arn", "target_id"],
        made: &["RegisterTargets"],
        changed: &["RegisterTargets"],
        deleted: &["DeregisterTargets"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_nat_gateway",
        made: &["CreateNatGateway"],
        changed: &[
            "AssociateNatGatewayAddress",
            "DisassociateNatGatewayAddress",
        ],
        deleted: &["DeleteNatGateway"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_route",
        under: &["route_table_id"],
        names: &[
            "route_table_id",
            "destination_cidr_block",
            "destination_ipv6_cidr_block",
            "destination_prefix_list_id",
        ],
        made: &["CreateRoute"],
        changed: &["ReplaceRoute"],
        deleted: &["DeleteRoute"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_route53_record",
        under: &["zone_id"],
        names: &["zone_id", "name"],
        made: RECORDS,
        changed: RECORDS,
        deleted: RECORDS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_route_table",
        made: &["CreateRouteTable"],
        changed: &["EnableVgwRoutePropagation", "DisableVgwRoutePropagation"],
        deleted: &["DeleteRouteTable"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_route_table_association",
        under: &["route_table_id", "subnet_id"],
        names: &["route_table_id", "subnet_id"],
        made: &["AssociateRouteTable"],
        changed: &["ReplaceRouteTableAssociation"],
        // It names the association alone, by an id that is no attribute of ours.
        deleted: &[],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket",
        made: &["CreateBucket"],
        changed: &["PutBucketAbac"],
        deleted: &["DeleteBucket"],
        tagged: &[
            "PutBucketTagging",
            "DeleteBucketTagging",
            "TagResource",
            "UntagResource",
        ],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_lifecycle_configuration",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketLifecycle"],
        changed: &["PutBucketLifecycle"],
        deleted: &["DeleteBucketLifecycle"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_logging",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketLogging"],
        changed: &["PutBucketLogging"],
        deleted: &["PutBucketLogging"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_ownership_controls",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketOwnershipControls"],
        changed: &["PutBucketOwnershipControls"],
        deleted: &["DeleteBucketOwnershipControls"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_policy",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketPolicy"],
        changed: &["PutBucketPolicy"],
        deleted: &["DeleteBucketPolicy"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_public_access_block",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketPublicAccessBlock"],
        changed: &["PutBucketPublicAccessBlock"],
        deleted: &["DeleteBucketPublicAccessBlock"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_server_side_encryption_configuration",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketEncryption"],
        changed: &["PutBucketEncryption"],
        deleted: &["DeleteBucketEncryption"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_s3_bucket_versioning",
        under: &["bucket"],
        names: &["bucket"],
        made: &["PutBucketVersioning"],
        changed: &["PutBucketVersioning"],
        deleted: &["PutBucketVersioning"],
        ..Traces::NONE
    },
    Traces {
        kind: "aws_security_group",
        made: &["CreateSecurityGroup"],
        deleted: &["DeleteSecurityGroup"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_subnet",
        made: &["CreateSubnet"],
        changed: &[
            "ModifySubnetAttribute",
            "AssociateSubnetCidrBlock",
            "DisassociateSubnetCidrBlock",
        ],
        deleted: &["DeleteSubnet"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_vpc",
        made: &["CreateVpc"],
        changed: &[
            "ModifyVpcAttribute",
            "ModifyVpcTenancy",
            "AssociateVpcCidrBlock",
            "DisassociateVpcCidrBlock",
        ],
        deleted: &["DeleteVpc"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_vpc_security_group_egress_rule",
        under: &["security_group_id", "id"],
        made: &["AuthorizeSecurityGroupEgress"],
        changed: &[
            "ModifySecurityGroupRules",
            "UpdateSecurityGroupRuleDescriptionsEgress",
        ],
        deleted: &["RevokeSecurityGroupEgress"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
    Traces {
        kind: "aws_vpc_security_group_ingress_rule",
        under: &["security_group_id", "id"],
        made: &["AuthorizeSecurityGroupIngress"],
        changed: &[
            "ModifySecurityGroupRules",
            "UpdateSecurityGroupRuleDescriptionsIngress",
        ],
        deleted: &["RevokeSecurityGroupIngress"],
        tagged: EC2_TAGS,
        ..Traces::NONE
    },
];

#[cfg(test)]
mod tests {
    use super::{TRACES, Traces};
    use crate::kind::KINDS;
    use crate::kind::schema::Schema;

    #[test]
    fn every_kind_has_its_line() {
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let traced: Vec<&str> = TRACES.iter().map(|traces| traces.kind).collect();
        assert_eq!(traced, kinds);
    }

    #[test]
    fn names_are_attributes() {
        for Traces {
            kind, under, names, ..
        } in TRACES
        {
            let schema = Schema::of(kind).unwrap();
            for name in under.iter().chain(*names) {
                let known = *name == "id" || schema.attribute(name).is_some();
                assert!(known, "{kind} has no {name}");
            }
        }
    }
}
