//! Terraform would make of the import blocks nothing but imports, as far as a model of its
//! provider can tell.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, VersioningConfiguration};
use watertight::export::reads;

use crate::blueprints::least_and_most;
use crate::support::cli::Project;
use crate::support::provider::Folder;
use crate::support::terraform::{Line, parsed};
use crate::support::{REGION, Sandbox};
use crate::terraform_export::waived;

/// What a takeover of what stands would come to.
pub(crate) struct Takeover {
    kinds: BTreeSet<&'static str>,
    wrong_ids: Vec<String>,
    pub(crate) changes: Vec<String>,
    /// What the export said.
    told: String,
}

impl Takeover {
    pub(crate) async fn of(sandbox: &Sandbox, project: &Project, text: &str, line: Line) -> Self {
        let mut arguments = vec!["export", "terraform", "app.toml", "--out", "tf", "--import"];
        arguments.extend(["--provider-version", line.major()]);
        let ran = project.run(&arguments).code(0);
        let told = ran.out.clone();
        ran.says("tags that others put on these things are in no state");
        let files = parsed(&project.path().join("tf"));
        let entry = |line: &str| {
            let mut lines = text.lines().filter_map(|one| one.strip_prefix(line));
            let entry = lines.find_map(|rest| rest.split('"').nth(1));
            entry.unwrap().to_owned()
        };
        let state = project.state(&format!("{}/{}", entry("app ="), entry("environment =")));
        let folder = Folder::of(&files, &sandbox.aws().await, &state, line).await;
        Self {
            kinds: folder.kinds(),
            wrong_ids: folder.wrong_ids(),
            changes: folder.changes(),
            told,
        }
    }
}

/// Applies a spec, and takes it over without a change. Gives the kinds that there were.
async fn taken_over(name: &str, text: &str) -> BTreeSet<&'static str> {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", text);
    project.apply("app.toml");
    let takeover = Takeover::of(&sandbox, &project, text, Line::Six).await;
    assert_eq!(takeover.wrong_ids, [""; 0], "{name}");
    assert_eq!(takeover.changes, [""; 0], "{name}");
    takeover.kinds
}

/// Examples that need nothing but an account, and have every kind between them.
const EXAMPLES: &[&str] = &[
    "cdn-service",
    "network",
    "overrides",
    "platform",
    "shop",
    "static-site",
];

#[tokio::test]
async fn what_the_examples_leave_is_taken_over_without_a_change() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = BTreeSet::new();
    for name in EXAMPLES {
        let text = fs::read_to_string(folder.join(name).with_extension("toml")).unwrap();
        seen.extend(taken_over(name, &text).await);
    }
    let kinds = reads::READS.iter().map(|read| read.kind);
    let unseen: Vec<&str> = kinds.filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(unseen, [""; 0]);
}

#[tokio::test]
async fn what_the_blueprints_leave_is_taken_over_without_a_change() {
    for (name, text) in least_and_most() {
        // The others stand in a network that somebody has made.
        if !matches!(name, "https-service, full" | "https-service, internal") {
            taken_over(name, &text).await;
        }
    }
}

/// Of provider 5 the same is known, less the arguments that 5.46 has not: what it would change is
/// what the export says of it, and nothing else.
#[tokio::test]
async fn provider_5_changes_what_the_export_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in ["cdn-service", "platform"] {
        let text = fs::read_to_string(folder.join(name).with_extension("toml")).unwrap();
        let text = waived(&text);
        let sandbox = Sandbox::new();
        let project = Project::on(&sandbox);
        project.write("app.toml", &text);
        project.apply("app.toml");
        let takeover = Takeover::of(&sandbox, &project, &text, Line::Five).await;
        assert_eq!(takeover.wrong_ids, [""; 0], "{name}");
        let (forwards, others): (Vec<&String>, Vec<_>) = takeover
            .changes
            .iter()
            .partition(|change| change.ends_with("action.forward: 1 blocks -> 0"));
        let forwards: BTreeSet<&str> = forwards
            .iter()
            .filter_map(|change| change.split(": ").next())
            .collect();
        let (_, listed) = takeover
            .told
            .split_once("Terraform plans to drop one")
            .unwrap();
        let listed = listed
            .lines()
            .skip(1)
            .map_while(|line| line.strip_prefix("  "));
        let listed: Vec<String> = listed
            .map(|address| {
                let parts: Vec<&str> = address.split('.').collect();
                format!("{}.{}_{}", parts[1], parts[0], parts[2]).replace('-', "_")
            })
            .collect();
        assert_eq!(
            forwards,
            listed.iter().map(String::as_str).collect(),
            "{name}"
        );
        assert!(!forwards.is_empty());
        for change in others {
            let path = change.split([':', ' ']).nth(2).unwrap();
            let said = format!("does not take the value of {path}: ");
            assert!(takeover.told.contains(&said), "{name}: {change}");
        }
    }
}

const BUCKET: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"

[components.invoices]
blueprint = "private-bucket"
"#;

/// The model sees a change where there is one.
#[tokio::test]
async fn what_others_have_changed_is_a_change() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let bucket = project.id("billing/prod", "invoices.aws_s3_bucket.main");
    let s3 = sandbox.aws().await.s3(REGION);
    let tags = s3.get_bucket_tagging().bucket(&bucket).send().await;
    let mut tags = tags.unwrap().tag_set;
    tags.push(Tag::builder().key("cost").value("4711").build().unwrap());
    let tags = Tagging::builder().set_tag_set(Some(tags)).build().unwrap();
    let put = s3.put_bucket_tagging().bucket(&bucket).tagging(tags);
    put.send().await.unwrap();
    let suspended = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Suspended)
        .build();
    let put = s3.put_bucket_versioning().bucket(&bucket);
    let put = put.versioning_configuration(suspended);
    put.send().await.unwrap();

    let takeover = Takeover::of(&sandbox, &project, BUCKET, Line::Six).await;
    let [tags, versioning] = takeover.changes.as_slice() else {
        panic!("{:?}", takeover.changes)
    };
    assert!(tags.starts_with("aws_s3_bucket.invoices_main: tags {\"cost\":\"4711\","));
    assert_eq!(
        versioning,
        "aws_s3_bucket_versioning.invoices_main: versioning_configuration.status \"Suspended\" -> \"Enabled\""
    );
}

/// The page has the table.
#[test]
fn the_page_says_by_which_id_each_kind_is_imported() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/terraform.md");
    let page = fs::read_to_string(page).unwrap();
    for read in reads::READS {
        let start = format!("| `{}` | `{}` | ", read.kind, read.id.replace('|', "\\|"));
        let line = page.lines().find_map(|line| line.strip_prefix(&start));
        let line = line.unwrap_or_else(|| panic!("no line {start}"));
        for unread in read.unread {
            let named = format!("`{}`", unread.argument);
            assert!(line.contains(&named), "{} {named}", read.kind);
        }
    }
}
