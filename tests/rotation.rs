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
