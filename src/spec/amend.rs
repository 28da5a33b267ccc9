//! What a component says beside its inputs: `override`, `resource`, `data` and `ignore`.
//!
//! *Invariant*: whether a blueprint made what is overridden, and whether a kind has such an
//! attribute, is not known here.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::input::{self, Scope};
use super::reader::Reader;
use super::{Amendment, Amendments, COMPONENT_KEYS, Given, Written};

/// Whether the key of a component is one of these.
pub(super) fn has(key: &str) -> bool {
    key != "blueprint" && COMPONENT_KEYS.contains(&key)
}

/// Reads the value of one of these keys into what the component amends.
pub(super) fn read(
    reader: &mut Reader,
    scope: &Scope<'_>,
    key: &str,
    value: &Spanned<DeValue<'_>>,
    amendments: &mut Amendments,
) {
    match key {
        "ignore" => amendments.ignored = ignored(reader, value),
        "override" => amendments.overrides = named(reader, scope, key, value),
        "resource" => amendments.resources = named(reader, scope, key, value),
        _ => amendments.lookups = named(reader, scope, key, value),
    }
}

/// `[components.web.override.aws_lb.main]`: tables by kind and name.
fn named(
    reader: &mut Reader,
    scope: &Scope<'_>,
    key: &str,
    value: &Spanned<DeValue<'_>>,
) -> Vec<Amendment> {
    let component = scope.component;
    let kind = if key == "data" { "aws_vpc" } else { "aws_lb" };
    let example = format!("[components.{component}.{key}.{kind}.main]");
    let mut found = Vec::new();
    let Some(kinds) = reader.table(&format!("`{key}`"), value, &example) else {
        return found;
    };
    for (kind, value) in kinds {
        let what = format!("`{key}.{}`", kind.get_ref());
        let Some(names) = reader.table(&what, value, &example) else {
            continue;
        };
        for (name, value) in names {
            let what = format!("`{key}.{}.{}`", kind.get_ref(), name.get_ref());
            let Some(attributes) = reader.table(&what, value, &example) else {
                continue;
            };
            let attributes: BTreeMap<String, Given> = attributes
                .iter()
                .map(|(key, value)| {
                    let given = Given {
                        key: reader.span(key),
                        value: input::read(reader, Some(scope), value),
                    };
                    (key.get_ref().to_string(), given)
                })
                .collect();
            found.push(Amendment {
                kind: Written {
                    value: kind.get_ref().to_string(),
                    span: reader.span(kind),
                },
                name: Written {
                    value: name.get_ref().to_string(),
                    span: reader.span(value),
                },
                attributes,
            });
        }
    }
    found
}

/// `ignore = ["aws_lb_target_group.app.stickiness"]`.
fn ignored(reader: &mut Reader, value: &Spanned<DeValue<'_>>) -> Vec<Written<String>> {
    let Some(items) = value.get_ref().as_array() else {
        let span = reader.span(value);
        let hint = "Write `ignore = [\"aws_lb_target_group.app.stickiness\"]`.";
        reader.error("`ignore` must be a list of attributes", span, "", hint);
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| reader.text("ignore", item))
        .collect()
}
