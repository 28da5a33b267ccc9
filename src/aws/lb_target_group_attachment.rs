//! `aws_lb_target_group_attachment`: one target of a target group.
//!
//! Its id is `target group's ARN,target,port`, the port left out where the group's own is
//! meant. Calls: Elastic Load Balancing API reference, version 2015-12-01.
//!
//! *Invariant*: a target that drains is gone: AWS has taken it out already.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};
use futures::future::join_all;

use super::values::{given, number, text};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted, elb};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_lb_target_group_attachment`.
pub(super) struct LbTargetGroupAttachment;

#[async_trait]
impl Lifecycle for LbTargetGroupAttachment {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let groups: BTreeSet<(&str, &str)> = ids
            .iter()
            .map(|id| (id.region.as_str(), Parts::of(&id.text).group))
            .collect();
        let reads = groups.into_iter().map(|(region, group)| async move {
            ((region, group), targets(aws, region, group).await)
        });
        let targets: BTreeMap<_, _> = join_all(reads).await.into_iter().collect();
        ids.iter()
            .map(|id| {
                let parts = Parts::of(&id.text);
                match targets.get(&(id.region.as_str(), parts.group)) {
                    Some(Ok(targets)) => Ok(targets
                        .iter()
                        .find(|target| parts.is(target))
                        .map(|target| observed(id, &parts, target))),
                    Some(Err(error)) => Err(error.clone()),
                    None => Ok(None),
                }
            })
            .collect()
    }

    /// A target of a group that is ours is ours, whoever registered it.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let id = id(wanted);
        let parts = Parts::of(&id.text);
        let targets = targets(aws, &wanted.region, parts.group).await?;
        Ok(targets
            .iter()
            .find(|target| parts.is(target))
            .map(|_| Found {
                id: id.clone(),
                ownership: Ownership::ChildOfOurs,
            })
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "elasticloadbalancing:RegisterTargets";
        let id = id(wanted);
        let parts = Parts::of(&id.text);
        let zone = text(&wanted.attributes, "availability_zone").map(str::to_owned);
        let target = TargetDescription::builder()
            .id(parts.target)
            .set_port(parts.port)
            .set_availability_zone(zone)
            .build();
        aws.elb(&wanted.region)
            .register_targets()
            .target_group_arn(parts.group)
            .targets(target)
            .send()
            .await
            .map_err(|error| {
                let error = elb::refused(Error::of(operation, &error));
                if error.code.as_deref() == Some("InvalidTarget") {
                    error.hint("instances must run, and addresses must lie in the group's VPC (or in a private range, with availability_zone = \"all\")")
                } else {
                    error
                }
            })?;
        Ok(id)
    }

    /// Everything about a target is part of its id.
    async fn update(
        &self,
        _aws: &Aws,
        _id: &Id,
        _observed: &Attributes,
        _wanted: &Wanted,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let parts = Parts::of(&id.text);
        let zone = text(observed, "availability_zone").map(str::to_owned);
        let target = TargetDescription::builder()
            .id(parts.target)
            .set_port(parts.port)
            .set_availability_zone(zone)
            .build();
        let answer = aws
            .elb(&id.region)
            .deregister_targets()
            .target_group_arn(parts.group)
            .targets(target)
            .send()
            .await
            .map_err(|error| Error::of("elasticloadbalancing:DeregisterTargets", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            // AWS answers InvalidTarget for what is not registered.
            Err(error)
                if error.kind == ErrorKind::NotFound
                    || error.code.as_deref() == Some("InvalidTarget") =>
            {
                Ok(Deleted::Gone)
            }
            Err(error) => Err(error),
        }
    }
}

/// An id, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    group: &'a str,
    target: &'a str,
    port: Option<i32>,
}

impl<'a> Parts<'a> {
    fn of(id: &'a str) -> Self {
        let mut parts = id.splitn(3, ',');
        Self {
            group: parts.next().unwrap_or_default(),
            target: parts.next().unwrap_or_default(),
            port: parts.next().and_then(|port| port.parse().ok()),
        }
    }

    fn is(&self, target: &TargetDescription) -> bool {
        target.id() == Some(self.target) && (self.port.is_none() || target.port == self.port)
    }
}

fn id(wanted: &Wanted) -> Id {
    let part = |name: &str| text(&wanted.attributes, name).unwrap_or_default();
    let suffix = number(&wanted.attributes, "port")
        .map(|port| format!(",{port}"))
        .unwrap_or_default();
    Id {
        region: wanted.region.clone(),
        text: format!("{},{}{suffix}", part("target_group_arn"), part("target_id")),
    }
}

/// The targets of a group, less those that drain. A group that is gone has none.
async fn targets(aws: &Aws, region: &str, group: &str) -> Result<Vec<TargetDescription>, Error> {
    let registered = registered(aws, region, group).await?;
    Ok(registered
        .into_iter()
        .filter_map(|description| description.target)
        .collect())
}

/// The same with their health.
pub(super) async fn registered(
    aws: &Aws,
    region: &str,
    group: &str,
) -> Result<Vec<TargetHealthDescription>, Error> {
    let answer = aws
        .elb(region)
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeTargetHealth", &error));
    match answer {
        Ok(answer) => Ok(answer
            .target_health_descriptions
            .unwrap_or_default()
            .into_iter()
            .filter(is_registered)
            .collect()),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_registered(description: &TargetHealthDescription) -> bool {
    description.target_health().is_none_or(|health| {
        health.state != Some(TargetHealthStateEnum::Draining)
            && !matches!(
                health.reason,
                Some(
                    TargetHealthReasonEnum::DeregistrationInProgress
                        | TargetHealthReasonEnum::NotRegistered
                )
            )
    })
}

fn observed(id: &Id, parts: &Parts<'_>, target: &TargetDescription) -> Attributes {
    given([
        ("id", id.text.as_str().into()),
        ("target_group_arn", parts.group.into()),
        ("target_id", parts.target.into()),
        ("port", target.port().into()),
        ("availability_zone", target.availability_zone().into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn ids_come_apart() {
        let check = |id: &str, target: &str, port: Option<i32>| {
            let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/app/6d0e";
            let id = format!("{group},{id}");
            assert_eq!(
                Parts::of(&id),
                Parts {
                    group,
                    target,
                    port
                }
            );
        };
        check("i-0a1b,8443", "i-0a1b", Some(8443));
        check("10.0.0.7", "10.0.0.7", None);
        check("2001:db8::7,443", "2001:db8::7", Some(443));
    }
}
