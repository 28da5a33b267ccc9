//! A resource that gets another name in the spec, and is one and the same thing to AWS: nothing is
//! made under the new name to be deleted under the old one.

use std::fs;
use std::path::Path;

use crate::support::Sandbox;
use crate::support::cli::{Project, Ran};
use crate::support::proxy::Proxy;

/// The blocks that a refusal shows, as they are to be written.
fn blocks(ran: &Ran) -> Vec<String> {
    let lines: Vec<&str> = ran.err.lines().map(str::trim).collect();
    let starts = (0..lines.len()).filter(|at| lines[*at] == "[[moved]]");
    starts.map(|at| lines[at..at + 3].join("\n")).collect()
}

/// What AWS calls these.
fn ids(project: &Project, app: &str, addresses: &[String]) -> Vec<String> {
    let ids = addresses.iter().map(|address| project.id(app, address));
    ids.collect()
}

struct Renamed<'a> {
    project: &'a Project,
    proxy: &'a Proxy,
    app: &'a str,
    arguments: &'a [&'a str],
}

impl Renamed<'_> {
    fn run(&self, arguments: &[&str]) -> Ran {
        let all = [&arguments[..1], self.arguments, &arguments[1..]].concat();
        self.project.run(&all)
    }

    /// The spec gives these other names, and says nothing: that is refused before anything
    /// happens, and the blocks that are shown are all that it takes.
    #[track_caller]
    fn is_refused_and_moved(&self, spec: &str, from: &[&str], to: &[&str]) {
        let [from, to] = [from, to]
            .map(|names| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() });
        let before = ids(self.project, self.app, &from);
        self.proxy.clear();
        let ran = self.run(&["apply", "--yes"]).code(1);
        assert_eq!(self.proxy.mutations(), [""; 0]);
        let shown = blocks(&ran);
        for (from, to) in from.iter().zip(&to) {
            let block = format!("[[moved]]\nfrom = \"{from}\"\nto = \"{to}\"");
            assert!(shown.contains(&block), "no block for {from}: {}", ran.err);
        }
        assert_eq!(shown.len(), from.len(), "{}", ran.err);
        let text = format!("{spec}\n{}\n", shown.join("\n\n"));
        self.project.write("app.toml", &text);
        self.run(&["apply", "--yes"]).code(0);
        let plan = self.run(&["plan", "--detailed-exitcode"]);
        plan.code(0).says("No changes.");
        assert_eq!(ids(self.project, self.app, &to), before);
    }
}

#[test]
fn rules_that_are_renamed_stay() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project =
        Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/overrides.toml");
    let spec = fs::read_to_string(path).unwrap();
    project.write("app.toml", &spec);
    project.apply("app.toml");
    let from = [
        "web.aws_lb_listener_rule.api",
        "web.aws_vpc_security_group_egress_rule.lb_to_api",
        "web.aws_vpc_security_group_ingress_rule.api_from_lb",
    ];
    let to = [
        "web.aws_lb_listener_rule.second",
        "web.aws_vpc_security_group_egress_rule.lb_to_second",
        "web.aws_vpc_security_group_ingress_rule.second_from_lb",
    ];
    let mut renamed = spec;
    for (from, to) in from.iter().zip(&to) {
        let [from, to] = [from, to].map(|address| address.replacen("web.", "resource.", 1));
        renamed = renamed.replace(
            &format!("[components.web.{from}]"),
            &format!("[components.web.{to}]"),
        );
    }
    project.write("app.toml", &renamed);
    let case = Renamed {
        project: &project,
        proxy: &proxy,
        app: "shop/prod",
        arguments: &["app.toml"],
    };
    case.is_refused_and_moved(&renamed, &from, &to);
}

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "mine"
"#;

/// Each named NAME, and in AWS by what it stands under.
const BODY: &str = r#"
[aws_s3_bucket.files]

[aws_s3_bucket_public_access_block.NAME]
bucket                  = "${aws_s3_bucket.files.bucket}"
block_public_acls       = true
block_public_policy     = true
ignore_public_acls      = true
restrict_public_buckets = true

[aws_s3_bucket_ownership_controls.NAME]
bucket = "${aws_s3_bucket.files.bucket}"
rule   = [{ object_ownership = "BucketOwnerEnforced" }]

[aws_s3_bucket_versioning.NAME]
bucket = "${aws_s3_bucket.files.bucket}"
versioning_configuration = [{ status = "Enabled" }]

[aws_s3_bucket_policy.NAME]
bucket     = "${aws_s3_bucket.files.bucket}"
[aws_s3_bucket_policy.NAME.policy]
Version = "2012-10-17"
[[aws_s3_bucket_policy.NAME.policy.Statement]]
Sid       = "RestrictToTLSRequestsOnly"
Effect    = "Deny"
Principal = "*"
Action    = "s3:*"
Resource  = ["${aws_s3_bucket.files.arn}", "${aws_s3_bucket.files.arn}/*"]
Condition = { Bool = { "aws:SecureTransport" = "false" } }

[[aws_s3_bucket_policy.NAME.policy.Statement]]
Sid       = "RestrictToMinimumTLSVersion"
Effect    = "Deny"
Principal = "*"
Action    = "s3:*"
Resource  = ["${aws_s3_bucket.files.arn}", "${aws_s3_bucket.files.arn}/*"]
Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }

[aws_s3_bucket_server_side_encryption_configuration.NAME]
bucket = "${aws_s3_bucket.files.bucket}"
[[aws_s3_bucket_server_side_encryption_configuration.NAME.rule]]
blocked_encryption_types = ["SSE-C"]
[[aws_s3_bucket_server_side_encryption_configuration.NAME.rule.apply_server_side_encryption_by_default]]
sse_algorithm = "AES256"

[aws_route_table.private]
vpc_id = "VPC"

[aws_internet_gateway.way]
vpc_id = "VPC"

[aws_route.NAME]
route_table_id         = "${aws_route_table.private.id}"
destination_cidr_block = "0.0.0.0/0"
gateway_id             = "${aws_internet_gateway.way.id}"

[aws_route_table_association.NAME]
subnet_id      = "SUBNET"
route_table_id = "${aws_route_table.private.id}"

[aws_route53_record.NAME]
zone_id = "ZONE"
name    = "www.example.com"
type    = "TXT"
ttl     = 60
records = ["here"]
"#;

const KINDS: [&str; 8] = [
    "aws_route",
    "aws_route53_record",
    "aws_route_table_association",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
];

#[tokio::test]
async fn settings_that_are_renamed_stay() {
    let sandbox = Sandbox::new();
    let network = sandbox.network().await;
    let zone = sandbox.zone("example.com").await;
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    let write = |name: &str| {
        let body = BODY
            .replace("NAME", name)
            .replace("VPC", &network.vpc)
            .replace("SUBNET", &network.subnets[0])
            .replace("ZONE", &zone);
        project.write("library/mine/main.toml.tera", &body);
    };
    project.write("app.toml", SPEC);
    let manifest = "summary = \"Ours\"\nversion = \"1.0.0\"\n";
    project.write("library/mine/blueprint.toml", manifest);
    write("old");
    let case = Renamed {
        project: &project,
        proxy: &proxy,
        app: "shop/prod",
        arguments: &["app.toml", "--blueprints", "library"],
    };
    case.run(&["apply", "--yes"]).code(0);
    let named = |name: &str| KINDS.map(|kind| format!("web.{kind}.{name}"));
    let (from, to) = (named("old"), named("new"));
    write("new");
    case.is_refused_and_moved(
        SPEC,
        &from.each_ref().map(String::as_str),
        &to.each_ref().map(String::as_str),
    );
}

/// A setting that two resources of a spec would both set.
#[test]
fn one_setting_is_not_set_twice() {
    let project = Project::offline();
    let spec = SPEC.replace("mine", "private-bucket")
        + "[components.web.resource.aws_s3_bucket_versioning.more]\n\
           bucket = \"${aws_s3_bucket.main.bucket}\"\n\
           versioning_configuration = [{ status = \"Suspended\" }]\n";
    project.write("app.toml", &spec);
    project.run(&["check", "app.toml"]).code(1).says(
        "`web.aws_s3_bucket_versioning.more` would have the `bucket` `web.aws_s3_bucket.main.bucket` that `web.aws_s3_bucket_versioning.main` has",
    );
}
