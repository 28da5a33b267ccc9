//! Whether what `[[import]]` names is in the spec, and can be what it says.
//!
//! *Invariant*: looks at the spec only; what stands is for AWS to say.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::kind::{self, Kind};
use crate::resource::Desired;
use crate::spec::Import;

/// What is wrong with the resources that are imported.
pub(super) fn check(desired: &Desired) -> Vec<Diagnostic> {
    let wrong = desired.imports.iter().filter_map(|one| wrong(desired, one));
    wrong.chain(one_thing_twice(desired)).collect()
}

/// Things that are imported as two resources. A bucket's parts have its id, and are other
/// things.
fn one_thing_twice(desired: &Desired) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<(&str, &str, &str), &Import> = BTreeMap::new();
    let mut found = Vec::new();
    for one in &desired.imports {
        let Some(resource) = desired.resources.get(&one.address) else {
            continue;
        };
        let thing = (
            one.address.kind.as_str(),
            resource.region.as_str(),
            one.id.as_str(),
        );
        match seen.get(&thing) {
            // The same address twice is said where the blocks are read.
            Some(first) if first.address == one.address => {}
            Some(first) => found.push(
                Diagnostic::error(format!(
                    "`{}` is imported as `{}` and as `{}`",
                    one.id, first.address, one.address
                ))
                .at(one.span.clone(), "")
                .at(first.span.clone(), "here too")
                .hint("No thing is two resources: keep one of the two, and give the other the id that it has."),
            ),
            None => {
                seen.insert(thing, one);
            }
        }
    }
    found
}

/// Why nothing in AWS can become the resource of this address; none where it can.
#[must_use]
pub fn not_importable(desired: &Desired, address: &Address) -> Option<Diagnostic> {
    if !desired.resources.contains_key(address) {
        let names: Vec<String> = desired.resources.keys().map(ToString::to_string).collect();
        let meant = did_you_mean(&address.to_string(), names.iter().map(String::as_str));
        let hint = match meant {
            Some(name) => format!("Did you mean `{name}`?"),
            None => "`watertight plan` shows the addresses of everything in the spec.".to_owned(),
        };
        return Some(
            Diagnostic::error(format!(
                "`{address}` is not in this spec, so nothing can become it"
            ))
            .hint(hint),
        );
    }
    match Kind::of(&address.kind)?.import {
        kind::Import::Not(why) => Some(
            Diagnostic::error(format!("{} can't be imported: {why}", address.kind))
                .hint("Leave it to the next apply, which makes it."),
        ),
        kind::Import::ById => None,
    }
}

fn wrong(desired: &Desired, one: &Import) -> Option<Diagnostic> {
    let address = &one.address;
    if let Some(wrong) = not_importable(desired, address) {
        return Some(wrong.at(one.span.clone(), ""));
    }
    let first = one.keep.first()?;
    if address.kind != "aws_s3_bucket" {
        return Some(
            Diagnostic::error(format!("{} has no statements to keep", address.kind))
                .at(first.span.clone(), "")
                .hint("`keep` names statements of a bucket's policy, and stands beside the bucket's address."),
        );
    }
    desired.policy_of(address).is_none().then(|| {
        Diagnostic::error(format!("`{address}` has no policy in this spec"))
            .at(first.span.clone(), "so there is nothing to keep this in")
            .hint("Take `keep` out, or give the bucket an aws_s3_bucket_policy whose policy is a table.")
    })
}
