//! What components give is read from what stands.

use crate::support::Sandbox;
use crate::support::cli::Project;

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443

[components.files]
blueprint = "private-bucket"
logs = false
"#;

#[tokio::test]
async fn outputs_are_what_stands() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);
    let elb = sandbox.aws().await.elb(crate::support::REGION);

    // Before the first apply nothing is known, whatever could be told.
    project
        .run(&["output", "app.toml"])
        .code(1)
        .says("nothing of it was applied")
        .says("run `watertight apply` first");
    project
        .run(&["output", "web.url", "app.toml"])
        .code(1)
        .never_says("https://");

    project.apply("app.toml");
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    let balancer = balancers.load_balancers.unwrap().remove(0);
    let (arn, name) = (
        balancer.load_balancer_arn.unwrap(),
        balancer.dns_name.unwrap(),
    );
    let subnets = sandbox.default_network().await.subnets;

    project
        .run(&["output", "app.toml"])
        .code(0)
        .says("web.url = \"https://shop.example.com\"\n")
        .says(&format!("web.load_balancer_dns_name = \"{name}\"\n"));

    let all = project.run(&["output", "app.toml", "--json"]).code(0);
    let all: serde_json::Value = serde_json::from_str(&all.out).unwrap();
    assert_eq!(all["web"]["url"], "https://shop.example.com");
    assert_eq!(all["web"]["load_balancer_arn"], arn);
    assert_eq!(all["web"]["zone_id"], sandbox.zone("example.com").await);
    assert_eq!(
        all["web"]["subnet_ids"].as_array().unwrap().len(),
        subnets.len()
    );
    assert!(all["files"]["bucket"].is_string());

    // One stands alone, wherever the spec is written.
    for words in [
        ["web.load_balancer_arn", "app.toml"],
        ["app.toml", "web.load_balancer_arn"],
    ] {
        let ran = project.run(&["output", words[0], words[1]]).code(0);
        assert_eq!((ran.out, ran.err), (format!("{arn}\n"), String::new()));
    }
    let ran = project.run(&["output", "web.load_balancer_arn", "app.toml", "--json"]);
    assert_eq!(ran.code(0).out, format!("\"{arn}\"\n"));
    let ran = project
        .run(&["output", "web.subnet_ids", "app.toml"])
        .code(0);
    assert_eq!(ran.out.lines().count(), subnets.len());
    project
        .run(&["output", "files", "app.toml"])
        .code(0)
        .says("files.bucket = ")
        .never_says("web.");

    // What has been deleted by hand is no output any more.
    elb.delete_load_balancer()
        .load_balancer_arn(&arn)
        .send()
        .await
        .unwrap();
    project
        .run(&["output", "web", "app.toml"])
        .code(1)
        .says("web.url = \"https://shop.example.com\"")
        .says("not known yet: web.load_balancer_arn (waits for web.aws_lb.main)");
}

#[test]
fn a_word_is_a_name_or_a_spec() {
    let project = Project::offline();
    project.write("app.toml", SPEC);
    project.write("watertight.toml", SPEC);
    project
        .run(&["output", "web.ulr"])
        .code(1)
        .says("there is no output `web.ulr`")
        .says("did you mean `web.url`?");
    project
        .run(&["output", "api"])
        .code(1)
        .says("there is no output `api`")
        .says("`files.bucket_arn`");
    project
        .run(&["output", "a.toml", "b.toml"])
        .code(1)
        .says("a.toml and b.toml are both specs");
    project
        .run(&["output", "missing/app"])
        .code(1)
        .says("neither the name of an output nor a spec that is there");
    project
        .run(&["output", "missing.toml"])
        .code(1)
        .says("the spec missing.toml can't be read");
}
