//! Specs as text, and what is said about them.

mod amend;
mod environments;
mod state;

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Backend, Parsed, Written, parse};
use crate::diagnostic::{Severity, Source};

pub(super) const GOOD: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
account = "123456789012"
ephemeral = true

[tags]
owner = "payments"
"cost:centre" = "4711"

[state]
backend = "local"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
vpc = { from = "network.vpc_id" }
ingress = ["192.0.2.0/24", "198.51.100.0/24"]
health = { path = "/", ratio = 0.5, on = true }

[components.network]
blueprint = "network"

[[waivers]]
rule = "WT-ELB-002"
address = "web.*"
owner = "payments"
reason = "partner X still sends http, ticket PAY-411"
expires = 2027-01-31
"#;

const HEAD: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"
"#;

const COMPONENT: &str = r#"[components.web]
blueprint = "https-service"
"#;

pub(super) fn read(text: &str) -> Parsed {
    read_for(text, None)
}

/// The same for an environment.
pub(super) fn read_for(text: &str, environment: Option<&str>) -> Parsed {
    let source = Source {
        name: "spec.toml".to_owned(),
        text: text.to_owned(),
    };
    parse(&Arc::new(source), environment)
}

/// The problems, one a line with their hints and further places below.
fn problems(text: &str) -> String {
    let mut out = String::new();
    for problem in read(text).problems {
        let (first, more) = problem.labels.split_first().expect("a place");
        let (line, column) = first.span.line_and_column();
        let severity = match problem.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        write!(out, "{line}:{column} {severity}{}", problem.message).unwrap();
        if !first.text.is_empty() {
            write!(out, " ({})", first.text).unwrap();
        }
        for label in more {
            let (line, column) = label.span.line_and_column();
            write!(out, "\n    {line}:{column} {}", label.text).unwrap();
        }
        for hint in problem.hints {
            write!(out, "\n    {hint}").unwrap();
        }
        out.push('\n');
    }
    out
}

/// The problems of the whole text.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(problems(text), expected, "in\n{text}");
}

/// The problems of these lines above a good component and below a good head.
#[track_caller]
fn check_line(line: &str, expected: &str) {
    check(&format!("{HEAD}{line}\n{COMPONENT}"), expected);
}

/// The problems of this input of a good component.
#[track_caller]
fn check_input(line: &str, expected: &str) {
    let text = format!("{HEAD}[components.net]\nblueprint = \"x\"\n{COMPONENT}{line}\n");
    check(&text, expected);
}

#[test]
fn a_good_spec_says_what_it_says() {
    let parsed = read(GOOD);
    assert_eq!(parsed.problems, []);
    let spec = parsed.spec.unwrap();
    assert_eq!(spec.app.value, "shop");
    assert_eq!(spec.environment.value, "prod");
    assert_eq!(spec.region.value, "eu-west-1");
    assert_eq!(spec.account.unwrap().value, "123456789012");
    assert!(spec.ephemeral);
    assert_eq!(spec.state, Backend::Local);
    assert_eq!(spec.tags["cost:centre"].value, "4711");
    let web = &spec.components["web"];
    assert_eq!(web.name.span.line_and_column(), (15, 1));
    assert_eq!(web.blueprint.value, "https-service");
    let mut inputs = String::new();
    for (name, given) in &web.inputs {
        let Written { value, span } = &given.value;
        writeln!(inputs, "{:?} {name} = {span:?} {value:?}", given.key).unwrap();
    }
    let expected = r#"
spec.toml:17:1 domain = spec.toml:17:10 Text("shop.example.com")
spec.toml:21:1 health = spec.toml:21:10 Table({"on": Written { value: Bool(true), span: spec.toml:21:42 }, "path": Written { value: Text("/"), span: spec.toml:21:19 }, "ratio": Written { value: Float(0.5), span: spec.toml:21:32 }})
spec.toml:20:1 ingress = spec.toml:20:11 List([Written { value: Text("192.0.2.0/24"), span: spec.toml:20:12 }, Written { value: Text("198.51.100.0/24"), span: spec.toml:20:28 }])
spec.toml:18:1 port = spec.toml:18:8 Int(8443)
spec.toml:19:1 vpc = spec.toml:19:7 From { component: "network", output: "vpc_id" }
"#;
    assert_eq!(inputs, expected.trim_start());
    let [waiver] = spec.waivers.as_slice() else {
        panic!("one waiver")
    };
    assert_eq!(waiver.rule, "WT-ELB-002");
    assert_eq!(waiver.address, "web.*");
    assert_eq!(waiver.owner, "payments");
    assert_eq!(waiver.expires, jiff::civil::date(2027, 1, 31));
    assert_eq!(waiver.span.line_and_column(), (26, 1));
}

#[test]
fn what_is_missing_at_the_top_is_named() {
    check(
        "",
        r#"1:1 the spec has no `app`
    Write `app = "shop"` at the top.
1:1 the spec has no `environment`
    Write `environment = "test"` at the top.
1:1 the spec has no `region`
    Write `region = "eu-west-1"` at the top.
1:1 the spec has no component
    Add `[components.web]`, and below it `blueprint = "https-service"`.
"#,
    );
}

#[test]
fn misspelt_keys_are_told_once() {
    check(
        r#"app = 1
enviroment = "prod"
region = "eu-wset-1"
[component.web]
"#,
        r#"1:7 `app` must be text (this is a whole number)
    Write it in quotes: `app = "1"`.
2:1 the spec has no key `enviroment`
    Did you mean `environment`?
3:10 `eu-wset-1` is not a region
    Did you mean `eu-west-1`?
4:2 the spec has no key `component`
    Did you mean `components`?
"#,
    );
}

#[test]
fn names_and_regions_have_a_form() {
    check(
        r#"app = "My Shop"
environment = "1"
region = "eu-west-1a"
components = 3"#,
        "1:7 `My Shop` is not a name
    A name has small letters, digits and `-`, and begins with a letter, such as `my-shop`.
2:15 `1` is not a name
    A name has small letters, digits and `-`, and begins with a letter, such as `shop`.
3:10 `eu-west-1a` is an availability zone, not a region
    Its region is `eu-west-1`.
4:14 `components` must be a table (this is a whole number)
    Write `[components.web]` on a line of its own, and its keys below.
",
    );
}

#[test]
fn a_key_that_is_written_twice_hides_nothing() {
    check(
        r#"app = "shop"
environment = ""
region = "eu-west-4"
[components]
Web = 3
x = {blueprint = 4}
[components.y]
[components.z]
blueprint="x"
[components.z]
a=3
a=4
"#,
        r#"2:15 the name is empty
    A name has small letters, digits and `-`, and begins with a letter, such as `shop`.
3:10 warning: `eu-west-4` is no region that this version knows
    Did you mean `eu-west-1`? If AWS opened it lately, all is well.
5:1 `Web` is not a name
    A name has small letters, digits and `-`, and begins with a letter, such as `web`.
5:7 component `Web` must be a table (this is a whole number)
    Write `[components.web]` on a line of its own, and its keys below.
6:18 `blueprint` must be text (this is a whole number)
    Write it in quotes: `blueprint = "4"`.
7:1 component `y` has no `blueprint`
    Write `blueprint = "https-service"` below it.
10:1 `[components.z]` is written twice (written again here)
    8:1 first written here
    Put the keys of both under one header, or give one another name.
12:1 `a` is written twice (written again here)
    11:1 first written here
    Keep one of the two.
"#,
    );
}

#[test]
fn each_line_that_is_no_toml_is_told() {
    check(
        r#"app = 
]
"sd"sd
[components.z
x=1"#,
        "1:7 this is not TOML: string values must be quoted, expected literal string
2:1 this is not TOML: missing table open, expected `[`
3:5 this is not TOML: key with no value, expected `=`
4:14 this is not TOML: unclosed table, expected `]`
",
    );
}

#[test]
fn an_open_text_is_told() {
    check(
        r#"a = "
"#,
        r#"1:6 this is not TOML: invalid basic string, expected `"`
"#,
    );
}

#[test]
fn an_account_is_twelve_digits_in_quotes() {
    check_line(
        "account = 123456789012",
        r#"4:11 `account` must be text (this is a whole number)
    Write it in quotes: `account = "123456789012"`.
"#,
    );
    check_line(
        r#"account = "1234-5678-9012""#,
        "4:11 `1234-5678-9012` is not an account
    Write it without anything between: `123456789012`.
",
    );
    check_line(
        r#"account = "12345""#,
        "4:11 `12345` is not an account
    An account is 12 digits, such as `123456789012`.
",
    );
}

#[test]
fn ephemeral_is_true_or_false() {
    check_line(
        r#"ephemeral = "true""#,
        "4:13 `ephemeral` must be true or false (this is text)
    Write it without quotes: `ephemeral = true`.
",
    );
    check_line(
        "ephemeral = 1",
        "4:13 `ephemeral` must be true or false (this is a whole number)\n    Write `ephemeral = true` or `ephemeral = false`.\n",
    );
}

#[test]
fn top_level_keys_are_told_when_doubled_or_unknown() {
    check_line(
        r#"region = "eu-west-2""#,
        "4:1 `region` is written twice (written again here)
    3:1 first written here
    Keep one of the two.
",
    );
    check_line(
        "colour.x = 3",
        "4:1 the spec has no key `colour`
    Its keys are `app`, `environment`, `region`, `account`, `ephemeral`, `requires`, `tags`, `state`, `defaults`, `components`, `environments`, `waivers`, `moved`, `removed` and `import`.
",
    );
}

#[test]
fn tags_are_what_aws_takes() {
    check_line(
        "tags = 3",
        "4:8 `tags` must be a table (this is a whole number)
    Write `[tags]` on a line of its own, and its keys below.
",
    );
    check_line(
        r#"tags = { "aws:x" = "a", "Watertight:y" = "b", n = 1, "bad" = "a\tb", "a#" = "" }"#,
        r#"4:10 the tag `aws:x` begins with `aws:`
    Tags that begin so are written by AWS alone.
4:25 the tag `Watertight:y` begins with `watertight:`
    Tags that begin so are written by watertight alone.
4:51 `n` must be text (this is a whole number)
    Write it in quotes: `n = "1"`.
4:62 a tag can't hold '\t'
    AWS takes letters, digits, blanks and `+ - = . _ : / @` in tags.
4:70 a tag can't hold '#'
    AWS takes letters, digits, blanks and `+ - = . _ : / @` in tags.
"#,
    );
}

#[test]
fn a_waiver_is_whole_or_none() {
    check_line(
        r#"[waivers]
rule = "WT-ELB-002""#,
        "4:1 `waivers` must be a list of tables (this is a table)
    Write `[[waivers]]` above each of them.
",
    );
    check_line(
        r#"[[waivers]]
rule = "ELB-2"
address = "Web *"
reason = " "
expires = "2027-01-31"
expiry = 3"#,
        r#"4:1 the waiver has no `owner`
    Name who answers for it: `owner = "payments"`.
5:8 `ELB-2` is not the id of a rule
    A rule's id looks like `WT-ELB-002`; a refusal prints it.
6:11 `Web *` is not an address
    Write an address such as `web.aws_lb.main`; `*` stands for any text, as in `web.*`.
7:10 the waiver's `reason` is empty
    Say why it is needed: `reason = "..."`.
8:11 `expires` must be a date (this is text)
    Write it without quotes: `expires = 2027-01-31`.
9:1 a waiver has no key `expiry`
    Did you mean `expires`?
"#,
    );
    check_line(
        r#"[[waivers]]
rule = 1
address = "web.*"
owner = "me"
reason = "r"
expires = 2027-01-31T00:00:00Z"#,
        r#"5:8 `rule` must be text (this is a whole number)
    Write it in quotes: `rule = "1"`.
9:11 `expires` must be a date (this is a date with a time)
    Write a day such as `expires = 2027-01-31`.
"#,
    );
    check_line(
        "waivers = [3]",
        "4:12 each of `waivers` must be a table (this is a whole number)
    Write `[[waivers]]` on a line of its own, and its keys below.
",
    );
}

#[test]
fn an_input_is_what_toml_and_json_share() {
    check_input(
        "a = 2027-01-31",
        r#"8:5 an input can't be a date
    Write it in quotes: `"2027-01-31"`.
"#,
    );
    check_input(
        "a = inf",
        "8:5 the number has no finite value
    Write it out, such as `0.5`.
",
    );
    check_input(
        "a = 99999999999999999999",
        "8:5 the number is too large
    The largest is 9223372036854775807.
",
    );
    check_input(
        "a = 0x_1",
        "8:7 this is not TOML: `_` may only go between digits, expected nothing\n",
    );
    check_input("a = 1_000", "");
}

#[test]
fn a_reference_names_an_output_of_another_component() {
    check_input(
        "a = { from = 3 }",
        r#"8:14 `from` must be text (this is a whole number)
    Write it in quotes: `from = "3"`.
"#,
    );
    check_input(
        r#"a = { from = "nte" }"#,
        "8:14 there is no component `nte`
    Did you mean `net`?
",
    );
    check_input(
        r#"a = { from = "net.vpc-id" }"#,
        r#"8:14 `net.vpc-id` is not a component and its output
    A reference looks like `{ from = "network.vpc_id" }`, or `{ from = "network" }` for all that a component gives.
"#,
    );
    check_input(
        r#"a = { from = "nte.vpc_id" }"#,
        "8:14 there is no component `nte`
    Did you mean `net.vpc_id`?
",
    );
    check_input(
        r#"a = { from = "queue.vpc_id" }"#,
        "8:14 there is no component `queue`
    Add `[components.queue]`, or refer to another.
",
    );
    check_input(
        r#"a = { from = "web.vpc_id" }"#,
        "8:14 component `web` refers to itself
    Refer to an output of another component.
",
    );
    check_input(
        r#"a = { from = "net.vpc_id", too = 3 }"#,
        r#"8:28 a reference has no key `too`
    A reference is `{ from = "component.output" }` and nothing else.
"#,
    );
    check_input(
        r#"a = [{ from = "net.vpc_id" }, [{ from = "n.x"}]]"#,
        "8:41 there is no component `n`
    Add `[components.n]`, or refer to another.
",
    );
}

#[test]
fn what_is_too_deep_is_told() {
    check_input(
        &format!("a{} = 1", ".a".repeat(100)),
        "1:1 a key or a value is nested too deep (somewhere below)
    TOML is read to a depth of 80.
",
    );
}

#[test]
fn the_broken_example_has_a_problem_of_each_sort() {
    check(
        include_str!("../../examples/broken.toml"),
        r#"4:7 `Shop` is not a name
    A name has small letters, digits and `-`, and begins with a letter, such as `shop`.
5:1 the spec has no key `enviroment`
    Did you mean `environment`?
6:10 `eu-wset-1` is not a region
    Did you mean `eu-west-1`?
7:11 `account` must be text (this is a whole number)
    Write it in quotes: `account = "123456789012"`.
8:13 `ephemeral` must be true or false (this is text)
    Write `ephemeral = true` or `ephemeral = false`.
11:1 the tag `aws:owner` begins with `aws:`
    Tags that begin so are written by AWS alone.
20:16 there is no component `sites`
    Did you mean `site.vpc_id`?
31:1 `[components.logs]` is written twice (written again here)
    27:1 first written here
    Put the keys of both under one header, or give one another name.
34:1 the waiver has no `owner`
    Name who answers for it: `owner = "payments"`.
38:11 `expires` must be a date (this is text)
    Write it without quotes: `expires = 2027-01-31`.
"#,
    );
}
