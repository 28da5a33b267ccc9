//! The Terraform that is exported, read back: it says what was approved, field for field, and
//! nothing else.
//!
//! The reader ([`folder`]) knows nothing of how the export is made, and the expectation
//! ([`expected`]) says it a second time; [`compared`] holds them against each other. That they
//! see everything is shown by changing each thing that stands in a folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{BlockLabel, Body};
use hcl_edit::template::Element;
use hcl_edit::visit_mut::{self, VisitMut};
use proptest::prelude::*;
use watertight::address::Address;
use watertight::blueprint::Library;
use watertight::diagnostic::{Source, Span};
use watertight::export::{self, Live, Provider};
use watertight::guardrail::{self, Approved};
use watertight::kind::Kind;
use watertight::pipeline;
use watertight::resource::Resource;
use watertight::value::{Part, Reference, Step, Value};

use crate::blueprints::least_and_most;
use crate::readme::today;
use crate::support::terraform::Line;
use crate::support::{compared, expected, folder, model};
use crate::terraform_export::{examples, waived};

fn approved(name: &str, text: &str) -> Approved {
    let source = Arc::new(Source {
        name: "app.toml".to_owned(),
        text: text.to_owned(),
    });
    pipeline::approve(&source, None, &Library::embedded(), today())
        .unwrap_or_else(|stop| panic!("{name}: {stop:?}"))
}

/// Every example, and every blueprint with the least and the most that can be given.
fn specs() -> Vec<(String, Approved)> {
    let blueprints = least_and_most().into_iter();
    let blueprints = blueprints.map(|(name, text)| (name.to_owned(), text));
    let specs = examples().into_iter().chain(blueprints);
    specs
        .map(|(name, text)| {
            let approved = approved(&name, &waived(&text));
            (name, approved)
        })
        .collect()
}

fn exported(approved: &Approved, line: Line, stands: Option<&Live>) -> BTreeMap<String, Body> {
    let provider = match line {
        Line::Five => Provider::Five,
        Line::Six => Provider::Six,
    };
    let exported = export::terraform(approved, provider, stands, today());
    let files = exported
        .unwrap_or_else(|refusal| panic!("{refusal:?}"))
        .files;
    let files = files.into_iter().map(|(name, text)| {
        let body = hcl_edit::parser::parse_body(&text);
        let body = body.unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        (name, body)
    });
    files.collect()
}

/// What stands after an apply: all of it, or less each third.
fn live(approved: &Approved, all: bool) -> Live {
    let mut live = Live {
        lineage: "0123456789abcdef".to_owned(),
        ..Live::default()
    };
    for (number, resource) in approved.desired().resources.values().enumerate() {
        if all || number % 3 != 0 {
            let address = &resource.address;
            let mut applied = resource.attributes.clone();
            for name in &resource.generated {
                let stands = format!("{address}.{name} as it stands, ${{x}}");
                applied.insert(name.clone(), Value::text(stands));
            }
            live.ids.insert(address.clone(), format!("id of {address}"));
            live.attributes.insert(address.clone(), applied);
        }
    }
    live
}

/// What is read back differs in nothing from what was approved: for both providers, with and
/// without what stands.
fn is_whole(name: &str, approved: &Approved) -> Result<(), TestCaseError> {
    for line in [Line::Five, Line::Six] {
        for live in [
            None,
            Some(live(approved, true)),
            Some(live(approved, false)),
        ] {
            let files = exported(approved, line, live.as_ref());
            let wanted = expected::wanted(approved, line, live.as_ref());
            let found = compared::differences(&folder::read(&files, line), &wanted, line);
            let stands = live.map_or(0, |live| live.ids.len());
            prop_assert!(
                found.is_empty(),
                "{name}, provider {}, {stands} stand:\n{}",
                line.major(),
                found.join("\n")
            );
        }
    }
    Ok(())
}

#[test]
fn what_is_exported_is_what_was_approved() {
    let wrong: Vec<String> = specs()
        .iter()
        .filter_map(|(name, approved)| Some(is_whole(name, approved).err()?.to_string()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// How something that stands in a folder is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// An argument, a block or an entry is dropped.
    Drop,
    /// A literal is another one.
    Value,
    /// A reference leads elsewhere.
    Reference,
}

/// Changes the thing with this number, in the order in which they stand.
struct Mutant<'a> {
    number: usize,
    seen: usize,
    /// Where references may lead, too: to one that is there.
    elsewhere: &'a [Expression],
    made: Option<(Change, String)>,
}

impl Mutant<'_> {
    fn is_turn(&mut self) -> bool {
        self.seen += 1;
        self.seen == self.number + 1
    }

    fn value(&mut self, value: &mut Expression) {
        let was = value.to_string();
        let (change, with) = match value {
            Expression::Bool(truth) => (Change::Value, Expression::from(!*truth.value())),
            Expression::Number(_) => (Change::Value, Expression::from(4_711)),
            Expression::String(text) => (Change::Value, format!("{}x", text.as_str()).into()),
            Expression::StringTemplate(template) => {
                let mut longer = template.clone();
                longer.push(Element::from("x"));
                (Change::Value, Expression::StringTemplate(longer))
            }
            Expression::Null(_) => (Change::Value, Expression::from("x")),
            Expression::Traversal(_) => {
                let mut others = self.elsewhere.iter();
                let other = others.find(|other| other.to_string().trim() != was.trim());
                (Change::Reference, other.unwrap().clone())
            }
            Expression::Array(items) if !items.is_empty() => {
                let mut fewer = items.clone();
                fewer.remove(items.len() - 1);
                (Change::Drop, Expression::Array(fewer))
            }
            Expression::Object(entries) if !entries.is_empty() => {
                let mut fewer = entries.clone();
                let first = entries.iter().next().unwrap().0.clone();
                fewer.remove(&first);
                (Change::Drop, Expression::Object(fewer))
            }
            _ => return,
        };
        if self.is_turn() && with.to_string().trim() != was.trim() {
            self.made = Some((change, was));
            *value = with;
        }
    }
}

impl VisitMut for Mutant<'_> {
    fn visit_body_mut(&mut self, body: &mut Body) {
        for index in 0..body.len() {
            if self.is_turn() {
                let dropped = Body::from(vec![body.remove(index)]);
                self.made = Some((Change::Drop, dropped.to_string()));
                return;
            }
        }
        visit_mut::visit_body_mut(self, body);
    }

    fn visit_expr_mut(&mut self, value: &mut Expression) {
        self.value(value);
        if self.made.is_none() {
            visit_mut::visit_expr_mut(self, value);
        }
    }
}

/// Whatever is dropped, changed or led elsewhere is seen.
fn no_change_is_missed(approved: &Approved, line: Line, stands: Option<&Live>) -> [usize; 3] {
    let files = exported(approved, line, stands);
    let wanted = expected::wanted(approved, line, stands);
    let resources = files.values().flat_map(|body| body.get_blocks("resource"));
    let elsewhere: Vec<Expression> = resources
        .map(|block| {
            let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
            format!("{}.id", labels.join(".")).parse().unwrap()
        })
        .collect();
    let mut counts = [0; 3];
    for (name, body) in &files {
        for number in 0.. {
            let mut body = body.clone();
            let mut mutant = Mutant {
                number,
                seen: 0,
                elsewhere: &elsewhere,
                made: None,
            };
            mutant.visit_body_mut(&mut body);
            if mutant.seen <= number {
                break;
            }
            if let Some((change, was)) = mutant.made {
                let mut changed = files.clone();
                changed.insert(name.clone(), body);
                let read = folder::read(&changed, line);
                let found = compared::differences(&read, &wanted, line);
                assert!(!found.is_empty(), "{name}: {change:?} of {was}");
                counts[change as usize] += 1;
            }
        }
    }
    counts
}

#[test]
fn each_thing_that_stands_in_a_folder_counts() {
    let (_, text) = least_and_most().pop().unwrap();
    let approved = approved("the mutants", &waived(&text));
    let live = live(&approved, false);
    for line in [Line::Five, Line::Six] {
        let [dropped, values, references] = no_change_is_missed(&approved, line, Some(&live));
        assert!(
            dropped > 300 && values > 250 && references > 100,
            "{dropped} {values} {references}"
        );
    }
}

/// What the dice found once.
#[test]
fn the_worst_is_exported_whole() {
    let mut desired = model::nothing(today());
    let source = Arc::new(Source {
        name: "app.toml".to_owned(),
        text: "ignore".to_owned(),
    });
    let mut add = |component: &str, kind: &str, attributes: Value, ignored: &[&str]| {
        let address = Address::managed(component, kind, "main");
        let Value::Map(attributes) = attributes else {
            panic!("{address}");
        };
        let region = "eu-west-1".to_owned();
        let mut resource = Resource::plain(address.clone(), region, attributes);
        for path in ignored {
            let span = Span::new(&source, 0..6);
            resource.ignored.insert((*path).to_owned(), span);
        }
        let kind = Kind::of(kind).unwrap();
        // As of all that is expanded.
        if kind.schema().attribute("tags").is_some() {
            let tags = Value::map([("a", Value::text("b"))]);
            resource.attributes.insert("tags".to_owned(), tags);
        }
        model::fill(&mut resource, kind);
        desired.resources.insert(address.clone(), resource);
        address
    };
    let vpc = add("a", "aws_vpc", Value::map::<&str>([]), &[]);
    // What others add under a group is no argument of it.
    add(
        "a",
        "aws_security_group",
        Value::map([("name", "a".into())]),
        &["rules", "name"],
    );
    // Blocks in blocks; and a port that provider 5 has no words for.
    let path = "default_action.redirect.port";
    add(
        "a",
        "aws_lb_listener",
        Value::map([("port", Value::Int(443))]),
        &[path, "tcp_idle_timeout_seconds"],
    );
    // A field of an object that provider 5 has not.
    let route = Value::map([
        ("cidr_block", "10.0.0.0/8".into()),
        ("odb_network_arn", "arn".into()),
    ]);
    add(
        "a",
        "aws_route_table",
        Value::map([("route", Value::List(vec![route]))]),
        &[],
    );
    // Outputs whose labels would be the same.
    for (component, name) in [("a", "b_c"), ("a-b", "c")] {
        let key = (component.to_owned(), name.to_owned());
        desired.outputs.insert(key, Value::text(component));
    }
    // A quote behind a template that stands in a template.
    let mut owner = Reference::to(vpc, "tags");
    owner.path.push(Step::Key("$${[".to_owned()));
    let parts = vec![Part::Reference(owner), Part::Text("\" $\t#/*".to_owned())];
    let key = ("a".to_owned(), "owner".to_owned());
    desired.outputs.insert(key, Value::Template(parts));

    let approved = guardrail::approve(desired, today()).unwrap();
    is_whole("the worst", &approved).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_approved_is_exported_whole(thrown in prop::collection::vec(any::<u16>(), 0..1500)) {
        let desired = model::desired(&mut model::Dice::new(&thrown), today());
        let approved = guardrail::approve(desired, today()).unwrap();
        is_whole("made up", &approved)?;
    }
}
