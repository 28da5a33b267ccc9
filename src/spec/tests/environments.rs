//! Environments, defaults and required versions.

use super::super::reader::Reader;
use super::super::requires;
use super::super::syntax;
use super::*;
use crate::spec::Input;

const SHOP: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"
[tags]
owner = "payments"
stage = "prod"
[components.web]
blueprint = "https-service"
port = 8443
vpc = { tag = "Name=shared" }
[[waivers]]
rule = "WT-ELB-002"
address = "web.*"
owner = "payments"
reason = "partner X"
expires = 2027-01-31
[environments.staging]
region = "eu-central-1"
ephemeral = true
[environments.staging.tags]
stage = "staging"
[environments.staging.components.web]
vpc = { from = "net.vpc_id" }
ingress = ["10.0.0.0/8"]
[environments.staging.components.net]
blueprint = "network"
[[environments.staging.waivers]]
rule = "WT-ELB-003"
address = "web.*"
owner = "payments"
reason = "partner Y"
expires = 2027-01-31
"#;

/// The problems for an environment, one a line with their hints.
#[track_caller]
fn check_for(environment: Option<&str>, text: &str, expected: &str) {
    let mut told = String::new();
    for problem in read_for(text, environment).problems {
        let (line, column) = problem.labels[0].span.line_and_column();
        writeln!(told, "{line}:{column} {}", problem.message).unwrap();
        for hint in problem.hints {
            writeln!(told, "    {hint}").unwrap();
        }
    }
    assert_eq!(told, expected, "in\n{text}");
}

/// A spec in a few lines, each with its place.
fn outline(environment: Option<&str>) -> String {
    let parsed = read_for(SHOP, environment);
    assert_eq!(parsed.problems, []);
    let spec = parsed.spec.unwrap();
    let mut told = String::new();
    for (name, text) in [("environment", &spec.environment), ("region", &spec.region)] {
        writeln!(told, "{name} = {} {:?}", text.value, text.span).unwrap();
    }
    for (key, text) in &spec.tags {
        writeln!(told, "tags.{key} = {} {:?}", text.value, text.span).unwrap();
    }
    for (name, component) in &spec.components {
        writeln!(told, "{name} {:?}", component.name.span).unwrap();
        for (input, given) in &component.inputs {
            let value = match &given.value.value {
                Input::From { component, output } => format!("{component}.{output}"),
                Input::Int(number) => number.to_string(),
                Input::Table(entries) => format!("a table of {}", entries.len()),
                _ => "..".to_owned(),
            };
            writeln!(told, "  {input} = {value} {:?}", given.value.span).unwrap();
        }
    }
    let waivers: Vec<&str> = spec.waivers.iter().map(|it| it.rule.as_str()).collect();
    writeln!(told, "{} {}", waivers.join(" "), spec.ephemeral).unwrap();
    told
}

#[test]
fn an_overlay_lies_over_the_rest() {
    assert_eq!(
        outline(Some("staging")),
        "\
environment = staging spec.toml:17:15
region = eu-central-1 spec.toml:18:10
tags.owner = payments spec.toml:5:9
tags.stage = staging spec.toml:21:9
net spec.toml:25:1
web spec.toml:7:1
  ingress = .. spec.toml:24:11
  port = 8443 spec.toml:9:8
  vpc = net.vpc_id spec.toml:23:7
WT-ELB-002 WT-ELB-003 true
"
    );
}

#[test]
fn without_one_asked_for_it_is_the_one_at_the_top() {
    let prod = "\
environment = prod spec.toml:2:15
region = eu-west-1 spec.toml:3:10
tags.owner = payments spec.toml:5:9
tags.stage = prod spec.toml:6:9
web spec.toml:7:1
  port = 8443 spec.toml:9:8
  vpc = a table of 1 spec.toml:10:7
WT-ELB-002 false
";
    assert_eq!(outline(None), prod);
    assert_eq!(outline(Some("prod")), prod);
}

#[test]
fn the_top_may_have_an_overlay_too() {
    let text = format!("{HEAD}{COMPONENT}[environments.prod]\nregion = \"eu-west-2\"\n");
    for environment in [None, Some("prod")] {
        let spec = read_for(&text, environment).spec.unwrap();
        assert_eq!(spec.region.value, "eu-west-2");
    }
}

#[test]
fn an_environment_that_is_not_there() {
    check_for(
        Some("stagng"),
        SHOP,
        "2:15 there is no environment `stagng`\n    Did you mean `--env staging`?\n",
    );
    check_for(
        Some("test"),
        SHOP,
        "2:15 there is no environment `test`\n    There are `prod` and `staging`.\n",
    );
    check_for(
        Some("staging"),
        &format!("{HEAD}{COMPONENT}"),
        "2:15 there is no environment `staging`\n    There is only `prod`; add `[environments.staging]` for another.\n",
    );
    let without = SHOP.replace("environment = \"prod\"\n", "");
    check_for(
        None,
        &without,
        "16:2 the spec has several environments\n    Pick one with `--env`, of `staging`; or write the usual one at the top, `environment = \"staging\"`.\n",
    );
    check_for(Some("staging"), &without, "");
}

#[test]
fn every_overlay_is_checked_whichever_is_picked() {
    let text = format!(
        r#"{HEAD}{COMPONENT}
[environments.Big]
[environments.test]
app = "other"
environment = "x"
regoin = "eu-west-1"
account = 12
[environments.test.components.web]
vpc = {{ from = "net.vpc_id" }}
"#
    );
    check_for(
        None,
        &text,
        "\
7:15 `Big` is not a name
    A name has small letters, digits and `-`, and begins with a letter, such as `big`.
9:1 an environment can't set `app`
    It is the same in all of them: write it at the top.
10:1 an environment can't set `environment`
    The table's name is the environment's: leave this out.
11:1 environment `test` has no key `regoin`
    Did you mean `region`?
12:11 `account` must be text
    Write it in quotes: `account = \"12\"`.
14:16 there is no component `net`
    Add `[components.net]`, or refer to another.
",
    );
}

#[test]
fn defaults_are_inputs() {
    let text =
        format!("{HEAD}[defaults]\nport = 8443\nvpc = {{ from = \"web.vpc_id\" }}\n{COMPONENT}");
    let spec = read(&text).spec.unwrap();
    assert_eq!(spec.defaults["port"].value.value, Input::Int(8443));
    check_for(
        None,
        &format!("{HEAD}defaults = 1\n{COMPONENT}"),
        "4:12 `defaults` must be a table\n    Write `[defaults]` on a line of its own, and its keys below.\n",
    );
    check_for(
        None,
        &format!(
            "{HEAD}[defaults]\nblueprint = \"x\"\nvpc = {{ from = \"net.vpc_id\" }}\n{COMPONENT}"
        ),
        "5:1 `blueprint` has no default\n    Write `blueprint` in each component.\n\
         6:16 there is no component `net`\n    Add `[components.net]`, or refer to another.\n",
    );
}

/// What is said to a version of a spec that requires others.
#[track_caller]
fn check_requires(requires: &str, version: &str, expected: &str) {
    let source = Arc::new(Source {
        name: "spec.toml".to_owned(),
        text: format!("requires = {requires}\n"),
    });
    let table = syntax::read(&source).table.unwrap();
    let mut reader = Reader::new(&source);
    let fits = requires::fits(&mut reader, &table, version);
    let told: Vec<&str> = reader
        .problems
        .iter()
        .map(|it| it.message.as_str())
        .collect();
    assert_eq!(told.join("\n"), expected);
    assert_eq!(fits, !expected.starts_with("this is watertight"));
}

#[test]
fn a_spec_may_require_versions() {
    check_requires("\">=0.1, <0.3\"", "0.1.0", "");
    check_requires("\">=0.1, <0.3\"", "0.2.9", "");
    check_requires(
        "\">=0.1, <0.3\"",
        "0.3.0",
        "this is watertight 0.3.0, and the spec requires >=0.1, <0.3",
    );
    check_requires("\"0.2\"", "0.2.7", "");
    check_requires(
        "\"0.2\"",
        "0.1.0",
        "this is watertight 0.1.0, and the spec requires ^0.2",
    );
    check_requires("0.2", "0.1.0", "`requires` must be text");
    check_requires(
        "\">=0.1 <0.3\"",
        "0.1.0",
        "`>=0.1 <0.3` is no range of versions: expected comma after minor version number, found '<'",
    );
}

#[test]
fn where_the_version_does_not_fit_nothing_else_is_said() {
    let text = format!("requires = \">=99\"\nnews = true\n{HEAD}{COMPONENT}");
    let parsed = read(&text);
    assert!(parsed.spec.is_none());
    let [problem] = parsed.problems.as_slice() else {
        panic!("{:?}", parsed.problems);
    };
    assert_eq!(
        problem.message,
        format!(
            "this is watertight {}, and the spec requires >=99",
            crate::VERSION
        )
    );
}
