//! Tables of Markdown, and paragraphs.
//!
//! *Invariant*: a cell's text stays in its cell, whatever it holds.

/// Columns of a paragraph.
const WIDTH: usize = 80;

/// A table of Markdown, one row a line.
pub(super) fn markdown(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let mut text = line(&header);
    text.push_str(&line(&vec!["---".to_owned(); header.len()]));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&line(&cells));
    }
    text
}

/// A bar would end the cell, in code too, unless the backslashes before it are odd in number
/// (GitHub Flavored Markdown, "Tables").
fn escaped(cell: &str) -> String {
    let mut text = String::new();
    let mut backslashes = 0;
    for one in cell.chars() {
        match one {
            '|' if backslashes % 2 == 0 => text.push_str("\\|"),
            '|' => text.push_str("\\\\|"),
            '\n' => text.push(' '),
            other => text.push(other),
        }
        backslashes = if one == '\\' { backslashes + 1 } else { 0 };
    }
    text
}

/// Text in lines of at most 80 columns, each after `indent` blanks.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            lines.push('\n');
            column = 0;
        }
        if column == 0 {
            lines.push_str(&margin);
            column = indent;
        } else {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::{markdown, wrapped};

    #[test]
    fn a_bar_stays_in_its_cell() {
        let text = markdown(&["a", "b"], [vec!["x|y".to_owned(), "z\nz".to_owned()]]);
        assert_eq!(text, "| a | b |\n| --- | --- |\n| x\\|y | z z |\n");
        let text = markdown(
            &["a"],
            [vec!["x\\|y".to_owned()], vec!["x\\\\|y".to_owned()]],
        );
        assert_eq!(text, "| a |\n| --- |\n| x\\\\\\|y |\n| x\\\\\\|y |\n");
    }

    #[test]
    fn lines_end_before_column_81() {
        let text = wrapped(&"word ".repeat(40), 6);
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert!(text.lines().all(|line| line.starts_with("      word")));
        assert_eq!(text.split_whitespace().count(), 40);
    }
}
