//! The inputs of a component: any TOML value, and references to other components.
//!
//! *Invariant*: an input keeps its type as it was written; what a blueprint wants is not
//! known here.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::reader::{Reader, type_of};
use super::{Input, Written, kept};
use crate::address;
use crate::diagnostic::{Source, did_you_mean};

/// Reads one value that stands alone, such as an answer. References are taken at their
/// word, since the components are not known.
///
/// # Errors
/// A phrase that says what is wrong first.
pub(super) fn alone(source: &Arc<Source>) -> Result<Written<Input>, String> {
    let value = DeValue::parse(&source.text).map_err(|error| error.message().to_owned())?;
    let mut reader = Reader::new(source);
    let input = read(&mut reader, None, &value);
    match reader.problems.into_iter().next() {
        None => Ok(input),
        Some(problem) => Err(problem.message),
    }
}

/// Who may be referred to, and by whom.
pub(super) struct Scope<'a> {
    /// The component whose input this is.
    pub(super) component: &'a str,
    /// All components, whether or not they are right.
    pub(super) components: &'a [&'a str],
}

/// Reads one value; the TOML parser has limited its depth. Where it is wrong that is noted, and something stands in for it.
pub(super) fn read(
    reader: &mut Reader,
    scope: Option<&Scope<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Written<Input> {
    let span = reader.span(value);
    let input = match value.get_ref() {
        DeValue::String(text) => Input::Text(text.to_string()),
        DeValue::Boolean(truth) => Input::Bool(*truth),
        DeValue::Integer(number) => integer(reader, value, number),
        DeValue::Float(number) => {
            let number = number.as_str().parse().unwrap_or(f64::NAN);
            if !f64::is_finite(number) {
                let hint = "Write it out, such as `0.5`.";
                reader.error("the number has no finite value", span.clone(), "", hint);
            }
            Input::Float(number)
        }
        DeValue::Datetime(written) => {
            reader.error(
                format!("an input can't be {}", type_of(value.get_ref())),
                span.clone(),
                "",
                format!("Write it in quotes: `\"{written}\"`."),
            );
            Input::Text(written.to_string())
        }
        DeValue::Array(items) => {
            Input::List(items.iter().map(|item| read(reader, scope, item)).collect())
        }
        DeValue::Table(table) if table.contains_key("from") => reference(reader, scope, table),
        DeValue::Table(table) => Input::Table(
            table
                .iter()
                .map(|(key, item)| {
                    let item = read(reader, scope, item);
                    (key.get_ref().to_string(), item)
                })
                .collect::<BTreeMap<_, _>>(),
        ),
    };
    Written { value: input, span }
}

fn integer(reader: &mut Reader, value: &Spanned<DeValue<'_>>, number: &DeInteger<'_>) -> Input {
    let number = i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
        let span = reader.span(value);
        let hint = format!("The largest is {}.", i64::MAX);
        reader.error("the number is too large", span, "", hint);
        0
    });
    Input::Int(number)
}

/// Reads `{ from = "component.output" }`.
fn reference(reader: &mut Reader, scope: Option<&Scope<'_>>, table: &DeTable<'_>) -> Input {
    let said = Input::From {
        component: String::new(),
        output: String::new(),
    };
    for (key, _) in table {
        if key.get_ref().as_ref() != "from" {
            let message = format!("a reference has no key `{}`", key.get_ref());
            let hint = "A reference is `{ from = \"component.output\" }` and nothing else.";
            let span = reader.span(key);
            reader.error(message, span, "", hint);
        }
    }
    let Some(value) = table.get("from") else {
        return said;
    };
    let Some(text) = reader.text("from", value) else {
        return said;
    };
    if let Some(kept) = kept::read(&text.value) {
        return kept.unwrap_or_else(|misfit| {
            reader.misfit(misfit, text.span);
            said
        });
    }
    let (component, output) = match text.value.split_once('.') {
        Some((component, output)) => (component, Some(output)),
        None => (text.value.as_str(), None),
    };
    if !address::is_component(component) || !output.is_none_or(address::is_name) {
        reader.error(
            format!("`{}` is not a component and its output", text.value),
            text.span,
            "",
            "A reference looks like `{ from = \"network.vpc_id\" }`, or `{ from = \"network\" }` for all that a component gives.",
        );
        return said;
    }
    let from = match output {
        Some(output) => Input::From {
            component: component.to_owned(),
            output: output.to_owned(),
        },
        None => Input::Component(component.to_owned()),
    };
    let Some(scope) = scope else {
        return from;
    };
    if component == scope.component {
        reader.error(
            format!("component `{component}` refers to itself"),
            text.span,
            "",
            "Refer to an output of another component.",
        );
        return said;
    }
    if !scope.components.contains(&component) {
        let others = scope.components.iter().copied();
        let hint = did_you_mean(component, others.filter(|other| *other != scope.component))
            .map_or_else(
                || format!("Add `[components.{component}]`, or refer to another."),
                |meant| match output {
                    Some(output) => format!("Did you mean `{meant}.{output}`?"),
                    None => format!("Did you mean `{meant}`?"),
                },
            );
        reader.error(
            format!("there is no component `{component}`"),
            text.span,
            "",
            hint,
        );
        return said;
    }
    from
}
