//! Rules about what stands around a bucket.
//!
//! *Invariant*: what AWS does by default counts for nothing until it is written.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use crate::resource::Resource;
use crate::value::Value;

/// WT-S3-003.
pub(in crate::guardrail) static PUBLIC_ACCESS: Rule = Rule {
    id: "WT-S3-003",
    title: "public access is blocked",
    severity: Severity::High,
    explain: "A bucket has a public access block with all four flags true.",
    controls: &[
        "Security Hub S3.8",
        "CIS AWS Foundations 2.1.4",
        "PCI DSS 1.4.4",
        "NIST AC-3",
        "NIST SC-7",
    ],
    fix: "add an aws_s3_bucket_public_access_block with all four flags true",
    check: public_access,
};

fn public_access(scope: &Scope<'_>, report: &mut Report) {
    const FLAGS: [&str; 4] = [
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    ];
    let kind = "aws_s3_bucket_public_access_block";
    each_has(scope, report, kind, "has no public access block");
    for block in scope.all(kind) {
        for flag in FLAGS {
            report.demand(
                scope,
                block,
                flag,
                |value| value.as_bool() == Some(true),
                |_| format!("leaves {flag} off"),
            );
        }
    }
}

/// WT-S3-004.
pub(in crate::guardrail) static OWNERSHIP: Rule = Rule {
    id: "WT-S3-004",
    title: "access control lists are off",
    severity: Severity::Medium,
    explain: "A bucket has ownership controls with BucketOwnerEnforced, which turns access \
        control lists off, and none is set on it.",
    controls: &["Security Hub S3.12", "NIST AC-3"],
    fix: "add an aws_s3_bucket_ownership_controls with object_ownership = \"BucketOwnerEnforced\", and no ACL",
    check: ownership,
};

fn ownership(scope: &Scope<'_>, report: &mut Report) {
    let kind = "aws_s3_bucket_ownership_controls";
    each_has(
        scope,
        report,
        kind,
        "has no ownership controls, so ACLs may count",
    );
    for controls in scope.all(kind) {
        report.demand(
            scope,
            controls,
            "rule.object_ownership",
            |ownership| ownership.as_str() == Some("BucketOwnerEnforced"),
            |ownership| {
                format!(
                    "has the object ownership {}, with which ACLs count",
                    shown(ownership)
                )
            },
        );
    }
    for acl in scope.all("aws_s3_bucket_acl") {
        report.judge(acl, "", Verdict::fails("sets an access control list"));
    }
    for bucket in scope.all("aws_s3_bucket") {
        for attribute in ["acl", "grant"] {
            report.demand(scope, bucket, attribute, is_unset, |_| {
                "sets an access control list".to_owned()
            });
        }
    }
}

/// WT-S3-005.
pub(in crate::guardrail) static ENCRYPTION: Rule = Rule {
    id: "WT-S3-005",
    title: "a bucket is encrypted, and SSE-C is blocked",
    severity: Severity::Medium,
    explain: "A bucket has a server-side encryption configuration with AES256, aws:kms or \
        aws:kms:dsse, which blocks SSE-C (blocked_encryption_types): whoever writes with a key of \
        their own can lock the owner out.",
    controls: &["Security Hub S3.17", "NIST SC-28"],
    fix: "add an aws_s3_bucket_server_side_encryption_configuration with blocked_encryption_types = [\"SSE-C\"]",
    check: encryption,
};

fn encryption(scope: &Scope<'_>, report: &mut Report) {
    let kind = "aws_s3_bucket_server_side_encryption_configuration";
    each_has(scope, report, kind, "has no encryption configuration");
    for configuration in scope.all(kind) {
        let rules = scope.blocks(configuration, "rule");
        if rules.is_empty() {
            report.judge(configuration, "rule", Verdict::fails("has no rule"));
        }
        for rule in rules {
            let algorithm = scope.read_in(
                rule,
                "apply_server_side_encryption_by_default.sse_algorithm",
            );
            let blocked = scope.read_in(rule, "blocked_encryption_types");
            let verdict = Verdict::all([
                Verdict::of(
                    "sse_algorithm",
                    &algorithm,
                    |name| matches!(name.as_str(), Some("AES256" | "aws:kms" | "aws:kms:dsse")),
                    |name| format!("encrypts with {}", shown(name)),
                ),
                Verdict::of(
                    "blocked_encryption_types",
                    &blocked,
                    |types| types.items().iter().any(|of| of.as_str() == Some("SSE-C")),
                    |_| "does not block SSE-C".to_owned(),
                ),
            ]);
            report.judge(configuration, "rule", verdict);
        }
    }
}

/// WT-S3-006.
pub(in crate::guardrail) static WEBSITE: Rule = Rule {
    id: "WT-S3-006",
    title: "no bucket is a website",
    severity: Severity::High,
    explain: "No bucket has a website configuration: the website endpoints of S3 speak HTTP only.",
    controls: &["PCI DSS 4.2.1", "NIST SC-8", "Well-Architected SEC09-BP02"],
    fix: "serve the bucket through CloudFront with an origin access control",
    check: website,
};

fn website(scope: &Scope<'_>, report: &mut Report) {
    let message = "is a website, which S3 serves by HTTP only";
    for configuration in scope.all("aws_s3_bucket_website_configuration") {
        report.judge(configuration, "", Verdict::fails(message));
    }
    for bucket in scope.all("aws_s3_bucket") {
        report.demand(scope, bucket, "website", is_unset, |_| message.to_owned());
    }
}

/// Reports the buckets that no resource of a kind names.
fn each_has<'a>(scope: &Scope<'a>, report: &mut Report, kind: &'static str, lacking: &str) {
    let lacks = |bucket: &'a Resource| scope.of_bucket(&scope.bucket_name(bucket), kind).is_empty();
    for bucket in scope.all("aws_s3_bucket").filter(|bucket| lacks(bucket)) {
        report.judge(bucket, "", Verdict::fails(lacking));
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}
