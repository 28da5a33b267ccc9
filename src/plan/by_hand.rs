//! DNS records that somebody makes by hand, in a zone that is not in Route 53.
//!
//! *Invariant*: a record is told only when all of it is known.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::address::Address;
use crate::refresh::Known;
use crate::resource::Resource;
use crate::value::Value;

/// A record that a plan needs and does not make.
#[derive(Clone, Debug, PartialEq)]
pub struct ByHand {
    /// Where it stands in the spec.
    pub address: Address,
    /// Its name.
    name: Value,
    /// What it leads to.
    target: Value,
    /// What kind of record it is.
    kind: RecordKind,
    /// What it is for.
    purpose: Purpose,
    /// What is known before the first step.
    known: Option<Record>,
}

/// A record as it is to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Record {
    /// Its name, with a dot at its end.
    pub name: String,
    /// What kind of record it is.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// What it leads to, with a dot at its end.
    pub value: String,
    /// What it is for.
    pub purpose: Purpose,
}

/// The kinds of record that lead to another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordKind {
    /// Another name for it.
    Cname,
    /// What stands at the top of a zone, where no `CNAME` may (RFC 1034, 3.6.2): DNS
    /// services call it ALIAS, ANAME or a flattened CNAME.
    Alias,
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It proves a name to ACM, now and at each renewal.
    Certificate,
    /// It leads clients to the service.
    Service,
}

impl RecordKind {
    /// As a zone file has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cname => "CNAME",
            Self::Alias => "ALIAS",
        }
    }
}

impl ByHand {
    /// The record that a blueprint describes.
    #[must_use]
    pub fn of(resource: &Resource) -> Self {
        let alias = resource.get("alias.name");
        let (kind, target) = match alias {
            Value::Null => {
                let records = resource.get("records").items();
                (RecordKind::Cname, records.first().unwrap_or(alias))
            }
            name => (RecordKind::Alias, name),
        };
        let mut references = Vec::new();
        target.references(&mut references);
        let proves = |kind: &str| kind == "aws_acm_certificate";
        let purpose = if references.iter().any(|one| proves(&one.target.kind)) {
            Purpose::Certificate
        } else {
            Purpose::Service
        };
        Self {
            address: resource.address.clone(),
            name: resource.get("name").clone(),
            target: target.clone(),
            kind,
            purpose,
            known: None,
        }
    }

    /// The same with what is known before the first step.
    #[must_use]
    pub fn foreseen(mut self, known: &Known) -> Self {
        self.known = self.record(known);
        self
    }

    /// The record, if all of it is known.
    #[must_use]
    pub fn record(&self, known: &Known) -> Option<Record> {
        let text = |value: &Value| {
            let text = known.resolve(value).as_str()?.to_owned();
            Some(format!("{}.", text.trim_end_matches('.').to_lowercase()))
        };
        Some(Record {
            name: text(&self.name)?,
            kind: self.kind,
            value: text(&self.target)?,
            purpose: self.purpose,
        })
    }

    /// Its name, where the spec says it; the record that proves a name has one from ACM.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_str()
    }

    /// What is known before the first step.
    #[must_use]
    pub fn known(&self) -> Option<&Record> {
        self.known.as_ref()
    }
}

impl Serialize for ByHand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.known.as_ref();
        serde_json::json!({
            "address": self.address,
            "name": known.map(|record| &record.name),
            "type": self.kind,
            "value": known.map(|record| &record.value),
            "purpose": self.purpose,
        })
        .serialize(serializer)
    }
}

/// All records of these that are known, none twice: names of one certificate may share one.
#[must_use]
pub fn records<'a>(all: impl IntoIterator<Item = &'a ByHand>, known: &Known) -> Vec<Record> {
    let records = all.into_iter().filter_map(|one| one.record(known));
    let unique: BTreeSet<Record> = records.collect();
    let mut records: Vec<Record> = unique.into_iter().collect();
    records.sort_by_key(|record| record.purpose);
    records
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{ByHand, Purpose, RecordKind, records};
    use crate::address::Address;
    use crate::refresh::Known;
    use crate::resource::{Origin, Resource};
    use crate::value::{Reference, Value};

    fn record(name: &str, attributes: Vec<(&str, Value)>) -> ByHand {
        let attributes = attributes.into_iter().chain([("name", name.into())]);
        ByHand::of(&Resource {
            address: Address::managed("web", "aws_route53_record", "one"),
            region: "us-east-1".to_owned(),
            attributes: attributes
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            generated: BTreeSet::new(),
            defaulted: BTreeSet::new(),
            depends_on: BTreeSet::new(),
            maker: None,
            ignored: BTreeMap::new(),
            overridden: BTreeMap::new(),
            origin: Origin::default(),
            origins: BTreeMap::new(),
        })
    }

    #[test]
    fn a_record_is_told_when_all_of_it_is_known() {
        let balancer = Address::managed("web", "aws_lb", "main");
        let target = Value::Reference(Reference::to(balancer.clone(), "dns_name"));
        let cname = record(
            "shop.example.com",
            vec![("records", Value::List(vec![target.clone()]))],
        );
        let alias = Value::block([("name", target)]);
        let apex = record("example.com", vec![("alias", alias)]);
        let mut known = Known::default();
        assert_eq!(cname.record(&known), None);
        let name = ("dns_name".to_owned(), Value::from("LB-1.elb.amazonaws.com"));
        known.learn(balancer, [name].into());
        let told: Vec<String> = records([&cname, &apex, &cname], &known)
            .into_iter()
            .map(|one| format!("{} {} {}", one.name, one.kind.word(), one.value))
            .collect();
        assert_eq!(
            told,
            [
                "example.com. ALIAS lb-1.elb.amazonaws.com.",
                "shop.example.com. CNAME lb-1.elb.amazonaws.com.",
            ]
        );
        assert_eq!(apex.kind, RecordKind::Alias);
        assert_eq!(cname.purpose, Purpose::Service);
    }
}
