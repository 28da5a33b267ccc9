//! Every blueprint, with the least and with the most that can be said: apply goes through, the
//! next plan is empty, destroy leaves the logs, and nothing where logs may go, too.

use std::collections::BTreeSet;
use std::fs;

use watertight::blueprint::Library;

use crate::readme::today;
use crate::support::Sandbox;
use crate::support::cli::Project;

const HEAD: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
"#;

const BUCKET: &str = r#"
[components.files]
blueprint = "private-bucket"
bucket_name = "acme-files-ACCOUNT"
expire_days = 400
noncurrent_days = 7
min_tls = "1.3"
log_retention_days = 30
logs = true
"#;

const SITE: &str = r#"
[components.site]
blueprint = "static-site"
domain = "www.example.com"
aliases = ["www2.example.com", "pages.example.com"]
zone = "example.com"
bucket_name = "acme-www-ACCOUNT"
index_document = "home.html"
single_page = false
error_page = "/404.html"
price_class = "PriceClass_200"
key_algorithm = "RSA_2048"
hsts_max_age = 63072000
hsts_include_subdomains = true
hsts_preload = true
noncurrent_days = 7
min_tls = "1.3"
logs = true
log_retention_days = 30
"#;

const PUBLIC_SERVICE: &str = r#"
[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
aliases = ["store.example.com", "outlet.example.com"]
zone = "example.com"
vpc = { tag = "Name=shared" }
subnets = { tag = "Tier=public" }
internal = false
dualstack = true
redirect_http = true
ingress = ["0.0.0.0/0", "::/0"]
egress = [443, 5432]
targets = ["10.20.1.10", "10.20.2.10"]
target_type = "ip"
health_check_path = "/healthz?deep=1"
health_check_port = 9443
tls_policy = "tls13"
key_algorithm = "EC_secp384r1"
hsts_max_age = 63072000
hsts_include_subdomains = true
hsts_preload = true
idle_timeout = 120
logs = true
log_retention_days = 30
noncurrent_days = 7
min_tls = "1.3"
"#;

const CDN: &str = r#"
[components.cdn]
blueprint = "cdn-service"
domain = "shop.example.com"
origin = { from = "web" }
aliases = ["store.example.com"]
zone = "example.com"
reach = "vpc-origin"
forward_host = false
cached_paths = ["/assets/*", "/media/*"]
response_timeout = 60
price_class = "PriceClass_200"
key_algorithm = "RSA_2048"
hsts_max_age = 63072000
hsts_include_subdomains = true
hsts_preload = true
logs = true
log_retention_days = 30
noncurrent_days = 7
min_tls = "1.3"
"#;

const BEHIND: &str = r#"
[components.web]
blueprint = "https-service"
domain = "shop-origin.example.com"
internal = true
ingress = []
port = 8443
"#;

const INTERNAL_SERVICE: &str = r#"
[components.web]
blueprint = "https-service"
domain = "intern.example.com"
port = 443
vpc = "VPC"
subnets = ["SUBNET_0", "SUBNET_1"]
internal = true
ingress = ["10.0.0.0/8", "172.31.0.0/16", "GROUP", "PREFIX_LIST"]
egress = []
targets = ["MACHINE_0", "MACHINE_1"]
target_type = "instance"
tls_policy = "fips"
"#;

const NETWORK: &str = r#"
[components.net]
blueprint = "network"
cidr = "10.8.0.0/20"
zones = ["a", "b", "c"]
tiers = ["public", "private", "isolated"]
nat = "per zone"
flow_logs = true
log_retention_days = 30
noncurrent_days = 7
min_tls = "1.3"

[components.inner]
blueprint = "https-service"
domain = "inner.example.com"
port = 8443
network = { from = "net" }
internal = true
"#;

/// The whole life of a spec: see the head of this file.
async fn live(sandbox: &Sandbox, text: &str) {
    let text = text.replace("ACCOUNT", &sandbox.account);
    let project = Project::on(sandbox);
    project.write("app.toml", &text);
    let before = sandbox.holds().await;

    project.apply("app.toml");
    project.nothing_to_do("app.toml");

    // Logs and whatever else came to be in the buckets.
    let app = ["app", "environment"].map(|key| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    });
    let app = app.join("/");
    let records = project.records(&app);
    let buckets: Vec<&String> = records
        .iter()
        .filter(|address| address.contains(".aws_s3_bucket."))
        .collect();
    for bucket in &buckets {
        let name = project.id(&app, bucket);
        sandbox.put_object(&name, "access/1.gz").await;
        sandbox.put_object(&name, "access/1.gz").await;
    }

    let destroy = ["destroy", "app.toml", "--yes", "--remove-protection", "all"];
    let go = [&destroy[..], &["--empty-buckets"]].concat();
    let mut ran = project.run(&go).code(0);
    let logs: Vec<&&String> = buckets
        .iter()
        .filter(|address| is_for_logs(address))
        .collect();
    let mut kept = before.clone();
    if !logs.is_empty() {
        *kept.entry("buckets").or_default() += logs.len();
    }
    assert_eq!(sandbox.holds().await, kept, "{}{}", ran.out, ran.err);
    for log in &logs {
        ran = ran.says(&format!("{log} ("));
        assert!(project.records(&app).contains(log), "no record of {log}");
    }
    assert!(
        project
            .records(&app)
            .iter()
            .all(|address| is_for_logs(address)),
        "{:?}",
        project.records(&app)
    );

    let ran = project.run(&[&go[..], &["--delete-logs"]].concat()).code(0);
    assert_eq!(sandbox.holds().await, before, "{}{}", ran.out, ran.err);
    assert_eq!(project.records(&app), [""; 0]);
    project.run(&destroy).code(0).says("Nothing to destroy.");
}

/// Whether this is a bucket for logs, or belongs to one.
fn is_for_logs(address: &str) -> bool {
    address.rsplit('.').next() == Some("logs")
}

#[tokio::test]
async fn a_private_bucket_with_the_least() {
    let minimal = "[components.files]\nblueprint = \"private-bucket\"";
    live(&Sandbox::new(), &format!("{HEAD}{minimal}")).await;
}

#[tokio::test]
async fn a_private_bucket_with_everything() {
    live(&Sandbox::new(), &format!("{HEAD}{BUCKET}")).await;
}

#[tokio::test]
async fn a_network_with_the_least() {
    let minimal = "[components.net]\nblueprint = \"network\"";
    live(&Sandbox::new(), &format!("{HEAD}{minimal}")).await;
}

#[tokio::test]
async fn a_network_with_everything_and_a_service_in_it() {
    live(&Sandbox::new(), &format!("{HEAD}{NETWORK}")).await;
}

#[tokio::test]
async fn a_static_site_with_the_least() {
    let minimal = r#"
        [components.site]
        blueprint = "static-site"
        domain = "www.example.com"
    "#;
    live(&Sandbox::new(), &format!("{HEAD}{minimal}")).await;
}

#[tokio::test]
async fn a_static_site_with_everything() {
    live(&Sandbox::new(), &format!("{HEAD}{SITE}")).await;
}

#[tokio::test]
async fn a_single_page_app_in_a_zone_by_id_without_logs() {
    let sandbox = Sandbox::new();
    let zone = sandbox.zone("example.com").await;
    let text = format!(
        r#"
        [components.site]
        blueprint = "static-site"
        domain = "app.example.com"
        zone = "{zone}"
        single_page = true
        logs = false
        [[waivers]]
        rule = "WT-CF-011"
        address = "site.*"
        owner = "marketing"
        reason = "nobody reads them"
        expires = {}
    "#,
        today()
    );
    live(&sandbox, &format!("{HEAD}{text}")).await;
}

#[tokio::test]
async fn a_service_behind_cloudfront_with_everything() {
    live(&Sandbox::new(), &format!("{HEAD}{CDN}{BEHIND}")).await;
}

#[tokio::test]
async fn an_https_service_with_the_least() {
    let minimal = r#"
        [components.web]
        blueprint = "https-service"
        domain = "shop.example.com"
        port = 8443
    "#;
    live(&Sandbox::new(), &format!("{HEAD}{minimal}")).await;
}

#[tokio::test]
async fn a_public_https_service_with_everything() {
    let sandbox = Sandbox::new();
    sandbox.network().await;
    live(&sandbox, &format!("{HEAD}{PUBLIC_SERVICE}")).await;
}

#[tokio::test]
async fn an_internal_https_service_for_machines() {
    let sandbox = Sandbox::new();
    let network = sandbox.default_network().await;
    let machines = sandbox.machines().await;
    let group = sandbox.security_group(&network.vpc).await;
    let lists = sandbox.aws().await.ec2("eu-west-1");
    let lists = lists.describe_managed_prefix_lists().send().await.unwrap();
    let list = lists.prefix_lists()[0].prefix_list_id().unwrap();
    let text = INTERNAL_SERVICE
        .replace("VPC", &network.vpc)
        .replace("SUBNET_0", &network.subnets[0])
        .replace("SUBNET_1", &network.subnets[1])
        .replace("GROUP", &group)
        .replace("PREFIX_LIST", list)
        .replace("MACHINE_0", &machines[0])
        .replace("MACHINE_1", &machines[1]);
    live(&sandbox, &format!("{HEAD}{text}")).await;
}

/// Each blueprint with the least and with everything, as specs that need no account.
pub(crate) fn least_and_most() -> Vec<(&'static str, String)> {
    let internal = INTERNAL_SERVICE
        .replace("VPC", "vpc-0a1b2c3d4e5f60718")
        .replace("SUBNET_0", "subnet-0a1b2c3d4e5f60718")
        .replace("SUBNET_1", "subnet-0b1b2c3d4e5f60718")
        .replace("GROUP", "sg-0a1b2c3d4e5f60718")
        .replace("PREFIX_LIST", "pl-0a1b2c3d4e5f60718")
        .replace("MACHINE_0", "i-0a1b2c3d4e5f60718")
        .replace("MACHINE_1", "i-0b1b2c3d4e5f60718");
    let least = "[components.files]\nblueprint = \"private-bucket\"\n\
        [components.net]\nblueprint = \"network\"\n\
        [components.site]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\n\
        [components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\n\
        port = 8443\n";
    let specs = [
        ("the least", least.to_owned()),
        ("private-bucket, full", BUCKET.to_owned()),
        ("static-site, full", SITE.to_owned()),
        ("https-service, full", PUBLIC_SERVICE.to_owned()),
        ("https-service, internal", internal),
        ("network, full", NETWORK.to_owned()),
        ("cdn-service, full", format!("{CDN}{BEHIND}")),
    ];
    specs
        .map(|(name, text)| {
            let text = format!("{HEAD}{text}").replace("ACCOUNT", "123456789012");
            (name, text)
        })
        .to_vec()
}

/// What excludes something of the above, and is applied in `dns`.
const ELSEWHERE: &[&str] = &["certificate_arn", "dns", "private_zone", "zone_id"];

/// "Everything" in the names above is no boast.
#[test]
fn every_input_is_given_somewhere() {
    let full = [
        ("cdn-service", CDN),
        ("private-bucket", BUCKET),
        ("static-site", SITE),
        ("https-service", &format!("{PUBLIC_SERVICE}{NETWORK}")),
        ("network", NETWORK),
    ];
    let library = Library::embedded();
    let names: Vec<&str> = library.names().collect();
    assert_eq!(names.len(), full.len(), "{names:?}");
    for (name, text) in full {
        let given: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.split(" = ").next())
            .collect();
        for input in library.manifest(name).unwrap().inputs.keys() {
            let is_elsewhere = ELSEWHERE.contains(&input.as_str());
            assert!(
                is_elsewhere || given.contains(input.as_str()),
                "{input} of {name}"
            );
        }
    }
}

#[tokio::test]
async fn the_examples() {
    for example in [
        "private-bucket",
        "static-site",
        "https-service",
        "cdn-service",
        "network",
        "shop",
        "environments",
    ] {
        let path = format!("{}/examples/{example}.toml", env!("CARGO_MANIFEST_DIR"));
        let sandbox = Sandbox::new();
        live(&sandbox, &fs::read_to_string(path).unwrap()).await;
    }
}

/// Everything together, in the environment that the example's head shows; then the other
/// beside it.
#[tokio::test]
async fn the_platform_in_two_environments() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let path = format!("{}/examples/platform.toml", env!("CARGO_MANIFEST_DIR"));
    project.write("app.toml", &fs::read_to_string(path).unwrap());
    let before = sandbox.holds().await;
    let staging = ["--env", "staging"];
    let run = |verb: &str, more: &[&str]| project.run(&[&[verb, "app.toml"], more].concat());

    run("apply", &[&staging[..], &["--yes"]].concat())
        .code(0)
        .says("edge.url = \"https://shop.staging.example.com\"");
    run("plan", &staging).code(0).says("No changes.");
    let outputs = run("output", &[&staging[..], &["--json"]].concat()).code(0);
    let outputs: serde_json::Value = serde_json::from_str(&outputs.out).unwrap();
    assert_eq!(outputs["pages"]["url"], "https://www-staging.example.com");
    run("doctor", &[])
        .code(0)
        .says("Nothing stands in the way.");

    run("apply", &["--yes"]).code(0);
    run("plan", &[]).code(0).says("No changes.");
    run("plan", &staging).code(0).says("No changes.");

    let all = ["--yes", "--empty-buckets", "--delete-logs"];
    run("destroy", &[&staging[..], &all].concat()).code(0);
    run("plan", &[]).code(0).says("No changes.");
    let unprotected = ["--remove-protection", "all"];
    run("destroy", &[&all[..], &unprotected].concat()).code(0);
    assert_eq!(sandbox.holds().await, before);
}
