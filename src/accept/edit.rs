//! One value at a time into the text of a spec.
//!
//! *Invariant*: whatever is not written over stays as it is, comments and form included.

use std::collections::BTreeMap;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table};

use crate::value::Value;

/// Where a value goes, and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// The keys that lead to a table with a header of its own.
    pub(crate) table: Vec<String>,
    /// The keys in it.
    pub(crate) keys: Vec<String>,
    /// The value.
    pub(crate) value: toml_edit::Value,
}

impl Edit {
    /// `components.web.override.aws_lb.main.idle_timeout`.
    pub(crate) fn place(&self) -> String {
        self.table
            .iter()
            .chain(&self.keys)
            .map(|key| toml_edit::Key::new(key).to_string())
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// The text with these values in it; none where something of another form stands in the way.
pub(crate) fn write(text: &str, edits: &[Edit]) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    for edit in edits {
        let mut item = document.as_item_mut();
        for (depth, key) in edit.table.iter().enumerate() {
            let is_last = depth + 1 == edit.table.len();
            item = enter(item, key, || header(is_last))?;
        }
        let (last, way) = edit.keys.split_last()?;
        for key in way {
            item = enter(item, key, || inline(InlineTable::new()))?;
        }
        put(item, last, edit.value.clone())?;
    }
    Some(document.to_string())
}

/// A table that is written under a header of its own, or one on the way to it.
fn header(is_last: bool) -> Item {
    let mut table = Table::new();
    table.set_implicit(!is_last);
    Item::Table(table)
}

fn inline(table: InlineTable) -> Item {
    Item::Value(toml_edit::Value::InlineTable(table))
}

/// What stands under a key, made where nothing does.
fn enter<'a>(item: &'a mut Item, key: &str, new: impl Fn() -> Item) -> Option<&'a mut Item> {
    let is_inline = item.is_inline_table();
    let table = item.as_table_like_mut()?;
    if !table.contains_key(key) {
        let made = if is_inline {
            inline(InlineTable::new())
        } else {
            new()
        };
        table.insert(key, made);
    }
    table.get_mut(key).filter(|item| item.is_table_like())
}

/// Writes a value, in the place and with the comment of the old one.
fn put(item: &mut Item, key: &str, mut value: toml_edit::Value) -> Option<()> {
    let table = item.as_table_like_mut()?;
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(_) => return None,
        None => {
            table.insert(key, Item::Value(value));
        }
    }
    Some(())
}

/// A value in TOML; none where TOML has none like it. In an amendment `${` begins a
/// reference, so there it is escaped.
pub(crate) fn to_toml(value: &Value, amends: bool) -> Option<toml_edit::Value> {
    Some(match value {
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) if amends => text.replace("${", "$${").into(),
        Value::String(text) => text.as_str().into(),
        Value::List(items) => {
            let items = items.iter().map(|item| to_toml(item, amends));
            toml_edit::Value::Array(items.collect::<Option<Array>>()?)
        }
        Value::Map(entries) => {
            let mut table = InlineTable::new();
            for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
                table.insert(key, to_toml(value, amends)?);
            }
            toml_edit::Value::InlineTable(table)
        }
        Value::Null | Value::Reference(_) | Value::Template(_) | Value::Unknown { .. } => {
            return None;
        }
    })
}

/// Puts a reference in the place of each text that is what AWS calls one of these, at any depth.
pub(crate) fn refer(value: &mut toml_edit::Value, references: &BTreeMap<String, String>) {
    match value {
        toml_edit::Value::String(text) => {
            if let Some(reference) = references.get(text.value()) {
                *value = reference.as_str().into();
            }
        }
        toml_edit::Value::Array(items) => {
            items.iter_mut().for_each(|item| refer(item, references));
        }
        toml_edit::Value::InlineTable(table) => {
            let mut entries = table.iter_mut();
            entries
                .by_ref()
                .for_each(|(_, entry)| refer(entry, references));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Edit, to_toml, write};
    use crate::value::Value;

    #[track_caller]
    fn check(text: &str, table: &str, keys: &str, value: &Value, expected: Option<&str>) {
        let parts = |path: &str| path.split('.').map(str::to_owned).collect();
        let edit = Edit {
            table: parts(table),
            keys: parts(keys),
            value: to_toml(value, true).unwrap(),
        };
        assert_eq!(write(text, &[edit]).as_deref(), expected);
    }

    #[test]
    fn what_stands_keeps_its_form() {
        check(
            "# the app\n[components.web]\nport = 8443 # TLS\n\n# the site\n[components.site]\nx = 1\n",
            "components.web",
            "port",
            &9443.into(),
            Some(
                "# the app\n[components.web]\nport = 9443 # TLS\n\n# the site\n[components.site]\nx = 1\n",
            ),
        );
    }

    #[test]
    fn a_new_table_follows_its_component() {
        check(
            "[components.web]\nport = 8443\n\n[components.site]\nx = 1\n",
            "components.web.override.aws_lb.main",
            "idle_timeout",
            &600.into(),
            Some(
                "[components.web]\nport = 8443\n\n[components.web.override.aws_lb.main]\nidle_timeout = 600\n\n[components.site]\nx = 1\n",
            ),
        );
    }

    #[test]
    fn a_block_is_merged() {
        let override_of = "components.web.override.aws_lb_target_group.app";
        check(
            "[components.web.override.aws_lb_target_group.app]\nhealth_check = { interval = 10 }\n",
            override_of,
            "health_check.path",
            &"/${x}".into(),
            Some(
                "[components.web.override.aws_lb_target_group.app]\nhealth_check = { interval = 10 , path = \"/$${x}\" }\n",
            ),
        );
        check(
            "[components.web.override.aws_lb_target_group.app]\nhealth_check = [{ interval = 10 }]\n",
            override_of,
            "health_check.path",
            &"/".into(),
            None,
        );
    }
}
