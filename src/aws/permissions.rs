//! What a caller may do, by IAM's own simulation.
//!
//! Facts: *IAM API Reference*, `SimulatePrincipalPolicy` (the policies of a user or role,
//! service control policies included; a page of 100 results; not for the root user and not
//! for a session's ARN) and `GetRole`; *IAM user guide*, "IAM identifiers" (the ARN of a
//! session has the role's name without its path).
//!
//! *Invariant*: only simulates; no action is tried.

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};

use super::{Aws, Error};

/// How many actions go into one request.
const BATCH: usize = 100;

/// Whose policies are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A user or role, by its ARN.
    Named(String),
    /// The root user, who may do everything that the organization allows.
    Root,
    /// A session that no policies of a user or role stand for.
    Other,
}

/// Actions on some things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `s3:CreateBucket`.
    pub actions: Vec<String>,
    /// ARNs; none for everything.
    pub resources: Vec<String>,
}

/// An action that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// `s3:CreateBucket`.
    pub action: String,
    /// Whether a policy denies it, rather than none allowing it.
    pub explicitly: bool,
}

/// The user or role behind the ARN that a session has.
pub async fn principal(aws: &Aws, arn: &str) -> Principal {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, _, account, resource] = parts.as_slice() else {
        return Principal::Other;
    };
    match (*service, resource.split('/').collect::<Vec<_>>().as_slice()) {
        (_, ["root"]) => Principal::Root,
        ("iam", ["user" | "role", ..]) => Principal::Named(arn.to_owned()),
        ("sts", ["assumed-role", role, _]) => {
            let known = aws.iam().get_role().role_name(*role).send().await;
            // Only the role itself tells its path; most have none.
            let named = known
                .ok()
                .and_then(|answer| answer.role)
                .map(|role| role.arn);
            Principal::Named(
                named.unwrap_or_else(|| format!("arn:{partition}:iam::{account}:role/{role}")),
            )
        }
        _ => Principal::Other,
    }
}

/// What of this the principal may not do.
///
/// # Errors
/// A failed call; first of all, the caller may not simulate.
pub async fn denied(
    aws: &Aws,
    principal: &str,
    questions: &[Question],
    context: &[(&str, &str)],
) -> Result<Vec<Denied>, Error> {
    let requests = questions.iter().flat_map(|question| {
        let batches = question.actions.chunks(BATCH);
        batches.map(|actions| ask(aws, principal, actions, &question.resources, context))
    });
    let mut denied: Vec<Denied> = futures::future::try_join_all(requests)
        .await?
        .into_iter()
        .flatten()
        .filter_map(|result| {
            let explicitly = match result.eval_decision {
                PolicyEvaluationDecisionType::Allowed => return None,
                PolicyEvaluationDecisionType::ExplicitDeny => true,
                _ => false,
            };
            Some(Denied {
                action: result.eval_action_name,
                explicitly,
            })
        })
        .collect();
    denied.sort();
    denied.dedup_by(|later, earlier| later.action == earlier.action);
    Ok(denied)
}

async fn ask(
    aws: &Aws,
    principal: &str,
    actions: &[String],
    resources: &[String],
    context: &[(&str, &str)],
) -> Result<Vec<EvaluationResult>, Error> {
    let context = context
        .iter()
        .map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(*key)
                .context_key_type(match *value {
                    "true" | "false" => ContextKeyTypeEnum::Boolean,
                    _ => ContextKeyTypeEnum::String,
                })
                .context_key_values(*value)
                .build()
        })
        .collect();
    aws.iam()
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .set_action_names(Some(actions.to_vec()))
        .set_resource_arns((!resources.is_empty()).then(|| resources.to_vec()))
        .set_context_entries(Some(context))
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("iam:SimulatePrincipalPolicy", &error))
}
