//! Turns the provider's schemas (`src/kind/schema/aws-*.json`) into static tables, and the
//! files under `blueprints/` into a table of embedded text.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script what it needs by the environment"
)]
fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut code = String::new();
    for major in [5, 6] {
        let file = format!("src/kind/schema/aws-{major}.json");
        println!("cargo::rerun-if-changed={file}");
        let text = fs::read_to_string(&file).expect("the schema is in the repository");
        let types: Map<String, Value> = serde_json::from_str(&text).expect("the schema is JSON");
        writeln!(
            code,
            "/// The types of provider {major}, in order of name; `data.` goes before a data source.\n\
             pub static AWS_{major}: &[(&str, Schema)] = &["
        )
        .expect("a string takes all");
        for (name, block) in &types {
            writeln!(code, "({name:?}, {}),", schema(block)).expect("a string takes all");
        }
        code.push_str("];\n");
    }
    fs::write(out.join("schema.rs"), code).expect("OUT_DIR is writable");

    println!("cargo::rerun-if-changed=blueprints");
    let mut files = Vec::new();
    collect(Path::new("blueprints"), &mut files);
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        let full = fs::canonicalize(&file).expect("the file was just listed");
        let full = full.to_string_lossy();
        writeln!(code, "({:?}, include_str!({full:?})),", slashes(&file))
            .expect("a string takes all");
    }
    code.push(']');
    fs::write(out.join("blueprints.rs"), code).expect("OUT_DIR is writable");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// `https-service/dns.toml.tera`, on every platform.
fn slashes(file: &Path) -> String {
    let below: Vec<_> = file
        .iter()
        .skip(1)
        .map(|part| part.to_string_lossy())
        .collect();
    below.join("/")
}

fn schema(block: &Value) -> String {
    let mut code = String::from("Schema { attributes: &[");
    for (name, attribute) in entries(block, "attributes") {
        let flag = |name: &str| {
            attribute
                .get(name)
                .and_then(Value::as_bool)
                .unwrap_or(false)
        };
        write!(
            code,
            "Attribute {{ name: {name:?}, of: {}, required: {}, optional: {}, computed: {}, sensitive: {}, deprecated: {} }},",
            type_of(&attribute["type"]),
            flag("required"),
            flag("optional"),
            flag("computed"),
            flag("sensitive") || flag("write_only"),
            flag("deprecated"),
        )
        .expect("a string takes all");
    }
    code.push_str("], blocks: &[");
    for (name, nested) in entries(block, "block_types") {
        let nesting = match nested["nesting_mode"].as_str() {
            Some("set") => "Set",
            Some("single") => "Single",
            _ => "List",
        };
        let count = |name: &str| nested.get(name).and_then(Value::as_u64).unwrap_or(0);
        write!(
            code,
            "Block {{ name: {name:?}, nesting: Nesting::{nesting}, min: {}, max: {}, schema: {} }},",
            count("min_items"),
            count("max_items"),
            schema(&nested["block"]),
        )
        .expect("a string takes all");
    }
    code.push_str("] }");
    code
}

/// The entries of an object, in order of name.
fn entries<'a>(block: &'a Value, section: &str) -> Vec<(&'a String, &'a Value)> {
    let mut entries: Vec<_> = block
        .get(section)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect();
    entries.sort_by_key(|(name, _)| name.as_str());
    entries
}

fn type_of(json: &Value) -> String {
    match json {
        Value::String(name) => match name.as_str() {
            "bool" => "Type::Bool".to_owned(),
            "number" => "Type::Number".to_owned(),
            "string" => "Type::String".to_owned(),
            other => panic!("unknown type {other}"),
        },
        Value::Array(parts) => {
            let inner = &parts[1];
            match parts[0].as_str() {
                Some("list") => format!("Type::List(&{})", type_of(inner)),
                Some("set") => format!("Type::Set(&{})", type_of(inner)),
                Some("map") => format!("Type::Map(&{})", type_of(inner)),
                Some("object") => {
                    let fields: Vec<String> = inner
                        .as_object()
                        .expect("an object type has fields")
                        .iter()
                        .map(|(name, of)| format!("({name:?}, {})", type_of(of)))
                        .collect();
                    let fields = fields.join(",");
                    format!("Type::Object(&[{fields}])")
                }
                other => panic!("unknown type {other:?}"),
            }
        }
        other => panic!("unknown type {other}"),
    }
}
