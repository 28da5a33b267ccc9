//! The way in: a spec is proposed for what a Terraform state remembers, and takes it over.

use std::fs;
use std::path::Path;

use aws_sdk_ec2::types::{IpPermission, IpRange};
use serde_json::{Value as Json, json};

use crate::support::cli::{Project, Ran};
use crate::support::provider::state_of;
use crate::support::{REGION, Sandbox};

const FILE: &str = "terraform.tfstate";

/// A state with these resources: type, label, attributes.
fn state(resources: &[(&str, &str, Json)]) -> String {
    let resources: Vec<Json> = resources
        .iter()
        .map(|(kind, label, attributes)| {
            json!({
                "mode": "managed", "type": kind, "name": label,
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{ "schema_version": 0, "attributes": attributes }],
            })
        })
        .collect();
    json!({ "version": 4, "terraform_version": "1.9.8", "serial": 7, "resources": resources })
        .to_string()
}

fn import(project: &Project, more: &[&str]) -> Ran {
    let mut arguments = vec!["import", "terraform", FILE, "--app", "legacy"];
    arguments.extend(["--environment", "prod"]);
    arguments.extend(more);
    project.run(&arguments)
}

/// What is proposed for a state, as programs read it.
fn proposed(project: &Project, text: &str, code: i32) -> Json {
    project.write(FILE, text);
    let ran = import(project, &["--format", "json"]).code(code);
    serde_json::from_str(&ran.out).unwrap()
}

fn addresses(list: &Json) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|one| one["terraform"].as_str().unwrap())
        .collect()
}

/// Everything of the state is taken or left or counted.
#[track_caller]
fn nothing_is_missing(text: &str, report: &Json) {
    let state: Json = serde_json::from_str(text).unwrap();
    let managed = state["resources"].as_array().unwrap().iter();
    let managed = managed.filter(|one| one["mode"] == "managed");
    let instances: usize = managed
        .map(|one| one["instances"].as_array().unwrap().len())
        .sum();
    let counted = report["other_providers"].as_object().unwrap().values();
    let counted: u64 = counted.map(|count| count.as_u64().unwrap()).sum();
    let told = addresses(&report["taken"]).len() + addresses(&report["left"]).len();
    assert_eq!(
        told + usize::try_from(counted).unwrap(),
        instances,
        "{report:#}"
    );
}

/// Applies a spec, forgets it as somebody would who never had it, and takes over what stands
/// by its Terraform state under another name.
async fn taken_over(text: &str) {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", text);
    project.apply("app.toml");
    let value = |key: &str| {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("{key} = ")));
        line.unwrap().trim_matches('"').to_owned()
    };
    let app = format!("{}/{}", value("app"), value("environment"));
    let remembered = state_of(&sandbox.aws().await, &project.state(&app)).await;
    project
        .run(&["forget", "--all", "--tags", "app.toml", "--yes"])
        .code(0);
    let report = proposed(&project, &remembered, 0);
    nothing_is_missing(&remembered, &report);
    let left = &report["left"];
    assert_eq!(
        addresses(left),
        [""; 0],
        "{left:#}{}",
        report["spec"].as_str().unwrap()
    );
    project.write("taken.toml", report["spec"].as_str().unwrap());
    project.run(&["check", "taken.toml"]).code(0);

    let plan = project.plan("taken.toml");
    let others: Vec<String> = plan
        .steps()
        .into_iter()
        .filter(|step| !step.starts_with("adopt "))
        // Nothing in AWS.
        .filter(|step| !step.contains("aws_acm_certificate_validation"))
        .collect();
    assert_eq!(others, [""; 0], "{}", report["spec"].as_str().unwrap());
    project
        .run(&["apply", "taken.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("taken.toml");
}

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::read_to_string(folder.join(name).with_extension("toml")).unwrap()
}

#[tokio::test]
async fn a_bucket_is_taken_over() {
    taken_over(&example("private-bucket")).await;
}

#[tokio::test]
async fn a_site_is_taken_over() {
    taken_over(&example("static-site")).await;
}

#[tokio::test]
async fn a_service_is_taken_over() {
    taken_over(&example("https-service")).await;
}

#[tokio::test]
async fn a_network_is_taken_over() {
    taken_over(&example("network")).await;
}

#[tokio::test]
async fn what_is_beside_the_blueprints_is_taken_over() {
    taken_over(&example("overrides")).await;
}

#[tokio::test]
async fn components_that_take_from_each_other_are_taken_over() {
    taken_over(&example("platform")).await;
}

#[tokio::test]
async fn a_service_behind_cloudfront_is_taken_over() {
    taken_over(&example("cdn-service")).await;
}

/// The same with rules as many people write them: as blocks of their groups, which the provider
/// reads in any case.
fn with_rules_in_blocks(state: &str) -> String {
    let mut state: Json = serde_json::from_str(state).unwrap();
    let all = state["resources"].as_array_mut().unwrap();
    let before = all.len();
    all.retain(|one| {
        let kind = one["type"].as_str().unwrap();
        !kind.starts_with("aws_vpc_security_group_")
    });
    assert!(all.len() < before);
    state.to_string()
}

#[tokio::test]
async fn rules_in_blocks_are_found_by_what_they_say_and_an_open_one_is_told_to_go() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &example("https-service"));
    project.apply("app.toml");
    let group = project.id("shop/prod", "web.aws_security_group.app");
    let aws = sandbox.aws().await;
    let open = |port, block| {
        let range = IpRange::builder().cidr_ip(block).build();
        let open = IpPermission::builder().ip_protocol("tcp").ip_ranges(range);
        open.from_port(port).to_port(port).build()
    };
    let ec2 = aws.ec2(REGION);
    let out = ec2.authorize_security_group_egress().group_id(&group);
    let out = out.ip_permissions(open(5432, "10.0.0.0/8"));
    out.send().await.unwrap();
    let way_in = ec2.authorize_security_group_ingress().group_id(&group);
    let way_in = way_in.ip_permissions(open(22, "0.0.0.0/0"));
    way_in.send().await.unwrap();
    let remembered = state_of(&aws, &project.state("shop/prod")).await;
    let remembered = with_rules_in_blocks(&remembered);
    project
        .run(&["forget", "--all", "--tags", "app.toml", "--yes"])
        .code(0);
    let report = proposed(&project, &remembered, 0);
    nothing_is_missing(&remembered, &report);
    let removed = "aws_security_group.web_app (ingress: tcp 22 from 0.0.0.0/0)";
    assert_eq!(addresses(&report["removed"]), [removed]);
    // What may stand, stands: the spec says it.
    let added = "[components.web.resource.aws_vpc_security_group_egress_rule.egress_tcp_5432_to_10_0_0_0_8]";
    lines(report["spec"].as_str().unwrap(), &[added]);
    let made = report["made"].as_array().unwrap();
    let made: Vec<&Json> = made.iter().map(|one| &one["address"]).collect();
    assert_eq!(made, ["web.aws_acm_certificate_validation.site"]);
    project.write("taken.toml", report["spec"].as_str().unwrap());
    let steps = project.plan("taken.toml").steps();
    let others: Vec<&String> = steps
        .iter()
        .filter(|step| !step.starts_with("adopt "))
        .collect();
    assert_eq!(others.len(), 1, "{others:?}");
    let removed = "delete web.aws_security_group.app/sgr-";
    assert!(others[0].starts_with(removed), "{others:?}");
}

/// A state as somebody's hand-written Terraform leaves it, with every attribute of the
/// provider's schema.
fn hand_written(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform-states");
    fs::read_to_string(folder.join(name)).unwrap()
}

#[track_caller]
fn lines(text: &str, expected: &[&str]) {
    for line in expected {
        assert!(
            text.lines().any(|one| one == *line),
            "no {line} in:\n{text}"
        );
    }
}

/// What the report says of one thing.
fn changes<'a>(report: &'a Json, terraform: &str) -> Vec<&'a str> {
    let taken = report["taken"].as_array().unwrap();
    let one = taken.iter().find(|one| one["terraform"] == terraform);
    let one = one.unwrap_or_else(|| panic!("{terraform} is not taken: {report:#}"));
    let changes = one["changes"].as_array().unwrap().iter();
    changes.map(|one| one["path"].as_str().unwrap()).collect()
}

#[test]
fn a_service_of_two_providers_is_proposed_alike() {
    let project = Project::offline();
    for file in ["service-5.tfstate", "service-6.tfstate"] {
        let text = hand_written(file);
        let report = proposed(&project, &text, 0);
        nothing_is_missing(&text, &report);
        let spec = report["spec"].as_str().unwrap();
        lines(
            spec,
            &[
                "account = \"123456789012\"",
                "team = \"payments\"",
                "[components.alb]",
                "domain = \"shop.example.com\"",
                "zone_id = \"Z0123456789ABCDEFGHIJ\"",
                "key_algorithm = \"RSA_2048\"",
                "port = 8443",
                "redirect_http = true",
                "targets = [\"10.0.11.10\", \"10.0.12.10\"]",
                "health_check_path = \"/healthz\"",
                "idle_timeout = 120",
                "log_retention_days = 90",
                "[components.alb.override.aws_security_group.app]",
                "description = \"The shop\"",
                "# module.alb.aws_lb_target_group_attachment.app[1]",
                // The record's name in Terraform is `shop` alone.
                "id = \"Z0123456789ABCDEFGHIJ_shop.example.com_A\"",
                "id = \"acme-alb-logs\"",
                // Beside what the blueprint has.
                "[components.alb.resource.aws_lb_listener_rule.old]",
                "listener_arn = \"${aws_lb_listener.https.arn}\"",
                "condition = [{ path_pattern = [{ values = [\"/old/*\"] }] }]",
                "[components.alb.resource.aws_vpc_security_group_egress_rule.app_db]",
                "referenced_security_group_id = \"sg-0aaaaaaaaaaaaaaa9\"",
            ],
        );
        let left = report["left"].as_array().unwrap();
        let removed: Vec<&str> = left
            .iter()
            .filter(|one| one["removed"] == true)
            .map(|one| one["terraform"].as_str().unwrap())
            .collect();
        assert_eq!(removed, [""; 0], "{file}");
        assert_eq!(
            addresses(&report["left"]),
            ["aws_db_instance.shop"],
            "{file}"
        );
        assert_eq!(
            report["made"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["part"] != true)
                .count(),
            0
        );
        let listener = changes(&report, "module.alb.aws_lb_listener.https");
        assert!(listener.contains(&"ssl_policy"), "{listener:?}");
        assert!(
            !listener
                .iter()
                .any(|path| path.starts_with("default_action")),
            "{listener:?}"
        );
        let group = changes(&report, "aws_security_group.app");
        assert_eq!(group, [""; 0], "{file}");
        project.write("taken.toml", spec);
        project.run(&["check", "taken.toml"]).code(0);
        import(&project, &[]).code(0).never_says("hunter2");
    }
}

#[test]
fn a_site_is_proposed_from_both_forms_of_a_state() {
    let project = Project::offline();
    for file in ["site-5.tfstate", "site-6.shown.json"] {
        let text = hand_written(file);
        let report = proposed(&project, &text, 0);
        let spec = report["spec"].as_str().unwrap();
        lines(
            spec,
            &[
                "[components.site]",
                "domain = \"example.com\"",
                "aliases = [\"www.example.com\"]",
                "key_algorithm = \"RSA_2048\"",
                "bucket_name = \"acme-www\"",
                "single_page = true",
                "price_class = \"PriceClass_All\"",
                "id = \"E2QWRUHAPOMQZL\"",
                "# aws_route53_record.site[\"www.example.com\"]",
            ],
        );
        assert_eq!(
            addresses(&report["left"]),
            ["aws_iam_user.deploy", "aws_iam_access_key.deploy"],
            "{file}"
        );
        assert_eq!(report["taken"].as_array().unwrap().len(), 13, "{file}");
        import(&project, &[])
            .code(0)
            .says("policy: statement AllowCloudFront is removed")
            .says("value = \"(sensitive)\"")
            .never_says("xyzzy")
            .never_says("wJalrXUtnFEMI");
        project.write("taken.toml", spec);
        project.run(&["check", "taken.toml"]).code(0);
    }
}

#[test]
fn what_stands_in_clear_is_told_first_and_left_with_all_that_hangs_on_it() {
    let project = Project::offline();
    let over = |protocol| format!("\"protocol\": \"{protocol}\",\n      \"protocol_version\"");
    let text = hand_written("service-6.tfstate");
    assert!(text.contains(&over("HTTPS")));
    let text = text.replace(&over("HTTPS"), &over("HTTP"));
    let report = proposed(&project, &text, 0);
    nothing_is_missing(&text, &report);
    let insecure = &report["insecure"][0];
    assert_eq!(insecure["rule"], "WT-ELB-005");
    assert_eq!(insecure["terraform"], "module.alb.aws_lb_target_group.app");
    let left = addresses(&report["left"]);
    for one in [
        "module.alb.aws_lb_target_group.app",
        "module.alb.aws_lb_target_group_attachment.app[0]",
        "module.alb.aws_lb_target_group_attachment.app[1]",
    ] {
        assert!(left.contains(&one), "{left:?}");
    }
    let spec = report["spec"].as_str().unwrap();
    lines(
        spec,
        &[
            "port = 8443 # by HTTP so far: have the service speak HTTPS there before the first apply",
        ],
    );
    assert!(!spec.contains("targetgroup/"), "{spec}");
    let listener = changes(&report, "module.alb.aws_lb_listener.https");
    assert!(
        listener.contains(&"default_action.target_group_arn"),
        "{listener:?}"
    );
    let ran = import(&project, &["--out", "taken.toml"]).code(0);
    let first = "insecure module.alb.aws_lb_target_group.app: it reaches its targets by HTTP";
    assert!(ran.err.starts_with(first), "{}", ran.err);
    project.run(&["check", "taken.toml"]).code(0);
}

#[test]
fn what_the_guardrails_refuse_is_told_first_and_the_spec_is_there() {
    let project = Project::offline();
    let text = hand_written("cdn-6.tfstate");
    let report = proposed(&project, &text, 3);
    nothing_is_missing(&text, &report);
    lines(
        report["spec"].as_str().unwrap(),
        &[
            "[components.www]",
            "origin = { from = \"alb\" }",
            "reach = \"prefix-list\"",
            "forward_host = true",
            "cached_paths = [\"/static/*\"]",
            "response_timeout = 60",
            "# aws_route53_record.cdn[\"AAAA\"]",
        ],
    );
    let refused = report["refused"].as_array().unwrap();
    let rules: Vec<&Json> = refused.iter().map(|one| &one["rule"]).collect();
    assert_eq!(rules, ["WT-CF-008", "WT-CF-009"]);
    let ran = import(&project, &["--out", "taken.toml"]).code(3);
    assert!(ran.err.starts_with("error[WT-CF-008]: www."), "{}", ran.err);
    let again = project.run(&["check", "taken.toml"]).code(3);
    again.says("WT-CF-008").says("WT-CF-009");
}

#[test]
fn a_network_of_a_module_keeps_its_blocks_and_names() {
    let project = Project::offline();
    let text = hand_written("network-6.tfstate");
    let report = proposed(&project, &text, 0);
    nothing_is_missing(&text, &report);
    let spec = report["spec"].as_str().unwrap();
    lines(
        spec,
        &[
            "[components.vpc]",
            "cidr = \"10.0.0.0/16\"",
            "nat = \"one\"",
            "[components.vpc.override.aws_subnet.private_b]",
            "cidr_block = \"10.0.2.0/24\"",
            "tags.Name = \"prod-private-eu-west-1b\"",
            "# module.vpc.aws_subnet.public[1]",
            "id = \"rtb-0pri_0.0.0.0/0\"",
        ],
    );
    let left = addresses(&report["left"]);
    assert_eq!(
        left,
        ["aws_vpc_endpoint.s3", "module.vpc.aws_flow_log.this[0]"]
    );
    assert_eq!(report["insecure"][0]["rule"], "WT-FL-002");
    project.write("taken.toml", spec);
    project.run(&["check", "taken.toml"]).code(0);
}

#[test]
fn a_network_of_another_size_is_left_with_the_reason() {
    let project = Project::offline();
    let text = hand_written("network-6.tfstate").replace("10.0.0.0/16", "10.0.0.0/24");
    let report = proposed(&project, &text, 1);
    nothing_is_missing(&text, &report);
    let left = report["left"].as_array().unwrap();
    let vpc = left.iter().find(|one| one["kind"] == "aws_vpc").unwrap();
    let why = "its addresses are no /16 to /23, and the blueprint has no other";
    assert_eq!(vpc["why"], why);
}

fn bucket(name: &str) -> Json {
    json!({
        "id": name, "bucket": name, "arn": format!("arn:aws:s3:::{name}"),
        "region": "eu-west-1", "bucket_regional_domain_name": format!("{name}.s3.eu-west-1.amazonaws.com"),
        "force_destroy": false, "object_lock_enabled": false,
        "tags": { "owner": "finance", "Name": name },
        "tags_all": { "owner": "finance", "Name": name },
    })
}

#[test]
fn what_a_state_says_is_what_the_spec_says() {
    let project = Project::offline();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "ReadByPartner", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
          "Action": "s3:GetObject", "Resource": "arn:aws:s3:::legacy-invoices/*" },
        { "Sid": "Everybody", "Effect": "Allow", "Principal": "*",
          "Action": "s3:GetObject", "Resource": "arn:aws:s3:::legacy-invoices/*" },
    ]});
    let text = state(&[
        ("aws_s3_bucket", "invoices", bucket("legacy-invoices")),
        (
            "aws_s3_bucket_policy",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices", "policy": policy.to_string(),
            }),
        ),
        (
            "aws_s3_bucket_versioning",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices",
                "versioning_configuration": [{ "status": "Suspended", "mfa_delete": "" }],
            }),
        ),
        (
            "aws_s3_bucket_lifecycle_configuration",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices",
                "rule": [{ "id": "old", "status": "Enabled", "filter": [{ "prefix": "" }],
                    "noncurrent_version_expiration": [{ "noncurrent_days": 30 }],
                    "expiration": [{ "days": 400 }] }],
            }),
        ),
        (
            "aws_s3_bucket_acl",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices", "acl": "private",
            }),
        ),
        (
            "aws_sqs_queue",
            "jobs",
            json!({ "id": "q", "arn": "arn:aws:sqs:eu-west-1:123456789012:q" }),
        ),
    ]);
    let report = proposed(&project, &text, 0);
    nothing_is_missing(&text, &report);
    let spec = report["spec"].as_str().unwrap();
    for line in [
        "account = \"123456789012\"",
        "owner = \"finance\"",
        "[components.invoices]",
        "bucket_name = \"legacy-invoices\"",
        "expire_days = 400",
        "noncurrent_days = 30",
        "address = \"invoices.aws_s3_bucket.main\"",
        "id = \"legacy-invoices\"",
        // What lets everybody in is not kept.
        "keep = [\"ReadByPartner\"]",
    ] {
        assert!(spec.lines().any(|one| one == line), "no {line} in:\n{spec}");
    }
    assert_eq!(
        addresses(&report["left"]),
        ["aws_s3_bucket_acl.invoices", "aws_sqs_queue.jobs"]
    );
    let taken = report["taken"].as_array().unwrap();
    let versioning = taken
        .iter()
        .find(|one| one["terraform"] == "aws_s3_bucket_versioning.invoices")
        .unwrap();
    assert_eq!(versioning["with"], "invoices.aws_s3_bucket.main");
    assert_eq!(versioning["changes"][0]["before"], "Suspended");
    project.write("taken.toml", spec);
    project.run(&["check", "taken.toml"]).code(0);
    import(&project, &[])
        .code(0)
        .says("statement Everybody is removed")
        .says("2 left");
}

#[test]
fn a_state_without_anything_to_propose_is_an_error_with_every_reason() {
    let project = Project::offline();
    let text = state(&[
        ("aws_sqs_queue", "jobs", json!({ "id": "q" })),
        (
            "aws_lb",
            "tcp",
            json!({ "id": "a", "arn": "a", "load_balancer_type": "network" }),
        ),
    ]);
    let report = proposed(&project, &text, 1);
    nothing_is_missing(&text, &report);
    assert!(report["spec"].is_null());
    let ran = import(&project, &[]).code(1);
    assert_eq!(ran.out, "");
    ran.says("watertight has no such kind")
        .says("it is no application load balancer")
        .says("nothing of the state can be taken over");
}
