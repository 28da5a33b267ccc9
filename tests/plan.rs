//! What a plan is: for programs, for scripts, without a network, and always the same.

use crate::support::Sandbox;
use crate::support::cli::Project;

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443

[components.files]
blueprint = "private-bucket"
"#;

#[test]
fn json_has_every_step_and_its_why() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);
    let plan = project.plan("app.toml").0;

    assert_eq!(plan["event"], "plan");
    assert_eq!(plan["mode"], "apply");
    assert_eq!(plan["account"], sandbox.account.as_str());
    let steps = plan["steps"].as_array().unwrap();
    assert!(steps.len() > 30, "{}", steps.len());
    for (index, step) in steps.iter().enumerate() {
        assert_eq!(step["action"], "create", "{step}");
        let causes: Vec<&str> = step["why"]
            .as_array()
            .unwrap()
            .iter()
            .map(|why| why["cause"].as_str().unwrap())
            .collect();
        assert_eq!(causes, ["new", "spec", "blueprint"], "{step}");
        let spec = &step["why"][1]["at"];
        assert!(spec.to_string().contains("app.toml"), "{spec}");
        for field in step["fields"].as_array().unwrap() {
            assert!(!field["why"].as_array().unwrap().is_empty(), "{step}");
        }
        // Nothing waits for what comes later.
        for after in step["after"].as_array().unwrap() {
            assert!(after.as_u64().unwrap() < index as u64, "{step}");
        }
    }
    let listener = steps
        .iter()
        .find(|step| step["address"] == "web.aws_lb_listener.https")
        .unwrap();
    let certificate = listener["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["path"] == "certificate_arn")
        .unwrap();
    assert_eq!(certificate["known_after_apply"], true);
}

#[test]
fn apply_prints_its_events_as_lines_of_json() {
    let project = Project::on(&Sandbox::new());
    project.write("app.toml", SPEC);
    let ran = project
        .run(&["apply", "app.toml", "--yes", "--json"])
        .code(0);
    let lines: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<&str> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(events[..2], ["plan", "begun"]);
    assert_eq!(events[events.len() - 2..], ["finished", "health"]);
    let ended = events.iter().filter(|event| **event == "ended").count();
    assert_eq!(ended, lines[0]["steps"].as_array().unwrap().len());
}

#[test]
fn detailed_exit_codes() {
    let project = Project::on(&Sandbox::new());
    let spec = SPEC.split("[components.web]").next().unwrap();
    project.write(
        "app.toml",
        &format!("{spec}ephemeral = true\n[components.files]\nblueprint = \"private-bucket\"\n"),
    );
    let plan = ["plan", "app.toml", "--detailed-exitcode"];
    let apply = ["apply", "app.toml", "--yes", "--detailed-exitcode"];
    let destroy = [
        "destroy",
        "app.toml",
        "--yes",
        "--delete-logs",
        "--detailed-exitcode",
    ];
    project.run(&plan).code(2);
    project.run(&plan[..2]).code(0);
    project.run(&apply).code(2);
    project.run(&plan).code(0);
    project.run(&apply).code(0);
    project.run(&destroy).code(2);
    project.run(&destroy).code(0);
}

#[test]
fn offline_asks_nobody() {
    // Nobody listens on this port, and no call may find that out.
    let project = Project::at("http://127.0.0.1:9", "700000000000");
    project.write("app.toml", SPEC);
    project
        .run(&["plan", "app.toml", "--offline"])
        .code(0)
        .says("offline: AWS was not asked")
        .says("web.aws_lb.main");
    let nowhere = Project::offline();
    nowhere.write("app.toml", SPEC);
    nowhere
        .run(&["plan", "app.toml", "--offline", "--detailed-exitcode"])
        .code(2)
        .says("files.aws_s3_bucket.main");

    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    project.run(&["plan", "app.toml", "--offline"]).code(0);
    assert_eq!(proxy.calls(), [""; 0]);
}

/// Whether anything else is wrong or not: a waiver is looked at each time.
#[test]
fn a_waiver_that_has_ended_is_told() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let waiver = "[[waivers]]\nrule = \"WT-ELB-010\"\naddress = \"web.*\"\nowner = \"payments\"\n\
                  reason = \"PAY-411\"\nexpires = 2025-06-30\n";
    project.write("app.toml", &format!("{SPEC}\n{waiver}"));
    let ended = "the waiver of WT-ELB-010 for `web.*` expired on 2025-06-30";
    let checked = project.run(&["check", "app.toml"]).code(0).says(ended);
    checked.says("app.toml:").says("remove it");
    let checked = project.run(&["check", "app.toml", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&checked.code(0).out).unwrap();
    assert_eq!(report["warnings"][0]["message"], ended);
    for offline in [&[][..], &["--offline"]] {
        let plan = project.run(&[&["plan", "app.toml"], offline].concat());
        plan.code(0).says(&format!("note: {ended}"));
    }
}

#[test]
fn a_plan_that_cant_be_made_does_not_say_that_nothing_changes() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let bucket = "app = \"billing\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
                  [components.invoices]\nblueprint = \"private-bucket\"\n";
    project.write("app.toml", bucket);
    project.apply("app.toml");
    project.write("app.toml", &bucket.replace("eu-west-1", "eu-west-2"));
    for verb in ["plan", "report"] {
        project
            .run(&[verb, "app.toml"])
            .says("Nothing can be done")
            .says("it stands in eu-west-1, and the spec now says eu-west-2")
            .never_says("No changes");
    }
}

#[test]
fn two_plans_are_the_same_bytes() {
    let project = Project::on(&Sandbox::new());
    project.write("app.toml", SPEC);
    let twice = |arguments: &[&str]| {
        let [one, other] = [(); 2].map(|()| project.run(arguments).code(0).out);
        assert_eq!(one, other);
    };
    twice(&["plan", "app.toml"]);
    twice(&["plan", "app.toml", "--json"]);
    project.apply("app.toml");
    project.write("app.toml", &SPEC.replace("8443", "9443"));
    twice(&["plan", "app.toml"]);
    twice(&["plan", "app.toml", "--json"]);
}
