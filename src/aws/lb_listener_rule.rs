//! `aws_lb_listener_rule`: what a listener does with some of the requests.
//!
//! Calls: Elastic Load Balancing API reference, version 2015-12-01. Its ARN is the
//! listener's with `listener-rule` for `listener` and one more part.
//!
//! *Invariant*: a listener's default rule is the listener's own and never seen here.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{Rule, RulePriorityPair};
use futures::future::{try_join, try_join_all};

use super::tags::Tags;
use super::values::{at, differs, given, number, text};
use super::{Aws, ChildFound, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted, elb};
use super::{lb_listener_action as action, lb_listener_condition as condition};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_lb_listener_rule`.
pub(super) struct LbListenerRule;

const DESCRIBE: &str = "elasticloadbalancing:DescribeRules";
#[async_trait]
impl Lifecycle for LbListenerRule {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        elb::read(ids, |batch| read_batch(aws, batch)).await
    }

    /// The rule with our tags, whatever its priority; else the one of this priority.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(listener) = text(&wanted.attributes, "listener_arn") else {
            return Ok(Vec::new());
        };
        let client = aws.elb(&wanted.region);
        let rules = match of_listener(&client, listener).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let arns: Vec<String> = rules.iter().filter_map(|of| of.rule_arn.clone()).collect();
        let tags = elb::tags(&client, &arns).await?;
        let ownership = |arn: &str| {
            let tags = tags.get(arn);
            tags.map_or(Ownership::Foreign, |tags| tags.ownership(wanted))
        };
        let ours = arns
            .iter()
            .find(|arn| matches!(ownership(arn), Ownership::Tagged { .. }));
        let priority = number(&wanted.attributes, "priority");
        let of_priority = rules
            .iter()
            .find(|rule| priority_of(rule) == priority.map(i64::from))
            .and_then(|rule| rule.rule_arn.as_ref());
        Ok(ours
            .or(of_priority)
            .map(|arn| Found {
                id: Id {
                    region: wanted.region.clone(),
                    text: arn.clone(),
                },
                ownership: ownership(arn),
            })
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "elasticloadbalancing:CreateRule";
        let attributes = &wanted.attributes;
        let answer = aws
            .elb(&wanted.region)
            .create_rule()
            .set_listener_arn(text(attributes, "listener_arn").map(str::to_owned))
            .set_priority(number(attributes, "priority"))
            .set_conditions(Some(condition::to_aws(at(attributes, "condition"))))
            .set_actions(Some(action::to_aws(at(attributes, "action"))))
            .set_tags(elb::tag_list(wanted.tags()))
            .send()
            .await
            .map_err(|error| elb::refused(Error::of(operation, &error)))?;
        let rule = answer.rules.unwrap_or_default().into_iter().next();
        let text = rule.and_then(|rule| rule.rule_arn).ok_or_else(|| {
            Error::new(ErrorKind::Uncertain, operation, "the answer names no ARN")
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.elb(&id.region);
        let attributes = &wanted.attributes;
        let changed = |name: &str| differs(observed, attributes, name);
        if changed("action") || changed("condition") {
            let operation = "elasticloadbalancing:ModifyRule";
            client
                .modify_rule()
                .rule_arn(&id.text)
                .set_conditions(Some(condition::to_aws(at(attributes, "condition"))))
                .set_actions(Some(action::to_aws(at(attributes, "action"))))
                .send()
                .await
                .map_err(|error| elb::refused(Error::of(operation, &error)))?;
        }
        if changed("priority") {
            let pair = RulePriorityPair::builder()
                .rule_arn(&id.text)
                .set_priority(number(attributes, "priority"))
                .build();
            client
                .set_rule_priorities()
                .rule_priorities(pair)
                .send()
                .await
                .map_err(|error| {
                    taken(Error::of("elasticloadbalancing:SetRulePriorities", &error))
                })?;
        }
        elb::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .elb(&id.region)
            .delete_rule()
            .rule_arn(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:DeleteRule", &error));
        match answer {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(Deleted::Gone),
        }
    }
}

/// Every rule of these listeners but the default ones. `DescribeRules` takes one listener a
/// call (API reference).
pub(super) async fn of_listeners(aws: &Aws, parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
    let found = parents.iter().map(|parent| async move {
        let rules = match of_listener(&aws.elb(&parent.region), &parent.text).await {
            Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
            answer => answer?,
        };
        let child = |rule: &Rule| {
            let arn = rule.rule_arn()?;
            Some(ChildFound {
                kind: "aws_lb_listener_rule",
                id: Id {
                    region: parent.region.clone(),
                    text: arn.to_owned(),
                },
                attributes: observed(rule, arn, None),
            })
        };
        Ok(rules.iter().filter_map(child).collect())
    });
    let found: Vec<Vec<ChildFound>> = try_join_all(found).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Every rule of a listener but its default.
pub(super) async fn of_listener(client: &Client, listener: &str) -> Result<Vec<Rule>, Error> {
    let rules = client
        .describe_rules()
        .listener_arn(listener)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of(DESCRIBE, &error))?;
    Ok(rules
        .into_iter()
        .filter(|rule| rule.is_default != Some(true))
        .collect())
}

async fn read_batch(aws: &Aws, ids: &[Id]) -> Result<BTreeMap<String, Attributes>, Error> {
    let Some(first) = ids.first() else {
        return Ok(BTreeMap::new());
    };
    let client = aws.elb(&first.region);
    let arns = elb::arns(ids);
    let (rules, tags) =
        try_join(describe(&client, arns.clone()), elb::tags(&client, &arns)).await?;
    Ok(rules
        .iter()
        .filter_map(|rule| {
            let arn = rule.rule_arn()?;
            Some((arn.to_owned(), observed(rule, arn, tags.get(arn))))
        })
        .collect())
}

async fn describe(client: &Client, arns: Vec<String>) -> Result<Vec<Rule>, Error> {
    let answer = client
        .describe_rules()
        .set_rule_arns(Some(arns))
        .send()
        .await
        .map_err(|error| Error::of(DESCRIBE, &error))?;
    Ok(answer.rules.unwrap_or_default())
}

/// Everything that AWS reports, under the schema's names.
fn observed(rule: &Rule, arn: &str, tags: Option<&Tags>) -> Attributes {
    given([
        ("id", arn.into()),
        ("arn", arn.into()),
        ("listener_arn", listener_of(arn).into()),
        ("priority", priority_of(rule).into()),
        ("condition", condition::from_aws(rule.conditions())),
        ("action", action::from_aws(rule.actions())),
        ("tags", tags.map(Tags::value).into()),
    ])
}

/// AWS says it as text; that of the default rule is `default`.
fn priority_of(rule: &Rule) -> Option<i64> {
    rule.priority().and_then(|priority| priority.parse().ok())
}

/// The ARN of the listener of a rule: AWS does not tell it otherwise.
fn listener_of(arn: &str) -> Option<String> {
    let (listener, _) = arn.rsplit_once('/')?;
    Some(listener.replacen(":listener-rule/", ":listener/", 1))
}

/// Rules change one after the other, so two can't change places.
fn taken(mut error: Error) -> Error {
    if error.kind == ErrorKind::AlreadyExists {
        error.kind = ErrorKind::Refused;
        return error.hint("give the rule a priority that no other has now; two rules that change places need one more apply, by way of a third priority");
    }
    elb::refused(error)
}

#[cfg(test)]
mod tests {
    use super::listener_of;

    #[test]
    fn a_rule_tells_its_listener() {
        let rule = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/web/50dc/f2f7/9683";
        let listener =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/50dc/f2f7";
        assert_eq!(listener_of(rule).as_deref(), Some(listener));
    }
}
