//! What the spec keeps of the policies of buckets that it imports.
//!
//! *Invariant*: a statement is kept as AWS has it, or the run stops.

use futures::future::join_all;

use crate::aws::{Aws, Error, lifecycle};
use crate::diagnostic::Diagnostic;
use crate::policy::statements;
use crate::resource::{Desired, Id, Kept, Resource};
use crate::spec::Import;
use crate::value::Value;

const POLICY: &str = "aws_s3_bucket_policy";

/// Reads the policies of which statements are kept, all at once.
///
/// # Errors
/// A policy that could not be read, and every statement that is not there or has the name of
/// one of the spec's own.
pub async fn kept(aws: &Aws, desired: &Desired) -> Result<Kept, Vec<Diagnostic>> {
    let imports = desired.imports.iter().filter(|one| !one.keep.is_empty());
    let reads = imports.filter_map(|one| {
        let policy = desired.policy_of(&one.address)?;
        Some(async move { (one, policy, read(aws, one, policy).await) })
    });
    let mut kept = Kept::new();
    let mut problems = Vec::new();
    for (one, policy, answer) in join_all(reads).await {
        match answer {
            Ok(live) => {
                let found = choose(one, policy, &live, &mut problems);
                kept.insert(policy.address.clone(), found);
            }
            Err(error) => problems.push(
                Diagnostic::error(format!("the policy of {} can't be read: {error}", one.id))
                    .at(one.span.clone(), "statements of it are to be kept")
                    .hint(error.hint.unwrap_or_else(|| "Run again.".to_owned())),
            ),
        }
    }
    if problems.is_empty() {
        Ok(kept)
    } else {
        Err(problems)
    }
}

/// The policy that AWS has; null where it has none.
async fn read(aws: &Aws, one: &Import, policy: &Resource) -> Result<Value, Error> {
    let id = Id {
        region: policy.region.clone(),
        text: one.id.clone(),
    };
    let Some(lifecycle) = lifecycle(POLICY) else {
        return Ok(Value::Null);
    };
    let answers = lifecycle.read(aws, &[id]).await;
    let answer = answers.into_iter().next().transpose()?.flatten();
    Ok(answer
        .and_then(|mut attributes| attributes.remove("policy"))
        .unwrap_or_default())
}

/// The statements with the names that are kept.
fn choose(
    one: &Import,
    policy: &Resource,
    live: &Value,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Value> {
    let (live, own) = (statements(live), statements(policy.get("policy")));
    let mut found = Vec::new();
    for sid in &one.keep {
        let named = Some(sid.value.as_str());
        if own.iter().any(|own| own.sid == named) {
            problems.push(
                Diagnostic::error(format!("`{}` is a statement of the spec's own", sid.value))
                    .at(sid.span.clone(), "")
                    .hint("Take it out of `keep`: what the spec says of it is set anyway."),
            );
            continue;
        }
        match live.iter().find(|live| live.sid == named) {
            Some(statement) => found.push(statement.whole.clone()),
            None => problems.push(missing(one, sid, &live)),
        }
    }
    found
}

fn missing(
    one: &Import,
    sid: &crate::spec::Written<String>,
    live: &[crate::policy::Statement<'_>],
) -> Diagnostic {
    let names: Vec<&str> = live.iter().filter_map(|statement| statement.sid).collect();
    let has = match names.as_slice() {
        [] => "it has none with a Sid".to_owned(),
        names => format!("it has {}", names.join(", ")),
    };
    Diagnostic::error(format!(
        "the policy of bucket {} has no statement `{}`",
        one.id, sid.value
    ))
    .at(sid.span.clone(), has)
    .hint("Write the Sid as the bucket's policy has it, or take it out of `keep`.")
}
