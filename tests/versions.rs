//! A newer watertight, or a newer blueprint, over what an older one made.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::cli::{Planned, Project};

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Documents that an apply of earlier versions wrote, as `<format>-<example>.json`; the spec
/// stands beside one whose example has become another since.
#[test]
fn states_of_earlier_formats_are_planned_without_a_replacement() {
    let mut seen = 0;
    for entry in fs::read_dir(root().join("tests/data/states")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (_, example) = name.split_once('-').unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        let project = Project::offline();
        let mut spec = path.with_extension("toml");
        if !spec.exists() {
            spec = root().join("examples").join(format!("{example}.toml"));
        }
        project.write("app.toml", &fs::read_to_string(spec).unwrap());
        let app = format!(
            "{}/{}",
            state["app"].as_str().unwrap(),
            state["environment"].as_str().unwrap()
        );
        project.write(&format!(".watertight/{app}/state.json"), &text);
        let ran = project
            .run(&["plan", "app.toml", "--offline", "--json"])
            .code(0);
        let plan = Planned(serde_json::from_str(&ran.out).unwrap());
        // A newer blueprint may make more and set more; what stands stays.
        let mut steps = plan.steps();
        steps.retain(|step| !step.starts_with("create ") && !step.starts_with("update "));
        assert_eq!(steps, [""; 0], "{name}");
        assert!(!plan.0["unchanged"].as_array().unwrap().is_empty());
        seen += 1;
    }
    assert!(seen >= 3);
}

/// Rewrites the state.
fn rewrite(project: &Project, change: impl Fn(&mut Value)) {
    let mut state = project.state("shop/prod");
    change(&mut state);
    let text = serde_json::to_string_pretty(&state).unwrap();
    fs::write(project.state_file("shop/prod"), text).unwrap();
}

fn each_record(state: &mut Value, change: impl Fn(&mut serde_json::Map<String, Value>)) {
    for record in state["records"].as_array_mut().unwrap() {
        change(record.as_object_mut().unwrap());
    }
}

#[tokio::test]
async fn an_upgrade_of_the_tool_changes_nothing() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    let state = project.state("shop/prod");
    assert_eq!(state["version"], env!("CARGO_PKG_VERSION"));
    for record in state["records"].as_array().unwrap() {
        assert_eq!(record["maker"]["blueprint"], "https-service");
        assert_eq!(record["maker"]["watertight"], env!("CARGO_PKG_VERSION"));
    }

    // As the version before wrote it.
    rewrite(&project, |state| {
        state["version"] = "0.0.9".into();
        each_record(state, |record| {
            record["maker"]["watertight"] = "0.0.9".into();
            record["maker"]["version"] = "0.9.0".into();
        });
    });
    project.nothing_to_do("app.toml");
    // As it was written before makers were.
    rewrite(&project, |state| {
        each_record(state, |record| {
            record.remove("maker");
        });
    });
    project.nothing_to_do("app.toml");

    // What the next apply touches, it writes as this version does.
    project.write("app.toml", &format!("{SERVICE}idle_timeout = 90\n"));
    project.apply("app.toml");
    let state = project.state("shop/prod");
    assert_eq!(state["version"], env!("CARGO_PKG_VERSION"));
    let mut made: Vec<&str> = state["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record.get("maker").is_some())
        .map(|record| record["address"].as_str().unwrap())
        .collect();
    made.sort_unstable();
    assert_eq!(made, ["web.aws_lb.main"]);
}

/// A blueprint of the repository as the user's own, with changes.
fn own_blueprint(project: &Project, changes: &[(&str, &str)]) {
    for folder in ["_shared", "https-service"] {
        for entry in fs::read_dir(root().join("blueprints").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let mut text = fs::read_to_string(&path).unwrap();
            for (from, to) in changes {
                text = text.replace(from, to);
            }
            let name = Path::new(path.file_name().unwrap());
            project.write(&format!("own/{folder}/{}", name.display()), &text);
        }
    }
}

#[tokio::test]
async fn a_new_default_says_that_it_is_one() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    let library = watertight::blueprint::Library::embedded();
    let version = &library.manifest("https-service").unwrap().version;
    let present = format!("version = \"{version}\"");
    let changes = [
        (present.as_str(), "version = \"99.0.0\""),
        ("default = 60", "default = 75"),
    ];
    own_blueprint(&project, &changes);
    let plan = ["plan", "app.toml", "--blueprints", "own"];
    let why = format!("the default changed with https-service 99.0.0 (was {version})");
    let ran = project.run(&plan).code(0).says(&format!(
        "idle_timeout = 60 -> 75  # {why} < https-service/load_balancer.toml.tera:"
    ));
    assert!(!ran.out.contains("to replace"), "{}", ran.out);
    let ran = project.run(&[&plan[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["blueprints"]["https-service"], "99.0.0");
    let planned = Planned(json);
    assert_eq!(
        planned.fields("web.aws_lb.main"),
        ["idle_timeout: 60 -> 75, new_default"]
    );

    // The user's own line is no default.
    let own = format!("{SERVICE}idle_timeout = 75\n");
    project.write("app.toml", &own);
    let ran = project.run(&[&plan[..], &["--json"]].concat());
    let planned = Planned(serde_json::from_str(&ran.out).unwrap());
    assert_eq!(
        planned.fields("web.aws_lb.main"),
        ["idle_timeout: 60 -> 75, spec"]
    );

    project.write("app.toml", SERVICE);
    project
        .run(&["apply", "app.toml", "--blueprints", "own", "--yes"])
        .code(0);
    project
        .run(&[&plan[..], &["--detailed-exitcode"]].concat())
        .code(0);
    let record = project.state("shop/prod");
    let records = record["records"].as_array().unwrap();
    let main = records
        .iter()
        .find(|record| record["address"] == "web.aws_lb.main")
        .unwrap();
    assert_eq!(main["maker"]["version"], "99.0.0");
}
