//! Specs through the embedded blueprints, and blueprints that are wrong.

mod amend;
mod defaults;
mod kept;
mod network;
mod properties;
mod wrong;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{Library, expand};
use crate::diagnostic::{Diagnostic, Source};
use crate::guardrail;
use crate::resource::{Desired, Origin};
use crate::spec::{self, Spec};

fn parsed(text: &str) -> Spec {
    let source = Source {
        name: "spec.toml".to_owned(),
        text: text.to_owned(),
    };
    let parsed = spec::parse(&Arc::new(source), None);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    parsed.spec.unwrap()
}

fn expanded(text: &str) -> Result<Desired, Vec<Diagnostic>> {
    expand(&parsed(text), &Library::embedded())
}

/// Everything that a spec comes to, as text.
fn listing(desired: &Desired) -> String {
    let mut text = String::new();
    for lookup in desired.lookups.values() {
        writeln!(text, "{} in {}", lookup.address, lookup.region).unwrap();
        for (name, value) in &lookup.arguments {
            writeln!(text, "    {name} = {}", value.to_json()).unwrap();
        }
    }
    for resource in desired.resources.values() {
        let from = told(&resource.origin);
        writeln!(
            text,
            "\n{} in {}  # {from}",
            resource.address, resource.region
        )
        .unwrap();
        for (name, value) in &resource.attributes {
            let note = if let Some(span) = resource.overridden.get(name) {
                format!("  # override, line {}", span.line_and_column().0)
            } else if resource.generated.contains(name) {
                "  # generated".to_owned()
            } else if resource.defaulted.contains(name) {
                "  # default".to_owned()
            } else {
                match resource.origins.get(name) {
                    Some(origin) => format!("  # {}", told(origin)),
                    None => String::new(),
                }
            };
            writeln!(text, "    {name} = {}{note}", value.to_json()).unwrap();
        }
        for before in &resource.depends_on {
            writeln!(text, "    after {before}").unwrap();
        }
        let inner = resource.overridden.iter();
        for (path, span) in inner.filter(|(path, _)| path.contains('.')) {
            let (line, _) = span.line_and_column();
            writeln!(text, "    {path}: override, line {line}").unwrap();
        }
        for (path, span) in &resource.ignored {
            let (line, _) = span.line_and_column();
            writeln!(text, "    {path}: left to others, line {line}").unwrap();
        }
    }
    text.push('\n');
    for ((component, name), value) in &desired.outputs {
        writeln!(text, "{component}.{name} = {}", value.to_json()).unwrap();
    }
    text
}

fn told(origin: &Origin) -> String {
    let spec = origin.spec.as_ref().map(|span| span.line_and_column().0);
    let blueprint = origin.blueprint.as_ref().map_or_else(String::new, |span| {
        let (line, _) = span.line_and_column();
        let file = span.source.name.trim_start_matches("blueprints/");
        format!(", {file}:{line}")
    });
    format!("line {}{blueprint}", spec.unwrap_or_default())
}

fn lines(problems: &[Diagnostic]) -> String {
    let mut text = String::new();
    for problem in problems {
        let places: Vec<String> = problem
            .labels
            .iter()
            .map(|label| label.span.to_string())
            .collect();
        writeln!(text, "{}: {}", places.join(", "), problem.message).unwrap();
        for hint in &problem.hints {
            writeln!(text, "  {hint}").unwrap();
        }
    }
    text
}

#[test]
fn the_examples() {
    for (name, text) in [
        (
            "cdn-service",
            include_str!("../../examples/cdn-service.toml"),
        ),
        (
            "environments",
            include_str!("../../examples/environments.toml"),
        ),
        (
            "https-service",
            include_str!("../../examples/https-service.toml"),
        ),
        ("network", include_str!("../../examples/network.toml")),
        (
            "private-bucket",
            include_str!("../../examples/private-bucket.toml"),
        ),
        ("overrides", include_str!("../../examples/overrides.toml")),
        ("shop", include_str!("../../examples/shop.toml")),
        (
            "static-site",
            include_str!("../../examples/static-site.toml"),
        ),
    ] {
        let desired = expanded(text).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
        insta::assert_snapshot!(name, listing(&desired));
        check_approved(desired);
    }
}

/// Every input that a blueprint has, so that each is used once; `network` takes the place of
/// two others, so it has a component of its own.
const FULL: &str = r#"
app = "shop"
environment = "test"
region = "eu-central-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "example.com"
aliases = ["a.example.com", "b.example.com"]
zone = "example.com"
zone_id = "Z0123456789ABC"
dns = "route53"
certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d"
private_zone = "example.com"
vpc = "vpc-0a1b2c3d"
subnets = ["subnet-1", "subnet-2"]
internal = true
dualstack = true
port = 8443
health_check_path = "/healthz"
health_check_port = 9443
targets = ["i-0123456789abcdef0"]
target_type = "instance"
ingress = ["10.0.0.0/8", "2001:db8::/32", "sg-0a1b", "pl-0c2d"]
egress = []
tls_policy = "fips"
key_algorithm = "EC_secp384r1"
redirect_http = true
hsts_max_age = 63072000
hsts_include_subdomains = true
hsts_preload = true
idle_timeout = 120
logs = true
log_retention_days = 30
noncurrent_days = 7
min_tls = "1.3"

[components.net]
blueprint = "network"
cidr = "10.8.0.0/20"
zones = ["a", "c", "b"]
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
logs = true

[components.site]
blueprint = "static-site"
domain = "www.example.org"
aliases = ["web.example.org"]
zone = "example.org"
zone_id = "Z0123456789DEF"
dns = "route53"
certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
bucket_name = "acme-www"
index_document = "home.html"
single_page = false
error_page = "/404.html"
price_class = "PriceClass_All"
key_algorithm = "RSA_2048"
hsts_max_age = 63072000
hsts_include_subdomains = true
hsts_preload = true
noncurrent_days = 7
min_tls = "1.3"
logs = true
log_retention_days = 30

[components.cdn]
blueprint = "cdn-service"
domain = "cdn.example.org"
origin = { from = "web" }
aliases = ["edge.example.org"]
zone = "example.org"
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

[components.files]
blueprint = "private-bucket"
bucket_name = "acme-files"
expire_days = 10
noncurrent_days = 7
min_tls = "1.3"
logs = true
log_retention_days = 30
"#;

#[test]
fn every_input() {
    let spec = parsed(FULL);
    let library = Library::embedded();
    for name in library.names() {
        let uses = spec.components.values();
        let uses = uses.filter(|component| component.blueprint.value == name);
        let given: BTreeSet<&String> = uses.flat_map(|one| one.inputs.keys()).collect();
        for input in library.manifest(name).unwrap().inputs.keys() {
            assert!(given.contains(input), "{name}.{input}");
        }
    }
    let desired = expand(&spec, &library).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    insta::assert_snapshot!("full", listing(&desired));
    check_approved(desired);
}

#[track_caller]
fn check_approved(desired: Desired) {
    let day = jiff::civil::date(2026, 12, 1);
    if let Err(refusal) = guardrail::approve(desired, day) {
        panic!("{refusal:#?}");
    }
}

const HEAD: &str = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n";

/// The components of a spec, and what is wrong with them: places, message, and hints. The
/// first line of the components is line 4.
#[track_caller]
fn check(components: &str, expected: &str) {
    check_with(&Library::embedded(), components, expected);
}

#[track_caller]
fn check_with(library: &Library, components: &str, expected: &str) {
    let spec = parsed(&format!("{HEAD}{components}"));
    let problems = match expand(&spec, library) {
        Ok(_) => "none".to_owned(),
        Err(problems) => lines(&problems).replace("spec.toml:", ""),
    };
    let flat = |text: &str| {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(flat(&problems), flat(expected));
}

#[test]
fn a_component_of_three_lines_is_enough() {
    check("[components.a]\nblueprint = \"private-bucket\"\n", "none");
    check(
        "[components.a]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\n",
        "none",
    );
    check(
        "[components.a]\nblueprint = \"https-service\"\ndomain = \"www.example.com\"\nport = 443\n",
        "none",
    );
}

#[test]
fn every_blueprint_tells_what_it_takes() {
    let library = Library::embedded();
    let names: Vec<&str> = library.names().collect();
    assert_eq!(
        names,
        [
            "cdn-service",
            "https-service",
            "network",
            "private-bucket",
            "static-site"
        ]
    );
    for name in names {
        let manifest = library.manifest(name).unwrap();
        assert!(!manifest.version.is_empty(), "{name}");
        for (input, spec) in &manifest.inputs {
            assert!(!spec.summary.is_empty(), "{name}.{input}");
            assert!(!spec.required || spec.example.is_some(), "{name}.{input}");
        }
        for (output, spec) in &manifest.outputs {
            assert!(!spec.summary.is_empty(), "{name}.{output}");
        }
    }
}
