//! `aws_route_table_association`: which route table a subnet, or a gateway, goes by.
//!
//! Its id is `subnet/table`, or `gateway/table`. Calls: EC2 API reference, version
//! 2016-11-15.
//!
//! *Invariant*: a subnet goes from one table to another in one call, and never by the main
//! one in between.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    RouteTable, RouteTableAssociation, RouteTableAssociationStateCode as State,
};
use futures::future::try_join;

use super::route_table::{is_ours, tables};
use super::values::{differs, given, text};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_route_table_association`.
pub(super) struct RouteTableAssociations;

#[async_trait]
impl Lifecycle for RouteTableAssociations {
    /// By who goes by a table: that it is another one than the id says is drift.
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let users: Vec<&str> = ids.iter().map(|id| user_of(&id.text)).collect();
        let found = match of_users(&aws.ec2(&first.region), &users).await {
            Ok(found) => found,
            Err(error) => return ids.iter().map(|_| Err(error.clone())).collect(),
        };
        let found: BTreeMap<&str, Attributes> = found
            .iter()
            .flat_map(associations)
            .filter_map(|association| Some((user(association)?, observed(association))))
            .collect();
        users
            .iter()
            .map(|user| Ok(found.get(user).cloned()))
            .collect()
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(who) = wanted_user(&wanted.attributes) else {
            return Ok(Vec::new());
        };
        let found = of_users(&aws.ec2(&wanted.region), &[who]).await?;
        Ok(found
            .iter()
            .filter(|table| associations(table).any(|of| user(of) == Some(who)))
            .map(|table| Found {
                ownership: ownership(table, wanted),
                id: Id {
                    region: wanted.region.clone(),
                    text: format!("{who}/{}", table.route_table_id().unwrap_or_default()),
                },
            })
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:AssociateRouteTable";
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        if owned("subnet_id").is_some() == owned("gateway_id").is_some() {
            return Err(Error::new(
                ErrorKind::Refused,
                operation,
                "one subnet or one gateway goes by a table",
            )
            .hint("give either subnet_id or gateway_id"));
        }
        aws.ec2(&wanted.region)
            .associate_route_table()
            .set_route_table_id(owned("route_table_id"))
            .set_subnet_id(owned("subnet_id"))
            .set_gateway_id(owned("gateway_id"))
            .send()
            .await
            .map_err(|error| refused(Error::of(operation, &error)))?;
        Ok(id(wanted))
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        if !differs(observed, &wanted.attributes, "route_table_id") {
            return Ok(());
        }
        let owned = |attributes: &Attributes, name: &str| text(attributes, name).map(str::to_owned);
        aws.ec2(&id.region)
            .replace_route_table_association()
            .set_association_id(owned(observed, "id"))
            .set_route_table_id(owned(&wanted.attributes, "route_table_id"))
            .send()
            .await
            .map_err(|error| Error::of("ec2:ReplaceRouteTableAssociation", &error))?;
        Ok(())
    }

    fn id_after_update(&self, _id: &Id, wanted: &Wanted) -> Id {
        id(wanted)
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .ec2(&id.region)
            .disassociate_route_table()
            .set_association_id(text(observed, "id").map(str::to_owned))
            .send()
            .await
            .map_err(|error| Error::of("ec2:DisassociateRouteTable", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}

fn id(wanted: &Wanted) -> Id {
    let table = text(&wanted.attributes, "route_table_id").unwrap_or_default();
    let user = wanted_user(&wanted.attributes).unwrap_or_default();
    Id {
        region: wanted.region.clone(),
        text: format!("{user}/{table}"),
    }
}

/// Whom an id names.
fn user_of(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

fn wanted_user(attributes: &Attributes) -> Option<&str> {
    text(attributes, "subnet_id").or_else(|| text(attributes, "gateway_id"))
}

fn user(association: &RouteTableAssociation) -> Option<&str> {
    association.subnet_id().or(association.gateway_id())
}

/// The tables by which these subnets and gateways go.
async fn of_users(client: &Client, users: &[&str]) -> Result<Vec<RouteTable>, Error> {
    let (subnets, gateways): (Vec<String>, Vec<String>) = users
        .iter()
        .map(|user| (*user).to_owned())
        .partition(|user| user.starts_with("subnet-"));
    let (of_subnets, of_gateways) = try_join(
        tables(client, "association.subnet-id", &subnets),
        tables(client, "association.gateway-id", &gateways),
    )
    .await?;
    Ok(of_subnets.into_iter().chain(of_gateways).collect())
}

/// The associations of a table that are there, less the VPC's own.
fn associations(table: &RouteTable) -> impl Iterator<Item = &RouteTableAssociation> {
    table.associations().iter().filter(|association| {
        let state = association.association_state();
        let state = state.and_then(|state| state.state.as_ref());
        association.main != Some(true)
            && !matches!(state, Some(State::Disassociating | State::Disassociated))
    })
}

/// An association can't carry a tag: it is ours by a table of ours.
fn ownership(table: &RouteTable, wanted: &Wanted) -> Ownership {
    if is_ours(table, wanted) {
        Ownership::ChildOfOurs
    } else if table.route_table_id() == text(&wanted.attributes, "route_table_id") {
        Ownership::Equal
    } else {
        Ownership::Foreign
    }
}

fn refused(error: Error) -> Error {
    if error.kind == ErrorKind::AlreadyExists {
        error.hint("the subnet goes by a table that is not ours: take it away there first, or leave the association out")
    } else {
        error
    }
}

/// Everything that AWS reports, under the schema's names.
fn observed(association: &RouteTableAssociation) -> Attributes {
    given([
        ("id", association.route_table_association_id().into()),
        ("route_table_id", association.route_table_id().into()),
        ("subnet_id", association.subnet_id().into()),
        ("gateway_id", association.gateway_id().into()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        RouteTable, RouteTableAssociation, RouteTableAssociationState,
        RouteTableAssociationStateCode as State, Tag,
    };

    use super::{associations, ownership, user, user_of};
    use crate::address::Address;
    use crate::aws::{APP_TAG, ENVIRONMENT_TAG, Owner, Ownership, Wanted};
    use crate::value::Value;

    #[test]
    fn an_id_names_who_goes_by_the_table() {
        assert_eq!(user_of("subnet-1/rtb-1"), "subnet-1");
        assert_eq!(user_of("igw-1/rtb-1"), "igw-1");
    }

    #[test]
    fn what_is_on_its_way_out_is_gone() {
        let of = |subnet: &str, state: State| {
            let state = RouteTableAssociationState::builder().state(state).build();
            RouteTableAssociation::builder()
                .subnet_id(subnet)
                .association_state(state)
                .build()
        };
        let main = RouteTableAssociation::builder().main(true).build();
        let table = RouteTable::builder()
            .associations(main)
            .associations(of("subnet-1", State::Associated))
            .associations(of("subnet-2", State::Disassociating))
            .build();
        let users: Vec<_> = associations(&table).filter_map(user).collect();
        assert_eq!(users, ["subnet-1"]);
    }

    #[test]
    fn whose_an_association_is() {
        let check = |app: &str, table: &str, expected: Ownership| {
            let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
            let found = RouteTable::builder()
                .route_table_id("rtb-1")
                .tags(tag(APP_TAG, app))
                .tags(tag(ENVIRONMENT_TAG, "prod"))
                .build();
            let wanted = Wanted {
                address: Address::managed("net", "aws_route_table_association", "public_a"),
                region: "eu-west-1".to_owned(),
                attributes: [("route_table_id".to_owned(), Value::text(table))].into(),
                owner: Owner {
                    app: "shop".to_owned(),
                    environment: "prod".to_owned(),
                    lineage: "a1b2".to_owned(),
                },
            };
            assert_eq!(ownership(&found, &wanted), expected);
        };
        check("shop", "rtb-2", Ownership::ChildOfOurs);
        check("other", "rtb-1", Ownership::Equal);
        check("other", "rtb-2", Ownership::Foreign);
    }
}
