//! `export json`: the approved resources as a graph, in the form that its schema says.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::Project;

fn schema() -> Value {
    let ran = Project::offline().run(&["export", "json", "--schema"]);
    serde_json::from_str(&ran.code(0).out).unwrap()
}

/// What of a value is not as a schema says, each with its place. Knows the keywords that ours
/// has, and no others.
fn wrong(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (keyword, says) in schema.as_object().unwrap() {
        let not = |why: String| vec![format!("{place}: {why}")];
        let found = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => Vec::new(),
            "$ref" => {
                let pointer = says.as_str().unwrap().strip_prefix('#').unwrap();
                wrong(root, root.pointer(pointer).unwrap(), value, place)
            }
            "type" if is_of(value, says) => Vec::new(),
            "type" => not(format!("{value} is no {says}")),
            "enum" if says.as_array().unwrap().contains(value) => Vec::new(),
            "enum" => not(format!("{value} is none of {says}")),
            "minimum" if value.as_i64() >= says.as_i64() => Vec::new(),
            "minimum" => not(format!("{value} is less than {says}")),
            "pattern" => {
                let form = form_of(says.as_str().unwrap());
                if form(value.as_str().unwrap()) {
                    Vec::new()
                } else {
                    not(format!("{value} is not {says}"))
                }
            }
            "anyOf" => {
                let of = says.as_array().unwrap();
                let each = of.iter().map(|one| wrong(root, one, value, place));
                each.min_by_key(Vec::len).unwrap()
            }
            "required" => {
                let missing = says.as_array().unwrap().iter();
                missing
                    .filter(|name| value.get(name.as_str().unwrap()).is_none())
                    .map(|name| format!("{place}: lacks {name}"))
                    .collect()
            }
            "properties" => {
                let entries = says.as_object().unwrap().iter();
                entries
                    .filter_map(|(name, one)| Some((name, one, value.get(name)?)))
                    .flat_map(|(name, one, value)| {
                        wrong(root, one, value, &format!("{place}.{name}"))
                    })
                    .collect()
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let more = value.as_object().into_iter().flatten();
                more.filter(|(name, _)| known.is_none_or(|known| known.get(name).is_none()))
                    .flat_map(|(name, value)| match says {
                        Value::Bool(true) => Vec::new(),
                        Value::Bool(false) => not(format!("{name} is not known")),
                        one => wrong(root, one, value, &format!("{place}.{name}")),
                    })
                    .collect()
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .flat_map(|(at, item)| wrong(root, says, item, &format!("{place}[{at}]")))
                    .collect()
            }
            other => panic!("a keyword that is not looked at: {other}"),
        };
        all.extend(found);
    }
    all
}

/// Whether a value is of a type, or of one of several.
fn is_of(value: &Value, types: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    };
    types
        .as_array()
        .map_or_else(|| is(types), |types| types.iter().any(is))
}

/// The two patterns of the schema.
fn form_of(pattern: &str) -> fn(&str) -> bool {
    match pattern {
        r"^1\.[0-9]+$" => |text| {
            let minor = text.strip_prefix("1.");
            minor.is_some_and(|minor| minor.parse::<u32>().is_ok())
        },
        pattern if pattern.starts_with(r"^[a-z][a-z0-9-]*\.") => {
            |text| text.parse::<watertight::address::Address>().is_ok()
        }
        other => panic!("pattern {other}"),
    }
}

fn examples() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("broken.toml"))
        .collect();
    names.sort();
    names
}

#[test]
fn every_example_is_as_the_schema_says() {
    let schema = schema();
    for name in examples() {
        let name = name.display().to_string();
        let first = Project::offline().run(&["export", "json", &name]).code(0);
        let again = Project::offline().run(&["export", "json", &name]).code(0);
        assert_eq!(first.out, again.out);
        let graph: Value = serde_json::from_str(&first.out).unwrap();
        let wrong = wrong(&schema, &schema, &graph, &name);
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(!graph["resources"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_found() {
    let schema = schema();
    let name = examples().remove(0).display().to_string();
    let ran = Project::offline().run(&["export", "json", &name]).code(0);
    let right: Value = serde_json::from_str(&ran.out).unwrap();
    let bent = [
        ("/resources/0/address", json!("Not an address")),
        ("/resources/0/references", json!([{ "attribute": "a" }])),
        ("/resources/0/at", json!({ "spec": { "file": "a" } })),
        ("/resources/0", json!({})),
        ("/format_version", json!("2.0")),
        ("/ephemeral", json!("no")),
        ("/components", json!({ "web": { "more": 1 } })),
    ];
    for (place, with) in bent {
        let mut graph = right.clone();
        *graph.pointer_mut(place).unwrap() = with;
        assert!(!wrong(&schema, &schema, &graph, "").is_empty(), "{place}");
    }
}

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[tags]
owner = "payments"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
redirect_http = true
"#;

#[test]
fn the_graph_says_what_leads_where_and_who_asked() {
    let project = Project::offline();
    project.write("app.toml", SPEC);
    let ran = project.run(&["export", "json", "app.toml", "--out", "app.json"]);
    ran.code(0).says("wrote app.json");
    let text = fs::read_to_string(project.path().join("app.json")).unwrap();
    let graph: Value = serde_json::from_str(&text).unwrap();
    let resources = graph["resources"].as_array().unwrap();
    let listener = resources
        .iter()
        .find(|one| one["address"] == "web.aws_lb_listener.https")
        .unwrap();
    let leads = json!({
        "attribute": "load_balancer_arn",
        "to": "web.aws_lb.main",
        "path": "web.aws_lb.main.arn",
    });
    let references = listener["references"].as_array().unwrap();
    assert!(references.contains(&leads), "{references:#?}");
    let value = &listener["attributes"]["load_balancer_arn"];
    assert_eq!(value, "${web.aws_lb.main.arn}");
    assert_eq!(listener["at"]["spec"]["line"], 9);
    let rules = listener["satisfies"].as_array().unwrap();
    assert!(rules.contains(&json!("WT-ELB-001")), "{rules:?}");
    assert_eq!(listener["attributes"]["tags"]["owner"], "payments");
}

#[test]
fn what_is_refused_is_not_exported() {
    let project = Project::offline();
    project.write("app.toml", &format!("{SPEC}logs = false\n"));
    let ran = project.run(&["export", "json", "app.toml"]).code(3);
    assert_eq!(ran.out, "");
}
