//! `data.aws_ec2_managed_prefix_list`: a list of blocks that AWS or the account holds, by its
//! name, its id or filters.
//!
//! Facts: *Amazon EC2 API Reference*, `DescribeManagedPrefixLists`.
//!
//! *Invariant*: exactly one, or an error that says how many.

use async_trait::async_trait;
use aws_sdk_ec2::types::ManagedPrefixList;

use super::{asked, filter, filters, listed, tags_value};
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::value::{Attributes, Value};

const OPERATION: &str = "ec2:DescribeManagedPrefixLists";

/// The lookup of `aws_ec2_managed_prefix_list`.
pub(in crate::aws) struct Ec2ManagedPrefixList;

#[async_trait]
impl Ask for Ec2ManagedPrefixList {
    fn permissions(&self) -> &'static [&'static str] {
        &["ec2:DescribeManagedPrefixLists"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let mut wanted = filters(arguments);
        for (argument, name) in [("id", "prefix-list-id"), ("name", "prefix-list-name")] {
            if let Some(value) = arguments.get(argument).and_then(Value::scalar_text) {
                wanted.push(filter(name, Some(value)));
            }
        }
        let mut found = aws
            .ec2(region)
            .describe_managed_prefix_lists()
            .set_filters((!wanted.is_empty()).then_some(wanted))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::of(OPERATION, &error))?;
        let asked = asked(arguments);
        match (found.pop(), found.is_empty()) {
            (Some(list), true) => {
                let mut answer = arguments.clone();
                answer.extend(attributes(&list));
                Ok(answer)
            }
            (None, _) => Err(Error::new(
                ErrorKind::NotFound,
                OPERATION,
                format!("{region} has no prefix list with {asked}"),
            )
            .hint("`aws ec2 describe-managed-prefix-lists` shows those that it has")),
            (Some(list), false) => {
                found.push(list);
                let names = found.iter().map(|list| id(list).to_owned()).collect();
                Err(Error::new(
                    ErrorKind::Refused,
                    OPERATION,
                    format!("several prefix lists have {asked}: {}", listed(names)),
                )
                .hint("ask for one of them by its id"))
            }
        }
    }
}

fn id(list: &ManagedPrefixList) -> &str {
    list.prefix_list_id.as_deref().unwrap_or_default()
}

fn attributes(list: &ManagedPrefixList) -> Attributes {
    [
        ("id", Value::from(id(list))),
        ("arn", list.prefix_list_arn.clone().into()),
        ("name", list.prefix_list_name.clone().into()),
        ("address_family", list.address_family.clone().into()),
        ("max_entries", list.max_entries.into()),
        ("owner_id", list.owner_id.clone().into()),
        ("version", list.version.into()),
        ("tags", tags_value(list.tags())),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_null())
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
