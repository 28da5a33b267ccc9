//! Overrides, additions, and what is left to others.

use super::{HEAD, check, expanded, lines};
use crate::resource::{Desired, Resource};

const WEB: &str = r#"[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
"#;

#[track_caller]
fn desired(more: &str) -> Desired {
    let text = format!("{HEAD}{WEB}{more}");
    expanded(&text).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

#[track_caller]
fn resource(desired: &Desired, address: &str) -> Resource {
    let address = address.parse().unwrap();
    desired.resources[&address].clone()
}

/// What is wrong with these lines below a good service; the first is line 8.
#[track_caller]
fn wrong(more: &str, expected: &str) {
    check(&format!("{WEB}{more}"), expected);
}

#[test]
fn an_override_takes_the_place_of_the_blueprints_value() {
    let desired = desired(
        r#"[components.web.override.aws_lb.main]
idle_timeout = 120
name = "front"
subnets = ["subnet-1", "subnet-2"]
depends_on = ["aws_security_group.app"]
"#,
    );
    let balancer = resource(&desired, "web.aws_lb.main");
    assert_eq!(balancer.get("idle_timeout").as_int(), Some(120));
    assert_eq!(balancer.get("subnets").items().len(), 2);
    // A name that is given is no longer made up.
    assert_eq!(balancer.get("name").as_str(), Some("front"));
    assert!(balancer.generated.is_empty());
    let before: Vec<String> = balancer
        .depends_on
        .iter()
        .map(|of| of.name.clone())
        .collect();
    assert!(
        before.contains(&"app".to_owned()) && before.len() > 1,
        "{before:?}"
    );
    let origin = &balancer.origins["idle_timeout"];
    assert_eq!(origin.blueprint, None);
    assert_eq!(origin.spec.as_ref().unwrap().line_and_column(), (9, 1));
}

#[test]
fn a_block_that_stands_once_is_merged_and_others_are_replaced() {
    let desired = desired(
        r#"[components.web.override.aws_lb_target_group.app.health_check]
interval = 10
[components.web.override.aws_lb.main]
access_logs = []
[[components.web.override.aws_lb_listener.https.default_action]]
type = "fixed-response"
fixed_response = { content_type = "text/plain", status_code = "503" }
"#,
    );
    let group = resource(&desired, "web.aws_lb_target_group.app");
    assert_eq!(group.get("health_check.interval").as_int(), Some(10));
    assert_eq!(group.get("health_check.protocol").as_str(), Some("HTTPS"));
    let overridden: Vec<&String> = group.overridden.keys().collect();
    assert_eq!(overridden, ["health_check.interval"]);
    assert_eq!(
        group.overridden["health_check.interval"]
            .line_and_column()
            .0,
        9
    );

    let balancer = resource(&desired, "web.aws_lb.main");
    assert!(balancer.get("access_logs").items().is_empty());

    let listener = resource(&desired, "web.aws_lb_listener.https");
    let actions = listener.get("default_action").items();
    assert_eq!(actions.len(), 1);
    assert!(actions[0].get("target_group_arn").is_null());
}

#[test]
fn a_block_of_the_newer_framework_that_stands_once_is_merged_too() {
    let cdn = r#"[components.cdn]
blueprint = "cdn-service"
domain = "www.example.com"
origin = { from = "web" }
[components.cdn.override.aws_cloudfront_vpc_origin.site]
vpc_origin_endpoint_config = { name = "front" }
"#;
    let desired = desired(cdn);
    let origin = resource(&desired, "cdn.aws_cloudfront_vpc_origin.site");
    let config = origin.get("vpc_origin_endpoint_config");
    assert_eq!(config.get("name").as_str(), Some("front"));
    assert_eq!(config.get("https_port").as_int(), Some(443));
}

#[test]
fn tags_of_one_resource_go_before_those_of_all() {
    let desired = desired(
        r#"[components.web.override.aws_lb.main.tags]
owner = "edge"
"#,
    );
    let mut text = format!("{HEAD}[tags]\nowner = \"payments\"\nteam = \"a\"\n{WEB}");
    text.push_str("[components.web.override.aws_lb.main.tags]\nowner = \"edge\"\n");
    let with_tags = expanded(&text).unwrap();
    for desired in [&desired, &with_tags] {
        let balancer = resource(desired, "web.aws_lb.main");
        let tags = balancer.get("tags").as_map().unwrap();
        assert_eq!(tags["owner"].as_str(), Some("edge"));
        assert_eq!(tags["watertight:app"].as_str(), Some("shop"));
    }
    let group = resource(&with_tags, "web.aws_lb_target_group.app");
    let tags = group.get("tags").as_map().unwrap();
    assert_eq!(tags["owner"].as_str(), Some("payments"));
}

#[test]
fn additions_refer_to_the_component_and_to_others() {
    let desired = desired(
        r#"[components.web.resource.aws_lb_listener_rule.api]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = { host_header = { values = ["api.example.com"] } }
[[components.web.resource.aws_lb_listener_rule.api.action]]
type = "redirect"
redirect = { host = { from = "site.distribution_domain_name" }, status_code = "HTTP_301" }
[components.web.data.aws_vpc.other]
id = "vpc-0a1b"
[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#,
    );
    let rule = resource(&desired, "web.aws_lb_listener_rule.api");
    assert!(rule.is_added());
    assert_eq!(rule.origin.spec.as_ref().unwrap().line_and_column().0, 8);
    assert_eq!(
        rule.get("action.redirect.protocol").as_str(),
        Some("#{protocol}")
    );
    let waits: Vec<String> = rule
        .dependencies()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        waits,
        [
            "site.aws_cloudfront_distribution.site",
            "web.aws_lb_listener.https"
        ]
    );
    assert!(
        desired
            .lookups
            .contains_key(&"web.data.aws_vpc.other".parse().unwrap())
    );
}

#[test]
fn what_is_overridden_must_be_there_and_fit() {
    wrong(
        r#"[components.web.override.aws_lb.mian]
idle_timeout = 120
[components.web.override.aws_sqs_queue.jobs]
name = "jobs"
[components.web.override.aws_lb.main]
idle_timout = 120
internal = "maybe"
arn = "arn:aws:x"
region = "us-east-1"
tags = { "watertight:app" = "other" }
[components.web.override.aws_lb.main.access_logs]
prefx = "a"
[[components.web.override.aws_lb_listener.https.default_action]]
target_group_arn = "arn"
"#,
        r"
8:1: `https-service` makes no `aws_lb.mian`
  Did you mean `aws_lb.main`?
10:1: `https-service` makes no `aws_sqs_queue.jobs`
  It makes things of these kinds: `aws_acm_certificate`, `aws_acm_certificate_validation`, `aws_lb`, `aws_lb_listener`, `aws_lb_target_group`, `aws_route53_record`, `aws_s3_bucket`, `aws_s3_bucket_lifecycle_configuration`, `aws_s3_bucket_ownership_controls`, `aws_s3_bucket_policy`, `aws_s3_bucket_public_access_block`, `aws_s3_bucket_server_side_encryption_configuration`, `aws_s3_bucket_versioning`, `aws_security_group`, `aws_vpc_security_group_egress_rule`, `aws_vpc_security_group_ingress_rule`.
13:1: `aws_lb.main` has no attribute `idle_timout`
  Did you mean `idle_timeout`?
14:12: `internal` of `aws_lb.main` is `true` or `false`, not the text `maybe`
15:1: AWS sets `arn` of `aws_lb.main`; it can't be given
16:1: the region of `aws_lb.main` can't be overridden
  Nothing moves from one region to another; add a resource of your own there.
17:29: the tag `watertight:app` begins with `watertight:`
  Tags that begin so are written by watertight alone.
19:9: `aws_lb.main` has no attribute `access_logs.prefx`
  Did you mean `prefix`?
20:49: `aws_lb_listener.https` needs `type` in `default_action`
",
    );
    wrong(
        r#"overide = { aws_lb = { main = { idle_timeout = 120 } } }
[components.web.override.aws_lb.main]
subnets = "${aws_lb_target_group.app.arn}"
security_groups = ["${aws_security_group.none.id}"]
"#,
        r"
8:1: `https-service` has no input `overide`
  Did you mean `override`?
",
    );
    wrong(
        r#"[components.web.override.aws_lb.main]
subnets = "${aws_lb_target_group.app.arn}"
security_groups = ["${aws_security_group.none.id}"]
xff_header_processing_mode = "${aws_lb.main.arn"
"#,
        "11:30: `xff_header_processing_mode` of `aws_lb.main`: the reference has no end: a reference has the form ${kind.name.attribute}",
    );
    wrong(
        r#"[components.web.override.aws_lb.main]
subnets = "${aws_lb_target_group.app.arn}"
security_groups = ["${aws_security_group.none.id}"]
"#,
        r"
9:11: `web.aws_lb_target_group.app.arn` is a text, which can't be a list of texts
10:20: `web.aws_lb.main` refers to `web.aws_security_group.none`, which is not there
  Did you mean `aws_security_group.app`?
",
    );
}

#[test]
fn what_is_added_must_be_of_a_known_kind_and_new() {
    wrong(
        r#"[components.web.resource.aws_lb_listner_rule.api]
priority = 10
[components.web.resource.aws_lb.main]
internal = true
[components.web.resource.aws_lb_listener_rule.Api]
priority = 10
[components.web.resource.aws_lb_listener_rule.api]
listener_arn = "${aws_lb_listener.htps.arn}"
[components.web.data.aws_vpcs.all]
default = true
"#,
        r"
8:26: there is no kind `aws_lb_listner_rule`
  Did you mean `aws_lb_listener_rule`?
10:1, blueprints/https-service/load_balancer.toml.tera:12:1: `https-service` makes `aws_lb.main` itself
  To change it, write `[components.web.override.aws_lb.main]`; or give this one another name.
12:1: `Api` can't name a resource
  A name is `[a-z][a-z0-9_]*`, such as `api`.
14:1: `aws_lb_listener_rule.api` needs `action`
14:1: `aws_lb_listener_rule.api` needs `condition`
14:1: `aws_lb_listener_rule.api` needs `priority`
  Give each rule of a listener a number from 1 to 50000: `priority = 10`.
16:22: there is no kind `data.aws_vpcs`
  Did you mean `aws_vpc`?
",
    );
    wrong(
        r#"[components.web.resource.aws_lb_listener_rule.api]
listener_arn = "${aws_lb_listener.htps.arn}"
condition = [{ path_pattern = { values = ["/a"] } }]
action = [{ type = "forward", target_group_arn = { from = "site" } }]
[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#,
        r#"
11:50: an attribute can't be the whole component `site`
  Name one of its outputs: `{ from = "site.url" }`.
"#,
    );
    wrong(
        r#"[components.web.resource.aws_lb_listener_rule.a]
listener_arn = "${aws_lb_listener.https.arn}"
condition = [{ path_pattern = { values = ["/a"] } }]
action = [{ type = "forward", target_group_arn = "${aws_lb_target_group.app.arn}" }]
[components.web.resource.aws_lb_listener_rule.b]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/a"] } }]
action = [{ type = "forward", target_group_arn = "${aws_lb_target_group.app.arn}" }]
[components.web.resource.aws_lb_listener_rule.c]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/a"] } }]
action = [{ type = "forward", target_group_arn = "${aws_lb_target_group.app.arn}" }]
"#,
        r"
8:1: `aws_lb_listener_rule.a` needs `priority`
  Give each rule of a listener a number from 1 to 50000: `priority = 10`.
18:1, 13:1: `web.aws_lb_listener_rule.c` would have the `listener_arn` `web.aws_lb_listener.https.arn` and the `priority` `10` that `web.aws_lb_listener_rule.b` has
",
    );
}

#[test]
fn what_aws_does_not_take_is_told_before_it_is_asked() {
    wrong(
        r#"[components.web.override.aws_lb.main]
idle_timeout = 4001
xff_header_processing_mode = "Append"
[components.web.override.aws_lb_target_group.app]
health_check = { interval = 2.5, path = "/healthz" }
[components.web.resource.aws_lb_listener_rule.a]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 90000
condition = [{ path_pattern = { values = ["/a"] } }]
action = [{ type = "redirekt", redirect = { protocol = "HTTPS", status_code = "301" } }]
"#,
        r"
9:16: `idle_timeout` of `aws_lb.main` can't be `4001`; AWS takes 1 to 4000
10:30: `xff_header_processing_mode` of `aws_lb.main` can't be the text `Append`; AWS takes `append`, `preserve`, `remove`
  Did you mean `append`?
12:29: `health_check.interval` of `aws_lb_target_group.app` can't be `2.5`; AWS takes 5 to 300
15:12: `priority` of `aws_lb_listener_rule.a` can't be `90000`; AWS takes 1 to 50000
17:20: `action.type` of `aws_lb_listener_rule.a` can't be the text `redirekt`; AWS takes `authenticate-cognito`, `authenticate-oidc`, `fixed-response`, `forward`, `jwt-validation`, `redirect`
  Did you mean `redirect`?
17:79: `action.redirect.status_code` of `aws_lb_listener_rule.a` can't be the text `301`; AWS takes `HTTP_301`, `HTTP_302`
",
    );
}

#[test]
fn what_no_call_sends_is_refused_where_it_is_written() {
    wrong(
        r#"[components.web.override.aws_lb.main]
name_prefix = "front-"
timeouts = [{ create = "20m" }]
subnet_mapping = []
[components.web.resource.aws_s3_bucket.more]
object_lock_enabled = true
versioning = [{ enabled = true }]
[components.web.resource.aws_lb_listener_rule.a]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/a"] }, host_header = { values = ["a"] } }, {}]
action = [{ type = "authenticate-oidc", authenticate_oidc = { issuer = "a" } }]
"#,
        r"
9:1: watertight can't set `name_prefix` of `aws_lb.main` yet
  Leave it out.
10:1: watertight can't set `timeouts` of `aws_lb.main` yet
  Leave it out: it is waited for as long as AWS gets on with it.
13:1: watertight can't set `object_lock_enabled` of `aws_s3_bucket.more` yet
  Leave it out.
14:1: watertight can't set `versioning` of `aws_s3_bucket.more` yet
  Make an `aws_s3_bucket_versioning`.
18:14: a `condition` of `aws_lb_listener_rule.a` holds one condition
  Write a block for each; a request must meet all of them.
18:88: a `condition` of `aws_lb_listener_rule.a` holds one condition
  Write a block for each; a request must meet all of them.
19:61: watertight can't set `action.authenticate_oidc` of `aws_lb_listener_rule.a` yet
  Its client secret would stand in the spec and in the state; `authenticate_cognito` needs none.
",
    );
}

#[test]
fn what_is_left_to_others_must_be_one_attribute() {
    wrong(
        r#"ignore = [
  "aws_lb_target_group.app.stickines",
  "aws_lb.mian.idle_timeout",
  "aws_lb.main",
  "aws_lb.main.arn",
  "aws_lb.main.tags",
  "aws_lb.main.tags.watertight:app",
  "aws_lb_listener.https.default_action.type",
  "aws_lb.main.idle_timeout.seconds",
  "aws_lb_target_group.app.health_check.intervall",
  "aws_lb_listener.https.rule",
  "aws_lb_target_group.app.rules",
]
"#,
        r"
9:3: `aws_lb_target_group.app` has no attribute `stickines`
  Did you mean `stickiness`?
10:3: `https-service` makes no `aws_lb.mian`
  Did you mean `aws_lb.main`?
11:3: `aws_lb.main` names no attribute of a resource
  Write kind, name and attribute: `aws_lb_target_group.app.stickiness`.
12:3: AWS sets `arn` of `aws_lb.main`; there is nothing to leave
13:3: the tags of `aws_lb.main` can't be left to others as a whole
  Tags of others are left alone anyway; name one of yours: `tags.owner`.
14:3: the tag `watertight:app` begins with `watertight:`
  Tags that begin so are written by watertight alone.
15:3: `default_action` of `aws_lb_listener.https` may be there several times
  Leave all of it to others: `aws_lb_listener.https.default_action`.
16:3: `idle_timeout` of `aws_lb.main` has no parts
  Leave all of it to others: `aws_lb.main.idle_timeout`.
17:3: `aws_lb_target_group.app` has no attribute `health_check.intervall`
  Did you mean `interval`?
18:3: `aws_lb_listener.https` has no attribute `rule`
  Did you mean `rules`?
19:3: `aws_lb_target_group.app` has no attribute `rules`
",
    );
    let desired = desired(
        r#"ignore = ["aws_lb.main.tags.deployed.at", "aws_lb_target_group.app.health_check.interval"]
"#,
    );
    let balancer = resource(&desired, "web.aws_lb.main");
    assert!(balancer.ignored.contains_key("tags.deployed.at"));
    let group = resource(&desired, "web.aws_lb_target_group.app");
    assert!(group.ignored.contains_key("health_check.interval"));
}
