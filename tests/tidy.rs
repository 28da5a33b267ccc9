//! The shape of the code: what `src/lib.rs` promises, held against what the files say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use watertight::blueprint::Library;
use watertight::kind::schema::Schema;
use watertight::kind::{Compare, KINDS, Kind};

/// No file is longer.
const LONGEST: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under these folders whose name ends in one of these, by its path from the root.
fn files(folders: &[&str], ends: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in folders {
        collect(&root().join(folder), ends, &mut found);
    }
    assert!(!found.is_empty());
    found
}

fn collect(folder: &Path, ends: &[&str], found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        if path.is_dir() {
            collect(&path, ends, found);
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The code of a file without its comments and its unit tests: numbered lines.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| *line != "mod tests {")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

#[test]
fn no_file_is_too_long() {
    let ends = [".rs", ".py", ".tera", "blueprint.toml"];
    let wrong: Vec<String> = files(&["src", "tests", "blueprints"], &ends)
        .iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(name, lines)| format!("{name} has {lines} lines, {LONGEST} is the most"))
        .collect();
    none(&wrong);
}

#[test]
fn nothing_is_left_to_do() {
    // In two parts, or this file would find itself.
    let marks =
        [("to", "do!"), ("db", "g!"), ("FIX", "ME"), ("XX", "X")].map(|(a, b)| format!("{a}{b}"));
    let mut wrong = Vec::new();
    let ends = [".rs", ".py", ".tera", ".toml"];
    for (name, text) in files(&["src", "tests", "blueprints", "examples"], &ends) {
        for (index, line) in text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(*mark)) {
                wrong.push(format!("{name}:{}: {mark}", index + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn a_crate_is_used_where_it_belongs() {
    let homes = [
        ("clap", "src/command/"),
        ("clap_complete", "src/command/"),
        ("tera", "src/blueprint/"),
        ("aws_config", "src/aws/"),
        ("aws_sdk_", "src/aws/"),
        ("aws_smithy_", "src/aws/"),
        ("hickory_resolver", "src/dns/"),
        ("indicatif", "src/ui/"),
        ("dialoguer", "src/ui/"),
        ("annotate_snippets", "src/ui/"),
        ("anstream", "src/ui/"),
    ];
    let mut wrong = Vec::new();
    for (name, text) in files(&["src"], &[".rs"]) {
        for (number, line) in code(&text) {
            for (krate, home) in homes {
                if names_crate(line, krate) && !name.starts_with(home) {
                    wrong.push(format!("{name}:{number}: {krate} belongs in {home}"));
                }
            }
        }
    }
    none(&wrong);
}

/// Whether a line says `use krate` or `krate::`; a name that ends in `_` is a beginning.
fn names_crate(line: &str, krate: &str) -> bool {
    line.match_indices(krate).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + krate.len()..];
        let is_whole = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '"');
        is_whole && (krate.ends_with('_') && after.contains("::") || after.starts_with("::"))
    })
}

#[test]
fn only_the_screen_prints() {
    let mut wrong = Vec::new();
    for (name, text) in files(&["src"], &[".rs"]) {
        if name.starts_with("src/ui/") {
            continue;
        }
        for (number, line) in code(&text) {
            let prints = [
                "print!(",
                "println!(",
                "io::stdout",
                "io::stderr",
                "Term::std",
            ];
            if prints.iter().any(|print| line.contains(print)) {
                wrong.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    none(&wrong);
}

/// Whether a file is compiled for tests alone.
fn is_for_tests(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or_default();
    name.starts_with("tests/")
        || name.contains("/tests/")
        || ["properties.rs", "testing.rs", "tests.rs"].contains(&stem)
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for (name, text) in files(&["src", "tests"], &[".rs"]) {
        let docs: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        if docs.is_empty() {
            wrong.push(format!("{name} has no docs"));
        }
        // What only tests has no promise to others; the whole crate's are a list.
        let is_free = is_for_tests(&name) || ["src/lib.rs", "src/main.rs"].contains(&&*name);
        if !is_free && !docs.iter().any(|line| line.contains("*Invariant*: ")) {
            wrong.push(format!("{name} names no *Invariant*"));
        }
    }
    none(&wrong);
}

#[test]
fn a_module_imports_those_above_it() {
    let sources = files(&["src"], &[".rs"]);
    let order: Vec<&str> = sources["src/lib.rs"]
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert!(order.contains(&"pipeline"), "{order:?}");
    let place = |module: &str| order.iter().position(|other| *other == module);
    let mut wrong = Vec::new();
    for (name, text) in sources.iter().filter(|(name, _)| !is_for_tests(name)) {
        let module = name["src/".len()..].split(['/', '.']).next().unwrap();
        let Some(own) = place(module) else {
            continue;
        };
        let lines: Vec<&str> = code(text).map(|(_, line)| line).collect();
        for other in imported(&lines.join("\n")) {
            match place(other) {
                Some(its) if its <= own => {}
                Some(_) => wrong.push(format!(
                    "{name}: `{module}` imports `{other}`, which lib.rs lists below it"
                )),
                None => wrong.push(format!("{name}: lib.rs does not list `{other}`")),
            }
        }
    }
    none(&wrong);
}

/// The modules that code names: `crate::a::b`, `use crate::{a, b::{C, D}};`.
fn imported(code: &str) -> Vec<&str> {
    let mut modules = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')) {
            continue;
        }
        let rest = &code[at + start.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            modules.push(first_word(rest));
            continue;
        };
        let mut depth = 0;
        for part in list.split_inclusive([',', '{', '}']) {
            if depth == 0 {
                modules.push(first_word(part.trim_start()));
            }
            match part.chars().next_back() {
                Some('{') => depth += 1,
                Some('}') if depth == 0 => break,
                Some('}') => depth -= 1,
                _ => {}
            }
        }
    }
    modules.retain(|module| module.starts_with(|c: char| c.is_ascii_lowercase()));
    modules
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default()
}

#[test]
fn imports_are_read() {
    assert_eq!(imported("use crate::spec::{Input, Written};"), ["spec"]);
    assert_eq!(imported("use crate::{a, b::{c, D}, e};"), ["a", "b", "e"]);
    assert_eq!(
        imported("use crate::{\n    a,\n    b,\n};\nc, d"),
        ["a", "b"]
    );
    assert_eq!(imported("let x = crate::aws::Error::of(y);"), ["aws"]);
    assert_eq!(imported("pub(crate) fn x() {}"), [""; 0]);
}

/// Paths of whatever can be given, less what stands in a block that can't.
fn arguments(kind: &Kind, schema: &'static Schema, at: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for name in schema.arguments() {
        let path = format!("{at}{name}");
        if kind.instead_of(&path).is_some() {
            continue;
        }
        match schema.block(name) {
            Some(block) => paths.extend(arguments(kind, &block.schema, &format!("{path}."))),
            None => paths.push(path),
        }
    }
    paths
}

/// What a lifecycle neither sends nor refuses would be lost in silence. That it is named there
/// is the least that must be.
#[test]
fn every_argument_is_sent_or_refused() {
    let kinds: Vec<&str> = KINDS
        .iter()
        .map(|kind| kind.name.trim_start_matches("aws_"))
        .collect();
    let files = files(&["src/aws"], &[".rs"]);
    // `lb` of `src/aws/lb.rs` and of what lies in `src/aws/lb`.
    let owner = |file: &str| -> String {
        let name = file.trim_start_matches("src/aws/").trim_end_matches(".rs");
        name.split('/').next().unwrap_or_default().to_owned()
    };
    let ours = ["id", "region", "tags", "tags_all"];
    let mut wrong = Vec::new();
    for kind in KINDS {
        let own = kind.name.trim_start_matches("aws_");
        let text: String = files
            .iter()
            .filter(|(file, _)| {
                let owner = owner(file);
                let is_test = file.ends_with("/words.rs") || file.ends_with("/tests.rs");
                !is_test && (owner == own || !kinds.contains(&owner.as_str()))
            })
            .flat_map(|(_, text)| code(text).map(|(_, line)| line))
            .collect();
        for path in arguments(kind, kind.schema(), "") {
            let name = path.rsplit('.').next().unwrap_or_default();
            let quoted = [format!("\"{name}\""), format!(".{name}\"")];
            let is_named = quoted.iter().any(|quoted| text.contains(quoted.as_str()));
            let is_for_us = kind.compares(&path) == Some(Compare::WriteOnly);
            if !is_named && !is_for_us && !ours.contains(&path.as_str()) {
                wrong.push(format!("{}: {path} is neither sent nor refused", kind.name));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_kind_has_both_halves_and_every_blueprint_an_example() {
    for kind in KINDS {
        let file = kind.name.trim_start_matches("aws_");
        let half = root().join(format!("src/kind/{file}.rs"));
        assert!(half.exists(), "{} has no {}", kind.name, half.display());
        assert!(
            watertight::aws::lifecycle(kind.name).is_some(),
            "{} has no lifecycle",
            kind.name
        );
    }
    for name in Library::embedded().names() {
        let example = root().join(format!("examples/{name}.toml"));
        let text = fs::read_to_string(&example)
            .unwrap_or_else(|_| panic!("{name} has no {}", example.display()));
        assert!(text.contains(&format!("blueprint = \"{name}\"")), "{name}");
    }
}
