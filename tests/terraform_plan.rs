//! Anybody's Terraform, judged by the same guardrails. The plans were made from the folders
//! beside them by `terraform plan -out tfplan && terraform show -json tfplan`; `unproven` by
//! provider 5, the others by provider 6.

use crate::support::cli::{Project, Ran};

fn check(plans: &[&str], more: &[&str]) -> Ran {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/terraform-plans");
    let plans: Vec<String> = plans
        .iter()
        .map(|plan| format!("{folder}/{plan}.json"))
        .collect();
    let mut arguments = vec!["check", "--terraform-plan"];
    arguments.extend(plans.iter().map(String::as_str));
    arguments.extend(more);
    Project::offline().run(&arguments)
}

/// `rule address result` for each finding of all plans.
fn findings(plans: &[&str]) -> Vec<String> {
    let ran = check(plans, &["--format", "json"]).code(3);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let plans = json["plans"].as_array().unwrap().iter();
    plans
        .flat_map(|plan| plan["findings"].as_array().unwrap())
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap();
            assert!(!finding["controls"].as_array().unwrap().is_empty());
            format!("{} {} {}", text("rule"), text("address"), text("result"))
        })
        .collect()
}

#[test]
fn what_is_insecure_is_refused_with_the_controls_that_ask_for_more() {
    check(&["insecure"], &[])
        .code(3)
        .says("error[WT-ELB-001]: aws_lb_listener.http listens by HTTP, which is not encrypted")
        .says("required by Security Hub ELB.18, PCI DSS 4.2.1")
        .says("aws_vpc_security_group_ingress_rule.ssh opens tcp 22 to everybody (0.0.0.0/0)")
        .says("aws_s3_bucket_policy.data grants too much: a statement without a Sid lets everybody in")
        .says("8 resources judged by")
        .says("no guardrail speaks of 1 others: aws_sqs_queue 1");
}

/// References lead through modules, their inputs and their outputs; instances are told apart.
#[test]
fn modules_and_their_instances_are_followed() {
    assert_eq!(
        findings(&["modules"]),
        [
            "WT-ELB-001 aws_lb_listener.plain refused",
            "WT-ELB-002 aws_lb_listener.plain refused",
            "WT-S3-005 module.bucket[\"invoices\"].aws_s3_bucket.this refused",
            "WT-S3-003 module.bucket[\"reports\"].aws_s3_bucket.this refused",
            "WT-S3-005 module.bucket[\"reports\"].aws_s3_bucket.this refused",
            "WT-ELB-010 module.edge.aws_lb.this refused",
            "WT-ELB-010 module.edge.aws_lb.this refused",
        ]
    );
}

/// The ARN of a new bucket is known after apply: whether the policy speaks of it can't be seen.
#[test]
fn what_the_plan_does_not_show_is_no_pass() {
    assert_eq!(
        findings(&["unproven"]),
        [
            "WT-S3-005 aws_s3_bucket.data refused",
            "WT-S3-001 aws_s3_bucket_policy.data unproven",
            "WT-S3-002 aws_s3_bucket_policy.data refused",
        ]
    );
    check(&["unproven"], &[])
        .code(3)
        .says("warning[WT-S3-001]: aws_s3_bucket_policy.data can't be judged: policy is known only after apply")
        .says("2 refused, 1 that can't be proven before apply");
}

#[test]
fn what_holds_passes_and_several_plans_are_judged_at_once() {
    check(&["hardened"], &[])
        .code(0)
        .says("5 resources judged by")
        .says("0 refused, 0 that can't be proven before apply");
    let both = check(&["hardened", "unproven"], &[]).code(3);
    assert_eq!(both.out.matches("resources judged by").count(), 2);
}

#[test]
fn what_is_no_plan_is_told_so() {
    let project = Project::offline();
    for (text, said) in [
        ("resource {", "it is no plan in JSON"),
        (
            "{\"format_version\": \"2.0\"}",
            "its format is 2.0; this version reads 1.x",
        ),
        (
            "{\"format_version\": \"1.0\", \"values\": {}}",
            "it is a state or a configuration, not a plan",
        ),
        (
            "{\"format_version\": \"1.2\", \"errored\": true, \"resource_changes\": []}",
            "the plan stopped at an error",
        ),
    ] {
        project.write("plan.json", text);
        project
            .run(&["check", "--terraform-plan", "plan.json"])
            .code(1)
            .says(said)
            .says("terraform show -json");
    }
    project
        .run(&["check", "--terraform-plan", "none.json"])
        .code(1)
        .says("none.json can't be read");
}

const WAIVERS: &str = r#"
[[waivers]]
rule = "WT-S3-005"
address = "module.bucket[\"reports\"].*"
owner = "reports"
reason = "moves next month, PAY-411"
expires = EXPIRES

[[waivers]]
rule = "WT-ELB-001"
address = "*.plain"
owner = "edge"
reason = "going away"
expires = 2020-01-01
"#;

/// Written exceptions speak Terraform's addresses; one that has ended lets nothing pass.
#[test]
fn what_is_waived_does_not_refuse() {
    let project = Project::offline();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/terraform-plans");
    let today = crate::readme::today().to_string();
    project.write("waivers.toml", &WAIVERS.replace("EXPIRES", &today));
    let plan = format!("{data}/modules.json");
    let command = [
        "check",
        "--terraform-plan",
        &plan,
        "--waivers",
        "waivers.toml",
    ];
    project
        .run(&command)
        .code(3)
        .says("warning[WT-S3-005]: module.bucket[\"reports\"].aws_s3_bucket.this")
        .says(&format!(
            "reports lets this pass until {today}: moves next month, PAY-411"
        ))
        .says("error[WT-S3-005]: module.bucket[\"invoices\"].aws_s3_bucket.this")
        .says("error[WT-ELB-001]: aws_lb_listener.plain")
        .says("    1 waived")
        .says("6 refused, 0 that can't be proven before apply");

    // All that is wrong is waived: nothing refuses, in any of the plans.
    let all: String = ["WT-ELB-001", "WT-ELB-002", "WT-S3-003", "WT-S3-005", "WT-ELB-010"]
        .map(|rule| {
            format!(
                "[[waivers]]\nrule = \"{rule}\"\naddress = \"*\"\nowner = \"a\"\nreason = \"b\"\nexpires = {today}\n"
            )
        })
        .concat();
    project.write("all.toml", &all);
    let hardened = format!("{data}/hardened.json");
    project
        .run(&[
            "check",
            "--terraform-plan",
            &plan,
            &hardened,
            "--waivers",
            "all.toml",
        ])
        .code(0)
        .says("    7 waived")
        .never_says("nothing needs");
    project
        .run(&[
            "check",
            "--terraform-plan",
            &hardened,
            "--waivers",
            "all.toml",
        ])
        .code(0)
        .says("nothing needs the waiver of WT-ELB-001 for `*`");
}

#[test]
fn a_file_of_waivers_is_right_in_every_part() {
    let project = Project::offline();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/terraform-plans");
    let plan = format!("{data}/hardened.json");
    project.write(
        "waivers.toml",
        "[[waivers]]\nrule = \"WT-ELB-001\"\nadress = \"*\"\nexpires = 2027-01-31\n",
    );
    project
        .run(&[
            "check",
            "--terraform-plan",
            &plan,
            "--waivers",
            "waivers.toml",
        ])
        .code(1)
        .says("adress")
        .says("owner")
        .says("waivers.toml:");
    project
        .run(&["check", "--waivers", "waivers.toml"])
        .code(1)
        .says("--terraform-plan");
}
