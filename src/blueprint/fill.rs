//! What neither spec nor blueprint says: tags, the kinds' defaults, names.
//!
//! *Invariant*: a name depends on app, environment and address alone, so that a state that
//! was lost can be found again.

use std::collections::BTreeMap;

use super::engine::hash;
use super::manifest::Manifest;
use crate::address::Address;
use crate::aws::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG};
use crate::kind::{Kind, Literal, Name};
use crate::resource::{Desired, Maker, Resource};
use crate::spec::{Component, Spec};
use crate::value::{Attributes, Part, Reference, Value};

/// Name of the lookup of the account's number, which generated names refer to.
pub(super) const IDENTITY: (&str, &str) = ("aws_caller_identity", "current");

/// What no name of AWS may begin with: a load balancer's, a group's, a bucket's.
const RESERVED: &[&str] = &["internal-", "sg-", "xn--", "sthree-", "amzn-s3-demo-"];

/// Adds the spec's tags, which go before the blueprint's, and ours.
pub(super) fn tags(resource: &mut Resource, spec: &Spec) {
    let takes_tags = Kind::of(&resource.address.kind)
        .and_then(|kind| kind.schema().attribute("tags"))
        .is_some_and(|tags| tags.optional);
    if !takes_tags {
        return;
    }
    let mut tags = match resource.attributes.remove("tags") {
        Some(Value::Map(tags)) => tags,
        _ => BTreeMap::new(),
    };
    let is_added = resource.is_added();
    for (key, value) in &spec.tags {
        // What the user says of this one resource goes before what is said of all.
        let of_its_own = resource.overridden.contains_key(&format!("tags.{key}"))
            || (is_added && tags.contains_key(key));
        if !of_its_own {
            tags.insert(key.clone(), value.value.clone().into());
        }
    }
    let address = resource.address.to_string();
    for (key, value) in [
        (APP_TAG, spec.app.value.as_str()),
        (ENVIRONMENT_TAG, spec.environment.value.as_str()),
        (ADDRESS_TAG, address.as_str()),
    ] {
        tags.insert(key.to_owned(), value.into());
    }
    resource
        .attributes
        .insert("tags".to_owned(), Value::Map(tags));
}

/// Notes the blueprint, the versions, and what hangs on what the spec gives.
pub(super) fn maker(resource: &mut Resource, component: &Component, manifest: &Manifest) {
    let header = Some(&component.name.span);
    let is_given = |attribute: &&String| {
        let origin = resource.origins.get(*attribute);
        let by_input = origin.is_some_and(|origin| origin.spec.as_ref() != header);
        by_input || resource.is_added() && !resource.defaulted.contains(*attribute)
    };
    let attributes = resource.attributes.keys();
    let given = attributes.filter(is_given).cloned().collect();
    resource.maker = Some(Box::new(Maker {
        watertight: crate::VERSION.to_owned(),
        blueprint: component.blueprint.value.clone(),
        version: manifest.version.clone(),
        given,
    }));
}

/// Fills in the kind's defaults.
pub(super) fn defaults(resource: &mut Resource, kind: &Kind) {
    for (path, literal) in kind.defaults {
        let new = !resource.attributes.contains_key(*path) && !path.contains('.');
        default(&mut resource.attributes, path, *literal);
        if new {
            resource.defaulted.insert((*path).to_owned());
        }
    }
}

fn default(attributes: &mut Attributes, path: &str, literal: Literal) {
    match path.split_once('.') {
        None => {
            attributes
                .entry(path.to_owned())
                .or_insert_with(|| literal.value());
        }
        Some((block, rest)) => match attributes.get_mut(block) {
            Some(Value::List(items)) => {
                for item in items {
                    if let Value::Map(inside) = item {
                        default(inside, rest, literal);
                    }
                }
            }
            Some(Value::Map(inside)) => default(inside, rest, literal),
            _ => {}
        },
    }
}

/// Names what has no name. Two resources of a kind that would get the same one get a hash
/// of their address.
pub(super) fn names(desired: &mut Desired) {
    let mut wanted: Vec<(Address, Name, String)> = Vec::new();
    for resource in desired.resources.values() {
        let kind = Kind::of(&resource.address.kind);
        let Some(name) = kind.and_then(|kind| kind.generated_name) else {
            continue;
        };
        let given = resource.attributes.contains_key(name.attribute)
            || resource
                .attributes
                .contains_key(&format!("{}_prefix", name.attribute));
        if !given {
            let text = cut(desired, &resource.address, name, false);
            wanted.push((resource.address.clone(), name, text));
        }
    }
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (address, _, text) in &wanted {
        *times
            .entry((address.kind.clone(), text.clone()))
            .or_default() += 1;
    }
    for (address, name, mut text) in wanted {
        if times.get(&(address.kind.clone(), text.clone())) > Some(&1) {
            text = cut(desired, &address, name, true);
        }
        let value = if name.with_account {
            let (kind, lookup) = IDENTITY;
            let account = Address::lookup(&address.component, kind, lookup);
            Value::Template(vec![
                Part::Text(format!("{text}-")),
                Part::Reference(Reference::to(account, "account_id")),
            ])
        } else {
            Value::String(text)
        };
        if let Some(resource) = desired.resources.get_mut(&address) {
            resource.attributes.insert(name.attribute.to_owned(), value);
            resource.generated.insert(name.attribute.to_owned());
        }
    }
}

/// `shop-prod-web-main`, as long as the service allows; the account's number takes 13.
fn cut(desired: &Desired, address: &Address, name: Name, hashed: bool) -> String {
    let longest = name.longest - if name.with_account { 13 } else { 0 };
    let parts = [
        desired.app.as_str(),
        &desired.environment,
        &address.component,
        &address.name,
    ];
    let mut whole = parts.join("-").replace('_', "-");
    if RESERVED.iter().any(|prefix| whole.starts_with(prefix)) {
        whole.insert_str(0, "wt-");
    }
    let whole = whole.trim_end_matches('-');
    if whole.len() <= longest && !hashed {
        return whole.to_owned();
    }
    let kept = whole
        .get(..longest.min(whole.len() + 7) - 7)
        .unwrap_or(whole);
    format!("{}-{}", kept.trim_end_matches('-'), hash(&parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::cut;
    use crate::address::Address;
    use crate::kind::Name;
    use crate::resource::Desired;

    #[track_caller]
    fn check(app: &str, component: &str, name: &str, longest: usize, expected: &str) {
        let desired = Desired {
            app: app.to_owned(),
            environment: "prod".to_owned(),
            ..Desired::default()
        };
        let limit = Name {
            attribute: "name",
            longest,
            with_account: false,
        };
        let text = cut(
            &desired,
            &Address::managed(component, "aws_lb", name),
            limit,
            false,
        );
        assert_eq!(text, expected);
        assert!(text.len() <= longest);
    }

    #[test]
    fn names_say_whose_they_are_and_stay_within_the_limit() {
        check("shop", "web", "main", 32, "shop-prod-web-main");
        check("shop", "web", "a_b", 32, "shop-prod-web-a-b");
        check("internal", "web", "main", 32, "wt-internal-prod-web-main");
        check(
            "a-very-long-application",
            "storefront",
            "main",
            32,
            "a-very-long-application-p-c09c62",
        );
        check("shop", "web", "main", 18, "shop-prod-web-main");
        check("shop", "web", "main", 17, "shop-prod-e554d5");
    }
}
