//! `[defaults]`: inputs for every component that takes them and does not give them itself.
//!
//! *Invariant*: which components take them is not known here; that is said by `blueprint`.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::Given;
use super::input::{self, Scope};
use super::reader::Reader;

/// Reads the table.
pub(super) fn defaults(reader: &mut Reader, root: &DeTable<'_>) -> BTreeMap<String, Given> {
    let mut defaults = BTreeMap::new();
    let Some(value) = root.get("defaults") else {
        return defaults;
    };
    let Some(table) = reader.table("`defaults`", value, "[defaults]") else {
        return defaults;
    };
    let components = root
        .get("components")
        .and_then(|value| value.get_ref().as_table());
    let names: Vec<&str> = components
        .into_iter()
        .flat_map(|table| table.keys().map(|key| key.get_ref().as_ref()))
        .collect();
    // No component has this name: a default may refer to any.
    let scope = Scope {
        component: "",
        components: &names,
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if name == "blueprint" {
            let span = reader.span(key);
            let hint = "Write `blueprint` in each component.";
            reader.error("`blueprint` has no default", span, "", hint);
            continue;
        }
        let given = Given {
            key: reader.span(key),
            value: input::read(reader, Some(&scope), value),
        };
        defaults.insert(name.to_owned(), given);
    }
    defaults
}
