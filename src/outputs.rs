//! What components give to people: read from what stands, not from what was applied last.
//!
//! In: the desired resources and the state. Out: [`Output`]s. Only the lookups and the
//! resources are read that the chosen outputs speak of.
//!
//! *Invariant*: a sensitive value is never in an output; an output of what does not stand is
//! unknown, even where its text could be told.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Mode};
use crate::kind::schema::Schema;
use crate::refresh::{Known, Observed};
use crate::resource::Desired;
use crate::state::{Document, Status};
use crate::value::{Reference, Step, Value};

/// An output and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The component that gives it.
    pub component: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: Given,
}

/// What is known of an output.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Its value.
    Value(Value),
    /// It waits for this to stand; none where nothing of the component does.
    NotYet(Option<Address>),
    /// The provider's schema calls it sensitive.
    Sensitive,
}

/// The part of what is desired that the chosen outputs need: themselves, and the lookups
/// that they lead to.
#[must_use]
pub fn part(desired: &Desired, chosen: &dyn Fn(&str, &str) -> bool) -> Desired {
    let outputs: BTreeMap<_, _> = desired
        .outputs
        .iter()
        .filter(|((component, name), _)| chosen(component, name))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut lookups = BTreeMap::new();
    let mut waiting: Vec<Address> = outputs.values().flat_map(targets).collect();
    while let Some(address) = waiting.pop() {
        if let Some(lookup) = desired.lookups.get(&address)
            && lookups.insert(address, lookup.clone()).is_none()
        {
            waiting.extend(lookup.arguments.values().flat_map(targets));
        }
    }
    Desired {
        outputs,
        lookups,
        resources: BTreeMap::new(),
        ..desired.clone()
    }
}

/// The records of what these outputs refer to.
#[must_use]
pub fn records(part: &Desired, document: &Document) -> Document {
    let wanted: BTreeSet<Address> = part.outputs.values().flat_map(targets).collect();
    let mut document = document.clone();
    document
        .records
        .retain(|record| record.status != Status::Deposed && wanted.contains(&record.address));
    document
}

/// The outputs, with what was found. `written` are the same outputs before their lookups
/// were answered.
#[must_use]
pub fn resolve(
    written: &Desired,
    answered: &Desired,
    document: &Document,
    observed: &Observed,
) -> Vec<Output> {
    let mut known = Known::default();
    for (address, seen) in &observed.resources {
        known.learn(address.clone(), seen.attributes.clone());
    }
    let stands = |component: &str| {
        document
            .records
            .iter()
            .any(|record| record.address.component == component && record.id.is_some())
    };
    answered
        .outputs
        .iter()
        .map(|((component, name), value)| {
            let key = (component.clone(), name.clone());
            let given = if written.outputs.get(&key).is_some_and(is_sensitive) {
                Given::Sensitive
            } else if stands(component) {
                let value = known.resolve(value);
                match unknown_in(&value) {
                    Some(target) => Given::NotYet(Some(target)),
                    None => Given::Value(value),
                }
            } else {
                Given::NotYet(None)
            };
            Output {
                component: component.clone(),
                name: name.clone(),
                value: given,
            }
        })
        .collect()
}

/// Whether the value leads to what the schema calls sensitive.
#[must_use]
pub fn is_sensitive(value: &Value) -> bool {
    let mut references = Vec::new();
    value.references(&mut references);
    references.into_iter().any(|reference| {
        let Reference { target, path } = reference;
        let kind = match target.mode {
            Mode::Managed => target.kind.clone(),
            Mode::Lookup => format!("data.{}", target.kind),
        };
        let Some(Step::Attribute(name)) = path.first() else {
            return false;
        };
        let schema = Schema::of(&kind);
        let attribute = schema.and_then(|schema| schema.attribute(name));
        attribute.is_some_and(|attribute| attribute.sensitive)
    })
}

fn targets(value: &Value) -> Vec<Address> {
    let mut references = Vec::new();
    value.references(&mut references);
    let references = references.into_iter();
    references
        .map(|reference| reference.target.clone())
        .collect()
}

/// What a resolved value still waits for.
fn unknown_in(value: &Value) -> Option<Address> {
    match value {
        Value::Unknown { from } => from.as_ref().map(|from| from.target.clone()),
        Value::List(items) => items.iter().find_map(unknown_in),
        Value::Map(entries) => entries.values().find_map(unknown_in),
        other => targets(other).into_iter().next(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{is_sensitive, part};
    use crate::address::Address;
    use crate::resource::{Desired, Lookup, Origin};
    use crate::value::{Reference, Value};

    fn lookup(name: &str, needs: Option<&str>) -> Lookup {
        let address = |name: &str| Address::lookup("web", "aws_vpc", name);
        let argument = |need: &str| {
            let reference = Reference::to(address(need), "id");
            ("id".to_owned(), Value::Reference(reference))
        };
        Lookup {
            address: address(name),
            region: "eu-west-1".to_owned(),
            arguments: needs.map(argument).into_iter().collect(),
            depends_on: BTreeSet::new(),
            origin: Origin::default(),
        }
    }

    #[test]
    fn only_what_the_chosen_outputs_need_is_asked() {
        let lookups = [lookup("a", Some("b")), lookup("b", None), lookup("c", None)];
        let to = |name: &str| {
            let target = Address::lookup("web", "aws_vpc", name);
            Value::Reference(Reference::to(target, "id"))
        };
        let key = |name: &str| ("web".to_owned(), name.to_owned());
        let desired = Desired {
            lookups: lookups.map(|one| (one.address.clone(), one)).into(),
            outputs: BTreeMap::from([(key("vpc"), to("a")), (key("other"), to("c"))]),
            ..Desired::default()
        };
        let part = part(&desired, &|_, name| name == "vpc");
        let names: Vec<&str> = part.lookups.keys().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(part.outputs.len(), 1);
    }

    #[test]
    fn the_schema_says_what_is_sensitive() {
        let of = |attribute: &str| {
            let target = Address::lookup("web", "aws_ssm_parameter", "key");
            is_sensitive(&Value::Reference(Reference::to(target, attribute)))
        };
        assert!(of("value"));
        assert!(!of("insecure_value"));
    }
}
