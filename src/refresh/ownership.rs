//! Whose a found thing is.
//!
//! *Invariant*: a name alone never makes a thing ours.

use std::collections::BTreeSet;

use super::{Foreign, Standing};
use crate::address::Address;
use crate::aws::{Found, Ownership};
use crate::kind::schema::Schema;
use crate::resource::Id;
use crate::state::Document;

/// Judges what was found for an address without a recorded id: ours and why, absent, or in
/// the way.
pub(super) fn judge(
    address: &Address,
    found: Vec<Found>,
    document: &Document,
) -> Result<Option<(Id, Standing)>, Foreign> {
    let intended = document
        .current(address)
        .is_some_and(|record| record.id.is_none());
    let taggable =
        Schema::of(&address.kind).is_some_and(|schema| schema.attribute("tags").is_some());
    let mut ours: Vec<(Id, Standing)> = Vec::new();
    let mut in_the_way: Option<Foreign> = None;
    // What another record has (a forerunner that is still to go) carries the same tags.
    // Only what is shared may stand in several records. A bucket's parts have its id, and are
    // other things.
    let known: BTreeSet<&Id> = document
        .records
        .iter()
        .filter(|record| record.address.kind == address.kind)
        .filter_map(|record| record.id.as_ref())
        .collect();
    for Found { id, ownership } in found {
        if known.contains(&id) && ownership != Ownership::Shared {
            continue;
        }
        let standing = match &ownership {
            Ownership::Tagged { lineage } if *lineage == document.lineage => Some(if intended {
                Standing::Intended
            } else {
                Standing::Found(ownership)
            }),
            // Nothing was ever written of this state: it is a state that was lost. Or it is
            // the rest of one whose things this one has begun to take over; or the tag never
            // came to be written.
            Ownership::Tagged { lineage }
                if document.is_new()
                    || document.forebears.contains(lineage)
                    || lineage.is_empty() =>
            {
                Some(Standing::Found(ownership))
            }
            Ownership::Tagged { lineage } => {
                in_the_way = Some(Foreign::OtherLineage(id.clone(), lineage.clone()));
                None
            }
            // What can't carry a tag is ours if it is what we were about to make when we
            // stopped. Another thing of its name is not: somebody came first.
            Ownership::ChildOfOurs | Ownership::Given | Ownership::Equal | Ownership::Shared
                if intended && !taggable =>
            {
                Some(Standing::Intended)
            }
            Ownership::ChildOfOurs | Ownership::Given | Ownership::Equal | Ownership::Shared => {
                Some(Standing::Found(ownership))
            }
            Ownership::Foreign => {
                in_the_way = Some(Foreign::NotOurs(id.clone()));
                None
            }
        };
        ours.extend(standing.map(|standing| (id, standing)));
    }
    match (ours.len(), in_the_way) {
        (0, None) => Ok(None),
        (0, Some(foreign)) => Err(foreign),
        (1, _) => Ok(ours.pop()),
        _ => Err(Foreign::Several(
            ours.into_iter().map(|(id, _)| id).collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::judge;
    use crate::address::Address;
    use crate::aws::{Found, Ownership};
    use crate::refresh::{Foreign, Standing};
    use crate::resource::Id;
    use crate::state::{Document, Record, Status};
    use crate::value::Attributes;

    fn found(ownership: Ownership) -> Vec<Found> {
        vec![Found {
            id: Id {
                region: "eu-west-1".to_owned(),
                text: "x".to_owned(),
            },
            ownership,
        }]
    }

    fn tagged(lineage: &str) -> Vec<Found> {
        found(Ownership::Tagged {
            lineage: lineage.to_owned(),
        })
    }

    #[test]
    fn another_lineage_is_adopted_only_where_no_state_was_ever_written_or_its_adoption_has_begun() {
        let bucket = Address::managed("web", "aws_s3_bucket", "site");
        let mut document = Document::new("shop", "prod", "ours");
        let adopted = judge(&bucket, tagged("theirs"), &document)
            .unwrap()
            .unwrap()
            .1;
        assert!(matches!(adopted, Standing::Found(_)));

        document.serial = 4;
        let refused = judge(&bucket, tagged("theirs"), &document).unwrap_err();
        assert!(matches!(refused, Foreign::OtherLineage(_, lineage) if lineage == "theirs"));
        assert!(judge(&bucket, tagged("ours"), &document).unwrap().is_some());

        document.forebears.insert("lost".to_owned());
        let adopted = judge(&bucket, tagged("lost"), &document).unwrap();
        assert!(matches!(adopted, Some((_, Standing::Found(_)))));
        assert!(judge(&bucket, tagged("theirs"), &document).is_err());
    }

    #[test]
    fn what_another_record_has_is_not_found_again() {
        let bucket = Address::managed("web", "aws_s3_bucket", "site");
        let mut document = Document::new("shop", "prod", "ours");
        let record = |generation, status, id| Record {
            address: bucket.clone(),
            generation,
            status,
            region: "eu-west-1".to_owned(),
            id,
            token: None,
            attributes: Attributes::new(),
            dependencies: BTreeSet::new(),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        };
        let old = tagged("ours").remove(0).id;
        document.put(record(1, Status::Deposed, Some(old)));
        document.put(record(2, Status::Creating, None));
        assert_eq!(judge(&bucket, tagged("ours"), &document), Ok(None));
    }

    #[test]
    fn a_name_alone_is_no_proof() {
        let bucket = Address::managed("web", "aws_s3_bucket", "site");
        let document = Document::new("shop", "prod", "ours");
        let refused = judge(&bucket, found(Ownership::Foreign), &document).unwrap_err();
        assert!(matches!(refused, Foreign::NotOurs(_)));
    }

    #[test]
    fn what_came_under_the_name_of_an_open_intent_is_not_ours_for_that() {
        let name = Address::managed("web", "aws_route53_record", "a");
        let mut document = Document::new("shop", "prod", "ours");
        document.put(Record {
            address: name.clone(),
            generation: 1,
            status: Status::Creating,
            region: "us-east-1".to_owned(),
            id: None,
            token: None,
            attributes: Attributes::new(),
            dependencies: BTreeSet::new(),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        });
        let refused = judge(&name, found(Ownership::Foreign), &document).unwrap_err();
        assert!(matches!(refused, Foreign::NotOurs(_)));
        let ours = judge(&name, found(Ownership::Equal), &document).unwrap();
        assert_eq!(ours.map(|(_, standing)| standing), Some(Standing::Intended));
    }
}
