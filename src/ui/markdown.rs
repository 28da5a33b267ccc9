//! Markdown as GitHub and GitLab read it: what is put in stands there as text, whatever it is.
//!
//! *Invariant*: nothing that is put in opens or closes anything: no tag, no fence, no table
//! and no line. A page is never longer than its limit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How much of a text is shown.
const LONGEST: usize = 200;
/// How much of a line in a fence.
const LONGEST_LINE: usize = 160;

/// A page under construction.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    limit: usize,
    /// How many sections had no room, by what they are of.
    left_out: BTreeMap<String, usize>,
}

impl Page {
    /// A page that is at most this long, in bytes, and so in characters.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
            left_out: BTreeMap::new(),
        }
    }

    /// Puts a whole section at the end, if it has room there; else counts it among what is
    /// left out `of` something.
    pub(super) fn add(&mut self, of: &str, section: &str) {
        if self.text.len() + section.len() + Self::RESERVE <= self.limit {
            self.text.push_str(section);
            return;
        }
        *self.left_out.entry(of.to_owned()).or_default() += 1;
    }

    /// Room for the line that says what is left out.
    const RESERVE: usize = 4_000;
    /// How many names that line has.
    const NAMED: usize = 10;

    /// The page, and what of it is left out.
    pub(super) fn end(mut self, elsewhere: &str) -> String {
        let total: usize = self.left_out.values().sum();
        if total > 0 {
            let mut named: Vec<String> = self
                .left_out
                .iter()
                .take(Self::NAMED)
                .map(|(of, count)| format!("{} ({count})", text(&cut(of, 20))))
                .collect();
            if self.left_out.len() > Self::NAMED {
                named.push("others".to_owned());
            }
            // A string takes all that is written to it.
            let _infallible = writeln!(
                self.text,
                "\n**Left out**, as this page would be too long: {total} sections, of {}. {elsewhere}",
                named.join(", ")
            );
        }
        self.text
    }
}

/// A text that stands where it is put, on one line.
pub(super) fn text(put: &str) -> String {
    let mut escaped = String::with_capacity(put.len());
    for c in one_line(&cut(put, LONGEST)).chars() {
        match c {
            // What follows is no mention of anybody.
            '@' => escaped.push_str("&#64;&#8288;"),
            '&' | '<' | '>' | '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '$' => {
                let _infallible = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text as code, on one line.
pub(super) fn code(put: &str) -> String {
    if is_plain(put) {
        return format!("`{put}`");
    }
    format!("<code>{}</code>", text(put))
}

/// The same in a [summary](details), where Markdown is not read.
pub(super) fn code_in_summary(put: &str) -> String {
    if is_plain(put) {
        return format!("<code>{put}</code>");
    }
    format!("<code>{}</code>", text(put))
}

fn is_plain(put: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    !put.is_empty() && put.len() <= LONGEST && put.chars().all(is_plain)
}

/// A table with as many whole rows as have room, and how many more there are. The cells are
/// Markdown already.
pub(super) fn table(head: &[&str], rows: &[Vec<String>], limit: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut table = row(head.to_vec());
    table.push_str(&row(vec!["---"; head.len()]));
    let mut shown = 0;
    for cells in rows {
        let line = row(cells.iter().map(String::as_str).collect());
        if shown > 0 && table.len() + line.len() > limit {
            break;
        }
        table.push_str(&line);
        shown += 1;
    }
    table.push('\n');
    table.push_str(&more(rows.len() - shown));
    table
}

/// A list with as many whole items as have room.
pub(super) fn list(items: &[String], limit: usize) -> String {
    let mut list = String::new();
    let mut shown = 0;
    for item in items {
        if shown > 0 && list.len() + item.len() > limit {
            break;
        }
        let _infallible = writeln!(list, "- {item}");
        shown += 1;
    }
    if shown > 0 {
        list.push('\n');
    }
    list.push_str(&more(items.len() - shown));
    list
}

fn more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!("And {count} more.\n\n"),
    }
}

/// Lines as they are, with as many of them as have room.
pub(super) fn fence(language: &str, lines: &[String], limit: usize) -> String {
    let mut inside = String::new();
    for (index, line) in lines.iter().enumerate() {
        let line = visible(&cut(line, LONGEST_LINE));
        if inside.len() + line.len() > limit {
            let _infallible = writeln!(inside, "... and {} more lines", lines.len() - index);
            break;
        }
        let _infallible = writeln!(inside, "{line}");
    }
    let longest = inside.split(|c| c != '`').map(str::len).max();
    let marks = "`".repeat(longest.map_or(3, |longest| (longest + 1).max(3)));
    format!("{marks}{language}\n{inside}{marks}\n\n")
}

/// What is shown when somebody asks for it. The summary is HTML: what [`text`] and
/// [`code_in_summary`] give.
pub(super) fn details(summary: &str, inside: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{inside}</details>\n\n")
}

/// No more than so many characters.
fn cut(put: &str, longest: usize) -> String {
    match put.char_indices().nth(longest) {
        None => put.to_owned(),
        Some((at, _)) => format!("{}…", &put[..at]),
    }
}

/// The same on one line, its blanks run together.
fn one_line(put: &str) -> String {
    let words = visible(put);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same without what can't be seen, or makes what follows look otherwise: controls become
/// blanks, and marks of direction go.
fn visible(put: &str) -> String {
    put.chars()
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Page, code, fence, list, table, text};

    #[test]
    fn what_is_put_in_stands_there_as_text() {
        assert_eq!(text("a b-1, ok"), "a b-1, ok");
        assert_eq!(
            text("<b>&|`*_\n# x"),
            "&#60;b&#62;&#38;&#124;&#96;&#42;&#95; # x"
        );
        assert_eq!(text("cc @all"), "cc &#64;&#8288;all");
        assert_eq!(text("a\u{202e}b\u{7}c"), "ab c");
        assert_eq!(code("web.aws_lb.main"), "`web.aws_lb.main`");
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
        assert_eq!(code(""), "<code></code>");
        assert_eq!(text(&"é".repeat(300)).chars().count(), 201);
    }

    #[test]
    fn a_fence_is_longer_than_any_in_it() {
        let lines = ["a".to_owned(), "`````".to_owned(), "```\rb".to_owned()];
        assert_eq!(
            fence("diff", &lines, 100),
            "``````diff\na\n`````\n``` b\n``````\n\n"
        );
        assert_eq!(
            fence("", &lines, 6),
            "```\na\n... and 2 more lines\n```\n\n"
        );
    }

    #[test]
    fn rows_and_items_are_shown_whole_or_not_at_all() {
        let rows: Vec<Vec<String>> = (0..9).map(|n| vec![n.to_string()]).collect();
        assert_eq!(
            table(&["n"], &rows, 30),
            "| n |\n| --- |\n| 0 |\n| 1 |\n\nAnd 7 more.\n\n"
        );
        let items: Vec<String> = (0..3).map(|n| n.to_string()).collect();
        assert_eq!(list(&items, 5), "- 0\n- 1\n\nAnd 1 more.\n\n");
    }

    #[test]
    fn a_page_leaves_out_whole_sections_and_says_which() {
        let mut page = Page::new(Page::RESERVE + 10);
        page.add("title", "12345\n");
        page.add("web", "12345\n");
        page.add("web", "123456789\n");
        page.add("api", "123\n");
        assert_eq!(
            page.end("Look elsewhere."),
            "12345\n123\n\n**Left out**, as this page would be too long: 2 sections, of web (2). Look elsewhere.\n"
        );
    }
}
