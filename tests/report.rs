//! `report`: what a reviewer has to know of a change, for a pull request.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;
use watertight::address::Address;
use watertight::guardrail::Severity;
use watertight::plan::{Action, Change, Field, Why};
use watertight::report::{Billed, Held, Judged, Report, Security, Waived};
use watertight::ui::review;
use watertight::value::Value;

use crate::support::Sandbox;
use crate::support::cli::Project;

/// What is wrong with a page: too long, or something in it that is opened and not closed, or
/// more than the few tags that we write.
#[track_caller]
fn well_formed(page: &str) {
    assert!(page.chars().count() < 60_000, "{}", page.chars().count());
    let mut fence: Option<&str> = None;
    let mut open: Vec<String> = Vec::new();
    let mut columns: Option<usize> = None;
    for line in page.lines() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(opened) => {
                if marks.len() >= opened.len() && marks.len() == line.trim_end().len() {
                    fence = None;
                }
                continue;
            }
            None if marks.len() >= 3 => {
                fence = Some(marks);
                continue;
            }
            None => {}
        }
        // Outside of the code spans.
        let spans: Vec<&str> = line.split('`').collect();
        assert!(spans.len() % 2 == 1, "a span is not closed: {line}");
        let text: String = spans.iter().step_by(2).copied().collect();
        for (at, _) in text.match_indices('<') {
            let tag = text[at + 1..].split('>').next().unwrap();
            assert!(text[at..].contains('>'), "{line}");
            match tag {
                "details" | "summary" | "code" => open.push(tag.to_owned()),
                "/details" | "/summary" | "/code" => {
                    assert_eq!(open.pop().as_deref(), Some(&tag[1..]), "{line}");
                }
                other => panic!("a tag that is not ours: <{other}> in {line}"),
            }
        }
        assert!(
            open.is_empty() || open == ["details"],
            "{open:?} is not closed: {line}"
        );
        columns = if line.starts_with('|') {
            let cells = text.matches('|').count();
            assert!(columns.is_none_or(|columns| columns == cells), "{line}");
            Some(cells)
        } else {
            None
        };
    }
    assert!(fence.is_none(), "a fence is not closed");
    assert!(open.is_empty(), "{open:?} is not closed");
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        "[a-z_.]{1,12}",
        Just("</details></summary></code>".to_owned()),
        Just("<script>alert(1)</script>".to_owned()),
        Just("\n```\n".to_owned()),
        Just("```````".to_owned()),
        Just("` | `".to_owned()),
        Just("|\r\n| --- |\n\n# head".to_owned()),
        Just("@everyone \u{202e}\u{0}\u{7}\u{2028}".to_owned()),
        Just("![x](javascript:a) [y]: z $m$ **b** \\".to_owned()),
        Just("&lt; &#60; {{ x }} ${a.b}".to_owned()),
        Just("x".repeat(3_000)),
        Just("<`|".repeat(1_000)),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn address() -> impl Strategy<Value = Address> {
    let name = prop_oneof!["[a-z]{1,6}", hostile()];
    (name.clone(), name).prop_map(|(component, name)| Address {
        component,
        ..Address::managed("web", "aws_lb", &name)
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        hostile().prop_map(Value::String),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map(hostile(), inner, 0..4).prop_map(Value::Map),
        ]
    })
}

fn why() -> impl Strategy<Value = Vec<Why>> {
    let one = prop_oneof![
        Just(Why::New),
        Just(Why::Drift),
        hostile().prop_map(Why::Moved),
        address().prop_map(Why::Upstream),
    ];
    prop::collection::vec(one, 0..3)
}

fn change() -> impl Strategy<Value = Change> {
    let actions = select(vec![
        Action::Create,
        Action::Update,
        Action::Replace,
        Action::Delete,
        Action::Adopt,
        Action::Forget,
    ]);
    let field = (hostile(), value(), value(), any::<bool>(), why());
    let field = field.prop_map(|(path, before, after, sensitive, why)| Field {
        path,
        before,
        after,
        sensitive,
        forces_replacement: false,
        why,
    });
    let fields = prop::collection::vec(field, 0..4);
    let flags = any::<(bool, bool)>();
    (address(), actions, fields, why(), flags).prop_map(
        |(address, action, fields, why, (replaced, protected))| Change {
            kind: address.kind.clone(),
            address,
            child: None,
            replaced,
            action,
            id: None,
            region: "eu-west-1".to_owned(),
            fields,
            why,
            protected,
        },
    )
}

fn judged() -> impl Strategy<Value = Judged> {
    (address(), hostile()).prop_map(|(address, message)| Judged {
        rule: "WT-ELB-001",
        address,
        message,
        fix: "mend it",
        at: None,
    })
}

fn waived() -> impl Strategy<Value = Waived> {
    let texts = (hostile(), hostile(), hostile());
    (address(), texts).prop_map(|(address, (message, owner, reason))| Waived {
        rule: "WT-ELB-001",
        address,
        message,
        owner,
        reason,
        expires: date(2027, 1, 31),
    })
}

fn report() -> impl Strategy<Value = Report> {
    let many = |most: usize| prop_oneof![Just(0), Just(1), 0..most];
    let changes = many(16).prop_flat_map(|n| prop::collection::vec(change(), n));
    let waived = many(40).prop_flat_map(|n| prop::collection::vec(waived(), n));
    let waiting = many(30).prop_flat_map(|n| prop::collection::vec(judged(), n));
    let refused = prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec(judged(), 1..80),
    ];
    let resources = many(120).prop_flat_map(|n| prop::collection::vec(address(), n));
    let texts = (
        hostile(),
        hostile(),
        prop::collection::vec(hostile(), 0..20),
    );
    // The same changes over and over make a large app.
    let times = select(vec![1_usize, 40]);
    (changes, waived, waiting, refused, resources, texts, times).prop_map(
        |(changes, waived, waiting, refused, resources, (app, environment, notes), times)| {
            let all = changes.len() * times;
            let resources = resources.into_iter().map(|one| (one, vec!["WT-ELB-001"]));
            Report {
                app,
                environment,
                region: "eu-west-1".to_owned(),
                refused,
                security: Security {
                    rules: vec![Held {
                        rule: "WT-ELB-001",
                        title: "listeners are encrypted",
                        severity: Severity::Critical,
                        controls: &["Security Hub ELB.18"],
                        resources: all,
                    }],
                    resources: resources.collect(),
                    waived,
                    waiting,
                    warnings: notes.clone(),
                },
                changes: changes.into_iter().cycle().take(all).collect(),
                notes,
                billed: vec![Billed {
                    what: "load balancers",
                    basis: "each hour",
                    page: "https://aws.amazon.com/elasticloadbalancing/pricing/",
                    count: all,
                    change: -1,
                }],
                ..Report::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_report_is_well_formed_and_short(report in report()) {
        let page = review::markdown(&report);
        well_formed(&page);
        prop_assert_eq!(page, review::markdown(&report));
    }
}

#[test]
fn every_example_has_a_report() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("broken.toml") {
            continue;
        }
        let name = path.display().to_string();
        let ran = Project::offline().run(&["report", &name, "--offline"]);
        let page = ran.code(0).out;
        well_formed(&page);
        let heads: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(heads[..3], ["## Security", "## Plan", "## Cost"], "{name}");
        let again = Project::offline().run(&["report", &name, "--offline"]);
        assert_eq!(page, again.code(0).out);
    }
}

const SPEC: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
"#;

#[test]
fn a_waiver_stands_with_its_owner_and_its_end_and_is_only_text() {
    let project = Project::offline();
    let expires = crate::readme::today();
    project.write(
        "app.toml",
        &format!(
            r#"{SPEC}logs = false

[[waivers]]
rule = "WT-ELB-010"
address = "web.*"
owner = "payments | @everyone"
reason = "</td></details> `x` PAY-411"
expires = {expires}
"#
        ),
    );
    let page = project
        .run(&["report", "app.toml", "--offline"])
        .code(0)
        .out;
    well_formed(&page);
    let row = page.lines().find(|line| line.starts_with("| WT-ELB-010"));
    let row = row.unwrap();
    assert!(
        row.contains("payments &#124; &#64;&#8288;everyone"),
        "{row}"
    );
    assert!(row.contains("&#60;/td&#62;"), "{row}");
    assert!(row.contains(&expires.to_string()), "{row}");
}

#[test]
fn what_is_refused_is_reported() {
    let project = Project::offline();
    project.write("app.toml", &format!("{SPEC}logs = false\n"));
    let ran = project.run(&["report", "app.toml", "--offline"]).code(3);
    well_formed(&ran.out);
    assert!(
        ran.out.contains("**Refused by the guardrails.**"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("| WT-ELB-010 | `web.aws_lb.main` |"),
        "{}",
        ran.out
    );
    let ran = project.run(&["report", "app.toml", "--offline", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.code(3).out).unwrap();
    assert_eq!(json["refused"][0]["rule"], "WT-ELB-010");
}

/// The page is full long before the app is told, and says what it leaves out.
#[test]
fn a_large_app_is_cut_at_whole_sections() {
    let project = Project::offline();
    let mut spec =
        vec!["app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n".to_owned()];
    spec.extend((0..25).map(|n| {
        format!(
            "[components.web{n}]\nblueprint = \"https-service\"\ndomain = \"w{n}.example.com\"\nport = 8443\n"
        )
    }));
    project.write("app.toml", &spec.concat());
    let page = project
        .run(&["report", "app.toml", "--offline"])
        .code(0)
        .out;
    well_formed(&page);
    assert!(page.len() > 40_000, "{}", page.len());
    assert!(page.contains("**Left out**"), "{page}");
    assert!(
        page.contains("`watertight plan` shows all of it."),
        "{page}"
    );
    assert!(page.contains("| load balancers | 25 | +25 |"), "{page}");
}

#[tokio::test]
async fn a_report_on_aws_says_what_would_change() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);
    project.apply("app.toml");
    project
        .run(&["report", "app.toml"])
        .code(0)
        .says("**No changes: ")
        .says("| load balancers | 1 |  |")
        .never_says("judged later");
    project.write("app.toml", &format!("{SPEC}hsts_max_age = 63072000\n"));
    let page = project.run(&["report", "app.toml"]).code(0).out;
    well_formed(&page);
    assert!(page.contains("## Details"), "{page}");
    let header = "routing_http_response_strict_transport_security_header_value";
    assert!(
        page.contains(&format!("- {header} = \"max-age=31536000\"")),
        "{page}"
    );
    assert!(
        page.contains(&format!("+ {header} = \"max-age=63072000\"")),
        "{page}"
    );
    project
        .run(&["report", "app.toml", "--format", "json"])
        .code(0)
        .says("\"format_version\": \"1.0\"");
}
