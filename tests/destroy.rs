//! What holds data or carries traffic goes only when it is named.

use crate::support::Sandbox;
use crate::support::cli::Project;

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
"#;

const BUCKET: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"

[components.invoices]
blueprint = "private-bucket"
logs = false
"#;

#[tokio::test]
async fn what_is_protected_is_named() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    let before = sandbox.holds().await;

    project
        .run(&["destroy", "app.toml", "--yes", "--delete-logs"])
        .code(1)
        .says("web.aws_lb.main")
        .says("web.aws_s3_bucket.logs")
        .says("--remove-protection");
    let one = ["--remove-protection", "web.aws_lb.main"];
    let destroy = ["destroy", "app.toml", "--yes", "--delete-logs"];
    project
        .run(&[&destroy[..], &one].concat())
        .code(1)
        .says("web.aws_s3_bucket.logs")
        .never_says("traffic: web.aws_lb.main");
    assert_eq!(sandbox.holds().await, before);

    let other = ["--remove-protection", "web.aws_s3_bucket.logs"];
    project.run(&[&destroy[..], &one, &other].concat()).code(0);
    assert!(!sandbox.holds().await.contains_key("load balancers"));
}

#[tokio::test]
async fn a_replacement_of_what_is_protected_is_refused() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let named = |name: &str| {
        let name = format!("bucket_name = \"{name}-{}\"", sandbox.account);
        BUCKET.replace("logs = false", &format!("logs = false\n{name}"))
    };
    project.write("app.toml", &named("acme-old"));
    project.apply("app.toml");

    project.write("app.toml", &named("acme-new"));
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("protected, as they hold data or carry traffic: invoices.aws_s3_bucket.main");
    let bucket = || project.id("billing/prod", "invoices.aws_s3_bucket.main");
    assert!(bucket().starts_with("acme-old"));

    let allowed = ["--remove-protection", "invoices.aws_s3_bucket.main"];
    project
        .run(&[&["apply", "app.toml", "--yes"][..], &allowed].concat())
        .code(0);
    project.nothing_to_do("app.toml");
    assert!(bucket().starts_with("acme-new"));
    assert_eq!(sandbox.holds().await["buckets"], 1);
}

#[tokio::test]
async fn nothing_of_a_throw_away_environment_is_protected() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let text = BUCKET.replace("[components", "ephemeral = true\n[components");
    project.write("app.toml", &text);
    project.apply("app.toml");
    project.run(&["destroy", "app.toml", "--yes"]).code(0);
    assert!(!sandbox.holds().await.contains_key("buckets"));
}

#[tokio::test]
async fn a_bucket_with_objects_is_refused_before_anything_happens() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let bucket = project.id("billing/prod", "invoices.aws_s3_bucket.main");
    sandbox.put_object(&bucket, "2026/1.pdf").await;
    let before = project.state("billing/prod");
    proxy.clear();

    let destroy = ["destroy", "app.toml", "--yes", "--remove-protection", "all"];
    project
        .run(&destroy)
        .code(1)
        .says("invoices.aws_s3_bucket.main")
        .says("is not empty")
        .says("--empty-buckets");
    assert_eq!(project.state("billing/prod"), before);
    let calls = proxy.calls();
    assert!(
        !calls.iter().any(|call| call.contains(":Delete")),
        "{calls:?}"
    );

    project
        .run(&[&destroy[..], &["--empty-buckets"]].concat())
        .code(0);
    assert!(!sandbox.holds().await.contains_key("buckets"));
}

/// A spec that breaks a rule of today can still be destroyed.
#[tokio::test]
async fn the_spec_need_not_be_approved() {
    let sandbox = Sandbox::new();
    let before = sandbox.holds().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    project.write(
        "app.toml",
        &SERVICE.replace("port = 8443", "port = 8443\nlogs = false"),
    );
    project.run(&["check", "app.toml"]).code(3);
    let all = ["--yes", "--remove-protection", "all", "--delete-logs"];
    project
        .run(&[&["destroy", "app.toml"][..], &all].concat())
        .code(0);
    assert_eq!(sandbox.holds().await, before);
}
