//! `aws_route53_record`: a name in a zone and what it stands for.
//!
//! Its id is `ZONE_name_TYPE`. Calls: Route 53 API reference, version 2013-04-01. A change
//! is one batch of `DELETE` with the exact old value and `CREATE` of the new one, which
//! Route 53 carries out wholly or not at all; `UPSERT` is never sent, so a record that
//! somebody else wrote in between is never overwritten.
//!
//! *Invariant*: nothing is deleted or replaced but the very value that was observed.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_route53::Client;
use aws_sdk_route53::operation::change_resource_record_sets::ChangeResourceRecordSetsError;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
use futures::future::join_all;

use super::acm_validation::still_listed;
use super::route53_record_set::{
    self as record, CHANGE, Key, incomplete, is_validation, malformed, observed, plain, record_set,
    same_value,
};
use super::values::{text, texts};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_route53_record`.
pub(super) struct Route53Record;

#[async_trait]
impl Lifecycle for Route53Record {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let client = aws.route53();
        let mut zones: BTreeMap<&str, BTreeSet<Key<'_>>> = BTreeMap::new();
        for key in ids.iter().filter_map(|id| Key::of(&id.text)) {
            zones.entry(key.zone).or_default().insert(key);
        }
        let names: Vec<&str> = zones.keys().copied().collect();
        let reads = zones
            .into_iter()
            .map(|(zone, keys)| records(&client, zone, keys));
        let answers = join_all(reads).await;
        let zones: BTreeMap<&str, _> = names.into_iter().zip(answers).collect();
        ids.iter()
            .map(|id| {
                let key = Key::of(&id.text).ok_or_else(|| malformed(&id.text))?;
                match zones.get(key.zone) {
                    Some(Ok(found)) => Ok(found.get(&key).map(|set| observed(id, &key, set))),
                    Some(Err(error)) => Err(error.clone()),
                    None => Ok(None),
                }
            })
            .collect()
    }

    /// What stands under the name: a record of the type, or a `CNAME`, beside which nothing
    /// else can stand.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let id = id(wanted);
        let key = Key::of(&id.text).ok_or_else(|| malformed(&id.text))?;
        let sets = match page(&aws.route53(), key.zone, &key.name, None).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let found = sets
            .iter()
            .filter(|set| plain(&set.name) == key.name)
            .filter(|set| set.r#type.as_str() == key.of || alone(set.r#type.as_str(), key.of))
            .map(|set| {
                let of = set.r#type.as_str();
                let id = Id {
                    region: id.region.clone(),
                    text: format!("{}_{}_{of}", key.zone, key.name),
                };
                let seen = observed(&id, &key, set);
                Found {
                    ownership: ownership(set, &seen, wanted),
                    id,
                }
            })
            .collect();
        Ok(found)
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let id = id(wanted);
        let key = Key::of(&id.text).ok_or_else(|| malformed(&id.text))?;
        let create = change(ChangeAction::Create, record_set(&wanted.attributes)?)?;
        send(&aws.route53(), key.zone, vec![create]).await?;
        Ok(id)
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        if same_value(&wanted.attributes, observed) {
            return Ok(());
        }
        let key = Key::of(&id.text).ok_or_else(|| malformed(&id.text))?;
        let client = aws.route53();
        let new = record_set(&wanted.attributes)?;
        let Some(old) = live(&client, &key).await? else {
            return send(&client, key.zone, vec![change(ChangeAction::Create, new)?]).await;
        };
        let seen = record::observed(id, &key, &old);
        if same_value(&wanted.attributes, &seen) {
            // An earlier attempt got through.
            return Ok(());
        }
        unchanged(&key, observed, &seen)?;
        let batch = vec![
            change(ChangeAction::Delete, old)?,
            change(ChangeAction::Create, new)?,
        ];
        send(&client, key.zone, batch).await
    }

    /// A certificate's validation record serves every certificate of the account for that
    /// name, and stays while one that doesn't go lists it.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let key = Key::of(&id.text).ok_or_else(|| malformed(&id.text))?;
        let client = aws.route53();
        let old = match live(&client, &key).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deleted::Gone),
            answer => answer?,
        };
        let Some(old) = old else {
            return Ok(Deleted::Gone);
        };
        unchanged(&key, observed, &record::observed(id, &key, &old))?;
        if is_validation(observed)
            && let Some(why) = still_listed(aws, &key.name, &id.region, going).await
        {
            return Ok(Deleted::Kept { why });
        }
        match send(&client, key.zone, vec![change(ChangeAction::Delete, old)?]).await {
            Ok(()) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}

/// A `CNAME` can't stand beside a record of another type.
fn alone(live: &str, wanted: &str) -> bool {
    live != wanted && (live == "CNAME" || wanted == "CNAME")
}

fn id(wanted: &Wanted) -> Id {
    let part = |name: &str| text(&wanted.attributes, name).unwrap_or_default();
    let zone = part("zone_id").trim_start_matches("/hostedzone/");
    Id {
        region: wanted.region.clone(),
        text: format!("{zone}_{}_{}", plain(part("name")), part("type")),
    }
}

/// Records of one zone by key. What is next to the first in order comes on the same page,
/// so that a small zone takes one call; what is on no page is asked for by itself before it
/// is held for absent.
async fn records<'a>(
    client: &Client,
    zone: &str,
    keys: BTreeSet<Key<'a>>,
) -> Result<BTreeMap<Key<'a>, ResourceRecordSet>, Error> {
    let mut found = BTreeMap::new();
    let mut left = keys;
    while let Some(first) = left.pop_first() {
        let sets = match page(client, zone, &first.name, Some(first.of)).await {
            // No zone, no records.
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            answer => answer?,
        };
        let on_page = std::iter::once(first)
            .chain(left.iter().cloned())
            .filter_map(|key| {
                let set = sets.iter().find(|set| key.is(set))?;
                Some((key, set.clone()))
            });
        let on_page: Vec<_> = on_page.collect();
        left.retain(|key| !on_page.iter().any(|(seen, _)| seen == key));
        found.extend(on_page);
    }
    Ok(found)
}

async fn page(
    client: &Client,
    zone: &str,
    name: &str,
    of: Option<&str>,
) -> Result<Vec<ResourceRecordSet>, Error> {
    let answer = client
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(name)
        .set_start_record_type(of.map(RrType::from))
        .send()
        .await
        .map_err(|error| Error::of("route53:ListResourceRecordSets", &error))?;
    Ok(answer.resource_record_sets)
}

/// The record as it stands.
async fn live(client: &Client, key: &Key<'_>) -> Result<Option<ResourceRecordSet>, Error> {
    let sets = page(client, key.zone, &key.name, Some(key.of)).await?;
    Ok(sets.into_iter().find(|set| key.is(set)))
}

/// Stops where somebody changed the record since it was read.
fn unchanged(key: &Key<'_>, observed: &Attributes, live: &Attributes) -> Result<(), Error> {
    if same_value(observed, live) {
        return Ok(());
    }
    let message = format!("{} {} changed since it was read", key.name, key.of);
    Err(Error::new(ErrorKind::Conflict, CHANGE, message).hint("plan again"))
}

fn ownership(set: &ResourceRecordSet, seen: &Attributes, wanted: &Wanted) -> Ownership {
    let attributes = &wanted.attributes;
    let same_kind = text(attributes, "type") == Some(set.r#type.as_str());
    let same_values = || {
        let values = |of: &Attributes| -> Option<Vec<String>> {
            Some(
                texts(of, "records")?
                    .iter()
                    .map(|text| plain(text))
                    .collect(),
            )
        };
        values(attributes) == values(seen)
    };
    if !same_kind || set.set_identifier.is_some() {
        Ownership::Foreign
    } else if is_validation(attributes) && same_values() {
        Ownership::Shared
    } else if same_value(attributes, seen) {
        Ownership::Equal
    } else {
        Ownership::Foreign
    }
}

fn change(action: ChangeAction, set: ResourceRecordSet) -> Result<Change, Error> {
    Change::builder()
        .action(action)
        .resource_record_set(set)
        .build()
        .map_err(|error| incomplete(&error))
}

async fn send(client: &Client, zone: &str, changes: Vec<Change>) -> Result<(), Error> {
    let batch = ChangeBatch::builder()
        .set_changes(Some(changes))
        .build()
        .map_err(|error| incomplete(&error))?;
    let answer = client
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(sdk) => {
            let mut error = Error::of(CHANGE, &sdk);
            if let Some(ChangeResourceRecordSetsError::InvalidChangeBatch(batch)) =
                sdk.as_service_error()
                && !batch.messages().is_empty()
            {
                error.message = batch.messages().join("; ");
            }
            Err(sort(error))
        }
    }
}

/// Route 53 has one code for everything that is wrong with a batch, and says in its message
/// what it is.
fn sort(mut error: Error) -> Error {
    if error.code.as_deref() != Some("InvalidChangeBatch") {
        return error;
    }
    if error.message.contains("already exists") {
        error.kind = ErrorKind::AlreadyExists;
    } else if error.message.contains("not found") {
        error.kind = ErrorKind::NotFound;
    } else if error.message.contains("not permitted in zone") {
        return error.hint("write the whole name, which must end in the zone's");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::{ownership, sort};
    use crate::address::Address;
    use crate::aws::route53_record_set::record_set;
    use crate::aws::route53_record_set::samples::{alias, read, validation};
    use crate::aws::{Error, ErrorKind, Owner, Ownership, Wanted};
    use crate::value::Attributes;

    #[test]
    fn whose_a_record_is() {
        let check = |live: &Attributes, wanted: Attributes, expected: Ownership| {
            let set = record_set(live).unwrap();
            let wanted = Wanted {
                address: Address::managed("web", "aws_route53_record", "site"),
                region: "us-east-1".to_owned(),
                attributes: wanted,
                owner: Owner {
                    app: "shop".to_owned(),
                    environment: "prod".to_owned(),
                    lineage: "a1b2".to_owned(),
                },
            };
            assert_eq!(ownership(&set, &read(&set), &wanted), expected);
        };
        let ours = "_b.acm-validations.aws.";
        check(
            &validation(ours, 300),
            validation(ours, 60),
            Ownership::Shared,
        );
        check(
            &validation("_c.acm-validations.aws.", 60),
            validation(ours, 60),
            Ownership::Foreign,
        );
        check(
            &alias("web-1.elb.amazonaws.com"),
            alias("web-1.elb.amazonaws.com"),
            Ownership::Equal,
        );
        check(
            &alias("web-2.elb.amazonaws.com"),
            alias("web-1.elb.amazonaws.com"),
            Ownership::Foreign,
        );
        check(
            &validation("else.example.com", 60),
            alias("web-1.elb.amazonaws.com"),
            Ownership::Foreign,
        );
    }

    #[test]
    fn a_refused_batch_says_what_it_is_in_its_message() {
        let check = |message: &str, expected: ErrorKind| {
            let mut error = Error::new(ErrorKind::Refused, super::CHANGE, message);
            error.code = Some("InvalidChangeBatch".to_owned());
            assert_eq!(sort(error).kind, expected);
        };
        check(
            "[Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]",
            ErrorKind::AlreadyExists,
        );
        check(
            "[Tried to delete resource record set [name='a.example.com.', type='A'] but it was not found]",
            ErrorKind::NotFound,
        );
        check("[Invalid TTL]", ErrorKind::Refused);
    }
}
