//! Applying again: what has changed in the spec is changed, and nothing else.

use crate::support::Sandbox;
use crate::support::cli::Project;
use crate::support::proxy::Proxy;

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["172.31.0.10"]
health_check_path = "/healthz"
"#;

const SITE: &str = r#"
app = "pages"
environment = "prod"
region = "eu-west-1"

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

/// A spec that is applied through a proxy.
struct Case {
    sandbox: Sandbox,
    proxy: Proxy,
    project: Project,
}

impl Case {
    fn applied(text: &str) -> Self {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let project = Project::at(proxy.endpoint(), &sandbox.account);
        project.write("app.toml", text);
        project.apply("app.toml");
        proxy.clear();
        Self {
            sandbox,
            proxy,
            project,
        }
    }

    /// The spec becomes this; the plan has these steps, and after the apply there are none.
    #[track_caller]
    fn change(&self, text: &str, steps: &[&str]) {
        self.project.write("app.toml", text);
        assert_eq!(self.project.plan("app.toml").steps(), steps);
        self.project
            .run(&["apply", "app.toml", "--yes", "--remove-protection", "all"])
            .code(0);
        self.project.nothing_to_do("app.toml");
    }

    /// Calls since the last time that changed something, in order.
    fn mutations(&self) -> Vec<String> {
        let reads = ["Describe", "Get", "Head", "List"];
        let mut calls = self.proxy.calls();
        calls.retain(|call| {
            let operation = call.split(':').nth(1).unwrap_or(call);
            !reads.iter().any(|read| operation.starts_with(read))
        });
        self.proxy.clear();
        calls
    }
}

#[test]
fn a_second_apply_changes_nothing() {
    for text in [SERVICE, SITE] {
        let case = Case::applied(text);
        case.project.apply("app.toml").says("No changes.");
        assert_eq!(case.mutations(), [""; 0]);
    }
}

#[test]
fn a_health_check_changes_in_place() {
    let case = Case::applied(SERVICE);
    let text = SERVICE.replace("/healthz", "/alive");
    case.change(&text, &["update web.aws_lb_target_group.app"]);
    assert_eq!(case.mutations(), ["elasticloadbalancing:ModifyTargetGroup"]);
}

#[tokio::test]
async fn a_load_balancer_is_replaced_with_its_target_group() {
    let case = Case::applied(SERVICE);
    let before = case.sandbox.holds().await;
    let text = SERVICE.replace("port = 8443", "port = 8443\ninternal = true");
    case.project.write("app.toml", &text);
    let plan = case.project.plan("app.toml");
    let steps = plan.steps();
    for step in [
        "replace web.aws_lb.main",
        "replace web.aws_lb_target_group.app",
        "replace web.aws_lb_listener.https",
    ] {
        assert!(steps.iter().any(|taken| taken == step), "{steps:?}");
    }
    case.project
        .run(&["apply", "app.toml", "--yes", "--remove-protection", "all"])
        .code(0);
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.sandbox.holds().await, before);
}

#[tokio::test]
async fn another_port_makes_another_target_group_first() {
    let case = Case::applied(SERVICE);
    let before = case.sandbox.holds().await;
    let old = case.project.id("shop/prod", "web.aws_lb_target_group.app");
    case.change(
        &SERVICE.replace("8443", "9443"),
        &[
            "create web.aws_vpc_security_group_egress_rule.lb_to_app_9443",
            "create web.aws_vpc_security_group_ingress_rule.app_from_lb_9443",
            "delete web.aws_vpc_security_group_egress_rule.lb_to_app_8443",
            "delete web.aws_vpc_security_group_ingress_rule.app_from_lb_8443",
            "drop web.aws_lb_target_group.app",
            "drop web.aws_lb_target_group_attachment.r_172_31_0_10_dfa6bd",
            "replace web.aws_lb_target_group.app",
            "replace web.aws_lb_target_group_attachment.r_172_31_0_10_dfa6bd",
            "update web.aws_lb_listener.https",
        ],
    );
    let new = case.project.id("shop/prod", "web.aws_lb_target_group.app");
    assert_ne!(old, new);
    assert_eq!(case.sandbox.holds().await, before);
    let mutations = case.mutations();
    let at = |name: &str| {
        let name = format!("elasticloadbalancing:{name}");
        mutations.iter().position(|call| *call == name).unwrap()
    };
    assert!(at("CreateTargetGroup") < at("ModifyListener"));
    assert!(at("ModifyListener") < at("DeleteTargetGroup"));
}

/// A certificate can't be changed: a new one is issued, then taken up, then the old one goes.
#[tokio::test]
async fn another_name_rotates_the_certificate_of_a_service() {
    let case = Case::applied(SERVICE);
    let before = case.sandbox.holds().await;
    let label = "shop_example_com_";
    let validation = case
        .project
        .records("shop/prod")
        .into_iter()
        .find(|address| address.contains(&format!("validation_{label}")))
        .unwrap();
    let text = SERVICE.replace("shop.example.com", "store.example.com");
    case.project.write("app.toml", &text);
    let steps = case.project.plan("app.toml").steps();
    for step in [
        "replace web.aws_acm_certificate.site",
        "drop web.aws_acm_certificate.site",
        "update web.aws_lb_listener.https",
        &format!("delete {validation}"),
    ] {
        assert!(
            steps.iter().any(|other| other == step),
            "{step}: {steps:#?}"
        );
    }
    let touched = |kind: &str| steps.iter().any(|step| step.contains(kind));
    for kind in [
        ".aws_lb.",
        ".aws_lb_target_group.",
        ".aws_s3_",
        "security_group",
    ] {
        assert!(!touched(kind), "{kind}: {steps:#?}");
    }
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.sandbox.holds().await, before);
}

#[tokio::test]
async fn another_name_rotates_the_certificate_of_a_site() {
    let case = Case::applied(SITE);
    let before = case.sandbox.holds().await;
    let site = case
        .project
        .id("pages/prod", "site.aws_cloudfront_distribution.site");
    let text = SITE.replace("www.example.com", "home.example.com");
    case.project.write("app.toml", &text);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.sandbox.holds().await, before);
    let still = case
        .project
        .id("pages/prod", "site.aws_cloudfront_distribution.site");
    assert_eq!(site, still);
}

#[tokio::test]
async fn an_alias_comes_and_goes() {
    let case = Case::applied(SERVICE);
    let before = case.sandbox.holds().await;
    let text = SERVICE.replace(
        "port = 8443",
        "port = 8443\naliases = [\"store.example.com\"]",
    );
    case.project.write("app.toml", &text);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    let mut more = before.clone();
    // Its own record, and the one that proves it.
    *more.get_mut("DNS records").unwrap() += 2;
    assert_eq!(case.sandbox.holds().await, more);

    case.project.write("app.toml", SERVICE);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.sandbox.holds().await, before);
}

#[test]
fn http_is_opened_and_closed() {
    let case = Case::applied(SERVICE);
    let text = SERVICE.replace("port = 8443", "port = 8443\nredirect_http = true");
    case.change(
        &text,
        &[
            "create web.aws_lb_listener.redirect",
            "create web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18",
        ],
    );
    case.change(
        SERVICE,
        &[
            "delete web.aws_lb_listener.redirect",
            "delete web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18",
        ],
    );
}

#[test]
fn a_tag_comes_changes_and_goes() {
    let case = Case::applied(SITE);
    let tagged = |owner: &str| format!("{SITE}\n[tags]\nowner = \"{owner}\"\n");
    let steps = [
        "update site.aws_acm_certificate.site",
        "update site.aws_cloudfront_distribution.site",
        "update site.aws_cloudwatch_log_delivery.site",
        "update site.aws_cloudwatch_log_delivery_destination.logs",
        "update site.aws_cloudwatch_log_delivery_source.site",
        "update site.aws_s3_bucket.logs",
        "update site.aws_s3_bucket.site",
    ];
    case.change(&tagged("pages"), &steps);
    case.change(&tagged("marketing"), &steps);
    case.change(SITE, &steps);
}

#[tokio::test]
async fn a_component_that_leaves_the_spec_goes() {
    let both =
        format!("{SITE}\n[components.files]\nblueprint = \"private-bucket\"\nlogs = false\n");
    let case = Case::applied(SITE);
    let before = case.sandbox.holds().await;
    case.project.write("app.toml", &both);
    case.project.apply("app.toml");
    assert_eq!(case.sandbox.holds().await["buckets"], before["buckets"] + 1);

    case.project.write("app.toml", SITE);
    case.project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("files.aws_s3_bucket.main");
    case.project
        .run(&[
            "apply",
            "app.toml",
            "--yes",
            "--remove-protection",
            "files.aws_s3_bucket.main",
        ])
        .code(0);
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.sandbox.holds().await, before);
}

/// What a person wants to know at the end, whatever was done: also of what was left as it was.
#[test]
fn outputs_are_known_after_every_apply() {
    let case = Case::applied(SERVICE);
    case.project
        .write("app.toml", &SERVICE.replace("/healthz", "/alive"));
    let balancer = case.project.id("shop/prod", "web.aws_lb.main");
    for _ in 0..2 {
        case.project
            .apply("app.toml")
            .says(&format!("web.load_balancer_arn = \"{balancer}\""))
            .says("web.vpc_id = \"vpc-")
            .says("web.url = \"https://shop.example.com\"")
            .never_says("known after apply");
    }
}

/// AWS has one listener for a port: under another name it is the same one, and never gone.
#[test]
fn a_listener_that_takes_the_port_of_one_that_goes_is_that_one() {
    let with = |name: &str| {
        format!(
            "{SERVICE}\n[components.web.resource.aws_lb_listener.{name}]{}",
            r#"
            load_balancer_arn = "${aws_lb.main.arn}"
            port = 9443
            protocol = "HTTPS"
            ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
            certificate_arn = "${aws_acm_certificate_validation.site.certificate_arn}"
            routing_http_response_strict_transport_security_header_value = "max-age=31536000"
            default_action = [{ type = "fixed-response", fixed_response = { content_type = "text/plain", status_code = "404" } }]
            "#
        )
    };
    let case = Case::applied(&with("admin"));
    case.project.write("app.toml", &with("office"));
    case.project.run(&["plan", "app.toml"]).code(1).says(
        "AWS has one such listener, and it is web.aws_lb_listener.admin, which has left the spec",
    );
    let moved =
        "[[moved]]\nfrom = \"web.aws_lb_listener.admin\"\nto = \"web.aws_lb_listener.office\"\n";
    case.project
        .write("app.toml", &format!("{}\n{moved}", with("office")));
    let steps = case.project.plan("app.toml").steps();
    assert_eq!(steps, ["update web.aws_lb_listener.office"]);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
}
