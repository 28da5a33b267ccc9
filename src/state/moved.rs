//! Records under new names, as `[[moved]]` says.
//!
//! In: a document as it was read, and the spec's moves. Out: the same document, in which
//! every record that has moved stands under its new address, those that depend on it
//! included. Nothing else of a record changes: what AWS calls the thing stays.
//!
//! *Invariant*: a record is renamed only where its thing is found without its old name: by
//! its id.

use std::collections::BTreeMap;

use super::{Document, Status};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::spec::{Move, Moved};

/// Renames what has moved.
///
/// Records that can't be renamed keep their names, and are what is returned: one whose
/// thing may stand without an id, which only its old address finds; and one whose new
/// address has a record already.
pub fn rename(document: &mut Document, moved: &[Moved]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut renamed: BTreeMap<Address, Address> = BTreeMap::new();
    for record in &document.records {
        let Some((to, by)) = destination(&record.address, moved) else {
            continue;
        };
        let from = &record.address;
        let unfinished = document.current(from).is_some_and(|now| now.id.is_none());
        if unfinished {
            problems.push(
                Diagnostic::error(format!(
                    "`{from}` can't move: a run that began to make it was interrupted, and what AWS may have made of it is found by its old name only"
                ))
                .at(by.from.clone(), "")
                .hint("Apply once under the old name, without this `[[moved]]`; then move it."),
            );
        } else if document.current(&to).is_some() && document.current(from).is_some() {
            problems.push(
                Diagnostic::error(format!(
                    "`{from}` can't move to `{to}`, which was made beside it"
                ))
                .at(by.to.clone(), "")
                .hint("Take this `[[moved]]` out: the next apply deletes what has left the spec."),
            );
        } else {
            renamed.insert(from.clone(), to);
        }
    }
    put_names(document, renamed);
    problems
}

/// Gives records, and what depends on them, the new names of these old ones.
pub(super) fn put_names(document: &mut Document, renamed: BTreeMap<Address, Address>) {
    if renamed.is_empty() {
        return;
    }
    // What stood before has names that lead nowhere now.
    document.undo = None;
    for record in &mut document.records {
        if let Some(asked) = &mut record.asked {
            asked.rename(&renamed);
        }
        if let Some(to) = renamed.get(&record.address) {
            record.address = to.clone();
        }
        record.dependencies = std::mem::take(&mut record.dependencies)
            .into_iter()
            .map(|address| renamed.get(&address).cloned().unwrap_or(address))
            .collect();
    }
    document
        .records
        .sort_by(|a, b| (&a.address, a.generation).cmp(&(&b.address, b.generation)));
    let addresses = renamed.into_iter().map(|(from, to)| (to, from));
    document.renamed.addresses.extend(addresses);
}

/// Gives everything to another app and environment, whose document this becomes.
///
/// # Errors
/// The resources whose things may stand without an id: their tags are all that finds them.
pub fn rename_whole(
    document: &mut Document,
    app: &str,
    environment: &str,
) -> Result<(), Vec<Address>> {
    let unfinished: Vec<Address> = document
        .records
        .iter()
        .filter(|record| record.id.is_none() && record.status != Status::Deposed)
        .map(|record| record.address.clone())
        .collect();
    if !unfinished.is_empty() {
        return Err(unfinished);
    }
    let old = (document.app.clone(), document.environment.clone());
    app.clone_into(&mut document.app);
    environment.clone_into(&mut document.environment);
    document.renamed.whole = Some(old);
    document.undo = None;
    Ok(())
}

/// Where an address leads, and the first move on the way; none where it stays.
fn destination<'a>(address: &Address, moved: &'a [Moved]) -> Option<(Address, &'a Moved)> {
    let mut at = address.clone();
    let mut first = None;
    // The parser has refused circles; a chain is as long as there are moves.
    for _ in moved {
        let next = moved.iter().find_map(|one| match &one.what {
            Move::Resource { from, to } if *from == at => Some((to.clone(), one)),
            _ => None,
        });
        let next = next.or_else(|| {
            moved.iter().find_map(|one| match &one.what {
                Move::Component { from, to } if *from == at.component => {
                    let component = to.clone();
                    let to = Address {
                        component,
                        ..at.clone()
                    };
                    Some((to, one))
                }
                _ => None,
            })
        });
        let Some((to, by)) = next else { break };
        first.get_or_insert(by);
        at = to;
    }
    first.map(|by| (at, by))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::sync::Arc;

    use super::{rename, rename_whole};
    use crate::diagnostic::Source;
    use crate::resource::Id;
    use crate::spec;
    use crate::state::{Document, Record, Status};
    use crate::value::Attributes;

    /// Records as `address < dependency, ..`; one without an id ends in `?`.
    fn document(records: &[&str]) -> Document {
        let mut document = Document::new("shop", "prod", "0123");
        for text in records {
            let (address, dependencies) = text.split_once(" < ").unwrap_or((text, ""));
            let named = address.strip_suffix('?');
            document.put(Record {
                address: named.unwrap_or(address).parse().unwrap(),
                generation: 1,
                status: Status::Applied,
                region: "eu-west-1".to_owned(),
                id: named.is_none().then(|| Id {
                    region: "eu-west-1".to_owned(),
                    text: "x".to_owned(),
                }),
                token: None,
                attributes: Attributes::new(),
                dependencies: dependencies
                    .split(", ")
                    .filter(|text| !text.is_empty())
                    .map(|text| text.parse().unwrap())
                    .collect::<BTreeSet<_>>(),
                protect: true,
                maker: None,
                asked: None,
                told: None,
            });
        }
        document
    }

    fn moves(moved: &[(&str, &str)]) -> Vec<spec::Moved> {
        let mut text =
            "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n".to_owned();
        for (from, to) in moved {
            writeln!(text, "[[moved]]\nfrom = \"{from}\"\nto = \"{to}\"").unwrap();
        }
        text += "[components.front]\nblueprint = \"https-service\"\n";
        let source = Arc::new(Source {
            name: "shop.toml".to_owned(),
            text,
        });
        spec::parse(&source, None).spec.unwrap().moved
    }

    #[track_caller]
    fn check(records: &[&str], moved: &[(&str, &str)], expected: &[&str], problem: &str) {
        let mut document = document(records);
        let problems = rename(&mut document, &moves(moved));
        let now: Vec<String> = document
            .records
            .iter()
            .map(|record| {
                let dependencies: Vec<String> = record
                    .dependencies
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                match dependencies.as_slice() {
                    [] => record.address.to_string(),
                    some => format!("{} < {}", record.address, some.join(", ")),
                }
            })
            .collect();
        assert_eq!(now, expected);
        let said: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
        assert!(said.join("\n").contains(problem), "{said:?}");
        assert_eq!(said.is_empty(), problem.is_empty(), "{said:?}");
    }

    #[test]
    fn a_component_moves_with_all_that_depends_on_it() {
        check(
            &[
                "api.aws_lb.main < web.aws_security_group.lb",
                "web.aws_lb.main < web.aws_security_group.lb",
                "web.aws_security_group.lb",
            ],
            &[("web", "front")],
            &[
                "api.aws_lb.main < front.aws_security_group.lb",
                "front.aws_lb.main < front.aws_security_group.lb",
                "front.aws_security_group.lb",
            ],
            "",
        );
    }

    #[test]
    fn moves_follow_each_other() {
        check(
            &["old.aws_lb.main"],
            &[
                ("old", "web"),
                ("web", "front"),
                ("front.aws_lb.main", "front.aws_lb.public"),
            ],
            &["front.aws_lb.public"],
            "",
        );
    }

    #[test]
    fn what_has_moved_already_stays() {
        check(
            &["front.aws_lb.main"],
            &[("web", "front")],
            &["front.aws_lb.main"],
            "",
        );
    }

    #[test]
    fn what_only_its_old_name_finds_does_not_move() {
        check(
            &["web.aws_lb.main?"],
            &[("web", "front")],
            &["web.aws_lb.main"],
            "a run that began to make it was interrupted",
        );
        let mut whole = document(&["web.aws_lb.main?"]);
        rename_whole(&mut whole, "store", "prod").unwrap_err();
        assert_eq!(whole.app, "shop");
    }

    #[test]
    fn nothing_moves_onto_another() {
        check(
            &["front.aws_lb.main", "web.aws_lb.main"],
            &[("web", "front")],
            &["front.aws_lb.main", "web.aws_lb.main"],
            "`web.aws_lb.main` can't move to `front.aws_lb.main`",
        );
    }

    #[test]
    fn everything_goes_to_another_app() {
        let mut document = document(&["web.aws_lb.main"]);
        rename_whole(&mut document, "store", "live").unwrap();
        assert_eq!(
            (document.app.as_str(), document.environment.as_str()),
            ("store", "live")
        );
        let address = document.records[0].address.clone();
        assert_eq!(document.renamed.before(&address).unwrap(), "shop/prod");
    }
}
