//! Whether what stands is what is wanted, value by value, as the schema and the kind say.
//!
//! *Invariant*: only what is wanted is looked at. What AWS has beside it is unmanaged.

use super::leave;
use crate::kind::schema::{Nesting, Schema, Type};
use crate::kind::{Compare, Kind};
use crate::plan::Field;
use crate::policy;
use crate::refresh::Known;
use crate::resource::Resource;
use crate::value::{Attributes, Value};

/// Every field in which what stands is not what is wanted. References are resolved by
/// what is known; what can't be resolved differs. What is left to others never does. A
/// field's causes are left empty.
#[must_use]
pub fn differences(
    kind: &Kind,
    resource: &Resource,
    known: &Known,
    observed: &Attributes,
) -> Vec<Field> {
    let mut wanted: Attributes = resource
        .attributes
        .iter()
        .filter(|(name, value)| !resource.generated.contains(*name) && !value.is_null())
        .map(|(name, value)| (name.clone(), known.resolve(value)))
        .collect();
    leave(&resource.ignored, &mut wanted, observed);
    let mut found = Vec::new();
    let walk = Walk {
        kind,
        wanted: &wanted,
    };
    walk.block(kind.schema(), "", &wanted, observed, &mut found);
    found
        .into_iter()
        .map(|(path, before, after)| {
            let top = path.split(['.', '[']).next().unwrap_or(&path);
            Field {
                forces_replacement: kind.replace.contains(&top)
                    || kind.replace.contains(&path.as_str()),
                path,
                before,
                after,
                sensitive: false,
                why: Vec::new(),
            }
        })
        .collect()
}

/// Whether two values of the attribute at this path are the same to AWS.
#[must_use]
pub fn same(kind: &Kind, path: &str, a: &Value, b: &Value) -> bool {
    let wanted = Attributes::new();
    let walk = Walk {
        kind,
        wanted: &wanted,
    };
    let names: Vec<&str> = path.split('.').map(less_index).collect();
    if names[0] == "tags" {
        return a == b;
    }
    let mut schema = kind.schema();
    for (depth, name) in names.iter().enumerate() {
        match schema.block(name) {
            Some(block) if depth + 1 == names.len() => {
                // Both ways, as a walk looks only at what its first side sets.
                let differs = |a: &Value, b: &Value| {
                    let mut found = Vec::new();
                    walk.blocks(&block.schema, block.nesting, path, a, b, &mut found);
                    !found.is_empty()
                };
                return a == b || (!differs(a, b) && !differs(b, a));
            }
            Some(block) => schema = &block.schema,
            None => {
                let of = schema.attribute(name).map(|attribute| &attribute.of);
                return a == b || walk.same(path, of, a, b);
            }
        }
    }
    a == b
}

/// The value at the path of a field, `tags.owner` or `rule[1].status`; null where there is
/// none. The key of a tag may hold dots.
#[must_use]
pub fn value_at<'a>(attributes: &'a Attributes, path: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    if let Some(key) = path.strip_prefix("tags.") {
        let tags = attributes.get("tags").and_then(Value::as_map);
        return tags.and_then(|tags| tags.get(key)).unwrap_or(&NULL);
    }
    let mut names = path.split('.').peekable();
    let mut map = attributes;
    while let Some(name) = names.next() {
        let Some(value) = map.get(less_index(name)) else {
            return &NULL;
        };
        let index = name
            .split_once('[')
            .and_then(|(_, rest)| rest.trim_end_matches(']').parse::<usize>().ok());
        let value = match (value, index) {
            (Value::List(items), Some(index)) => items.get(index),
            (Value::List(items), None) if names.peek().is_some() => items.first(),
            (value, _) => Some(value),
        };
        match (value, names.peek()) {
            (Some(value), None) => return value,
            (Some(Value::Map(entries)), Some(_)) => map = entries,
            _ => return &NULL,
        }
    }
    &NULL
}

/// A path's step less its index.
fn less_index(name: &str) -> &str {
    name.split_once('[').map_or(name, |(name, _)| name)
}

type Difference = (String, Value, Value);

struct Walk<'a> {
    kind: &'a Kind,
    /// All that is wanted, top level.
    wanted: &'a Attributes,
}

impl Walk<'_> {
    fn block(
        &self,
        schema: &Schema,
        prefix: &str,
        wanted: &Attributes,
        observed: &Attributes,
        found: &mut Vec<Difference>,
    ) {
        for (name, wanted) in wanted {
            if wanted.is_null() {
                continue;
            }
            let path = match prefix {
                "" => name.clone(),
                prefix => format!("{prefix}.{name}"),
            };
            let live = observed.get(name).unwrap_or(&Value::Null);
            if let Some(block) = schema.block(name) {
                self.blocks(&block.schema, block.nesting, &path, wanted, live, found);
            } else if name == "tags" {
                tags(wanted, live, found);
            } else {
                let of = schema.attribute(name).map(|attribute| &attribute.of);
                if !self.same(&path, of, wanted, live) {
                    found.push((path, live.clone(), wanted.clone()));
                }
            }
        }
    }

    /// Blocks in order are walked into one by one, where there are as many of them; others
    /// differ as a whole.
    fn blocks(
        &self,
        schema: &Schema,
        nesting: Nesting,
        path: &str,
        wanted: &Value,
        live: &Value,
        found: &mut Vec<Difference>,
    ) {
        let whole = |found: &mut Vec<Difference>| {
            found.push((path.to_owned(), live.clone(), wanted.clone()));
        };
        match (nesting, wanted, live) {
            (Nesting::Single, Value::Map(wanted), Value::Map(live)) => {
                self.block(schema, path, wanted, live, found);
            }
            (Nesting::List, Value::List(wanted), Value::List(live))
                if wanted.len() == live.len() =>
            {
                let several = wanted.len() > 1;
                for (index, (wanted, live)) in wanted.iter().zip(live).enumerate() {
                    let path = if several {
                        format!("{path}[{index}]")
                    } else {
                        path.to_owned()
                    };
                    match (wanted, live) {
                        (Value::Map(wanted), Value::Map(live)) => {
                            self.block(schema, &path, wanted, live, found);
                        }
                        _ if wanted == live => {}
                        _ => found.push((path, live.clone(), wanted.clone())),
                    }
                }
            }
            (Nesting::Set, Value::List(items), Value::List(others)) => {
                if !same_set(items, others, |a, b| self.same_block(schema, path, a, b)) {
                    whole(found);
                }
            }
            (_, Value::List(items), Value::Null) if items.iter().all(Value::is_off) => {}
            _ => whole(found),
        }
    }

    fn same_block(&self, schema: &Schema, path: &str, wanted: &Value, live: &Value) -> bool {
        let (Value::Map(wanted), Value::Map(live)) = (wanted, live) else {
            return wanted == live;
        };
        let mut found = Vec::new();
        self.block(schema, path, wanted, live, &mut found);
        found.is_empty()
    }

    fn same(&self, path: &str, of: Option<&Type>, wanted: &Value, live: &Value) -> bool {
        if wanted.is_unknown() {
            return false;
        }
        let path: Vec<&str> = path.split('.').map(less_index).collect();
        match self.kind.compares(&path.join(".")) {
            Some(Compare::WriteOnly) => true,
            Some(Compare::Policy) => policy::equal(wanted, live),
            Some(Compare::CaseInsensitive) => match (wanted.as_str(), live.as_str()) {
                (Some(wanted), Some(live)) => wanted.eq_ignore_ascii_case(live),
                _ => wanted == live,
            },
            Some(Compare::DnsName) => match (wanted.as_str(), live.as_str()) {
                (Some(wanted), Some(live)) => dns_name(wanted) == dns_name(live),
                _ => wanted == live,
            },
            Some(Compare::SetWith(other)) => {
                let implied = self.wanted.get(other);
                let whole = |set: &Value| {
                    let mut set = set.items().to_vec();
                    if let Some(item) = implied
                        && !set.contains(item)
                    {
                        set.push(item.clone());
                    }
                    set
                };
                same_set(&whole(wanted), &whole(live), |a, b| same_typed(None, a, b))
            }
            None => same_typed(of, wanted, live),
        }
    }
}

fn same_typed(of: Option<&Type>, wanted: &Value, live: &Value) -> bool {
    match (of, wanted, live) {
        (Some(Type::Set(of)), Value::List(items), Value::List(others)) => {
            same_set(items, others, |a, b| same_typed(Some(of), a, b))
        }
        (Some(Type::List(of)), Value::List(items), Value::List(others)) => {
            items.len() == others.len()
                && items
                    .iter()
                    .zip(others)
                    .all(|(a, b)| same_typed(Some(of), a, b))
        }
        (Some(Type::Set(_) | Type::List(_)), Value::List(items), Value::Null) => items.is_empty(),
        (Some(Type::Map(_) | Type::Object(_)), Value::Map(entries), Value::Map(others)) => {
            entries.len() == others.len()
                && entries
                    .iter()
                    .all(|(key, value)| others.get(key) == Some(value))
        }
        // An empty text and none are one to AWS, as they are to the provider.
        (Some(Type::String), Value::String(text), Value::Null) => text.is_empty(),
        _ => match (wanted.scalar_text(), live.scalar_text()) {
            (Some(wanted), Some(live)) => wanted == live,
            _ => wanted == live,
        },
    }
}

/// Whether each wanted element has one of its own among the live ones, and none is
/// left over.
fn same_set(wanted: &[Value], live: &[Value], same: impl Fn(&Value, &Value) -> bool) -> bool {
    let mut left: Vec<&Value> = live.iter().collect();
    let all = wanted.iter().all(|item| {
        let index = left.iter().position(|other| same(item, other));
        index.map(|index| left.remove(index)).is_some()
    });
    all && left.is_empty()
}
/// Tags that are wanted count; those of others do not.
fn tags(wanted: &Value, live: &Value, found: &mut Vec<Difference>) {
    for (key, wanted) in wanted.as_map().into_iter().flatten() {
        let live = live.as_map().and_then(|tags| tags.get(key));
        if live != Some(wanted) {
            let before = live.cloned().unwrap_or_default();
            found.push((format!("tags.{key}"), before, wanted.clone()));
        }
    }
}

/// A DNS name less its last dot, in lower case.
fn dns_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{Walk, same, value_at};
    use crate::kind::Kind;
    use crate::value::{Attributes, Value};

    fn certificate(names: &[&str]) -> Attributes {
        Attributes::from([
            ("domain_name".to_owned(), "a.example.com".into()),
            (
                "subject_alternative_names".to_owned(),
                Value::texts(names.iter().copied()),
            ),
        ])
    }

    #[test]
    fn a_set_that_holds_another_attribute_holds_it_written_or_not() {
        let kind = Kind::of("aws_acm_certificate").unwrap();
        let check = |wanted: &[&str], live: &[&str], same: bool| {
            let (wanted, live) = (certificate(wanted), certificate(live));
            let walk = Walk {
                kind,
                wanted: &wanted,
            };
            let mut found = Vec::new();
            walk.block(kind.schema(), "", &wanted, &live, &mut found);
            assert_eq!(found.is_empty(), same, "{found:?}");
        };
        check(&[], &["a.example.com"], true);
        check(
            &["b.example.com"],
            &["a.example.com", "b.example.com"],
            true,
        );
        check(
            &["b.example.com", "a.example.com"],
            &["a.example.com", "b.example.com"],
            true,
        );
        check(&[], &["a.example.com", "b.example.com"], false);
        check(&["c.example.com"], &["a.example.com"], false);
    }

    #[test]
    fn a_value_is_found_by_the_path_of_its_field() {
        let rule = |status: &str| Value::map([("status", Value::text(status))]);
        let attributes = Attributes::from([
            (
                "tags".to_owned(),
                Value::map([("a.b", Value::text("dotted"))]),
            ),
            (
                "rule".to_owned(),
                Value::List(vec![rule("Enabled"), rule("Disabled")]),
            ),
        ]);
        let check = |path: &str, expected: &str| {
            let found = value_at(&attributes, path).as_str().unwrap_or("-");
            assert_eq!(found, expected, "{path}");
        };
        check("tags.a.b", "dotted");
        check("rule.status", "Enabled");
        check("rule[1].status", "Disabled");
        check("rule[2].status", "-");
        check("nothing", "-");
        assert_eq!(value_at(&attributes, "rule").items().len(), 2);
    }

    #[test]
    fn sets_are_the_same_in_any_order() {
        let lb = Kind::of("aws_lb").unwrap();
        let texts = |texts: &[&str]| Value::texts(texts.iter().copied());
        let check = |path: &str, a: Value, b: Value, expected: bool| {
            assert_eq!(same(lb, path, &a, &b), expected, "{path}: {a:?} {b:?}");
        };
        check("subnets", texts(&["a", "b"]), texts(&["b", "a"]), true);
        check("subnets", texts(&["a", "b"]), texts(&["b"]), false);
        check("tags.owner", "a".into(), "a".into(), true);
        check("tags.owner", "a".into(), "A".into(), false);
    }
}
