//! Values as a spec writes them.
//!
//! *Invariant*: what is written is read back as the same value.

use super::Input;

/// A value as a spec writes it, always on one line.
#[must_use]
pub fn in_toml(value: &Input) -> String {
    match value {
        Input::Text(text) => quoted(text),
        Input::Int(number) => number.to_string(),
        // The form of Debug has a point, without which it would be a whole number.
        Input::Float(number) => format!("{number:?}"),
        Input::Bool(truth) => truth.to_string(),
        Input::List(items) => {
            let items: Vec<String> = items.iter().map(|item| in_toml(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Input::Table(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, item)| format!("{} = {}", key_in_toml(key), in_toml(&item.value)))
                .collect();
            match entries.as_slice() {
                [] => "{}".to_owned(),
                entries => format!("{{ {} }}", entries.join(", ")),
            }
        }
        Input::From { component, output } => {
            format!("{{ from = {} }}", quoted(&format!("{component}.{output}")))
        }
        Input::Kept { keeper, name } => {
            format!(
                "{{ from = {} }}",
                quoted(&format!("{}:{name}", keeper.scheme()))
            )
        }
        Input::Component(component) => format!("{{ from = {} }}", quoted(component)),
    }
}

fn key_in_toml(key: &str) -> String {
    let is_bare = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let escape = format!("\\u{:04X}", u32::from(c));
                out.push_str(&escape);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::in_toml;
    use crate::diagnostic::{Source, Span};
    use crate::spec::{Input, Keeper, Written, parse_input};

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source {
            name: "spec.toml".to_owned(),
            text: text.to_owned(),
        })
    }

    /// The value without its places.
    fn bare(value: &Input) -> String {
        match value {
            Input::List(items) => {
                let items: Vec<String> = items.iter().map(|item| bare(&item.value)).collect();
                format!("{items:?}")
            }
            Input::Table(entries) => {
                let entries: BTreeMap<&String, String> = entries
                    .iter()
                    .map(|(key, item)| (key, bare(&item.value)))
                    .collect();
                format!("{entries:?}")
            }
            other => format!("{other:?}"),
        }
    }

    fn any_input() -> impl Strategy<Value = Input> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Input::Text),
            any::<i64>().prop_map(Input::Int),
            prop::num::f64::NORMAL.prop_map(Input::Float),
            any::<bool>().prop_map(Input::Bool),
            ("[a-z][a-z0-9-]{0,5}", "[a-z][a-z0-9_]{0,5}")
                .prop_map(|(component, output)| Input::From { component, output }),
            "/[a-z/]{0,5}[a-z]".prop_map(|name| Input::Kept {
                keeper: Keeper::Parameter,
                name
            }),
        ];
        let place = Span::new(&source(""), 0..0);
        leaf.prop_recursive(3, 12, 4, move |inner| {
            let place = place.clone();
            let written = inner.prop_map(move |value| Written {
                value,
                span: place.clone(),
            });
            prop_oneof![
                prop::collection::vec(written.clone(), 0..4).prop_map(Input::List),
                prop::collection::btree_map("[^f]{0,4}", written, 0..4).prop_map(Input::Table),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_is_read_as_it_was_written(value in any_input()) {
            let written = in_toml(&value);
            prop_assert!(!written.contains('\n'));
            let read = parse_input(&source(&written)).unwrap().value;
            prop_assert_eq!(bare(&read), bare(&value), "in {}", written);
        }
    }
}
