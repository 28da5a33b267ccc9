//! What stands under a wanted name and is not ours.
//!
//! *Invariant*: nothing here gives it a step.

use super::{Address, Foreign, Kind, Observed, Problem, Resource};
use crate::kind::Import;

/// Whether it is deleted anyway, as others put it under a parent whose children are ours alone,
/// and so before what has its place.
pub(super) fn goes_first(kind: &Kind, foreign: &Foreign, observed: &Observed) -> bool {
    let (Foreign::NotOurs(id) | Foreign::OtherLineage(id, _)) = foreign else {
        return false;
    };
    let mut children = observed.children.iter();
    !kind.place().is_empty() && children.any(|child| child.kind == kind.name && child.id == *id)
}

/// That it goes, and what to do if it is to stay.
pub(super) fn note(address: &Address, foreign: &Foreign) -> String {
    format!("{address}: {foreign}; it goes first, or an [[import]] takes it over instead")
}

/// Why it can't be made, and what to do about it.
pub(super) fn problem(resource: &Resource, kind: &Kind, foreign: &Foreign) -> Problem {
    let is_generated = kind
        .generated_name
        .is_some_and(|name| resource.generated.contains(name.attribute));
    let mut hints = Vec::new();
    hints.extend(import(resource, kind, foreign));
    let hint = match foreign {
        Foreign::NotOurs(_) if is_generated => {
            "or, as its name is made of app, environment and component: change one of them in the spec, or delete it yourself if nobody needs it; watertight never overwrites what it did not make"
        }
        Foreign::NotOurs(_) => {
            "or choose another name in the spec, or delete it yourself if nobody needs it; watertight never overwrites what it did not make"
        }
        Foreign::OtherLineage(..) => {
            "run with the state that made it, or change `app` or `environment`"
        }
        Foreign::Several(_) => "delete all but one, then run again",
    };
    hints.push(hint.to_owned());
    Problem {
        address: resource.address.clone(),
        message: format!("{}{} {foreign}", kind.noun, called(resource, kind, foreign)),
        hints,
    }
}

/// The block that takes over what is nobody's here.
fn import(resource: &Resource, kind: &Kind, foreign: &Foreign) -> Option<String> {
    let (Foreign::NotOurs(id), Import::ById) = (foreign, kind.import) else {
        return None;
    };
    Some(format!(
        "if it is what the spec means, take it over, and the next plan shows what would change of it:\n\n    [[import]]\n    address = \"{}\"\n    id = \"{id}\"\n",
        resource.address
    ))
}

/// The name under which people know it, with a blank before it, where the id is none:
/// `sg-0a1b`, or `Z1_shop.example.com_A`.
fn called(resource: &Resource, kind: &Kind, foreign: &Foreign) -> String {
    let attribute = kind.generated_name.map_or("name", |name| name.attribute);
    let name = resource.get(attribute).as_str();
    let record_type = resource.get("type").as_str();
    match (name, record_type) {
        (Some(name), Some(record_type)) if kind.name == "aws_route53_record" => {
            format!(" {name} {record_type}:")
        }
        (Some(name), _) if !matches!(foreign, Foreign::NotOurs(id) if id.text == name) => {
            format!(" {name}:")
        }
        _ => String::new(),
    }
}
