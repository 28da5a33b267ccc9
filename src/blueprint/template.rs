//! One template: which lines of it made which lines of the rendered text, and which inputs
//! a line speaks of.
//!
//! In: a `*.toml.tera` as it stands. Out: the same with a mark at the end of each line, and
//! what each line mentions. A mark is a TOML comment, so it survives rendering, loops and
//! includes.
//!
//! *Invariant*: marking changes nothing of what the rendered TOML says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::text::MARK;
use crate::diagnostic::{Source, Span};

/// A template and what is known of its lines.
#[derive(Clone, Debug)]
pub(super) struct Template {
    /// The name that `{% include %}` knows it by: `https-service/dns.toml.tera`.
    pub(super) name: String,
    /// The file.
    pub(super) source: Arc<Source>,
    /// Of each line, counted from 0.
    lines: Vec<Line>,
    /// What `set` and `for` name, and the names in what they take it from.
    pub(super) aliases: BTreeMap<String, Vec<String>>,
    /// Text between tags at the end of each line: only there may a mark stand.
    markable: Vec<bool>,
}

/// The names that a line speaks of.
#[derive(Clone, Debug, Default)]
struct Line {
    /// In a tag on the line itself.
    own: Vec<String>,
    /// In the blocks around it, the innermost first.
    around: Vec<String>,
}

impl Template {
    /// Reads a template's lines.
    pub(super) fn new(name: String, source: Arc<Source>) -> Self {
        let scan = scan(&source.text);
        Self {
            name,
            source,
            lines: scan.lines,
            aliases: scan.aliases,
            markable: scan.markable,
        }
    }

    /// The text for Tera: each line that may carry one has a mark with `file` and the
    /// line's number.
    pub(super) fn marked(&self, file: usize) -> String {
        let mut marked = String::with_capacity(self.source.text.len() * 2);
        for (index, line) in self.source.text.split('\n').enumerate() {
            if index > 0 {
                marked.push('\n');
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            marked.push_str(line);
            if !line.trim().is_empty() && self.markable.get(index) == Some(&true) {
                write!(marked, " #{MARK}{file}:{}", index + 1).expect("a string takes all");
            }
        }
        marked
    }

    /// The place of a line, counted from 1.
    pub(super) fn span(&self, line: usize) -> Span {
        Span::line_of(&self.source, line)
    }

    /// The names in tags on this line, counted from 1.
    pub(super) fn mentioned(&self, line: usize) -> &[String] {
        self.lines.get(line - 1).map_or(&[], |line| &line.own)
    }

    /// The names in the blocks around this line, the innermost first.
    pub(super) fn around(&self, line: usize) -> &[String] {
        self.lines.get(line - 1).map_or(&[], |line| &line.around)
    }
}

/// File and line of the template that made the text at this byte: the last mark on its
/// line, or the first one after it.
pub(super) fn origin(rendered: &str, at: usize) -> Option<(usize, usize)> {
    let start = rendered.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    rendered[start..].split('\n').find_map(|line| {
        let mark = &line[line.rfind(MARK)? + MARK.len_utf8()..];
        let (file, line) = mark.trim_end().split_once(':')?;
        Some((file.parse().ok()?, line.parse().ok()?))
    })
}

/// The inputs behind these names: themselves, or what `set` and `for` took them from.
pub(super) fn inputs_behind(
    names: &[String],
    aliases: &BTreeMap<String, Vec<String>>,
    is_input: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&String> = names.iter().rev().collect();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) {
            continue;
        }
        if is_input(name) {
            found.push(name.clone());
        }
        waiting.extend(aliases.get(name).into_iter().flatten().rev());
    }
    found
}

#[derive(Default)]
struct Scan {
    lines: Vec<Line>,
    aliases: BTreeMap<String, Vec<String>>,
    markable: Vec<bool>,
    blocks: Vec<Vec<String>>,
    /// What a `set` without `=` names, up to its `endset`.
    captured: Option<String>,
}

fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    scan.begin_line();
    let mut rest = text;
    let mut trims = false;
    let mut quote: Option<&str> = None;
    while !rest.is_empty() {
        let tag = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
            .into_iter()
            .find(|(open, _)| rest.starts_with(open));
        if let Some((open, close)) = tag {
            let inside = &rest[2..];
            let end = end_of_tag(inside, close, open == "{#");
            let content = &inside[..end];
            rest = inside[end..].get(close.len()..).unwrap_or("");
            if content.starts_with('-') {
                scan.unmark_before();
            }
            trims = content.ends_with('-');
            scan.tag(open, content.trim_matches('-'));
        } else if let Some(after) = rest.strip_prefix('\n') {
            if trims || quote.is_some() {
                scan.unmark();
            }
            scan.begin_line();
            rest = after;
        } else {
            // A mark in a string of several lines would be part of it.
            let delimiter = ["\"\"\"", "'''"]
                .into_iter()
                .find(|delimiter| rest.starts_with(delimiter));
            if let Some(delimiter) = delimiter
                && quote.is_none_or(|open| open == delimiter)
            {
                quote = if quote.is_some() {
                    None
                } else {
                    Some(delimiter)
                };
                rest = &rest[3..];
                continue;
            }
            let first = rest.chars().next().unwrap_or_default();
            trims = trims && first.is_whitespace();
            rest = &rest[first.len_utf8()..];
        }
    }
    scan
}

/// Where the tag's content ends: before `close`, not counting one inside a string.
fn end_of_tag(inside: &str, close: &str, comment: bool) -> usize {
    let mut quote = None;
    for (at, c) in inside.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if !comment && matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if inside[at..].starts_with(close) => return at,
            Some(_) | None => {}
        }
    }
    inside.len()
}

impl Scan {
    fn begin_line(&mut self) {
        let around = self.blocks.iter().rev().flatten().cloned().collect();
        self.lines.push(Line {
            own: Vec::new(),
            around,
        });
        self.markable.push(true);
    }

    /// The line that is being read can't carry a mark.
    fn unmark(&mut self) {
        if let Some(last) = self.markable.last_mut() {
            *last = false;
        }
    }

    /// A tag that takes away the blanks before it: the lines before it run into its own.
    fn unmark_before(&mut self) {
        if let Some(before) = self.markable.len().checked_sub(2) {
            self.markable[before] = false;
        }
    }

    fn tag(&mut self, open: &str, content: &str) {
        let names = names(content);
        if open != "{#"
            && let Some(line) = self.lines.last_mut()
        {
            line.own.extend(names.iter().cloned());
        }
        for _ in 0..content.matches('\n').count() {
            self.unmark();
            self.begin_line();
            if open != "{#"
                && let Some(line) = self.lines.last_mut()
            {
                line.own.extend(names.iter().cloned());
            }
        }
        if let Some(target) = &self.captured
            && open != "{#"
        {
            let behind = self.aliases.entry(target.clone()).or_default();
            behind.extend(names.iter().cloned());
        }
        if open == "{%" {
            self.statement(content.trim(), &names);
        }
    }

    fn statement(&mut self, content: &str, names: &[String]) {
        let word = content.split_whitespace().next().unwrap_or_default();
        match word {
            "if" => self.blocks.push(names.to_vec()),
            "elif" => {
                if let Some(block) = self.blocks.last_mut() {
                    block.extend(names.iter().cloned());
                }
            }
            "endif" | "endfor" => {
                self.blocks.pop();
            }
            "for" => {
                let (targets, taken) = content[3..].split_once(" in ").unwrap_or_default();
                self.alias(targets, taken);
                self.blocks.push(self::names(taken));
            }
            "set" | "set_global" => {
                let after = &content[word.len()..];
                if let Some((target, taken)) = after.split_once('=') {
                    self.alias(target, taken);
                } else {
                    self.alias(after, "");
                    self.captured = names.first().cloned();
                }
            }
            "endset" => self.captured = None,
            _ => {}
        }
    }

    /// A name depends on what it is taken from, and on the blocks that decide about it.
    fn alias(&mut self, targets: &str, taken: &str) {
        let mut behind = names(taken);
        behind.extend(self.blocks.iter().rev().flatten().cloned());
        for target in names(targets) {
            self.aliases
                .entry(target)
                .or_default()
                .extend(behind.iter().cloned());
        }
    }
}

/// The names in an expression: words outside of strings that follow no dot or bar.
fn names(expression: &str) -> Vec<String> {
    const KEYWORDS: &[&str] = &[
        "and",
        "elif",
        "else",
        "endfor",
        "endif",
        "endset",
        "false",
        "for",
        "if",
        "in",
        "include",
        "is",
        "none",
        "not",
        "or",
        "set",
        "set_global",
        "true",
    ];
    let mut names: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut quote = None;
    for c in expression.chars().chain([' ']) {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c.is_alphanumeric() || c == '_' => {
                word.push(c);
                continue;
            }
            None => {
                let is_name = !word.is_empty()
                    && !word.starts_with(|first: char| first.is_ascii_digit())
                    && !matches!(before, '.' | '|')
                    && !KEYWORDS.contains(&word.as_str());
                if is_name && !names.contains(&word) {
                    names.push(word.clone());
                }
                if !word.is_empty() || !c.is_whitespace() {
                    before = c;
                }
            }
        }
        word.clear();
    }
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MARK, Template, origin};
    use crate::diagnostic::Source;

    fn template(text: &str) -> Template {
        let source = Source {
            name: "t".to_owned(),
            text: text.to_owned(),
        };
        Template::new("t".to_owned(), Arc::new(source))
    }

    #[track_caller]
    fn check_marks(text: &str, expected: &str) {
        let marked = template(text).marked(0).replace(MARK, "@");
        assert_eq!(marked, expected);
    }

    #[test]
    fn marks_stand_where_they_are_comments() {
        check_marks("a = 1\n\nb = 2\n", "a = 1 #@0:1\n\nb = 2 #@0:3\n");
        check_marks(
            "{% set a =\n 1 %}\nb = 2",
            "{% set a =\n 1 %} #@0:2\nb = 2 #@0:3",
        );
        check_marks(
            "a = \"\"\"x\ny\"\"\"\nb = 1",
            "a = \"\"\"x\ny\"\"\" #@0:2\nb = 1 #@0:3",
        );
        check_marks(
            "a = [1,\n{%- if b %} 2\n{% endif -%}\n]",
            "a = [1,\n{%- if b %} 2 #@0:2\n{% endif -%}\n] #@0:4",
        );
        check_marks("{# a\nb #}\nc = 1", "{# a\nb #} #@0:2\nc = 1 #@0:3");
    }

    #[test]
    fn the_last_mark_of_a_line_is_its_own() {
        let rendered =
            format!("a = 1 #{MARK}0:1\nb = \"#{MARK}9:9\" #{MARK}0:7\nc =\n2 #{MARK}1:8");
        assert_eq!(origin(&rendered, 0), Some((0, 1)));
        assert_eq!(origin(&rendered, rendered.find('b').unwrap()), Some((0, 7)));
        assert_eq!(origin(&rendered, rendered.find('c').unwrap()), Some((1, 8)));
    }

    #[test]
    fn a_line_knows_the_inputs_behind_it() {
        let template = template(
            "{% if redirect %}\n[a.b]\nc = \"{{ other.name | filter }}\"\n{% for x in list %}\nd = {{ x }}\n{% endfor %}\n{% endif %}\ne = 1",
        );
        assert_eq!(template.mentioned(3), ["other"]);
        assert_eq!(template.around(2), ["redirect"]);
        assert_eq!(template.around(5), ["list", "redirect"]);
        assert!(template.around(8).is_empty());
        let inputs = super::inputs_behind(template.mentioned(5), &template.aliases, &|name| {
            name != "x"
        });
        assert_eq!(inputs, ["list", "redirect"]);
    }

    #[test]
    fn what_a_block_sets_is_taken_from_all_that_stands_in_it() {
        let template = template(
            "{% set a %}{% if b %}{{ c.d }}{% else %}${e.f.g}{% endif %}{% endset %}\nh = \"{{ a }}\"\n{{ i }}",
        );
        assert_eq!(template.aliases["a"], ["b", "c"]);
        assert_eq!(template.mentioned(2), ["a"]);
    }
}
