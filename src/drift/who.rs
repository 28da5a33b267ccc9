//! Who did it, and when, as far as CloudTrail tells.
//!
//! *Invariant*: drift that nobody is found for is still drift, and says why it is told of
//! nobody.

use std::collections::BTreeMap;

use super::{Drift, Thing, What};
use crate::address::Address;
use crate::aws::trail::{Answer, MOST_LOOKUPS, Traces, Trail};
use crate::kind::Kind;
use crate::plan::Problem;
use crate::refresh::Foreign;
use crate::value::Value;

/// Asks CloudTrail of each thing that others changed.
pub async fn tell(drift: &mut Drift, trail: &mut Trail<'_>) {
    let gone: BTreeMap<String, Address> = drift
        .things
        .iter()
        .filter(|thing| thing.what == What::Deleted)
        .map(|thing| (thing.id.text.clone(), thing.address.clone()))
        .collect();
    for thing in &mut drift.things {
        let Some(traces) = Traces::of(thing.kind) else {
            continue;
        };
        let things = values(thing, traces.under);
        let names = values(thing, traces.names);
        let region = thing.id.region.clone();
        match thing.what {
            What::Changed => {
                for field in &mut thing.fields {
                    let calls = traces.of_field(&field.path);
                    field.who = Some(trail.last(&region, &things, &names, calls).await);
                }
            }
            What::Deleted => {
                if let Some(parent) = gone_with(thing, &gone) {
                    thing.who = Some(Answer::With(parent.to_string()));
                    continue;
                }
                let answer = trail.last(&region, &things, &names, traces.deleted).await;
                thing.who = Some(answer);
            }
            What::MadeByHand => {
                let answer = trail.last(&region, &things, &names, traces.made).await;
                thing.who = Some(answer);
            }
        }
    }
    if let Some(error) = trail.refusal() {
        drift.notes.push(format!(
            "who did it can't be told, as CloudTrail does not answer: {error}"
        ));
    } else if drift.things.iter().any(is_untold) {
        drift.notes.push(format!(
            "CloudTrail shows the calls of 90 days, each some 5 and at times 15 minutes after it was made; a run looks up {MOST_LOOKUPS} at most"
        ));
    }
}

/// What it belongs to, where that is gone too: AWS deletes the listeners of a load balancer
/// with it, the rules of a security group, all that a bucket is set to.
fn gone_with<'a>(thing: &Thing, gone: &'a BTreeMap<String, Address>) -> Option<&'a Address> {
    let named_by = Kind::of(thing.kind)?.named_by.iter();
    let mut parents = named_by.filter_map(|name| thing.applied.get(*name)?.as_str());
    let parent = parents.find_map(|id| gone.get(id));
    parent.filter(|parent| **parent != thing.address)
}

/// Of how many foreign things CloudTrail is asked at most.
const MOST_MAKERS: usize = 5;

/// Adds to the problems with what was made from another state by whom that was, and when.
pub async fn tell_makers(
    trail: &mut Trail<'_>,
    foreign: &[(Address, Foreign)],
    problems: &mut [Problem],
) {
    let others = foreign
        .iter()
        .filter_map(|(address, foreign)| match foreign {
            Foreign::OtherLineage(id, _) => Some((address, id)),
            Foreign::NotOurs(_) | Foreign::Several(_) => None,
        });
    for (address, id) in others.take(MOST_MAKERS) {
        let Some(traces) = Traces::of(&address.kind) else {
            continue;
        };
        let Some(event) = trail.first(&id.region, &id.text, traces.made).await else {
            continue;
        };
        let at = event.at.strftime("%Y-%m-%d %H:%M UTC");
        let made = format!(", by {} on {at} ({})", event.by, event.call);
        let of_it = problems.iter_mut().filter(|one| one.address == *address);
        of_it.for_each(|problem| problem.message.push_str(&made));
    }
}

fn is_untold(thing: &Thing) -> bool {
    let mut answers = thing.fields.iter().map(|field| &field.who);
    let is_untold = |answer: &Option<Answer>| matches!(answer, Some(Answer::Untold(_)));
    is_untold(&thing.who) || answers.any(is_untold)
}

/// The values of these attributes, those that there are.
fn values(thing: &Thing, names: &[&str]) -> Vec<String> {
    names
        .iter()
        .filter_map(|name| match *name {
            "id" => Some(thing.id.text.clone()),
            name => thing
                .live
                .get(name)
                .or_else(|| thing.applied.get(name))
                .and_then(Value::scalar_text),
        })
        .collect()
}
