//! Where the blanks go.
//!
//! In: blocks whose arguments stand in sections. Out: text as `terraform fmt` leaves it: two
//! blanks a level, and the equal signs of arguments that follow each other on lines of their
//! own one below the other.
//!
//! *Invariant*: nothing but blanks and comments is added here.

use hcl_edit::expr::{Expression, Object};
use hcl_edit::structure::{Attribute, Block, Body, Structure};
use hcl_edit::{Decorate, Ident};

use super::expression::ident;

/// No array on one line is longer.
const WIDEST: usize = 100;

/// A block before it has its blanks.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Lines above it, less their `# `.
    pub(super) comments: Vec<String>,
    /// `resource`; nothing for a remark.
    pub(super) keyword: String,
    /// Its labels.
    pub(super) labels: Vec<String>,
    /// What is in it, with a blank line between.
    pub(super) sections: Vec<Section>,
}

/// What stands together in a block.
#[derive(Clone, Debug)]
pub(super) enum Section {
    /// Arguments, in this order.
    Arguments(Vec<(String, Expression)>),
    /// A block in it.
    Block(Draft),
}

impl Draft {
    pub(super) fn new(keyword: &str, labels: &[&str]) -> Self {
        Self {
            comments: Vec::new(),
            keyword: keyword.to_owned(),
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            sections: Vec::new(),
        }
    }

    /// Comments without a block: on what is not written.
    pub(super) fn remark(comments: Vec<String>) -> Self {
        Self {
            comments,
            ..Self::new("", &[])
        }
    }

    fn is_remark(&self) -> bool {
        self.keyword.is_empty()
    }

    /// Adds arguments; those of one line first, then each of several in a section of its own.
    pub(super) fn arguments(&mut self, arguments: Vec<(String, Expression)>) {
        let (long, short): (Vec<_>, Vec<_>) =
            arguments.into_iter().partition(|(_, value)| is_long(value));
        if !short.is_empty() {
            self.sections.push(Section::Arguments(short));
        }
        for argument in long {
            self.sections.push(Section::Arguments(vec![argument]));
        }
    }

    pub(super) fn block(&mut self, block: Draft) {
        self.sections.push(Section::Block(block));
    }
}

/// The text of a file.
pub(super) fn text(drafts: Vec<Draft>) -> String {
    let mut body = Body::new();
    let mut above = String::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        if index > 0 {
            above.push('\n');
        }
        above.extend(draft.comments.iter().map(|line| comment(line)));
        if !draft.is_remark() {
            let mut block = block(draft, 0);
            block.decor_mut().set_prefix(std::mem::take(&mut above));
            body.push(block);
        }
    }
    format!("{body}{above}")
}

/// A line of comment. What could end it is a blank.
fn comment(text: &str) -> String {
    let text = text.replace(
        |c: char| c.is_control() || "\u{2028}\u{2029}".contains(c),
        " ",
    );
    format!("# {}\n", text.trim_end())
}

fn block(draft: Draft, depth: usize) -> Block {
    let mut block = Block::new(ident(&draft.keyword));
    block.labels = draft
        .labels
        .iter()
        .map(|label| label.as_str().into())
        .collect();
    let mut first = true;
    for section in draft.sections {
        let above = if std::mem::take(&mut first) { "" } else { "\n" };
        match section {
            Section::Arguments(arguments) => {
                for (index, attribute) in aligned(arguments, depth + 1).into_iter().enumerate() {
                    let above = if index == 0 { above } else { "" };
                    push(&mut block.body, attribute, above, depth + 1);
                }
            }
            Section::Block(inside) => {
                push(
                    &mut block.body,
                    self::block(inside, depth + 1),
                    above,
                    depth + 1,
                );
            }
        }
    }
    if block.body.is_empty() {
        block.body.set_prefer_oneline(true);
    } else {
        block.body.decor_mut().set_suffix(blanks(depth));
    }
    block
}

fn push(body: &mut Body, structure: impl Into<Structure>, above: &str, depth: usize) {
    let mut structure = structure.into();
    let prefix = format!("{above}{}", blanks(depth));
    structure.decor_mut().set_prefix(prefix);
    body.push(structure);
}

fn aligned(arguments: Vec<(String, Expression)>, depth: usize) -> Vec<Attribute> {
    let widths = widths(arguments.iter().map(|(name, value)| (name.len(), value)));
    let attributes = arguments.into_iter().zip(widths);
    attributes
        .map(|((name, mut value), width)| {
            lay(&mut value, depth);
            let mut attribute = Attribute::new(Ident::new_sanitized(&name), value);
            let blanks = " ".repeat(width - name.len() + 1);
            attribute.key.decor_mut().set_suffix(blanks);
            attribute.value.decor_mut().set_prefix(" ");
            attribute
        })
        .collect()
}

/// How wide each key stands: as the widest of those above and below it that have one line.
fn widths<'a>(entries: impl Iterator<Item = (usize, &'a Expression)>) -> Vec<usize> {
    let entries: Vec<(usize, bool)> = entries
        .map(|(width, value)| (width, is_long(value)))
        .collect();
    let runs = entries.chunk_by(|a, b| !a.1 && !b.1);
    runs.flat_map(|run| {
        let widest = run.iter().map(|(width, _)| *width).max().unwrap_or(0);
        std::iter::repeat_n(widest, run.len())
    })
    .collect()
}

/// Whether a value takes several lines.
fn is_long(value: &Expression) -> bool {
    match value {
        Expression::Object(object) => !object.is_empty(),
        Expression::Array(items) => {
            let width: usize = items.iter().map(width).sum();
            items.iter().any(is_long) || items.len() > 1 && width > WIDEST
        }
        Expression::FuncCall(call) => call.args.iter().any(is_long),
        _ => false,
    }
}

fn width(value: &Expression) -> usize {
    value.to_string().chars().count() + 2
}

/// Gives a value that stands at this depth its blanks.
fn lay(value: &mut Expression, depth: usize) {
    let long = is_long(value);
    let (inside, outside) = (
        format!("\n{}", blanks(depth + 1)),
        format!("\n{}", blanks(depth)),
    );
    match value {
        Expression::Object(object) if long => lay_object(object, depth),
        Expression::Array(items) if long => {
            for item in items.iter_mut() {
                lay(item, depth + 1);
                item.decor_mut().set_prefix(inside.clone());
            }
            items.set_trailing_comma(true);
            items.set_trailing(outside);
        }
        Expression::FuncCall(call) if long => {
            for argument in &mut call.args {
                lay(argument, depth);
            }
        }
        _ => {}
    }
}

fn lay_object(object: &mut Object, depth: usize) {
    let wide = |key: &hcl_edit::expr::ObjectKey| match key {
        hcl_edit::expr::ObjectKey::Ident(name) => name.len(),
        hcl_edit::expr::ObjectKey::Expression(key) => width(key) - 2,
    };
    let keys: Vec<usize> = object.iter().map(|(key, _)| wide(key)).collect();
    let values = object.iter().map(|(_, value)| value.expr());
    let widths = widths(keys.iter().copied().zip(values));
    for (index, (mut key, value)) in object.iter_mut().enumerate() {
        let above = if index == 0 { "\n" } else { "" };
        let blank = " ".repeat(widths[index] - keys[index] + 1);
        key.decor_mut()
            .set_prefix(format!("{above}{}", blanks(depth + 1)));
        key.decor_mut().set_suffix(blank);
        lay(value.expr_mut(), depth + 1);
        value.expr_mut().decor_mut().set_prefix(" ");
    }
    object.set_trailing(blanks(depth));
}

fn blanks(depth: usize) -> String {
    "  ".repeat(depth)
}
