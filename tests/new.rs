//! `watertight new` by flags, as it runs without a terminal.

use std::fs;

use watertight::blueprint::Library;
use watertight::scaffold::blueprints;
use watertight::spec::{Input, in_toml};

use crate::support::cli::Project;

/// The flags of the top, with which only the blueprint's inputs are missing.
const TOP: [&str; 7] = [
    "new",
    "--app",
    "shop",
    "--environment",
    "test",
    "--region",
    "eu-west-1",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    TOP.iter().chain(more).copied().collect()
}

/// What a person would type for this value.
fn typed(value: &Input) -> String {
    match value {
        Input::Text(text) => text.clone(),
        other => in_toml(other),
    }
}

#[test]
fn what_is_written_for_any_blueprint_passes_check() {
    let library = Library::embedded();
    for name in alone(&library) {
        let required: Vec<String> = blueprints::questions(library.manifest(name).unwrap())
            .iter()
            .filter(|question| question.required)
            .map(|question| format!("{}={}", question.key, typed(&question.sample())))
            .collect();
        let mut arguments = with(&["--blueprint", name]);
        for set in &required {
            arguments.extend(["--set", set]);
        }
        let project = Project::offline();
        project
            .run(&arguments)
            .code(0)
            .says("watertight plan watertight.toml --sandbox");
        project.run(&["check"]).code(0).says("ok: shop/test");
    }
}

/// The blueprints that need no other component.
fn alone(library: &Library) -> impl Iterator<Item = &str> {
    let names = library.names();
    names.filter(|name| library.manifest(name).is_some_and(blueprints::stands_alone))
}

#[test]
fn a_component_that_needs_another_is_no_first_one() {
    Project::offline()
        .run(&with(&["--blueprint", "cdn-service"]))
        .code(1)
        .says("cdn-service");
}

#[test]
fn every_input_can_be_answered_by_a_flag() {
    let library = Library::embedded();
    for name in alone(&library) {
        let mut questions = blueprints::questions(library.manifest(name).unwrap());
        // It is for internal services, and the sample is a public one.
        questions.retain(|question| question.key != "private_zone");
        let all: Vec<String> = questions
            .iter()
            .map(|question| format!("{}={}", question.key, typed(&question.sample())))
            .collect();
        let mut arguments = with(&["--blueprint", name, "--ephemeral", "--out", "all.toml"]);
        for set in &all {
            arguments.extend(["--set", set]);
        }
        let project = Project::offline();
        project.run(&arguments).code(0);
        project.run(&["check", "all.toml"]).code(0);
        let text = fs::read_to_string(project.path().join("all.toml")).unwrap();
        assert!(text.contains("\nephemeral = true\n"), "{text}");
        for set in &all {
            let (key, _) = set.split_once('=').unwrap();
            assert!(text.contains(&format!("\n{key} = ")), "{key}:\n{text}");
        }
    }
}

#[test]
fn what_is_missing_is_listed_at_once() {
    let project = Project::offline();
    let ran = project
        .run(&["new", "--app", "shop", "--blueprint", "https-service"])
        .code(1)
        .says("--environment NAME: ")
        .says("--region REGION: ")
        .says("--set domain=VALUE: ")
        .says("--set port=VALUE: ");
    assert_eq!(ran.out, "");
    assert!(!project.path().join("watertight.toml").exists());
}

#[test]
fn what_is_wrong_is_listed_at_once() {
    Project::offline()
        .run(&with(&[
            "--blueprint",
            "static-site",
            "--account",
            "12",
            "--set",
            "domain=https://www.example.com",
            "--set",
            "singel_page=true",
        ]))
        .code(1)
        .says("account: ")
        .says("domain: a hostname has no scheme; write `www.example.com`")
        .says("singel_page: there is no such input; did you mean `single_page`?");
    Project::offline()
        .run(&with(&["--blueprint", "static-sight"]))
        .code(1)
        .says("did you mean `static-site`?");
    Project::offline()
        .run(&with(&["--set", "app=shop"]))
        .code(1)
        .says("`app` is answered twice");
    Project::offline()
        .run(&with(&["--set", "domain"]))
        .code(1)
        .says("write KEY=VALUE");
}

#[test]
fn the_region_comes_from_the_environment() {
    let arguments = [
        "new",
        "--app",
        "shop",
        "--environment",
        "test",
        "--blueprint",
        "private-bucket",
        "--out",
        "-",
    ];
    Project::offline()
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_DEFAULT_REGION", "us-east-1")
        .run(&arguments)
        .code(0)
        .says("region = \"eu-central-1\"");
    Project::offline()
        .with("AWS_DEFAULT_REGION", "us-east-1")
        .run(&arguments)
        .code(0)
        .says("region = \"us-east-1\"");
    Project::offline()
        .with("AWS_REGION", "here")
        .run(&arguments)
        .code(1)
        .says("--region REGION: ");
}

#[test]
fn no_file_is_overwritten_unless_asked() {
    let project = Project::offline();
    let file = project.write("watertight.toml", "# mine\n");
    let arguments = with(&["--blueprint", "private-bucket"]);
    project.run(&arguments).code(1).says("exists already");
    assert_eq!(fs::read_to_string(&file).unwrap(), "# mine\n");
    let forced = with(&["--blueprint", "private-bucket", "--force"]);
    project.run(&forced).code(0);
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains("app = \"shop\"")
    );
}

#[test]
fn a_dash_prints_the_spec_and_nothing_else_as_data() {
    let project = Project::offline();
    let ran = project
        .run(&with(&["--blueprint", "private-bucket", "--out", "-"]))
        .code(0);
    project.write("printed.toml", &ran.out);
    project.run(&["check", "printed.toml"]).code(0);
    assert!(!project.path().join("-").exists());
}

#[test]
fn a_blueprint_of_ones_own_asks_its_inputs() {
    let project = Project::offline();
    project.write(
        "own/queue/blueprint.toml",
        "summary = \"A bucket\"\nversion = \"1.0.0\"\n\
         [inputs.depth]\nsummary = \"How deep\"\ntype = \"integer\"\nrequired = true\nmax = 9\n",
    );
    let arguments = with(&["--blueprints", "own", "--blueprint", "queue"]);
    project
        .run(&arguments)
        .code(1)
        .says("--set depth=VALUE: How deep");
    let mut deep = arguments.clone();
    deep.extend(["--set", "depth=10"]);
    project
        .run(&deep)
        .code(1)
        .says("depth: it is 10, the most is 9");
}
