//! How each verb ends, in each way that it can: the table of docs/exit-codes.md.
//!
//! `WATERTIGHT_BLESS=1 cargo test exit_codes` writes it anew, from what was seen; the codes
//! themselves stand here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::cli::{Project, Ran};
use crate::support::ended::Signal;
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[tags]
owner = "payments"

[components.files]
blueprint = "private-bucket"
logs = false

[components.backups]
blueprint = "private-bucket"
logs = false
"#;

/// A way to end, as a person would say it, and its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    Fine,
    Changes,
    Wrong,
    Unreachable,
    Unconfirmed,
    Interrupted,
    Refused,
    Partly,
    Stopped,
}

const ENDS: &[(Ends, i32, &str)] = &[
    (Ends::Fine, 0, "done, or nothing to do"),
    (Ends::Changes, 2, "changes, with `--detailed-exitcode`"),
    (Ends::Wrong, 1, "wrong input"),
    (Ends::Unreachable, 1, "AWS can't be reached"),
    (Ends::Unconfirmed, 1, "nobody confirms"),
    (Ends::Interrupted, 1, "interrupted while it reads"),
    (Ends::Refused, 3, "refused by the guardrails"),
    (Ends::Partly, 4, "done in part"),
    (Ends::Stopped, 4, "interrupted at work"),
];

/// What was seen: by verb, in the order in which it was looked at, and by the way to end.
#[derive(Default)]
struct Seen(Vec<(&'static str, BTreeMap<Ends, i32>)>);

impl Seen {
    #[track_caller]
    fn note(&mut self, verb: &'static str, ends: Ends, ran: &Ran) {
        let (_, code, _) = ENDS.iter().find(|(one, ..)| *one == ends).unwrap();
        assert_eq!(
            ran.code, *code,
            "{verb}, {ends:?}; it said:\n{}\n{}",
            ran.out, ran.err
        );
        // Whoever fails says what is wrong, and nobody panics.
        let said = format!("{}{}", ran.out, ran.err);
        let is_told = ["error", "fail"].iter().any(|word| said.contains(word));
        assert!(ran.code != 1 || is_told, "{verb}, {ends:?}: {said}");
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        let position = self.0.iter().position(|(one, _)| *one == verb);
        let position = position.unwrap_or_else(|| {
            self.0.push((verb, BTreeMap::new()));
            self.0.len() - 1
        });
        self.0[position].1.insert(ends, ran.code);
    }

    fn table(&self) -> String {
        let names: Vec<&str> = ENDS.iter().map(|(.., name)| *name).collect();
        let mut text = format!("| | {} |\n| --- |", names.join(" | "));
        text.push_str(&" --- |".repeat(ENDS.len()));
        text.push('\n');
        for (verb, codes) in &self.0 {
            let cells: Vec<String> = ENDS
                .iter()
                .map(|(ends, ..)| codes.get(ends).map_or_else(String::new, i32::to_string))
                .collect();
            writeln!(text, "| `{verb}` | {} |", cells.join(" | ")).unwrap();
        }
        text
    }
}

/// The project and everything around it.
struct Ground {
    sandbox: Sandbox,
    proxy: Proxy,
    project: Project,
    unreachable: Project,
}

impl Ground {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let project = Project::at(proxy.endpoint(), &sandbox.account);
        project.write("app.toml", SPEC);
        project.write("changed.toml", &SPEC.replace("payments", "billing"));
        project.write("wrong.toml", &SPEC.replace("region =", "regoin ="));
        let service = "[components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\nlogs = false\n";
        project.write("weak.toml", &format!("{SPEC}\n{service}"));
        let unreachable = Project::at("http://127.0.0.1:1", &sandbox.account);
        unreachable.write("app.toml", SPEC);
        Self {
            sandbox,
            proxy,
            project,
            unreachable,
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.project.run(arguments)
    }

    /// With a signal as soon as this many calls were made, or were made that change something.
    fn interrupted(&self, arguments: &[&str], calls: usize, changes: usize) -> Ran {
        self.proxy.clear();
        self.proxy.latency(Duration::from_millis(60));
        let holds = || self.proxy.calls().len() >= calls && self.proxy.mutations().len() >= changes;
        let ran = self.project.interrupted(arguments, Signal::INT, holds);
        self.proxy.latency(Duration::ZERO);
        self.proxy.clear();
        ran
    }

    /// With every change refused after the first few.
    fn failing(&self, arguments: &[&str], from: usize) -> Ran {
        self.proxy.clear();
        let fault = Fault::Error(403, "AccessDenied");
        self.proxy.fail(When::Mutation(from), fault, 1000);
        let ran = self.project.run(arguments);
        self.proxy.clear();
        ran
    }

    /// What every verb with a spec has in common.
    fn usual(&self, seen: &mut Seen, verb: &'static str, reads: bool) {
        let [wrong, app] = ["wrong.toml", "app.toml"].map(|spec| {
            let mut words: Vec<&str> = verb.split(' ').collect();
            words.push(spec);
            words
        });
        seen.note(verb, Ends::Wrong, &self.run(&wrong));
        let unknown = [&app[..], &["--no-such-flag"]].concat();
        seen.note(verb, Ends::Wrong, &self.run(&unknown));
        if reads {
            seen.note(verb, Ends::Unreachable, &self.unreachable.run(&app));
            seen.note(verb, Ends::Interrupted, &self.interrupted(&app, 1, 0));
        }
    }

    async fn delete_policy(&self) {
        let s3 = self.sandbox.aws().await.s3(REGION);
        let bucket = self.project.id("shop/prod", "files.aws_s3_bucket.main");
        let policy = s3.delete_bucket_policy().bucket(bucket);
        policy.send().await.unwrap();
    }

    async fn tag(&self) {
        let s3 = self.sandbox.aws().await.s3(REGION);
        let bucket = self.project.id("shop/prod", "files.aws_s3_bucket.main");
        let answer = s3
            .get_bucket_tagging()
            .bucket(&bucket)
            .send()
            .await
            .unwrap();
        let mut tags = answer.tag_set;
        tags.retain(|tag| tag.key != "owner");
        let tag = aws_sdk_s3::types::Tag::builder().key("owner");
        tags.push(tag.value("somebody").build().unwrap());
        let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(tags));
        let put = s3.put_bucket_tagging().bucket(&bucket);
        put.tagging(tagging.build().unwrap()).send().await.unwrap();
    }
}

const DETAILED: &str = "--detailed-exitcode";

fn plan_and_apply(ground: &Ground, seen: &mut Seen) {
    let plan = ["plan", "app.toml", DETAILED];
    seen.note("plan", Ends::Changes, &ground.run(&plan));
    seen.note("plan", Ends::Fine, &ground.run(&["plan", "app.toml"]));
    ground.usual(seen, "plan", true);
    seen.note("plan", Ends::Refused, &ground.run(&["plan", "weak.toml"]));

    let apply = ["apply", "app.toml", "--yes"];
    ground.usual(seen, "apply", true);
    seen.note(
        "apply",
        Ends::Refused,
        &ground.run(&["apply", "weak.toml", "--yes"]),
    );
    seen.note(
        "apply",
        Ends::Unconfirmed,
        &ground.run(&["apply", "app.toml"]),
    );
    seen.note("apply", Ends::Stopped, &ground.interrupted(&apply, 1, 1));
    seen.note("apply", Ends::Partly, &ground.failing(&apply, 3));
    let detailed = ["apply", "app.toml", "--yes", DETAILED];
    seen.note("apply", Ends::Changes, &ground.run(&detailed));
    // Nothing was left to do.
    seen.note("apply", Ends::Fine, &ground.run(&detailed));
    seen.note("plan", Ends::Fine, &ground.run(&plan));
}

fn undo(ground: &Ground, seen: &mut Seen) {
    let undo = ["undo", "changed.toml", "--yes", "--parallelism", "1"];
    let again = || {
        ground.run(&["apply", "app.toml", "--yes"]).code(0);
        ground.run(&["apply", "changed.toml", "--yes"]).code(0);
    };
    again();
    ground.usual(seen, "undo", true);
    seen.note(
        "undo",
        Ends::Unconfirmed,
        &ground.run(&["undo", "changed.toml"]),
    );
    seen.note("undo", Ends::Fine, &ground.run(&undo));
    again();
    seen.note(
        "undo",
        Ends::Changes,
        &ground.run(&[&undo[..], &[DETAILED]].concat()),
    );
    again();
    seen.note("undo", Ends::Partly, &ground.failing(&undo, 2));
    again();
    seen.note("undo", Ends::Stopped, &ground.interrupted(&undo, 1, 1));
    ground.run(&["apply", "app.toml", "--yes"]).code(0);
}

async fn drift(ground: &Ground, seen: &mut Seen) {
    let drift = ["drift", "app.toml", DETAILED];
    seen.note("drift", Ends::Fine, &ground.run(&drift));
    ground.usual(seen, "drift", true);
    ground.delete_policy().await;
    seen.note("drift", Ends::Changes, &ground.run(&drift));
    seen.note("drift", Ends::Fine, &ground.run(&["drift", "app.toml"]));
    // What is gone can't be written into a spec.
    let accept = ["drift", "app.toml", "--accept", "--yes"];
    seen.note("drift", Ends::Partly, &ground.run(&accept));
    ground.tag().await;
    let accept = ["drift", "app.toml", "--accept"];
    seen.note("drift", Ends::Unconfirmed, &ground.run(&accept));
    ground.run(&["apply", "app.toml", "--yes"]).code(0);
}

fn others(ground: &Ground, seen: &mut Seen) {
    seen.note("check", Ends::Fine, &ground.run(&["check", "app.toml"]));
    ground.usual(seen, "check", false);
    seen.note("check", Ends::Refused, &ground.run(&["check", "weak.toml"]));

    for verb in ["doctor", "output"] {
        seen.note(verb, Ends::Fine, &ground.run(&[verb, "app.toml"]));
        ground.usual(seen, verb, true);
    }
    for verb in ["state list", "state history", "state pull"] {
        let words: Vec<&str> = verb.split(' ').chain(["app.toml"]).collect();
        seen.note(verb, Ends::Fine, &ground.run(&words));
        ground.usual(seen, verb, false);
    }
    let bucket = "files.aws_s3_bucket.main";
    let show = ["state", "show", bucket, "app.toml"];
    seen.note("state show", Ends::Fine, &ground.run(&show));
    let show = ["state", "show", "files.aws_s3_bucket.other", "app.toml"];
    seen.note("state show", Ends::Wrong, &ground.run(&show));
    let forget = ["state", "rm", bucket, "app.toml"];
    seen.note("state rm", Ends::Unconfirmed, &ground.run(&forget));
    seen.note(
        "state rm",
        Ends::Fine,
        &ground.run(&[&forget[..], &["--yes"]].concat()),
    );
    seen.note("state rm", Ends::Wrong, &ground.run(&forget));
    let rebuild = ["state", "rebuild", "app.toml"];
    seen.note("state rebuild", Ends::Unconfirmed, &ground.run(&rebuild));
    seen.note(
        "state rebuild",
        Ends::Fine,
        &ground.run(&[&rebuild[..], &["--yes"]].concat()),
    );
    ground.usual(seen, "state rebuild", true);

    let bucket = r#"{"version": 4, "resources": [{"mode": "managed", "type": "aws_s3_bucket",
        "name": "files", "instances": [{"attributes": {"bucket": "legacy", "region": "eu-west-1"}}]}]}"#;
    ground.project.write("terraform.tfstate", bucket);
    let import = |state| {
        let names = ["--app", "legacy", "--environment", "prod"];
        ground.run(&[&["import", "terraform", state][..], &names].concat())
    };
    let ran = import("terraform.tfstate");
    seen.note("import terraform", Ends::Fine, &ran);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform-states");
    let behind = fs::read_to_string(data.join("cdn-6.tfstate")).unwrap();
    ground.project.write("behind.tfstate", &behind);
    let ran = import("behind.tfstate");
    seen.note("import terraform", Ends::Refused, &ran);
    for state in ["app.toml", "nowhere"] {
        seen.note("import terraform", Ends::Wrong, &import(state));
    }

    seen.note("blueprints", Ends::Fine, &ground.run(&["blueprints"]));
    seen.note(
        "blueprints",
        Ends::Wrong,
        &ground.run(&["blueprints", "no-such"]),
    );
    seen.note(
        "explain",
        Ends::Fine,
        &ground.run(&["explain", "WT-S3-001"]),
    );
    seen.note(
        "explain",
        Ends::Wrong,
        &ground.run(&["explain", "WT-S3-999"]),
    );
    seen.note(
        "completions",
        Ends::Fine,
        &ground.run(&["completions", "bash"]),
    );
    seen.note(
        "completions",
        Ends::Wrong,
        &ground.run(&["completions", "cobol"]),
    );
}

fn destroy(ground: &Ground, seen: &mut Seen) {
    let destroy = ["destroy", "app.toml", "--yes", "--parallelism", "1"];
    ground.usual(seen, "destroy", true);
    seen.note(
        "destroy",
        Ends::Unconfirmed,
        &ground.run(&["destroy", "app.toml"]),
    );
    seen.note(
        "destroy",
        Ends::Stopped,
        &ground.interrupted(&destroy, 1, 1),
    );
    seen.note("destroy", Ends::Partly, &ground.failing(&destroy, 1));
    let detailed = ["destroy", "app.toml", "--yes", DETAILED];
    seen.note("destroy", Ends::Changes, &ground.run(&detailed));
    seen.note("destroy", Ends::Fine, &ground.run(&detailed));
}

#[tokio::test]
async fn each_verb_ends_as_the_table_says() {
    let ground = Ground::new();
    let mut seen = Seen::default();
    plan_and_apply(&ground, &mut seen);
    undo(&ground, &mut seen);
    drift(&ground, &mut seen).await;
    others(&ground, &mut seen);
    destroy(&ground, &mut seen);

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exit-codes.md");
    let old = fs::read_to_string(&page).unwrap();
    let (head, rest) = old.split_once("<!-- seen -->\n").unwrap();
    let (_, tail) = rest.split_once("<!-- end -->\n").unwrap();
    let new = format!(
        "{head}<!-- seen -->\n\n{}\n<!-- end -->\n{tail}",
        seen.table()
    );
    #[expect(
        clippy::disallowed_methods,
        reason = "asked for by whoever runs the test"
    )]
    if std::env::var("WATERTIGHT_BLESS").is_ok() {
        fs::write(page, new).unwrap();
    } else {
        assert!(
            old == new,
            "docs/exit-codes.md is not up to date: it should have\n{new}"
        );
    }
}
