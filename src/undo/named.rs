//! What the resources name by its id alone and a guardrail has to see: lookups by that id.
//!
//! A spec asks for such a thing in its own words, by a name or through a parameter. A record
//! has the answer, and the spec may ask for another by now, or be gone.
//!
//! *Invariant*: pure; nothing is asked but what stands in the resources.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::resource::{Lookup, Origin, Resource};
use crate::value::{Attributes, Value};

/// Attributes that name what a guardrail has to see, and what they name.
const NAMED: [(&str, &str); 4] = [
    ("acm_certificate_arn", CERTIFICATE),
    ("certificate_arn", CERTIFICATE),
    ("prefix_list_id", PREFIX_LIST),
    ("prefix_list_ids", PREFIX_LIST),
];
const CERTIFICATE: &str = "aws_acm_certificate";
const PREFIX_LIST: &str = "aws_ec2_managed_prefix_list";

/// A lookup for each of them in each component. What is linked to a resource is none.
pub(super) fn lookups(resources: &BTreeMap<Address, Resource>) -> BTreeMap<Address, Lookup> {
    let mut lookups = BTreeMap::new();
    for resource in resources.values() {
        let mut ids = Vec::new();
        collect(&resource.attributes, &mut ids);
        for (kind, id) in ids {
            if let Some(lookup) = lookup(resource, kind, id) {
                lookups.insert(lookup.address.clone(), lookup);
            }
        }
    }
    lookups
}

fn collect<'a>(attributes: &'a Attributes, ids: &mut Vec<(&'static str, &'a str)>) {
    for (name, value) in attributes {
        let named = NAMED.iter().find(|(other, _)| other == name);
        for item in value.items().iter().chain([value]) {
            match (item, named) {
                (Value::Map(block), _) => collect(block, ids),
                (Value::String(id), Some((_, kind))) => ids.push((*kind, id)),
                _ => {}
            }
        }
    }
}

fn lookup(resource: &Resource, kind: &str, id: &str) -> Option<Lookup> {
    // A certificate says where it is; one of IAM's is in no region and no lookup describes it.
    let (region, name) = match (kind, id.split(':').collect::<Vec<_>>().as_slice()) {
        (CERTIFICATE, ["arn", _, "acm", region, _, name]) => (*region, *name),
        (CERTIFICATE, _) => return None,
        _ => (resource.region.as_str(), id),
    };
    let name = name.trim_start_matches("certificate/");
    Some(Lookup {
        address: Address::lookup(&resource.address.component, kind, name),
        region: region.to_owned(),
        arguments: Attributes::from([("id".to_owned(), id.into())]),
        depends_on: BTreeSet::new(),
        origin: Origin::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::lookups;
    use crate::address::Address;
    use crate::resource::Resource;
    use crate::value::{Reference, Value};

    #[test]
    fn what_is_named_by_its_id_is_looked_up_where_it_is() {
        let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12ab";
        let own = Address::managed("web", "aws_acm_certificate", "site");
        let of = |kind: &str, attributes: Vec<(&str, Value)>| {
            let address = Address::managed("web", kind, "main");
            let attributes = attributes.into_iter();
            let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
            let region = "eu-west-1".to_owned();
            (
                address.clone(),
                Resource::plain(address, region, attributes.collect()),
            )
        };
        let resources = [
            of(
                "aws_cloudfront_distribution",
                vec![(
                    "viewer_certificate",
                    Value::block([("acm_certificate_arn", certificate.into())]),
                )],
            ),
            of(
                "aws_lb_listener",
                vec![(
                    "certificate_arn",
                    Value::Reference(Reference::to(own, "arn")),
                )],
            ),
            of(
                "aws_lb_listener_certificate",
                vec![(
                    "certificate_arn",
                    "arn:aws:iam::123456789012:server-certificate/old".into(),
                )],
            ),
            of(
                "aws_security_group",
                vec![(
                    "ingress",
                    Value::block([("prefix_list_ids", Value::texts(["pl-1", "pl-2"]))]),
                )],
            ),
            of("aws_s3_bucket", vec![("bucket", "pl-3".into())]),
        ];
        let asked = lookups(&resources.into());
        let asked = asked.values().map(|lookup| {
            let id = lookup.arguments["id"].as_str().unwrap();
            format!("{} in {}: {id}", lookup.address, lookup.region)
        });
        assert_eq!(
            asked.collect::<Vec<_>>(),
            [
                format!("web.data.aws_acm_certificate.12ab in us-east-1: {certificate}"),
                "web.data.aws_ec2_managed_prefix_list.pl-1 in eu-west-1: pl-1".to_owned(),
                "web.data.aws_ec2_managed_prefix_list.pl-2 in eu-west-1: pl-2".to_owned(),
            ]
        );
    }
}
