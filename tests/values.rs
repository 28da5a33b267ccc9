//! Values that AWS keeps: a parameter's value is looked up, a secret's ARN is passed.

use aws_sdk_ssm::types::ParameterType;

use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
zone = { from = "ssm:/shared/zone_id" }
vpc = { from = "ssm:/shared/vpc_id" }
subnets = { from = "ssm:/shared/subnets" }
"#;

impl Sandbox {
    async fn parameter(&self, name: &str, of: ParameterType, value: &str) {
        let put = self.aws().await.ssm(REGION).put_parameter();
        let put = put.name(name).r#type(of).value(value).overwrite(true);
        put.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_network_is_taken_from_parameters() {
    let sandbox = Sandbox::new();
    let network = sandbox.network().await;
    let zone = sandbox.zone("example.com").await;
    let subnets = network.subnets.join(",");
    for (name, of, value) in [
        ("/shared/zone_id", ParameterType::String, &zone),
        ("/shared/vpc_id", ParameterType::String, &network.vpc),
        ("/shared/subnets", ParameterType::StringList, &subnets),
    ] {
        sandbox.parameter(name, of, value).await;
    }
    let before = sandbox.holds().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);

    // Offline, and to the guardrails, they are unknown.
    project.run(&["check", "app.toml"]).code(0);
    project
        .run(&["plan", "app.toml", "--offline"])
        .code(0)
        .says("insecure_value");

    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    let run = |name: &str| project.run(&["output", name, "app.toml"]).code(0).out;
    assert_eq!(run("web.vpc_id"), format!("{}\n", network.vpc));
    assert_eq!(run("web.zone_id"), format!("{zone}\n"));
    let given: Vec<String> = run("web.subnet_ids").lines().map(str::to_owned).collect();
    assert_eq!(given, network.subnets);

    project
        .run(&["destroy", "app.toml", "--yes", "--delete-logs"])
        .code(0);
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn what_does_not_fit_is_told_at_its_line() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);
    sandbox
        .parameter("/shared/zone_id", ParameterType::String, "Z0123456789ABC")
        .await;
    sandbox
        .parameter("/shared/vpc_id", ParameterType::String, "subnet-0a1b2c3d")
        .await;
    sandbox
        .parameter(
            "/shared/subnets",
            ParameterType::StringList,
            "subnet-0a1b2c3d",
        )
        .await;
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("`vpc`, from `ssm:/shared/vpc_id`: `subnet-0a1b2c3d`")
        .says("an id starts with `vpc-`")
        .says("app.toml:11:")
        .says("`subnets`, from `ssm:/shared/subnets`: it has 1, the least is 2");

    // Nobody learns what is secret.
    sandbox
        .parameter("/shared/vpc_id", ParameterType::SecureString, "do-not-tell")
        .await;
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("the parameter `/shared/vpc_id` is a SecureString")
        .says("secret:NAME")
        .never_says("do-not-tell");

    project.write("app.toml", &SPEC.replace("/shared/vpc_id", "/shared/vpcid"));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("there is no parameter `/shared/vpcid` in eu-west-1")
        .says("did you mean `{ from = \"ssm:/shared/vpc_id\" }`?");
}

const MANIFEST: &str = r#"
summary = "A bucket of a service, which reads its password itself"
version = "1.0.0"

[inputs.password]
summary = "The secret"
type = "string"
from = true

[outputs.password_arn]
summary = "The secret"
value = "{{ password }}"
"#;

const GROUP: &str = r#"
[data.aws_vpc.main]
default = true

[aws_security_group.app]
description = "The service"
vpc_id      = "${data.aws_vpc.main.id}"
tags        = { "password" = "{{ password }}" }
"#;

#[tokio::test]
async fn of_a_secret_the_arn_is_passed() {
    let sandbox = Sandbox::new();
    let secrets = sandbox.aws().await.secrets_manager(REGION);
    let secret = secrets.create_secret().name("shop/database");
    let secret = secret.secret_string("do-not-tell").send().await.unwrap();
    let arn = secret.arn.unwrap();
    let project = Project::on(&sandbox);
    project.write("library/mine/blueprint.toml", MANIFEST);
    project.write("library/mine/main.toml.tera", GROUP);
    let spec = |from: &str| {
        format!(
            "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
             [components.web]\nblueprint = \"mine\"\npassword = {{ from = \"{from}\" }}\n"
        )
    };
    let run = |verb: &str, more: &[&str]| {
        project.run(&[&[verb, "app.toml", "--blueprints", "library"], more].concat())
    };
    for from in ["secret:shop/database", &format!("secret:{arn}")] {
        project.write("app.toml", &spec(from));
        run("apply", &["--yes"]).code(0).never_says("do-not-tell");
        run("plan", &[]).code(0).says("No changes.");
        let ran = run("output", &["web.password_arn"]).code(0);
        assert_eq!(ran.out, format!("{arn}\n"));
    }
    let state = project.state("shop/prod").to_string();
    assert!(state.contains(&arn) && !state.contains("do-not-tell"));

    project.write("app.toml", &spec("secret:shop/databse"));
    run("plan", &[])
        .code(1)
        .says("there is no secret `shop/databse` in eu-west-1")
        .says("did you mean `{ from = \"secret:shop/database\" }`?");
    project.write("app.toml", &spec("secret:shop/database"));
    run("destroy", &["--yes"]).code(0);
}

/// A variable would make the plan each shell's own.
#[test]
fn an_environment_variable_is_refused_with_the_reason() {
    let project = Project::offline();
    project.write(
        "app.toml",
        &SPEC.replace("ssm:/shared/vpc_id", "env:VPC_ID"),
    );
    project
        .run(&["check", "app.toml"])
        .code(1)
        .says("a value can't come from an environment variable")
        .says("the same plan for everybody")
        .says("ssm:/shop/vpc_id");
}
