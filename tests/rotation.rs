//! A certificate rotates in one apply: issued, validated, taken up, and the old one deleted when
//! nobody presents it any more.

use crate::replace::Running;

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
aliases = ["www.example.com"]
port = 8443
targets = ["172.31.0.10"]
"#;

const SITE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

#[tokio::test]
async fn a_service_presents_a_valid_certificate_all_the_while() {
    let running = Running::new(SERVICE).await;
    let before = running
        .project
        .id("shop/prod", "web.aws_acm_certificate.site");
    running.turns_to(&SERVICE.replace("www.example.com", "store.example.com"));
    assert_ne!(
        before,
        running
            .project
            .id("shop/prod", "web.aws_acm_certificate.site")
    );
    running.holds_as_before().await;
}

#[tokio::test]
async fn a_site_presents_a_valid_certificate_all_the_while() {
    let running = Running::new(SITE).await;
    let before = running
        .project
        .id("shop/prod", "site.aws_acm_certificate.site");
    running.turns_to(&SITE.replace("www.example.com", "home.example.com"));
    assert_ne!(
        before,
        running
            .project
            .id("shop/prod", "site.aws_acm_certificate.site")
    );
    running.holds_as_before().await;
}

/// A certificate may take long, and a run may be cut off: until another one is taken up, the old
/// names lead where they did.
#[tokio::test]
async fn names_that_go_stay_until_another_certificate_is_taken_up() {
    for (spec, from, turns) in [
        (SERVICE, "shop", "web.aws_lb_listener.https"),
        (SITE, "www", "site.aws_cloudfront_distribution.site"),
    ] {
        let running = Running::new(spec).await;
        let project = &running.project;
        let spec = spec.replace(&format!("domain = \"{from}."), "domain = \"another.");
        project.write("app.toml", &spec);
        let plan = project.plan("app.toml").0;
        let steps = plan["steps"].as_array().unwrap();
        let turns = steps.iter().position(|step| step["address"] == turns);
        let turns = turns.unwrap();
        let waits = |step: &serde_json::Value| {
            let mut open = vec![step];
            while let Some(step) = open.pop() {
                let after = step["after"].as_array().unwrap().iter();
                let after: Vec<usize> = after.map(|of| of.to_string().parse().unwrap()).collect();
                if after.contains(&turns) {
                    return true;
                }
                open.extend(after.into_iter().map(|of| &steps[of]));
            }
            false
        };
        let name = format!("aws_route53_record.a_{from}_example_com");
        let goes = |step: &&serde_json::Value| {
            let address = step["address"].as_str().unwrap();
            step["action"] == "delete" && address.contains(&name)
        };
        let going: Vec<_> = steps.iter().filter(goes).collect();
        assert_eq!(going.len(), 1, "{steps:#?}");
        assert!(waits(going[0]), "{:#}", going[0]);
    }
}

const CDN: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop-origin.example.com"
internal = true
ingress = []
port = 8443
targets = ["172.31.0.10"]

[components.cdn]
blueprint = "cdn-service"
domain = "shop.example.com"
origin = { from = "web" }
"#;

#[tokio::test]
async fn a_distribution_and_its_origin_rotate_together() {
    let running = Running::new(CDN).await;
    let both = CDN
        .replace("\"shop-origin.", "\"store-origin.")
        .replace("\"shop.", "\"store.");
    let steps = running.turns_to(&both);
    for step in [
        "replace cdn.aws_acm_certificate.site",
        "replace web.aws_acm_certificate.site",
        "update cdn.aws_cloudfront_distribution.site",
    ] {
        assert!(steps.iter().any(|taken| taken == step), "{steps:#?}");
    }
    running.holds_as_before().await;
}

/// Whenever it is cut off, the next run ends it; and another name after that.
#[tokio::test]
async fn a_rotation_that_is_cut_off_goes_on() {
    let running = Running::new(SERVICE).await;
    let second = SERVICE.replace("www.example.com", "store.example.com");
    let third = SERVICE.replace("www.example.com", "market.example.com");
    running.is_killed(&second, "acm:RequestCertificate");
    assert_eq!(running.deposed(), 1);
    running.is_killed(&third, "elasticloadbalancing:ModifyListener");
    assert!(running.deposed() > 1);
    running.turns_to(&third);
    assert_eq!(running.deposed(), 0);
    running.holds_as_before().await;
}
