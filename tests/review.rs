//! What a change of the spec, or its end, must never leave open.

use crate::support::Sandbox;
use crate::support::cli::Project;

fn bucket(ephemeral: bool, region: &str) -> String {
    format!(
        "app = \"vault\"\nenvironment = \"prod\"\nregion = \"{region}\"\nephemeral = {ephemeral}\n\
         [components.store]\nblueprint = \"private-bucket\"\n"
    )
}

#[test]
fn a_bucket_keeps_what_guards_it_until_it_goes() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &bucket(true, "eu-west-1"));
    project.apply("app.toml");
    proxy.clear();
    let ran = project.run(&["destroy", "app.toml", "--yes", "--delete-logs"]);
    ran.code(0);
    let counts = proxy.counts();
    let loosens = |call: &&String| {
        let operation = call.strip_prefix("s3:").unwrap_or_default();
        (operation.starts_with("Delete") || operation.starts_with("Put"))
            && !matches!(
                operation,
                "DeleteBucket" | "DeleteObjects" | "PutBucketLogging"
            )
    };
    let loosening: Vec<&String> = counts.keys().filter(loosens).collect();
    assert!(loosening.is_empty(), "{loosening:?}");
    assert_eq!(counts.get("s3:DeleteBucket"), Some(&2), "{counts:?}");
    // Nor is a record left of what went with its bucket.
    let state = project.path().join(".watertight/vault/prod/state.json");
    let state = std::fs::read_to_string(state).unwrap();
    assert!(state.contains("\"records\": []"), "{state}");
}

#[test]
fn what_is_no_longer_throw_away_is_protected() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &bucket(true, "eu-west-1"));
    project.apply("app.toml");
    project.write("app.toml", &bucket(false, "eu-west-1"));
    project.apply("app.toml").says("protected from now on");
    project.nothing_to_do("app.toml");
    project
        .run(&["destroy", "app.toml", "--yes"])
        .code(1)
        .says("store.aws_s3_bucket.main")
        .says("--remove-protection");
}

#[test]
fn a_region_that_changed_moves_nothing() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &bucket(true, "eu-west-1"));
    project.apply("app.toml");
    project.write("app.toml", &bucket(true, "eu-central-1"));
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("it stands in eu-west-1, and the spec now says eu-central-1");
}

#[test]
fn an_error_page_that_leaves_the_spec_goes() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let spec = |more: &str| {
        format!(
            "app = \"www\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\nephemeral = true\n\
             [components.site]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\n{more}"
        )
    };
    project.write("app.toml", &spec("error_page = \"/404.html\"\n"));
    project.apply("app.toml");
    project.write("app.toml", &spec(""));
    project.apply("app.toml").says("custom_error_response");
    project.nothing_to_do("app.toml");
}

#[test]
fn what_was_applied_gives_its_outputs_and_stands_in_the_offline_plan_too() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write(
        "app.toml",
        "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
         [components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n",
    );
    let ran = project.apply("app.toml");
    let (_, outputs) = ran.out.rsplit_once("Plan:").unwrap();
    assert!(
        outputs.contains("web.load_balancer_arn = \"arn:aws:"),
        "{outputs}"
    );
    assert!(outputs.contains("web.vpc_id = \"vpc-"), "{outputs}");
    assert!(!outputs.contains("known after apply"), "{outputs}");
    project
        .run(&["plan", "app.toml", "--offline", "--detailed-exitcode"])
        .code(0)
        .says("No changes.");
}

#[test]
fn a_spec_whose_name_is_wrong_destroys_nothing() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    // What the parser puts in the place of a name that is wrong is an app's name, too.
    let spec = bucket(true, "eu-west-1").replace("\"vault\"", "\"app\"");
    project.write("app.toml", &spec);
    project.apply("app.toml");
    project.write("wrong.toml", &spec.replace("\"app\"", "\"Not A Name\""));
    project
        .run(&["destroy", "wrong.toml", "--yes", "--delete-logs"])
        .code(1)
        .says("is not a name");
    project.nothing_to_do("app.toml");
    // A blueprint that is gone is no reason to keep what it made.
    project.write("app.toml", &spec.replace("private-bucket", "long-gone"));
    project
        .run(&["destroy", "app.toml", "--yes", "--delete-logs"])
        .code(0);
}
