//! What is said about specs and blueprints that are wrong.

use super::{HEAD, check, check_with, lines, parsed};
use crate::blueprint::{Library, expand};
use crate::diagnostic::{Diagnostic, Source};

#[test]
fn everything_wrong_with_inputs_is_said_at_once() {
    check(
        r#"[components.a]
blueprint = "https-servise"
[components.b]
blueprint = "https-service"
domain = "Shop.example.com"
prot = 8443
ingress = ["10.0.0.1/8", "10.0.0.0/16", "10.0.0.0/16", 7]
tls_policy = "tls12"
logs = "yes"
subnets = ["subnet-1"]
idle_timeout = 0
"#,
        r"
5:13: there is no blueprint `https-servise`
  Did you mean `https-service`?
6:1: `https-service` needs `port`: The port on which the service speaks HTTPS
  Add `port = 8443`.
8:10: `domain`: a hostname is written in lower case: `shop.example.com`
9:1: `https-service` has no input `prot`
  Did you mean `port`?
10:12: `ingress`: `10.0.0.1/8` has host bits set; the network is `10.0.0.0/8`
10:41: `ingress`: `10.0.0.0/16` is in the list twice
10:56: `ingress`: it is a whole number, not a source
11:14: `tls_policy`: `tls12` is not one of `modern`, `tls13`, `fips`; did you mean `tls13`?
12:8: `logs`: it is a text, not `true` or `false`
13:11: `subnets`: it has 1, the least is 2
14:16: `idle_timeout`: it is 0, the least is 1
",
    );
}

#[test]
fn a_blueprint_refuses_what_does_not_go_together() {
    check(
        r#"[components.a]
blueprint = "https-service"
domain = "shop.example.com"
zone = "example.org"
port = 8443
vpc = "vpc-1"
targets = ["i-1", "10.0.0.1"]
hsts_preload = true
"#,
        r#"
7:8, blueprints/_shared/certificate.toml.tera:23:1: `zone`: `shop.example.com` is not in the zone `example.org`; write the zone that it is in
9:7, blueprints/https-service/network.toml.tera:5:1: `vpc`: with a `vpc` of your own, say which `subnets` of it: ids, or as in `subnets = { tag = "Tier=public" }`
10:11, blueprints/https-service/targets.toml.tera:3:1: `targets`: `10.0.0.1` can't be a target of type `instance`; all targets are instances or all are IP addresses
11:16, blueprints/https-service/load_balancer.toml.tera:2:1: `hsts_preload`: preloading needs `hsts_include_subdomains = true` and a `hsts_max_age` of a year or more
"#,
    );
}

#[test]
fn a_certificate_and_a_zone_that_do_not_fit() {
    let service = |inputs: &str, expected: &str| {
        let text = format!(
            "[components.a]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n{inputs}\n"
        );
        let spec = parsed(&format!("{HEAD}{text}"));
        let problems = expand(&spec, &Library::embedded()).unwrap_err();
        let said: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(said, [expected]);
    };
    service(
        r#"certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b""#,
        "`certificate_arn`: it is a certificate of us-east-1, and one of eu-west-1 is needed: certificates serve in their own region only",
    );
    service(
        r#"certificate_arn = "arn:aws:iam::123456789012:server-certificate/x""#,
        "`certificate_arn`: it is a certificate of IAM; only those of ACM are taken: import it there",
    );
    service(
        r#"certificate_arn = "0a1b""#,
        "`certificate_arn`: `0a1b` is not the ARN of a certificate, as in `arn:aws:acm:eu-west-1:123456789012:certificate/0a1b`",
    );
    service(
        "zone = \"shop.example.com\"\nzone_id = \"Z1\"",
        "`zone_id`: `zone` and `zone_id` say the same: write one of them",
    );
    service(
        "dns = \"manual\"\nzone_id = \"Z1\"",
        "`zone_id`: with `dns = \"manual\"` no zone of Route 53 is used",
    );
    service(
        r#"private_zone = "example.com""#,
        "`private_zone`: the addresses of a public service belong into a public zone; with `internal = true` they may be private",
    );
    service(
        "internal = true\nprivate_zone = \"corp.example.com\"",
        "`private_zone`: `shop.example.com` is not in the zone `corp.example.com`; write the zone that it is in",
    );
}

#[test]
fn records_by_hand_are_no_resources() {
    let spec = parsed(&format!(
        "{HEAD}[components.a]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\naliases = [\"example.com\"]\nzone = \"example.com\"\ndns = \"manual\"\n"
    ));
    let desired = expand(&spec, &Library::embedded()).unwrap();
    let records: Vec<String> = desired
        .by_hand
        .values()
        .map(|record| {
            let kind = record.get("type").as_str().unwrap_or_default();
            format!("{} {kind}", record.get("name").to_json())
        })
        .collect();
    let proof = |name: &str| {
        format!(
            "\"${{a.aws_acm_certificate.site.domain_validation_options[\\\"{name}\\\"].resource_record_name}}\" CNAME"
        )
    };
    assert_eq!(
        records,
        [
            "\"example.com\" A".to_owned(),
            "\"www.example.com\" CNAME".to_owned(),
            proof("example.com"),
            proof("www.example.com"),
        ]
    );
    let kinds = desired.resources.keys().chain(desired.lookups.keys());
    let of_route53 = kinds.filter(|address| address.kind.contains("route53"));
    assert_eq!(of_route53.count(), 0);
}

#[test]
fn a_table_for_an_input_is_a_reference_or_a_tag() {
    check(
        r#"[components.a]
blueprint = "https-service"
domain = "www.example.com"
port = 8443
vpc = { tagg = "Name=shared" }
subnets = { form = "network.public_subnets" }
[components.b]
blueprint = "https-service"
domain = "b.example.com"
port = 8443
vpc = { name = "shared" }
"#,
        r#"
8:16: `vpc`: `tagg` is not known here; did you mean `tag`?
9:20: `subnets`: `form` is not known here; did you mean `from`?
14:16: `vpc`: `name` is not known here; write `{ tag = "Name=shared" }`
"#,
    );
}

#[test]
fn outputs_of_others_must_be_there() {
    check(
        r#"[components.a]
blueprint = "private-bucket"
[components.b]
blueprint = "static-site"
domain = "www.example.com"
zone = { from = "a.buckett" }
logs = { from = "a.bucket" }
index_document = { from = "a.kitchen_sink" }
"#,
        r"
9:8: `a`, a `private-bucket`, has no output `buckett`
  Did you mean `bucket`?
10:8: `logs`: the blueprint decides by it, so it can't come from another component
11:18: `index_document`: the blueprint decides by it, so it can't come from another component
11:18: `a`, a `private-bucket`, has no output `kitchen_sink`
  It gives `bucket`, `bucket_arn`, `log_bucket`.
",
    );
}

#[test]
fn an_output_must_fit_where_it_is_put() {
    check(
        r#"[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
[components.api]
blueprint = "https-service"
domain = "api.example.com"
port = 8443
vpc = { from = "web.subnet_ids" }
subnets = { from = "web.subnet_ids" }
"#,
        r"
12:7, blueprints/https-service/security_groups.toml.tera:50:1: `web.data.aws_subnets.lb.ids` is a list of texts, which can't be a text
12:7, blueprints/https-service/security_groups.toml.tera:24:1: `web.data.aws_subnets.lb.ids` is a list of texts, which can't be a text
12:7, blueprints/https-service/targets.toml.tera:13:1: `web.data.aws_subnets.lb.ids` is a list of texts, which can't be a text
",
    );
    check(
        r#"[components.a]
blueprint = "private-bucket"
logs = false
[components.b]
blueprint = "static-site"
domain = "www.example.com"
zone = { from = "a.log_bucket" }
"#,
        "10:8: `a` gives no `log_bucket` with these inputs",
    );
}

#[test]
fn components_that_wait_for_each_other_are_named() {
    check(
        r#"[components.a]
blueprint = "static-site"
domain = "a.example.com"
zone = { from = "b.zone_id" }
[components.b]
blueprint = "static-site"
domain = "b.example.com"
zone = { from = "a.zone_id" }
[components.c]
blueprint = "static-site"
domain = "c.example.com"
zone = { from = "b.zone_id" }
"#,
        r"
7:8, 11:8: these components take each other's outputs: `a`, `b`
  Take out one of the references between them.
",
    );
}

#[test]
fn what_would_be_one_in_aws_is_not_made_twice() {
    check(
        r#"[components.a]
blueprint = "static-site"
domain = "www.example.com"
bucket_name = "acme"
[components.b]
blueprint = "https-service"
domain = "www.example.com"
port = 443
[components.c]
blueprint = "private-bucket"
bucket_name = "acme"
"#,
        r"
10:10, blueprints/https-service/dns.toml.tera:44:1, 6:10: `b.aws_route53_record.a_www_example_com_80fc0f` would have the `name` `www.example.com` and the `type` `A` that `a.aws_route53_record.a_www_example_com_80fc0f` has
14:15, blueprints/_shared/bucket.toml.tera:12:1, 7:15: `c.aws_s3_bucket.main` would have the `bucket` `acme` that `a.aws_s3_bucket.site` has
",
    );
}

pub(super) fn with_blueprint(manifest: &str, template: &str) -> Result<Library, Vec<Diagnostic>> {
    let source = |file: &str, text: &str| Source {
        name: format!("mine/own/{file}"),
        text: text.to_owned(),
    };
    Library::with(vec![
        source("blueprint.toml", manifest),
        source("main.toml.tera", template),
    ])
}

/// A template of a user's blueprint with the inputs `text` and `flag`, and its problems.
#[track_caller]
fn check_template(template: &str, expected: &str) {
    let manifest = r#"
summary = "s"
[inputs.text]
type = "string"
[inputs.flag]
type = "bool"
default = true
"#;
    let library = with_blueprint(manifest, template).unwrap();
    let components = "[components.a]\nblueprint = \"own\"\ntext = \"x\"\n";
    check_with(&library, components, expected);
}

#[test]
fn what_a_blueprint_gets_wrong_points_at_its_line() {
    check_template(
        r#"
[aws_lb_listner.main]
port = 80

[aws_lb_listener.main]
port = "80"
prot = "HTTP"
arn = "x"
load_balancer_arn = "y"
[[aws_lb_listener.main.default_action]]
typ = "forward"

[aws_lb.main]
subnets = "subnet-1"
access_logs = "logs"
internal = "{{ text }}"

[aws_security_group.main]
vpc_id = "${data.aws_vpc.main}"
depends_on = ["main"]
"#,
        r#"
4:1, mine/own/main.toml.tera:15:1: `access_logs` of `aws_lb.main` is a block
  Write `[[aws_lb.main.access_logs]]` and its attributes below it.
4:1, mine/own/main.toml.tera:14:1: `subnets` of `aws_lb.main` is a list of texts, not the text `subnet-1`
4:1, mine/own/main.toml.tera:8:1: AWS sets `arn` of `aws_lb_listener.main`; it can't be given
4:1, mine/own/main.toml.tera:11:1: `aws_lb_listener.main` has no attribute `default_action.typ`
  Did you mean `type`?
4:1, mine/own/main.toml.tera:10:1: `aws_lb_listener.main` needs `type` in `default_action`
4:1, mine/own/main.toml.tera:6:1: `port` of `aws_lb_listener.main` is a number, not the text `80`
4:1, mine/own/main.toml.tera:7:1: `aws_lb_listener.main` has no attribute `prot`
  Did you mean `port`?
4:1, mine/own/main.toml.tera:2:1: there is no kind `aws_lb_listner`
  Did you mean `aws_lb_listener`?
4:1, mine/own/main.toml.tera:20:1: `depends_on` is a list of resources, as in `["aws_lb.main"]`
4:1, mine/own/main.toml.tera:19:1: `vpc_id` of `aws_security_group.main`: the reference to `data.aws_vpc.main` names no attribute
6:8, mine/own/main.toml.tera:16:1: `internal` of `aws_lb.main` is `true` or `false`, not the text `x`
"#,
    );
}

#[test]
fn a_reference_must_lead_somewhere() {
    check_template(
        r#"
[aws_security_group.main]
description = "${aws_lb.main.dns_name}"
[aws_lb.mian]
subnets = "${data.aws_subnets.main.ids}"
security_groups = ["${aws_security_group.main.idd}"]
name = "${aws_acm_certificate.site.domain_validation_options}"
[data.aws_vpc.main]
id = "${aws_security_group.main.vpc_id}"
[aws_acm_certificate.site]
domain_name = "${aws_acm_certificate.site.certificate_body}"
[data.aws_security_group.late]
vpc_id = "${aws_security_group.main.vpc_id}"
depends_on = ["aws_security_group.main", "aws_lb.none"]
[data.aws_vpc.later]
id = "${data.aws_security_group.late.vpc_id}"
"#,
        r"
4:1, mine/own/main.toml.tera:11:1: `a.aws_acm_certificate.site.certificate_body` is not set, so nothing can refer to it
4:1, mine/own/main.toml.tera:7:1: `a.aws_acm_certificate.site.domain_validation_options` is a list, which can't be a text
4:1, mine/own/main.toml.tera:6:1: `aws_security_group` has no attribute `idd`; did you mean `id`?
4:1, mine/own/main.toml.tera:5:1: `a.aws_lb.mian` refers to `a.data.aws_subnets.main`, which is not there
4:1, mine/own/main.toml.tera:3:1: `a.aws_security_group.main` refers to `a.aws_lb.main`, which is not there
  Did you mean `aws_lb.mian`?
4:1, mine/own/main.toml.tera:16:1: the lookup `a.data.aws_vpc.later` refers to `a.data.aws_security_group.late`, which waits for resources
  Only resources and outputs can refer to a lookup with `depends_on`.
4:1, mine/own/main.toml.tera:9:1: the lookup `a.data.aws_vpc.main` refers to the resource `a.aws_security_group.main`
  A lookup can only refer to another lookup; one that is to wait for resources names them in `depends_on`.
4:1, mine/own/main.toml.tera:12:1: `a.data.aws_security_group.late` depends on `a.aws_lb.none`, which is not there
",
    );
}

#[test]
fn what_can_not_be_rendered_points_at_its_line() {
    check_template(
        "\n{% if flagg %}\n{% endif %}",
        "4:1, mine/own/main.toml.tera:2:1: the blueprint speaks of `flagg`, which is no input of it
        Did you mean `flag`?",
    );
    check_template(
        "\n[aws_s3_bucket.a]\nbucket = \n",
        "4:1, mine/own/main.toml.tera:3:1: the blueprint renders no TOML: string values must be quoted, expected literal string",
    );
    check_template(
        "\n\n{% if flag %}\n",
        "4:1, mine/own/main.toml.tera:4:1: the blueprint can't be rendered: unexpected end of input",
    );
    check_template(
        "[aws_s3_bucket.\"{{ 'a b' }}\"]",
        "4:1, mine/own/main.toml.tera:1:1: `a b` can't name a resource: `[a-z][a-z0-9_]*`
        A name made from a value passes the filter `label`.",
    );
}

#[test]
fn a_manifest_is_read_whole() {
    let manifest = r#"sumary = "s"
[inputs.app]
type = "text"
[inputs.b]
type = "port"
default = 0
max = "x"
[inputs.override]
type = "port"
[[next]]
command = "ls"
"#;
    let problems = with_blueprint(manifest, "").unwrap_err();
    assert_eq!(
        lines(&problems),
        "mine/own/blueprint.toml:1:1: unknown key `sumary` in a manifest
  Did you mean `summary`?
mine/own/blueprint.toml:1:1: a manifest needs a `summary`
mine/own/blueprint.toml:2:1: `app` is known in every template and can't be an input
mine/own/blueprint.toml:3:8: an input needs a `type`: string, integer, bool, hostname, cidr, port, path, bucket name, id, tag, source, target, certificate, component, enum (with `values`), `list of` one, or some joined by `or`
mine/own/blueprint.toml:7:7: `max` is a whole number
mine/own/blueprint.toml:6:11: the default is not what the input may be: 0 is no port: 1 to 65535
mine/own/blueprint.toml:8:1: `override` is a key of every component and can't be an input
mine/own/blueprint.toml:10:1: each of `next` needs a `summary` and a `command`
"
    );
    let alone = Library::with(vec![Source {
        name: "own/x.toml.tera".to_owned(),
        text: String::new(),
    }]);
    assert_eq!(
        lines(&alone.unwrap_err()),
        ": the blueprint `own` has no `blueprint.toml`\n  Add `own/blueprint.toml` with its summary and inputs.\n"
    );
}

#[test]
fn a_blueprint_of_the_users_takes_the_place_of_ours() {
    let source = |name: &str, text: &str| Source {
        name: format!("private-bucket/{name}"),
        text: text.to_owned(),
    };
    let library = Library::with(vec![
        source("blueprint.toml", "summary = \"mine\"\n"),
        source("main.toml.tera", "[aws_s3_bucket.mine]\n"),
    ])
    .unwrap();
    let spec = parsed(&format!(
        "{HEAD}[components.a]\nblueprint = \"private-bucket\"\n"
    ));
    let desired = expand(&spec, &library).unwrap();
    let addresses: Vec<String> = desired.resources.keys().map(ToString::to_string).collect();
    assert_eq!(addresses, ["a.aws_s3_bucket.mine"]);
}

#[test]
fn a_whole_component_gives_what_the_input_takes() {
    let own = |takes: &str, template: &str| {
        let source = |name: &str, text: &str| Source {
            name: format!("own/{name}"),
            text: text.to_owned(),
        };
        let manifest = format!(
            "summary = \"s\"\n[inputs.beside]\ntype = \"component\"\ntakes = [\"{takes}\"]\n"
        );
        let library = Library::with(vec![
            source("blueprint.toml", &manifest),
            source("main.toml.tera", template),
        ])
        .unwrap();
        let spec = parsed(&format!(
            "{HEAD}[components.b]\nblueprint = \"private-bucket\"\nlogs = false\n\
             [components.a]\nblueprint = \"own\"\nbeside = {{ from = \"b\" }}\n"
        ));
        expand(&spec, &library)
    };
    let template = "[aws_s3_bucket_logging.a]\nbucket = \"{{ beside.bucket }}\"\ntarget_bucket = \"logs\"\ntarget_prefix = \"\"\n";
    let desired = own("bucket", template).unwrap();
    let logging = &desired.resources[&"a.aws_s3_bucket_logging.a".parse().unwrap()];
    assert_eq!(
        logging.get("bucket").to_json().to_string(),
        "\"${b.aws_s3_bucket.main.bucket}\""
    );
    assert!(lines(&own("vpc_id", template).unwrap_err()).contains("has no output `vpc_id`"));
    let wrong = own(
        "bucket",
        "[aws_s3_bucket.a]\nbucket = \"{{ beside.vpc }}\"\n",
    );
    assert!(lines(&wrong.unwrap_err()).contains("vpc"));
}
