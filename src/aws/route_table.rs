//! `aws_route_table`: where the traffic of its subnets goes.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: a VPC's main table is AWS's, goes with the VPC, and is nothing that is made,
//! changed or deleted here.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{ResourceType, RouteTable};
use futures::future::try_join_all;

use super::values::{given, text};
use super::{
    APP_TAG, Aws, Blocker, ChildFound, Deleted, ENVIRONMENT_TAG, Error, ErrorKind, Found,
    Lifecycle, Wanted, ec2, route,
};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_route_table`.
pub(super) struct RouteTables;

#[async_trait]
impl Lifecycle for RouteTables {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let list = async |batch: Vec<String>| {
            ec2::route_tables(client, vec![ec2::filter(BY_ID, &batch)]).await
        };
        ec2::read(ids, list, RouteTable::route_table_id, |table| {
            observed(table, &first.region)
        })
        .await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let found = ec2::route_tables(&aws.ec2(&wanted.region), ec2::ours(wanted)).await?;
        Ok(found
            .iter()
            .filter(|table| !is_main(table))
            .map(|table| ec2::found(wanted, table.route_table_id(), table.tags()))
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateRouteTable";
        let answer = aws
            .ec2(&wanted.region)
            .create_route_table()
            .client_token(token)
            .set_vpc_id(text(&wanted.attributes, "vpc_id").map(str::to_owned))
            .tag_specifications(ec2::tag_specification(
                ResourceType::RouteTable,
                wanted.tags(),
            ))
            .send()
            .await
            .map_err(|error| Error::of(operation, &error))?;
        let text = answer
            .route_table
            .and_then(|table| table.route_table_id)
            .ok_or_else(|| {
                Error::new(ErrorKind::Uncertain, operation, "the answer names no table")
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
        ec2::write_tags(&aws.ec2(&id.region), &id.text, wanted.tag_changes(observed)).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .ec2(&id.region)
            .delete_route_table()
            .route_table_id(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteRouteTable", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }

    /// The subnets and gateways that go by it, and the VPC whose main table somebody made
    /// it.
    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let this = std::slice::from_ref(&id.text);
        let found = tables(&aws.ec2(&id.region), BY_ID, this).await?;
        Ok(found.iter().flat_map(users).collect())
    }

    /// The routes that somebody made; those that AWS keeps itself are not theirs to delete.
    async fn children(&self, aws: &Aws, parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
        let Some(first) = parents.first() else {
            return Ok(Vec::new());
        };
        let ids: Vec<String> = parents.iter().map(|id| id.text.clone()).collect();
        let found = tables(&aws.ec2(&first.region), BY_ID, &ids).await?;
        Ok(found
            .iter()
            .flat_map(|table| route::made_by_hand(table, &first.region))
            .collect())
    }
}

/// The filter by id.
pub(super) const BY_ID: &str = "route-table-id";

/// Every table for which one of these values holds, in as few calls as can be.
pub(super) async fn tables(
    client: &Client,
    name: &str,
    values: &[String],
) -> Result<Vec<RouteTable>, Error> {
    let calls = values
        .chunks(ec2::VALUES)
        .map(|values| ec2::route_tables(client, vec![ec2::filter(name, values)]));
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

/// Whether it is of this app and environment, at whatever address: what is in it and can't
/// carry a tag is ours then.
pub(super) fn is_ours(table: &RouteTable, wanted: &Wanted) -> bool {
    let says = |key: &str, value: &str| {
        let mut tags = table.tags().iter();
        tags.any(|tag| tag.key() == Some(key) && tag.value() == Some(value))
    };
    says(APP_TAG, &wanted.owner.app) && says(ENVIRONMENT_TAG, &wanted.owner.environment)
}

/// Whether subnets that name no table go by it.
pub(super) fn is_main(table: &RouteTable) -> bool {
    table
        .associations()
        .iter()
        .any(|association| association.main == Some(true))
}

fn users(table: &RouteTable) -> Vec<Blocker> {
    let id = table.route_table_id().unwrap_or_default();
    table
        .associations()
        .iter()
        .map(|association| {
            if association.main == Some(true) {
                let vpc = table.vpc_id().unwrap_or_default();
                return Blocker {
                    what: format!("{vpc}, whose main route table it is"),
                    id: table.vpc_id.clone(),
                    leaves: false,
                };
            }
            let user = association.subnet_id().or(association.gateway_id());
            let user = user.unwrap_or_default();
            Blocker {
                what: user.to_owned(),
                id: Some(format!("{user}/{id}")),
                leaves: false,
            }
        })
        .collect()
}

/// Everything that AWS reports, under the schema's names, but for the routes: they are kinds
/// of their own.
fn observed(table: &RouteTable, region: &str) -> Attributes {
    let id = table.route_table_id().unwrap_or_default();
    let owner = table.owner_id().unwrap_or_default();
    given([
        ("id", id.into()),
        ("arn", ec2::arn(region, owner, "route-table", id).into()),
        ("vpc_id", table.vpc_id().into()),
        ("owner_id", owner.into()),
        ("tags", ec2::tags(table.tags()).value()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{RouteTable, RouteTableAssociation};

    use super::{is_main, users};

    #[test]
    fn who_goes_by_a_table_is_in_the_way() {
        let main = RouteTableAssociation::builder().main(true).build();
        let subnet = RouteTableAssociation::builder()
            .subnet_id("subnet-1")
            .build();
        let table = RouteTable::builder()
            .route_table_id("rtb-1")
            .vpc_id("vpc-1")
            .associations(subnet)
            .associations(main)
            .build();
        let users: Vec<_> = users(&table)
            .into_iter()
            .map(|user| (user.what, user.id.unwrap()))
            .collect();
        let expected = [
            ("subnet-1", "subnet-1/rtb-1"),
            ("vpc-1, whose main route table it is", "vpc-1"),
        ];
        assert_eq!(
            users,
            expected.map(|(what, id)| (what.to_owned(), id.to_owned()))
        );
        assert!(is_main(&table));
    }
}
