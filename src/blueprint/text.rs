//! Text on its way through Tera and TOML: how a user's value is written so that it comes
//! out as it went in, and how a blueprint's string is read.
//!
//! A value given by the user is data. What could end a TOML string, or begin a reference,
//! is written as its code point between two private-use characters, which mean nothing to
//! Tera or TOML; a `{ from = ".." }` stands between the same two as `component.output`.
//! [`read`] undoes both.
//!
//! *Invariant*: no text that a user can write reads back as a reference or ends a string.

use std::fmt::Write as _;
use std::io;

use toml::de::DeTable;

use crate::address::{Address, is_name};
use crate::value::{Part, Reference, Step, Value};

/// Before a code point or an output's name.
const OPEN: char = '\u{E000}';
/// After it.
const CLOSE: char = '\u{E001}';
/// Before a template's file and line, in a comment at the end of a line.
pub(super) const MARK: char = '\u{E002}';

/// A user's text as Tera may see it: as it is, but for the three characters that have a
/// meaning here.
pub(super) fn protect(text: &str) -> String {
    let mut protected = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, OPEN | CLOSE | MARK) {
            write!(protected, "{OPEN}{:x}{CLOSE}", u32::from(c)).expect("a string takes all");
        } else {
            protected.push(c);
        }
    }
    protected
}

/// What stands for an output of another component until it is read.
pub(super) fn placeholder(component: &str, output: &str) -> String {
    format!("{OPEN}{component}.{output}{CLOSE}")
}

/// Tera's escape: writes a text so that it may stand in any TOML string, and in the key of
/// a reference.
///
/// # Errors
/// When the writer fails.
pub(super) fn escape(text: &str, to: &mut dyn io::Write) -> io::Result<()> {
    for c in text.chars() {
        if c.is_control() || matches!(c, '"' | '\'' | '\\' | '$' | '{') {
            write!(to, "{OPEN}{:x}{CLOSE}", u32::from(c))?;
        } else {
            write!(to, "{c}")?;
        }
    }
    Ok(())
}

/// The same as a string.
pub(super) fn escaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    escape(text, &mut bytes).expect("a vector takes all");
    String::from_utf8(bytes).expect("what was written is UTF-8")
}

/// Reads a string of a rendered blueprint: `${kind.name.path}` is a reference, `$${` a
/// literal `${`, and what the user gave is text. `output` gives the value of another
/// component's output.
///
/// # Errors
/// A phrase that says what is wrong with a reference in it.
pub(super) fn read(
    text: &str,
    component: &str,
    output: &dyn Fn(&str, &str) -> Option<Value>,
) -> Result<Value, String> {
    let mut parts: Vec<Value> = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', OPEN]) {
        literal.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$${") {
            literal.push_str("${");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let (reference, after) = reference(after, component)?;
            flush(&mut literal, &mut parts);
            parts.push(Value::Reference(reference));
            rest = after;
        } else if let Some((inside, after)) = enclosed(rest) {
            if let Some(c) = decode(inside) {
                literal.push(c);
            } else {
                let (other, name) = inside.split_once('.').unwrap_or((inside, ""));
                let value =
                    output(other, name).ok_or_else(|| format!("`{other}.{name}` has no value"))?;
                flush(&mut literal, &mut parts);
                parts.push(value);
            }
            rest = after;
        } else {
            let first = rest.chars().next().unwrap_or_default();
            literal.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    literal.push_str(rest);
    if parts.len() == 1 && literal.is_empty() {
        return Ok(parts.remove(0));
    }
    flush(&mut literal, &mut parts);
    join(parts)
}

/// Reads the elements of a list, each a string in TOML with a comma behind it.
///
/// # Errors
/// As [`read`], and for what is no list of strings.
pub(super) fn read_list(
    text: &str,
    component: &str,
    output: &dyn Fn(&str, &str) -> Option<Value>,
) -> Result<Value, String> {
    let whole = format!("list = [{text}]");
    let no_list = || "its elements are no strings in TOML".to_owned();
    let table = DeTable::parse(&whole).map_err(|_| no_list())?;
    let items = table.get_ref().get("list");
    let items = items.and_then(|items| items.get_ref().as_array());
    items
        .ok_or_else(no_list)?
        .iter()
        .map(|item| {
            read(
                item.get_ref().as_str().ok_or_else(no_list)?,
                component,
                output,
            )
        })
        .collect::<Result<_, _>>()
        .map(Value::List)
}

/// A text without any reference, such as a key.
///
/// # Errors
/// A phrase, if there is one in it.
pub(super) fn read_plain(text: &str) -> Result<String, String> {
    match read(text, "", &|_, _| None)? {
        Value::String(text) => Ok(text),
        _ => Err("a reference can't stand in a key".to_owned()),
    }
}

fn flush(literal: &mut String, parts: &mut Vec<Value>) {
    if !literal.is_empty() {
        parts.push(Value::String(std::mem::take(literal)));
    }
}

/// `OPEN inside CLOSE after`.
fn enclosed(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(OPEN)?.split_once(CLOSE)
}

fn decode(inside: &str) -> Option<char> {
    u32::from_str_radix(inside, 16)
        .ok()
        .and_then(char::from_u32)
}

fn join(parts: Vec<Value>) -> Result<Value, String> {
    let mut joined: Vec<Part> = Vec::new();
    let mut push = |part: Part| match (joined.last_mut(), part) {
        (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
        (_, part) => joined.push(part),
    };
    for part in parts {
        match part {
            Value::Reference(reference) => push(Part::Reference(reference)),
            Value::Template(parts) => parts.into_iter().for_each(&mut push),
            other => push(Part::Text(other.scalar_text().ok_or_else(|| {
                "a list or a map can't stand inside a text".to_owned()
            })?)),
        }
    }
    Ok(match joined.as_mut_slice() {
        [] => Value::String(String::new()),
        [Part::Text(text)] => Value::String(std::mem::take(text)),
        _ => Value::Template(joined),
    })
}

/// Reads `kind.name.path}` and gives what follows.
fn reference<'a>(text: &'a str, component: &str) -> Result<(Reference, &'a str), String> {
    let mut cursor = Cursor { rest: text };
    let mut first = cursor.name()?;
    let lookup = first == "data";
    if lookup {
        cursor.expect('.')?;
        first = cursor.name()?;
    }
    cursor.expect('.')?;
    let name = cursor.name()?;
    let target = if lookup {
        Address::lookup(component, first, name)
    } else {
        Address::managed(component, first, name)
    };
    let mut path = Vec::new();
    while !cursor.eat('}') {
        if cursor.eat('.') {
            path.push(Step::Attribute(cursor.name()?.to_owned()));
        } else if cursor.eat('[') {
            path.push(if cursor.eat('"') {
                let key = cursor.until('"')?;
                Step::Key(read_plain(key)?)
            } else {
                let digits = cursor.while_in(|c| c.is_ascii_digit());
                Step::Index(digits.parse().map_err(|_| cursor.unexpected())?)
            });
            cursor.expect(']')?;
        } else {
            return Err(cursor.unexpected());
        }
    }
    if !matches!(path.first(), Some(Step::Attribute(_))) {
        return Err(format!(
            "the reference to `{}` names no attribute",
            target.local()
        ));
    }
    Ok((Reference { target, path }, cursor.rest))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.eat(wanted) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn while_in(&mut self, inside: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !inside(c)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }

    fn until(&mut self, end: char) -> Result<&'a str, String> {
        let (found, rest) = self.rest.split_once(end).ok_or_else(|| self.unexpected())?;
        self.rest = rest;
        Ok(found)
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let name = self.while_in(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_name(name) {
            Ok(name)
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> String {
        const FORM: &str = "a reference has the form ${kind.name.attribute}";
        match self.rest.chars().next() {
            Some(c) => format!("`{c}` is not expected here: {FORM}"),
            None => format!("the reference has no end: {FORM}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{escaped, placeholder, protect, read};
    use crate::value::Value;

    fn check(text: &str, expected: &str) {
        let output = |component: &str, name: &str| match (component, name) {
            ("network", "vpc_id") => Some(Value::text("vpc-1")),
            ("network", "subnets") => Some(Value::texts(["a", "b"])),
            _ => None,
        };
        let read = match read(text, "web", &output) {
            Ok(value) => format!("{value:?}"),
            Err(problem) => problem,
        };
        assert!(read.contains(expected), "{read}");
    }

    #[test]
    fn references_are_found_in_text() {
        check("plain", r#"String("plain")"#);
        check("$${literal} and $1", r#"String("${literal} and $1")"#);
        check("${aws_lb.main.arn}", "Reference(");
        check("${aws_lb.main.arn}/*", "Template(");
        check(r#"${aws_a.b.c["x.y"].d}"#, r#"Key("x.y")"#);
        check("${data.aws_subnets.lb.ids[0]}", "Index(0)");
    }

    #[test]
    fn what_is_no_reference_is_said() {
        check("${aws_lb.main}", "names no attribute");
        check("${aws_lb.Main.arn}", "`M` is not expected here");
        check("${aws_lb.main.arn", "has no end");
    }

    #[test]
    fn outputs_of_other_components_are_put_in() {
        check(&placeholder("network", "vpc_id"), r#"String("vpc-1")"#);
        check(&placeholder("network", "subnets"), "List(");
        check(
            &format!("id {}", placeholder("network", "vpc_id")),
            r#"String("id vpc-1")"#,
        );
        check(
            &format!("ids {}", placeholder("network", "subnets")),
            "can't stand inside a text",
        );
        check(&placeholder("network", "none"), "has no value");
    }

    #[test]
    fn a_list_has_an_element_for_each_string() {
        let read = |text: &str| match super::read_list(text, "web", &|_, _| None) {
            Ok(value) => format!("{value:?}"),
            Err(problem) => problem,
        };
        assert_eq!(read(""), "List([])");
        assert_eq!(read(r#""a","b","#), r#"List([String("a"), String("b")])"#);
        assert!(read(r#""${aws_subnet.a.id}","#).starts_with("List([Reference("));
        assert_eq!(read("a"), "its elements are no strings in TOML");
        assert_eq!(read("1,"), "its elements are no strings in TOML");
    }

    proptest! {
        #[test]
        fn what_a_user_writes_reads_back_as_text(text in "(\\PC|[\"'$\\{\\}\\\\\\n\u{E000}\u{E001}\u{E002}]){0,40}") {
            let written = escaped(&protect(&text));
            for (before, after) in [("", ""), ("$", ""), ("", "{x}"), ("${aws_a.b.c[\"", "\"].d}")] {
                let framed = format!("{before}{written}{after}");
                let value = read(&framed, "web", &|_, _| None).unwrap();
                match value {
                    Value::String(read) => prop_assert_eq!(read, format!("{before}{text}{after}")),
                    Value::Reference(reference) => {
                        prop_assert_eq!(&reference.path[1], &crate::value::Step::Key(text.clone()));
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
        }
    }
}
