//! Terraform that was exported, held against the provider: by the real command line where there
//! is one, and by the provider's schema in any case.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel, Body};
use watertight::address::Mode;
use watertight::kind::schema::{Nesting, Schema, Type};
use watertight::value::{Reference, Step};

/// A line of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Five,
    Six,
}

impl Line {
    pub(crate) fn major(self) -> &'static str {
        match self {
            Self::Five => "5",
            Self::Six => "6",
        }
    }

    pub(crate) fn schema(self, name: &str) -> Option<&'static Schema> {
        match self {
            Self::Five => Schema::of_provider_5(name),
            Self::Six => Schema::of(name),
        }
    }

    /// Whether something stands where a reference of what was approved leads: what provider 6
    /// tells of a thing, 5 may not tell.
    pub(crate) fn leads(self, reference: &Reference) -> bool {
        let target = &reference.target;
        let name = match target.mode {
            Mode::Managed => target.kind.clone(),
            Mode::Lookup => format!("data.{}", target.kind),
        };
        let Some(Step::Attribute(first)) = reference.path.first() else {
            return true;
        };
        let tells = |line: Self| {
            let schema = line.schema(&name);
            schema.map(|one| one.attribute(first).is_some() || one.block(first).is_some())
        };
        match (tells(self), tells(Self::Six)) {
            (None, known) => known.is_none(),
            (Some(tells), known) => tells || known != Some(true),
        }
    }
}

/// The files of a folder, parsed, by name.
pub(crate) fn parsed(folder: &Path) -> BTreeMap<String, Body> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "tf") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let body = hcl_edit::parser::parse_body(&text);
            files.insert(
                name,
                body.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            );
        }
    }
    assert!(!files.is_empty());
    files
}

/// What the provider's schema does not allow: arguments that it has not, required ones that are
/// missing, blocks written as arguments and the other way, values of a wrong type.
pub(crate) fn against_the_schema(folder: &Path, line: Line) -> Vec<String> {
    let mut wrong = Vec::new();
    for body in parsed(folder).values() {
        for block in body.blocks() {
            let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
            let name = match (block.ident.as_str(), labels.as_slice()) {
                ("resource", [kind, _]) => (*kind).to_owned(),
                ("data", [kind, _]) => format!("data.{kind}"),
                _ => continue,
            };
            let place = labels.join(".");
            match line.schema(&name) {
                None => wrong.push(format!("{place}: provider {} has no {name}", line.major())),
                Some(schema) => body_against(block, schema, &place, true, &mut wrong),
            }
        }
    }
    wrong
}

/// Arguments that Terraform itself has.
const META: &[&str] = &["depends_on", "provider"];

fn body_against(
    block: &Block,
    schema: &'static Schema,
    place: &str,
    top: bool,
    wrong: &mut Vec<String>,
) {
    for attribute in block.body.attributes() {
        let name = attribute.key.as_str();
        if top && META.contains(&name) {
            continue;
        }
        match schema.attribute(name) {
            None => wrong.push(format!("{place}: {name} is no argument")),
            Some(of) if !of.required && !of.optional => {
                wrong.push(format!("{place}: {name} can't be set"));
            }
            Some(of) if !fits(&attribute.value, &of.of) => {
                wrong.push(format!("{place}: {name} is no {:?}", of.of));
            }
            Some(_) => {}
        }
    }
    let required = schema
        .attributes
        .iter()
        .filter(|attribute| attribute.required);
    for attribute in required {
        if !block.body.has_attribute(attribute.name) {
            wrong.push(format!("{place}: {} is missing", attribute.name));
        }
    }
    for inside in block.body.blocks() {
        let name = inside.ident.as_str();
        if top && name == "lifecycle" {
            continue;
        }
        match schema.block(name) {
            None => wrong.push(format!("{place}: {name} is no block")),
            Some(of) => body_against(inside, &of.schema, &format!("{place}.{name}"), false, wrong),
        }
    }
    for of in schema.blocks {
        let count = block.body.get_blocks(of.name).count() as u64;
        let most = if of.nesting == Nesting::Single {
            1
        } else {
            of.max
        };
        if count < of.min || most > 0 && count > most {
            wrong.push(format!("{place}: {count} blocks {}", of.name));
        }
    }
}

/// Whether a literal is of this type, as Terraform converts it. What is computed may be.
fn fits(value: &Expression, of: &Type) -> bool {
    let number = |text: &str| text.parse::<f64>().is_ok();
    match (value, of) {
        (Expression::String(text), Type::Number) => number(text.as_str()),
        (Expression::String(text), Type::Bool) => matches!(text.as_str(), "true" | "false"),
        (Expression::Array(items), Type::List(of) | Type::Set(of)) => {
            items.iter().all(|item| fits(item, of))
        }
        (Expression::Bool(_) | Expression::Array(_) | Expression::Object(_), Type::Number)
        | (Expression::Array(_) | Expression::Object(_), Type::String | Type::Bool)
        | (Expression::Number(_), Type::Bool)
        | (Expression::Array(_), Type::Map(_))
        | (
            Expression::String(_) | Expression::Bool(_) | Expression::Number(_),
            Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Object(_),
        ) => false,
        _ => true,
    }
}

/// The real command line over a stand-in for the provider that has its schema: formatting,
/// init, validate and plan; with `apply` all the rest, to the destroy. None where there is no
/// Terraform or no stand-in: `WATERTIGHT_TERRAFORM_CHECK` names its folder.
pub(crate) fn by_the_command_line(
    folder: &Path,
    line: Line,
    apply: bool,
) -> Option<(bool, String)> {
    // The first one installs what the stand-in needs; the others must find it whole.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let check = stand_in()?.join("check");
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut command = Command::new("bash");
    command
        .arg(check)
        .arg(folder)
        .env("STUB_SCHEMA", schema_file(line)?)
        .env("STUB_VENV", scratch().join("terraform-check"));
    if apply {
        command.env("CHECK_APPLY", "1");
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    Some((output.status.success(), text))
}

/// The folder of the stand-in, if it is there and Terraform is.
pub(crate) fn stand_in() -> Option<PathBuf> {
    let named = std::env::var_os("WATERTIGHT_TERRAFORM_CHECK").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/terraform-check");
    let folder = named.unwrap_or(beside);
    let terraform = Command::new("terraform").arg("version").output();
    (folder.join("check").exists() && terraform.is_ok()).then_some(folder)
}

fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// The stand-in's schema, with the data sources that it lacks and ours has.
fn schema_file(line: Line) -> Option<PathBuf> {
    let name = match line {
        Line::Five => "schema-5.46.json",
        Line::Six => "schema.json",
    };
    let text = fs::read_to_string(stand_in()?.join(name)).ok()?;
    let mut schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ours = format!(
        "{}/src/kind/schema/aws-{}.json",
        env!("CARGO_MANIFEST_DIR"),
        line.major()
    );
    let ours = fs::read_to_string(ours).unwrap();
    let ours: BTreeMap<String, serde_json::Value> = serde_json::from_str(&ours).unwrap();
    let provider = schema["provider_schemas"].as_object_mut().unwrap();
    let provider = provider.values_mut().next().unwrap();
    let sources = provider["data_source_schemas"].as_object_mut().unwrap();
    for (name, block) in ours {
        if let Some(name) = name.strip_prefix("data.") {
            let source = serde_json::json!({ "version": 0, "block": block });
            sources.entry(name).or_insert(source);
        }
    }
    let file = scratch().join(format!("schema-{}.json", line.major()));
    // Several tests may write it at once: each the same, and whole.
    let new = tempfile::NamedTempFile::new_in(scratch()).unwrap();
    fs::write(new.path(), schema.to_string()).unwrap();
    new.persist(&file).unwrap();
    Some(file)
}

/// The SHA-256 in base 64 of what Terraform makes of each expression, a text.
pub(crate) fn digests(expressions: &[String]) -> Option<Vec<String>> {
    use std::io::Write as _;
    stand_in()?;
    let folder = tempfile::tempdir().unwrap();
    let mut file = "locals {\n".to_owned();
    let mut asked = Vec::new();
    for (index, expression) in expressions.iter().enumerate() {
        file.extend(["  t", &index.to_string(), " = ", expression, "\n"]);
        asked.push(format!("base64sha256(local.t{index})"));
    }
    file.push_str("}\n");
    fs::write(folder.path().join("main.tf"), file).unwrap();
    let mut child = Command::new("terraform")
        .arg("console")
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It answers one line.
    writeln!(stdin, "jsonencode([{}])", asked.join(", ")).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let quoted: String = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    Some(serde_json::from_str(&quoted).unwrap())
}
