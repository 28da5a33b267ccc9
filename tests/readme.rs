//! What README.md and the pages of docs/ say, held against the program.
//!
//! `WATERTIGHT_BLESS=1 cargo test readme` writes the generated parts anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Sandbox;
use crate::support::cli::Project;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// README.md and the pages of docs/, each with its path.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let mut paths: Vec<PathBuf> = docs.map(|entry| entry.unwrap().path()).collect();
    paths.push(root().join("README.md"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

/// A fenced block: its language, its text, and the comment on the line before it, such as
/// `file: archive.toml`.
struct Block {
    language: String,
    text: String,
    note: String,
}

fn blocks() -> Vec<Block> {
    blocks_of(&readme())
}

fn blocks_of(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut before = String::new();
    for line in page.lines() {
        match (open.as_mut(), line.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(language)) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    note: comment(&before).unwrap_or_default().to_owned(),
                });
            }
            (None, None) => {}
        }
        line.clone_into(&mut before);
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn comment(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

/// The words of a command line up to what a shell does with its output.
fn words(command: &str) -> Vec<&str> {
    command
        .split_whitespace()
        .take_while(|word| !matches!(*word, "#" | "|" | ">" | ">>"))
        .collect()
}

#[test]
fn generated_parts_are_what_the_program_prints() {
    let mut parts = 0;
    for (path, old) in pages() {
        let mut new = String::new();
        let mut lines = old.lines();
        while let Some(line) = lines.next() {
            new.push_str(line);
            new.push('\n');
            let Some(command) =
                comment(line).and_then(|note| note.strip_prefix("generated: watertight "))
            else {
                continue;
            };
            let printed = Project::offline().run(&words(command)).code(0).out;
            new.extend(["\n", &printed, "\n<!-- end -->\n"]);
            assert!(
                lines.any(|line| line == "<!-- end -->"),
                "{command}: no end"
            );
            parts += 1;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "asked for by whoever runs the test"
        )]
        let bless = std::env::var("WATERTIGHT_BLESS").is_ok();
        if bless {
            fs::write(path, new).unwrap();
        } else {
            let different = old.lines().zip(new.lines()).find(|(old, new)| old != new);
            let path = path.display();
            assert!(old == new, "{path} is not up to date: {different:?}");
        }
    }
    assert!(parts >= 5, "{parts} generated parts");
}

#[test]
fn every_blueprint_has_its_table() {
    let text: String = pages().into_iter().map(|(_, text)| text).collect();
    for name in watertight::blueprint::Library::embedded().names() {
        let marker = format!("<!-- generated: watertight blueprints {name} --format markdown -->");
        assert!(text.contains(&marker), "{name}");
    }
}

/// A waiver that ends tomorrow is one today, too.
fn unending(text: &str) -> String {
    text.lines()
        .map(|line| match line.strip_prefix("expires = ") {
            Some(_) => format!("expires = {}\n", today()),
            None => format!("{line}\n"),
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program goes by the clock, too"
)]
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

#[test]
fn every_spec_passes_check() {
    let mut specs = 0;
    let all = pages();
    for block in all.iter().flat_map(|(_, text)| blocks_of(text)) {
        let is_whole = block.text.starts_with("app =");
        if block.language == "toml" && is_whole && !block.note.starts_with("file: ") {
            let project = Project::offline();
            project.write("watertight.toml", &unending(&block.text));
            project.run(&["check"]).code(0).says("ok: ");
            specs += 1;
        }
    }
    assert!(specs >= 3, "{specs} specs");
}

#[test]
fn the_waiver_is_needed() {
    let waiving = blocks()
        .into_iter()
        .find(|block| block.text.contains("[[waivers]]"))
        .unwrap();
    let (without, _) = waiving.text.split_once("[[waivers]]").unwrap();
    let project = Project::offline();
    project.write("watertight.toml", without);
    project.run(&["check"]).code(3).says("WT-ELB-010");
    project.write("watertight.toml", &unending(&waiving.text));
    project.run(&["check"]).code(0).says("waived: WT-ELB-010");
}

#[test]
fn the_blueprint_of_ones_own_works() {
    let project = Project::offline();
    let mut files = 0;
    for block in blocks() {
        if let Some(file) = block.note.strip_prefix("file: ") {
            project.write(file, &block.text);
            files += 1;
        }
    }
    assert_eq!(files, 3);
    let command = "check archive.toml --blueprints blueprints";
    assert!(readme().contains(&format!("watertight {command}\n")));
    project
        .run(&words(command))
        .code(0)
        .says("ok: billing/prod");
    project
        .run(&[
            "plan",
            "archive.toml",
            "--blueprints",
            "blueprints",
            "--offline",
        ])
        .code(0)
        .says("noncurrent_days = 3650");
}

/// Every command line that README or the help of a verb shows, without `watertight`.
fn commands() -> BTreeSet<String> {
    let mut commands = BTreeSet::new();
    let mut take = |line: &str| {
        let line = line.trim().trim_start_matches("$ ");
        let command = line
            .strip_prefix("watertight ")
            .or_else(|| line.strip_prefix("cargo run -- "));
        // A usage is no command line.
        let command = command.filter(|command| !command.contains("<COMMAND>"));
        commands.extend(command.map(str::to_owned));
    };
    let pages = pages();
    for block in pages.iter().flat_map(|(_, text)| blocks_of(text)) {
        if ["console", "sh"].contains(&block.language.as_str()) {
            block.text.lines().for_each(&mut take);
        }
    }
    let lines = pages.iter().flat_map(|(_, text)| text.lines());
    for line in lines.filter(|line| !line.starts_with("```")) {
        line.split('`').skip(1).step_by(2).for_each(&mut take);
    }
    let mut helps = vec![Project::offline().run(&["--help"]).code(0).out];
    for verb in verbs() {
        helps.push(Project::offline().run(&[&verb, "--help"]).code(0).out);
    }
    for help in helps {
        // A line that goes on is one command.
        help.replace("\\\n", " ").lines().for_each(&mut take);
    }
    commands
}

fn verbs() -> Vec<String> {
    let help = Project::offline().run(&["--help"]).code(0).out;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let verbs: Vec<String> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        // What a long line is broken into stands further to the right.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .map(str::to_owned)
        .collect();
    assert!(verbs.contains(&"apply".to_owned()), "{verbs:?}");
    verbs
}

#[test]
fn every_command_line_parses() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for command in &commands {
        let mut arguments = words(command);
        // What stands before it is parsed first; an unknown flag is an error there.
        arguments.push("--help");
        let ran = Project::offline().run(&arguments);
        assert_eq!(ran.code, 0, "watertight {command}\n{}", ran.err);
    }
}

#[test]
fn every_verb_stands_in_the_readme_and_explains_itself() {
    let text = readme();
    for verb in verbs() {
        assert!(text.contains(&format!("| `watertight {verb}")), "{verb}");
        let help = Project::offline().run(&[&verb, "--help"]).code(0).out;
        let longest = help.lines().map(|line| line.chars().count()).max();
        assert!(
            longest <= Some(100),
            "{verb} --help has a line of {longest:?}"
        );
    }
}

#[test]
fn every_example_passes_check() {
    let folder = root().join("examples");
    let mut names: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("broken.toml"))
        .collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let project = Project::offline();
        project
            .run(&["check", &name.display().to_string()])
            .code(0)
            .says("ok: ");
    }
}

#[test]
fn the_broken_example_gives_its_problems_at_once_each_underlined() {
    let project = Project::offline();
    let text = fs::read_to_string(root().join("examples/broken.toml")).unwrap();
    project.write("broken.toml", &text);
    let ran = project.run(&["check", "broken.toml"]).code(1);
    let mut different = BTreeSet::new();
    let problems: Vec<&str> = ran.err.split("\nerror").collect();
    for problem in &problems {
        let Some((_, place)) = problem.split_once(" --> broken.toml:") else {
            continue;
        };
        let place = place.lines().next().unwrap();
        let (line, column) = place.split_once(':').unwrap();
        let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
        assert!(line <= text.lines().count() && column >= 1, "{place}");
        assert!(problem.contains('^'), "nothing is underlined:\n{problem}");
        different.insert(problem.lines().next().unwrap());
    }
    assert!(different.len() >= 8, "{different:#?}");
}

/// A line of a transcript without what changes with every run, or with a blueprint's lines.
fn lasting(line: &str) -> String {
    let line = match line.rsplit_once(" [") {
        Some((before, time)) if time.ends_with("s]") => before,
        _ => line.trim_end(),
    };
    match line.rsplit_once(".tera:") {
        Some((before, number)) if number.parse::<u32>().is_ok() => format!("{before}.tera:"),
        _ => line.to_owned(),
    }
}

#[test]
fn the_transcript_is_what_happens() {
    let blocks = blocks();
    let spec = blocks
        .iter()
        .find(|block| block.note == "transcript: watertight.toml")
        .unwrap();
    let sandbox = Sandbox::new();
    // The sandbox's own account, as `--sandbox` has it.
    let project = Project::at(&sandbox.endpoint, "123456789012");
    project.write("watertight.toml", &spec.text);
    let mut runs = 0;
    for block in blocks.iter().filter(|block| block.note == "transcript") {
        for run in block.text.split("$ watertight ").skip(1) {
            let (command, shown) = run.split_once('\n').unwrap();
            let arguments: Vec<&str> = words(command)
                .into_iter()
                .filter(|word| *word != "--sandbox")
                .collect();
            let ran = project.run(&arguments).code(0);
            let said: BTreeSet<String> = ran
                .out
                .lines()
                .chain(ran.err.lines())
                .map(lasting)
                .collect();
            for line in shown.lines().filter(|line| *line != "...") {
                let line = lasting(line);
                assert!(
                    said.contains(&line),
                    "`watertight {command}` did not say {line:?}, but:\n{}{}",
                    ran.out,
                    ran.err
                );
            }
            runs += 1;
        }
    }
    assert!(runs >= 4, "{runs} runs");
}
