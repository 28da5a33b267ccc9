//! Who did it, and when, as far as CloudTrail tells.
//!
//! *Invariant*: drift that nobody is found for is still drift, and says why it is told of
//! nobody.

use super::{Drift, Thing, What};
use crate::aws::trail::{Answer, MOST_LOOKUPS, Traces, Trail};
use crate::value::Value;

/// Asks CloudTrail of each thing that others changed.
pub async fn tell(drift: &mut Drift, trail: &mut Trail<'_>) {
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
            name => thing.attributes.get(name).and_then(Value::scalar_text),
        })
        .collect()
}
