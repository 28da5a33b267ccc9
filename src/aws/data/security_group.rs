//! `data.aws_security_group`: a group that somebody else made, by its name and VPC, its id,
//! its tags or filters.
//!
//! Facts: *Amazon EC2 API Reference*, `DescribeSecurityGroups`.
//!
//! *Invariant*: exactly one, or an error that says which there are.

use async_trait::async_trait;
use aws_sdk_ec2::types::SecurityGroup as Group;

use super::{asked, filter, filters, listed, tags_value};
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::value::{Attributes, Value};

const OPERATION: &str = "ec2:DescribeSecurityGroups";

/// The lookup of `aws_security_group`.
pub(in crate::aws) struct SecurityGroup;

#[async_trait]
impl Ask for SecurityGroup {
    fn permissions(&self) -> &'static [&'static str] {
        &["ec2:DescribeSecurityGroups"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let mut wanted = filters(arguments);
        for (argument, name) in [
            ("id", "group-id"),
            ("name", "group-name"),
            ("vpc_id", "vpc-id"),
        ] {
            if let Some(value) = arguments.get(argument).and_then(Value::scalar_text) {
                wanted.push(filter(name, Some(value)));
            }
        }
        let mut found = aws
            .ec2(region)
            .describe_security_groups()
            .set_filters((!wanted.is_empty()).then_some(wanted))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::of(OPERATION, &error))?;
        let asked = asked(arguments);
        match (found.pop(), found.is_empty()) {
            (Some(group), true) => {
                let mut answer = arguments.clone();
                answer.extend(attributes(&group));
                Ok(answer)
            }
            (None, _) => Err(Error::new(
                ErrorKind::NotFound,
                OPERATION,
                format!("{region} has no security group with {asked}"),
            )),
            (Some(group), false) => {
                found.push(group);
                let names = found.iter().map(described).collect();
                Err(Error::new(
                    ErrorKind::Refused,
                    OPERATION,
                    format!("several security groups have {asked}: {}", listed(names)),
                )
                .hint("ask for one of them by its id"))
            }
        }
    }
}

fn described(group: &Group) -> String {
    let id = group.group_id.as_deref().unwrap_or_default();
    let name = group.group_name.as_deref().unwrap_or_default();
    format!("{id} \"{name}\"")
}

fn attributes(group: &Group) -> Attributes {
    [
        ("id", Value::from(group.group_id.clone())),
        ("arn", group.security_group_arn.clone().into()),
        ("name", group.group_name.clone().into()),
        ("description", group.description.clone().into()),
        ("vpc_id", group.vpc_id.clone().into()),
        ("tags", tags_value(group.tags())),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_null())
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
