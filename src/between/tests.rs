//! The checker holds the planner to account, and is held to account itself: an edge that a
//! demand asks for is missed when it is taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::mixed::Weak;
use super::{DEMANDS, Relations, broken, earlier, secure};
use crate::blueprint::Library;
use crate::diagnostic::Source;
use crate::diff::{self, Options, Target};
use crate::graph::{self, Graph};
use crate::guardrail::{self, Confirmed, Judge};
use crate::kind::Kind;
use crate::pipeline;
use crate::plan::{self, Action, Changes, Header, Mode, Plan};
use crate::refresh::{Known, Observed};
use crate::resource::{Desired, Id, Kept, Lookup, Resource};
use crate::state::{Document, Record, Status};
use crate::value::{Attributes, Value};

const TODAY: Date = date(2026, 11, 24);

/// What the user may change of an application: a network, a service in it, a distribution
/// before that, a site.
#[derive(Clone, Debug)]
struct Inputs {
    domain: &'static str,
    alias: bool,
    port: u16,
    target: Option<&'static str>,
    internal: bool,
    redirect: bool,
    tls13: bool,
    group: Option<&'static str>,
    own_network: bool,
    cidr: u8,
    zones: &'static str,
    nat: &'static str,
    site: Option<&'static str>,
    service: bool,
}

impl Inputs {
    fn text(&self) -> String {
        let mut text =
            "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n".to_owned();
        if self.own_network {
            let (cidr, zones, nat) = (self.cidr, self.zones, self.nat);
            writeln!(text, "[components.net]\nblueprint = \"network\"\ncidr = \"10.{cidr}.0.0/16\"\nzones = {zones}\nnat = \"{nat}\"").unwrap();
        }
        if let Some(domain) = self.site {
            writeln!(
                text,
                "[components.site]\nblueprint = \"static-site\"\ndomain = \"{domain}.example.com\""
            )
            .unwrap();
        }
        if !self.service {
            writeln!(text, "[components.files]\nblueprint = \"private-bucket\"").unwrap();
            return text;
        }
        let Self {
            domain,
            port,
            internal,
            redirect,
            ..
        } = self;
        writeln!(text, "[components.web]\nblueprint = \"https-service\"\ndomain = \"{domain}.example.com\"\nport = {port}\ninternal = {internal}\nredirect_http = {redirect}").unwrap();
        if self.alias {
            text.push_str("aliases = [\"alias.example.com\"]\n");
        }
        if let Some(target) = self.target {
            writeln!(text, "targets = [\"{target}\"]").unwrap();
        }
        if self.tls13 {
            text.push_str("tls_policy = \"tls13\"\n");
        }
        if self.own_network {
            text.push_str("network = { from = \"net\" }\n");
        }
        if let Some(description) = self.group {
            writeln!(
                text,
                "[components.web.override.aws_security_group.lb]\ndescription = \"{description}\""
            )
            .unwrap();
        }
        text
    }
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let service = (
        prop::sample::select(vec!["shop", "store"]),
        any::<bool>(),
        prop::sample::select(vec![8443, 9443]),
        prop::sample::select(vec![None, Some("10.0.64.10"), Some("10.0.64.11")]),
        any::<[bool; 3]>(),
        prop::sample::select(vec![None, Some("one"), Some("other")]),
    );
    let around = (
        any::<bool>(),
        0..3_u8,
        prop::sample::select(vec![r#"["a", "b"]"#, r#"["a", "b", "c"]"#]),
        prop::sample::select(vec!["none", "one", "per zone"]),
        prop::sample::select(vec![None, Some("www"), Some("home")]),
        prop::bool::weighted(0.9),
    );
    (service, around).prop_map(|(service, around)| {
        let (domain, alias, port, target, [internal, redirect, tls13], group) = service;
        let (own_network, cidr, zones, nat, site, service) = around;
        Inputs {
            domain,
            alias,
            port,
            target,
            internal,
            redirect,
            tls13,
            group,
            own_network,
            cidr,
            zones,
            nat,
            site,
            service,
        }
    })
}

/// What the account answers.
fn answer(lookup: &Lookup) -> Attributes {
    let text = |text: &str| Value::text(format!("{text}-{}", lookup.address.name));
    let list = |name: &str| Value::List(vec![text(&format!("{name}-a")), text(name)]);
    let pairs = [
        ("id", text("id")),
        ("arn", text("arn")),
        ("account_id", Value::text("123456789012")),
        ("cidr_block", Value::text("172.31.0.0/16")),
        ("ids", list("subnet")),
        ("names", list("zone")),
        ("vpc_id", text("vpc")),
        ("zone_id", text("Z")),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn confirmed(text: &str) -> Confirmed {
    let source = Arc::new(Source {
        name: "app.toml".to_owned(),
        text: text.to_owned(),
    });
    let approved = pipeline::approve(&source, None, &Library::embedded(), TODAY)
        .unwrap_or_else(|stop| panic!("{text}\n{:#?}", stop.diagnostics()));
    let lookups = approved.desired().lookups.values();
    let lookups = lookups
        .map(|lookup| (lookup.address.clone(), answer(lookup)))
        .collect();
    guardrail::confirm(approved, &lookups, &Kept::new(), TODAY)
        .unwrap_or_else(|refusal| panic!("{text}\n{:#?}", refusal.diagnostics()))
}

/// What AWS makes of a resource: what was wanted, and what it fills in itself.
fn made(resource: &Resource, desired: &Desired, known: &Known, generation: u64) -> Attributes {
    let kind = Kind::of(&resource.address.kind).unwrap();
    let computed = kind.schema().attributes.iter();
    let mut attributes: Attributes = computed
        .filter(|attribute| attribute.computed && attribute.of == crate::kind::schema::Type::String)
        .filter(|attribute| !attribute.optional || attribute.name == "id")
        .map(|attribute| {
            let text = format!("{}.{}#{generation}", resource.address, attribute.name);
            (attribute.name.to_owned(), Value::text(text))
        })
        .collect();
    let wanted = resource.attributes.iter();
    attributes.extend(wanted.map(|(name, value)| (name.clone(), known.resolve(value))));
    // Rules read these two.
    if kind.name == "aws_s3_bucket" || kind.part_of == Some("aws_s3_bucket") {
        let name = attributes.get("bucket").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        attributes.insert("arn".to_owned(), format!("arn:aws:s3:::{name}").into());
        attributes.insert("id".to_owned(), name.into());
    }
    if kind.name == "aws_cloudfront_distribution" {
        let arn = format!("arn:aws:cloudfront::123456789012:distribution/E{generation}");
        attributes.insert("arn".to_owned(), arn.into());
    }
    // It is in the VPC that what it refers to is in.
    if let Some(place) = kind.confined_to {
        let used = resource.dependencies();
        let used = used.iter().filter_map(|used| desired.resources.get(used));
        let mut places = used.map(|used| used.get(place));
        if let Some(found) = places.find(|found| !found.is_null()) {
            attributes.insert(place.to_owned(), known.resolve(found));
        }
    }
    attributes
}

/// The state after an apply in which everything was made.
fn applied(desired: &Desired, generation: u64) -> (Document, Observed) {
    let mut document = Document::new("shop", "prod", "00000000000000000000000000000000");
    document.generation = generation;
    let graph = graph::build(desired, &document).unwrap();
    let mut known = Known::default();
    for address in graph.order() {
        let resource = &desired.resources[address];
        let attributes = made(resource, desired, &known, generation);
        known.learn(address.clone(), attributes.clone());
        document.put(Record {
            address: address.clone(),
            generation,
            status: Status::Applied,
            region: resource.region.clone(),
            id: Some(Id {
                region: resource.region.clone(),
                text: format!("{address}#{generation}"),
            }),
            token: None,
            attributes,
            dependencies: desired.dependencies(resource),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        });
    }
    let observed = Observed::remembered(&document);
    (document, observed)
}

/// A plan and what it was made of.
struct Case {
    plan: Plan,
    graph: Graph,
    document: Document,
    /// What stays.
    desired: Desired,
    judge: Judge,
}

impl Case {
    /// From a state to what a spec says.
    fn to(confirmed: &Confirmed, document: Document, observed: &Observed) -> Self {
        let graph = graph::build(confirmed.desired(), &document).unwrap();
        let target = Target::Keep(confirmed);
        let changes = diff::compare(target, &graph, observed, &document, Options::default());
        let desired = confirmed.desired().clone();
        Self::of(changes, graph, document, desired, confirmed.judge())
    }

    /// From a state to nothing.
    fn to_nothing(document: Document, observed: &Observed, spec: &Desired) -> Self {
        let graph = graph::build(spec, &document).unwrap();
        let target = Target::Remove(spec);
        let changes = diff::compare(target, &graph, observed, &document, Options::default());
        Self::of(
            changes,
            graph,
            document,
            Desired::default(),
            Judge::of_nothing(),
        )
    }

    fn of(
        changes: Changes,
        graph: Graph,
        document: Document,
        desired: Desired,
        mut judge: Judge,
    ) -> Self {
        let header = Header {
            mode: Mode::Apply,
            believed: 0,
            region: "eu-west-1".to_owned(),
            account: None,
            deferred: Vec::new(),
            outputs: BTreeMap::new(),
            blueprints: BTreeMap::new(),
            by_hand: Vec::new(),
            next: Vec::new(),
        };
        let plan = plan::order(changes, &graph, &document, header);
        let (mut plan, problems) = secure(plan, &desired, &document, &mut judge);
        plan.problems.extend(problems);
        Self {
            plan,
            graph,
            document,
            desired,
            judge,
        }
    }

    fn broken(&self) -> Vec<String> {
        let found = broken(&self.plan, &self.graph, &self.document);
        let step = |index: usize| {
            let change = &self.plan.steps[index].change;
            format!("{:?} {}", change.action, change.label())
        };
        found
            .iter()
            .map(|one| {
                format!(
                    "{}: {} < {}",
                    one.demand.id,
                    step(one.first),
                    step(one.then)
                )
            })
            .collect()
    }

    /// Pairs that a demand asks for.
    fn demanded(&self) -> Vec<(&'static str, usize, usize)> {
        let relations = Relations::new(&self.plan.steps, &self.graph, &self.document);
        let pairs = DEMANDS.iter().flat_map(|demand| {
            let pairs = relations.pairs(demand).into_iter();
            pairs
                .filter(|(first, then)| first != then && !relations.needs(*first, *then))
                .map(|(first, then)| (demand.id, first, then))
                .collect::<Vec<_>>()
        });
        pairs.collect()
    }

    /// The same plan in which nothing makes one step come before another.
    fn without(&self, first: usize, then: usize) -> Self {
        let earlier = earlier(&self.plan.steps);
        let mut plan = self.plan.clone();
        let after = &mut plan.steps[then].after;
        after.retain(|before| *before != first && !earlier.of(*before, first));
        Self {
            plan,
            graph: self.graph.clone(),
            document: self.document.clone(),
            desired: self.desired.clone(),
            judge: self.judge.clone(),
        }
    }
}

/// `WT-S3-001 web.aws_s3_bucket.logs: from Delete web.… until Create web.…`.
fn shown(plan: &Plan, weak: &Weak) -> String {
    let step = |index: usize| {
        let change = &plan.steps[index].change;
        format!("{:?} {}", change.action, change.label())
    };
    let between = weak.steps.map_or_else(String::new, |(from, until)| {
        format!(": from {} until {}", step(from), step(until))
    });
    format!("{} {}{between}", weak.rule, weak.address)
}

fn between(from: &Inputs, to: &Inputs) -> Case {
    let (from, to) = (confirmed(&from.text()), confirmed(&to.text()));
    let (document, observed) = applied(from.desired(), 1);
    Case::to(&to, document, &observed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever changes into whatever: no order of the plan has a state that is not secure, and
    /// no edge that is asked for could be missing.
    #[test]
    fn every_state_between_two_specs_is_secure(
        from in inputs(),
        to in inputs(),
        choices in prop::collection::vec(any::<prop::sample::Index>(), 12),
        states in prop::collection::vec(any::<u64>(), 4),
    ) {
        let mut case = between(&from, &to);
        prop_assert_eq!(case.broken(), Vec::<String>::new());
        prop_assert_eq!(&case.plan.problems, &[]);
        for state in states {
            prop_assert_eq!(case.weak_in_some_state(state), Vec::<String>::new());
        }
        let demanded = case.demanded();
        if demanded.is_empty() {
            return Ok(());
        }
        for choice in choices {
            let (id, first, then) = *choice.get(&demanded);
            let mutant = case.without(first, then);
            let found = broken(&mutant.plan, &mutant.graph, &mutant.document);
            let is_found = found
                .iter()
                .any(|one| (one.demand.id, one.first, one.then) == (id, first, then));
            prop_assert!(is_found, "{} {} {}", id, first, then);
        }
    }
}

const FIRST: Inputs = Inputs {
    domain: "shop",
    alias: false,
    port: 8443,
    target: Some("10.0.64.10"),
    internal: false,
    redirect: false,
    tls13: false,
    group: None,
    own_network: true,
    cidr: 0,
    zones: r#"["a", "b"]"#,
    nat: "one",
    site: Some("www"),
    service: true,
};

/// No demand is about nothing.
#[test]
fn every_demand_is_met_somewhere() {
    let changes = [
        Inputs {
            domain: "store",
            ..FIRST
        },
        Inputs {
            port: 9443,
            ..FIRST
        },
        Inputs {
            internal: true,
            ..FIRST
        },
        Inputs { cidr: 1, ..FIRST },
        Inputs {
            group: Some("other"),
            ..FIRST
        },
        Inputs {
            site: Some("home"),
            ..FIRST
        },
    ];
    let mut met: BTreeSet<&str> = BTreeSet::new();
    for change in &changes {
        let case = between(&FIRST, change);
        assert_eq!(case.broken(), [""; 0], "{}", change.text());
        met.extend(case.demanded().iter().map(|(id, ..)| *id));
    }
    let nothing = Document::new("shop", "prod", "00000000000000000000000000000000");
    let case = Case::to(&confirmed(&FIRST.text()), nothing, &Observed::default());
    assert_eq!(case.broken(), [""; 0]);
    met.extend(case.demanded().iter().map(|(id, ..)| *id));
    let all: BTreeSet<&str> = DEMANDS.iter().map(|demand| demand.id).collect();
    assert_eq!(met, all);
}

/// Two runs that were cut off leave two generations; both go, and only when the listener has
/// turned away.
#[test]
fn generations_that_were_left_go_when_nobody_uses_them() {
    let target = confirmed(
        &Inputs {
            port: 9443,
            ..FIRST
        }
        .text(),
    );
    let (mut document, _) = applied(confirmed(&FIRST.text()).desired(), 3);
    let group = document
        .records
        .iter()
        .find(|record| record.address.kind == "aws_lb_target_group")
        .cloned()
        .unwrap();
    for generation in [1, 2] {
        let mut left = group.clone();
        left.generation = generation;
        left.status = Status::Deposed;
        left.id.as_mut().unwrap().text = format!("left#{generation}");
        document.put(left);
    }
    let observed = Observed::remembered(&document);
    let case = Case::to(&target, document, &observed);
    assert_eq!(case.broken(), [""; 0]);
    let steps = &case.plan.steps;
    let listener = steps
        .iter()
        .position(|step| step.change.kind == "aws_lb_listener")
        .unwrap();
    let earlier = earlier(steps);
    let gone: Vec<usize> = (0..steps.len())
        .filter(|step| {
            let change = &steps[*step].change;
            change.kind == "aws_lb_target_group" && change.action == Action::Delete
        })
        .collect();
    assert_eq!(gone.len(), 3);
    assert!(gone.iter().all(|step| earlier.of(*step, listener)));
    let made = steps
        .iter()
        .find(|step| step.change.kind == "aws_lb_target_group" && step.wanted.is_some())
        .and_then(|step| step.wanted.as_ref())
        .unwrap();
    assert_eq!(made.get("name"), &Value::text("shop-prod-web-app-4"));
}

mod by_hand;
mod half_way;
