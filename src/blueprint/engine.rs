//! Tera, set up for blueprints: the only place that knows it.
//!
//! In: a blueprint's templates and the values of its inputs. Out: TOML text, or where and
//! why it could not be rendered.
//!
//! *Invariant*: every value that reaches the text passes [`text::escape`]; a value that may
//! come from a user has no way around it.

use std::collections::BTreeSet;

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use tera::{Context, Error, ErrorKind, Kwargs, State, Tera, TeraResult, Value};

use super::input::InputType;
use super::template::Template;
use super::{kept, text};
use crate::spec::Input;

/// Before the input's name in the error of `refuse`, and before the message.
const REFUSED: char = '\u{E003}';

/// A blueprint's templates, ready to render.
pub(super) struct Engine {
    tera: Tera,
}

/// Why a template could not be read or rendered.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    /// A phrase.
    pub(super) message: String,
    /// The template's name and the line, counted from 1.
    pub(super) place: Option<(String, usize)>,
    /// The input that the blueprint refuses, when it was its own decision.
    pub(super) refused: Option<String>,
}

impl Engine {
    /// Reads the templates; a mark in each has the template's place in the list.
    ///
    /// # Errors
    /// The first one that Tera can't read, or that includes what isn't there.
    pub(super) fn new(templates: &[Template]) -> Result<Self, Failure> {
        let mut tera = Tera::new();
        tera.autoescape_on([""]);
        tera.set_escape_fn(text::escape);
        tera.register_filter("label", |value: Value, _: Kwargs, _: &State| label(&value));
        tera.register_filter("toml", |value: Value, _: Kwargs, _: &State| {
            Ok::<_, Error>(Value::safe_string(&in_toml(&value)?))
        });
        tera.register_filter("parent_domain", |name: &str, _: Kwargs, _: &State| {
            parent_domain(name).to_owned()
        });
        tera.register_filter("subnet", |network: &str, kwargs: Kwargs, _: &State| {
            subnet(network, &kwargs)
        });
        tera.register_filter("prefix_length", |network: &str, _: Kwargs, _: &State| {
            Ok::<_, Error>(u64::from(parsed(network)?.prefix_len()))
        });
        // Tera's own would put a text in as it is.
        for filter in [
            "safe",
            "escape",
            "escape_html",
            "escape_xml",
            "newlines_to_br",
        ] {
            tera.register_filter(filter, move |_: Value, _: Kwargs, _: &State| {
                Err::<Value, Error>(Error::message(format!("blueprints have no `{filter}`")))
            });
        }
        tera.register_test("reference", |value: Value, _: Kwargs, _: &State| {
            value.is_bytes()
        });
        tera.register_test("looked_up", |value: Value, _: Kwargs, _: &State| {
            value.is_bytes() && kept::is_placeholder(&value.to_string())
        });
        tera.register_function("refuse", |kwargs: Kwargs, _: &State| refuse(&kwargs));
        let marked = templates
            .iter()
            .enumerate()
            .map(|(index, template)| (template.name.as_str(), template.marked(index)));
        tera.add_raw_templates(marked)
            .map_err(|error| Failure::of(&error))?;
        Ok(Self { tera })
    }

    /// The names that a template and what it includes take from outside, as far as can be
    /// seen without rendering.
    pub(super) fn names_in(&self, template: &str) -> BTreeSet<String> {
        self.tera
            .get_template_variables(template)
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect()
    }

    /// Renders a template of the blueprint.
    ///
    /// # Errors
    /// An undefined name, a filter's error, or the blueprint's own `refuse`.
    pub(super) fn render(&self, template: &str, context: &Context) -> Result<String, Failure> {
        self.tera
            .render(template, context)
            .map_err(|error| Failure::of(&error))
    }

    /// Renders a text of the manifest: with `escaped`, to be read by [`text::read`];
    /// without, as it is.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub(super) fn render_text(
        &self,
        template: &str,
        context: &Context,
        escaped: bool,
    ) -> Result<String, Failure> {
        self.tera
            .render_str(template, context, escaped)
            .map_err(|error| Failure::of(&error))
    }
}

/// An input's value as templates see it: text is protected, an output of another component
/// is opaque, a tag is its `key` and `value`.
pub(super) fn value_of(input: &Input, of: &InputType) -> Value {
    match input {
        Input::Text(text) => Value::normal_string(&text::protect(text)),
        Input::Int(number) => (*number).into(),
        Input::Float(number) => (*number).into(),
        Input::Bool(value) => (*value).into(),
        Input::List(items) => {
            let of = match of {
                InputType::List(of) => of,
                other => other,
            };
            let items: Vec<Value> = items.iter().map(|item| value_of(&item.value, of)).collect();
            items.into()
        }
        Input::Table(entries) => {
            let tag = entries.get("tag").map(|tag| &tag.value);
            let entries: std::collections::BTreeMap<String, Value> = match tag {
                Some(Input::Text(tag)) => {
                    let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
                    [("key", key), ("value", value)]
                        .map(|(name, text)| {
                            (name.to_owned(), Value::normal_string(&text::protect(text)))
                        })
                        .into()
                }
                _ => entries
                    .iter()
                    .map(|(key, item)| (text::protect(key), value_of(&item.value, of)))
                    .collect(),
            };
            entries.into()
        }
        Input::From { component, output } => {
            Value::bytes(text::placeholder(component, output).into_bytes())
        }
        Input::Kept { keeper, name } => {
            Value::bytes(kept::placeholder(*keeper, name, of).into_bytes())
        }
        Input::Component(_) => nothing(),
    }
}

/// Another component as templates see it: its outputs by name, each opaque, and none for
/// one that it does not give.
pub(super) fn component<'a>(name: &str, outputs: impl Iterator<Item = (&'a str, bool)>) -> Value {
    outputs
        .map(|(output, given)| {
            let placed = if given {
                Value::bytes(text::placeholder(name, output).into_bytes())
            } else {
                nothing()
            };
            (output.to_owned(), placed)
        })
        .collect::<std::collections::BTreeMap<String, Value>>()
        .into()
}

/// The value of an input that is not given and has no default.
pub(super) fn nothing() -> Value {
    Value::none()
}

impl Failure {
    fn of(error: &Error) -> Self {
        let (message, place) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => (
                report.message().to_owned(),
                Some((report.filename().to_owned(), report.span().start_line)),
            ),
            other => (other.to_string(), None),
        };
        let refused = message
            .split_once(REFUSED)
            .and_then(|(_, refused)| refused.split_once(REFUSED));
        match refused {
            Some((input, reason)) => Self {
                message: reason.to_owned(),
                place,
                refused: Some(input.to_owned()),
            },
            None => Self {
                message: first_line_lowered(&message),
                place,
                refused: None,
            },
        }
    }
}

/// Tera's first line, begun as ours are.
fn first_line_lowered(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut chars = line.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn refuse(kwargs: &Kwargs) -> TeraResult<Value> {
    let input = kwargs.must_get::<&str>("input")?;
    let message = kwargs.must_get::<String>("message")?;
    let message = text::read_plain(&message).unwrap_or(message);
    Err(Error::message(format!(
        "{REFUSED}{input}{REFUSED}{message}"
    )))
}

/// A name made from a value, the same for the same value and another for another: what
/// can't be in a name becomes `_`, `r_` goes before what is no letter, and six digits of
/// a hash follow if anything changed.
fn label(value: &Value) -> String {
    label_of(&value.to_string())
}

/// The same of a text.
pub(super) fn label_of(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.insert_str(0, "r_");
    }
    if name != text {
        name.push('_');
        name.push_str(&hash(text));
    }
    name
}

/// The first six hexadecimal digits of a text's SHA-256.
pub(super) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let [first, second, third, ..] = digest.0;
    format!("{first:02x}{second:02x}{third:02x}")
}

/// A name less its first label, or the name itself where that would leave a single one.
fn parent_domain(name: &str) -> &str {
    match name.split_once('.') {
        Some((_, parent)) if parent.contains('.') => parent,
        _ => name,
    }
}

/// The network of this index among those into which this many more bits divide one, as
/// Terraform's `cidrsubnet` counts them.
fn subnet(network: &str, kwargs: &Kwargs) -> TeraResult<String> {
    let bits = kwargs.must_get::<u8>("bits")?;
    let index = kwargs.must_get::<usize>("index")?;
    let network = parsed(network)?;
    let length = network.prefix_len().saturating_add(bits);
    let part = network
        .subnets(length)
        .ok()
        .and_then(|mut parts| parts.nth(index));
    part.map(|part| part.to_string()).ok_or_else(|| {
        Error::message(format!(
            "`{network}` has no network of /{length} with the index {index}"
        ))
    })
}

fn parsed(network: &str) -> TeraResult<IpNet> {
    network
        .parse()
        .map_err(|_| Error::message(format!("`{network}` is no network")))
}

/// A value as TOML.
fn in_toml(value: &Value) -> TeraResult<String> {
    if let Some(items) = value.as_array() {
        let items: TeraResult<Vec<String>> = items.iter().map(in_toml).collect();
        return Ok(format!("[{}]", items?.join(", ")));
    }
    if let Some(map) = value.as_map() {
        let mut entries: Vec<String> = map
            .iter()
            .map(|(key, value)| {
                Ok(format!(
                    "\"{}\" = {}",
                    text::escaped(&key.to_string()),
                    in_toml(value)?
                ))
            })
            .collect::<TeraResult<_>>()?;
        entries.sort();
        return Ok(format!("{{ {} }}", entries.join(", ")));
    }
    if value.is_bool() || value.is_number() {
        return Ok(value.to_string());
    }
    if value.is_string() || value.is_bytes() {
        return Ok(format!("\"{}\"", text::escaped(&value.to_string())));
    }
    Err(Error::message("TOML has no value for nothing"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tera::{Context, Value};

    use super::{Engine, label};
    use crate::blueprint::template::Template;
    use crate::diagnostic::Source;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let source = Source {
            name: "t".to_owned(),
            text: template.to_owned(),
        };
        let mut context = Context::new();
        context.insert("text", "a\"b");
        context.insert("list", &["x", "y"]);
        context.insert_value(
            "placed",
            Value::bytes(b"\xEE\x80\x80web.id\xEE\x80\x81".to_vec()),
        );
        context.insert_value("nothing", super::nothing());
        let result = Engine::new(&[Template::new("t".to_owned(), Arc::new(source))])
            .and_then(|engine| engine.render("t", &context));
        let said = match result {
            Ok(text) => text,
            Err(failure) => match failure.refused {
                Some(input) => format!("refused {input}: {}", failure.message),
                None => format!(
                    "{}: {}",
                    failure.place.map_or(0, |place| place.1),
                    failure.message
                ),
            },
        };
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn values_are_escaped_whatever_way_they_go() {
        check("{{ text }}", "a\u{E000}22\u{E001}b");
        check("{{ text | upper }}", "A\u{E000}22\u{E001}B");
        check("{{ [text] | toml }}", "[\"a\u{E000}22\u{E001}b\"]");
        check(
            "{{ {\"k\": text} | toml }}",
            "{ \"k\" = \"a\u{E000}22\u{E001}b\" }",
        );
        check(
            "{% set copy = text ~ \"c\" %}{{ copy }}",
            "a\u{E000}22\u{E001}bc",
        );
        check("{{ text | safe }}", "blueprints have no `safe`");
        check("{{ placed }}", "\u{E000}web.id\u{E001}");
        check("{{ [placed] | toml }}", "[\"\u{E000}web.id\u{E001}\"]");
    }

    #[test]
    fn what_is_undefined_or_refused_says_where() {
        check("\n{{ tekst }}", "2: variable `tekst` is not defined");
        check(
            "{{ refuse(input=\"text\", message=\"no \" ~ text) }}",
            "refused text: no a\"b",
        );
        check("{% if placed is reference %}yes{% endif %}", "yes");
        check("{% if nothing %}yes{% else %}no{% endif %}", "no");
        check("{{ placed | upper }}", "1: ");
    }

    #[test]
    fn networks_are_divided() {
        check(
            "{{ \"10.0.0.0/16\" | subnet(bits=5, index=9) }}",
            "10.0.72.0/21",
        );
        check("{{ \"10.0.0.0/16\" | prefix_length + 1 }}", "17");
        check(
            "{{ \"fd00::/56\" | subnet(bits=8, index=255) }}",
            "fd00:0:0:ff::/64",
        );
        check(
            "{{ \"10.0.0.0/28\" | subnet(bits=5, index=0) }}",
            "1: `10.0.0.0/28` has no network of /33 with the index 0",
        );
        check(
            "{{ \"10.0.0.0/16\" | subnet(bits=1, index=2) }}",
            "1: `10.0.0.0/16` has no network of /17 with the index 2",
        );
        check("{{ text | prefix_length }}", "1: `a\"b` is no network");
    }

    #[test]
    fn labels_are_names() {
        for (text, expected) in [
            ("abc", "abc"),
            ("a_b", "a_b"),
            ("a-b", "a_b_d44362"),
            ("0.0.0.0/0", "r_0_0_0_0_0_b42e18"),
            ("", "r__e3b0c4"),
        ] {
            assert_eq!(label(&Value::from(text)), expected);
        }
    }
}
