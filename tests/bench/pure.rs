//! What the machine does by itself: `cargo bench --bench pure`.
//!
//! Every stage that asks nobody, for each example and for a spec of 200 components.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use jiff::civil::{Date, date};
use watertight::between;
use watertight::blueprint::{self, Library};
use watertight::diagnostic::Source;
use watertight::diff::{self, Options, Target};
use watertight::graph::{self, Graph};
use watertight::guardrail::{self, Approved, Judge};
use watertight::kind::Kind;
use watertight::pipeline;
use watertight::plan::{self, Changes, Header, Mode, Outputs, Plan};
use watertight::refresh::Observed;
use watertight::resource::{Desired, Id};
use watertight::spec::{self, Spec};
use watertight::state::{Document, Record, Status, recordable};

fn main() {
    divan::main();
}

/// A spec to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Example(&'static str),
    Components(usize),
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Example(name) => formatter.write_str(name),
            Self::Components(count) => write!(formatter, "{count} components"),
        }
    }
}

const CASES: [Case; 5] = [
    Case::Example("https-service"),
    Case::Example("private-bucket"),
    Case::Example("static-site"),
    Case::Example("shop"),
    Case::Components(200),
];

#[divan::bench(args = CASES)]
fn check(bencher: Bencher, case: Case) {
    // What `watertight check` does between reading the spec and printing.
    let source = case.source();
    bencher.bench(|| pipeline::approve(&source, None, &Library::embedded(), today()));
}

#[divan::bench]
fn blueprints() -> Library {
    Library::embedded()
}

#[divan::bench(args = CASES)]
fn parse(bencher: Bencher, case: Case) {
    let source = case.source();
    bencher.bench(|| spec::parse(&source, None));
}

#[divan::bench(args = CASES)]
fn expand(bencher: Bencher, case: Case) {
    let (spec, library) = (case.spec(), Library::embedded());
    bencher
        .counter(ItemsCount::new(case.desired().resources.len()))
        .bench(|| blueprint::expand(&spec, &library));
}

#[divan::bench(args = CASES)]
fn approve(bencher: Bencher, case: Case) {
    let desired = case.desired();
    bencher
        .counter(ItemsCount::new(desired.resources.len()))
        .with_inputs(|| desired.clone())
        .bench_values(|desired| guardrail::approve(desired, today()));
}

/// Everything is to be created.
#[divan::bench(args = CASES)]
fn diff_nothing_stands(bencher: Bencher, case: Case) {
    let planning = Planning::new(case, |_| new_document());
    bencher
        .counter(ItemsCount::new(planning.resources()))
        .bench(|| planning.compare());
}

/// Everything stands as it should.
#[divan::bench(args = CASES)]
fn diff_all_stands(bencher: Bencher, case: Case) {
    let planning = Planning::new(case, applied);
    bencher
        .counter(ItemsCount::new(planning.resources()))
        .bench(|| planning.compare());
}

#[divan::bench(args = CASES)]
fn order(bencher: Bencher, case: Case) {
    let planning = Planning::new(case, |_| new_document());
    let changes = planning.compare();
    bencher
        .counter(ItemsCount::new(changes.steps.len()))
        .with_inputs(|| changes.clone())
        .bench_values(|changes| planning.order(changes));
}

/// Every state in between is looked at.
#[divan::bench(args = CASES)]
fn between_nothing_and_all(bencher: Bencher, case: Case) {
    let planning = Planning::new(case, |_| new_document());
    let plan = planning.order(planning.compare());
    bencher
        .counter(ItemsCount::new(plan.steps.len()))
        .bench(|| between::check(&plan, &planning.graph, &planning.document));
}

/// So many listeners of what stands change: the guardrails are asked of what stands half-way.
#[divan::bench(args = [0, 1, 5, 50])]
fn half_way(bencher: Bencher, changed: usize) {
    let mut planning = Planning::new(Case::Components(200), applied);
    let records = planning.document.records.iter_mut();
    let listeners = records.filter(|record| record.address.kind == "aws_lb_listener");
    for record in listeners.take(changed) {
        let policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";
        record
            .attributes
            .insert("ssl_policy".to_owned(), policy.into());
    }
    planning.observed = Observed::remembered(&planning.document);
    let mut plan = planning.order(planning.compare());
    // Beside them it wants what only AWS could tell.
    let is_asked_for = |step: &plan::Step| {
        let mut fields = step.change.fields.iter();
        fields.any(|field| field.path == "ssl_policy")
    };
    let steps = plan.steps.iter().enumerate();
    let steps = steps.filter(|(_, step)| is_asked_for(step));
    plan.keep(&steps.map(|(index, _)| index).collect());
    assert_eq!(plan.steps.len(), changed);
    let desired = planning.approved.desired();
    bencher
        .counter(ItemsCount::new(planning.resources()))
        .with_inputs(|| (plan.clone(), Judge::of_nothing()))
        .bench_values(|(plan, mut judge)| {
            between::secure(plan, desired, &planning.document, &mut judge)
        });
}

/// All of what stands goes.
#[divan::bench]
fn half_way_to_nothing(bencher: Bencher) {
    let planning = Planning::new(Case::Components(200), applied);
    let nothing = Desired::default();
    let changes = diff::compare(
        Target::Remove(planning.approved.desired()),
        &planning.graph,
        &planning.observed,
        &planning.document,
        Options::default(),
    );
    let plan = planning.order(changes);
    bencher
        .counter(ItemsCount::new(plan.steps.len()))
        .with_inputs(|| (plan.clone(), Judge::of_nothing()))
        .bench_values(|(plan, mut judge)| {
            between::secure(plan, &nothing, &planning.document, &mut judge)
        });
}

impl Case {
    fn source(self) -> Arc<Source> {
        let text = match self {
            Self::Example(name) => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
                fs::read_to_string(folder.join(format!("{name}.toml"))).expect("an example")
            }
            Self::Components(count) => synthetic(count),
        };
        Arc::new(Source {
            name: self.to_string(),
            text,
        })
    }

    fn spec(self) -> Spec {
        let parsed = spec::parse(&self.source(), None);
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        parsed.spec.expect("a spec without problems")
    }

    fn desired(self) -> Desired {
        blueprint::expand(&self.spec(), &Library::embedded()).expect("a spec without problems")
    }
}

/// As many components of each blueprint, one after the other.
fn synthetic(components: usize) -> String {
    let mut spec = "app = \"large\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n".to_owned();
    for number in 0..components {
        let body = match number % 3 {
            0 => format!(
                "blueprint = \"https-service\"\ndomain = \"c{number}.example.com\"\nport = 8443"
            ),
            1 => format!("blueprint = \"static-site\"\ndomain = \"c{number}.example.com\""),
            _ => "blueprint = \"private-bucket\"".to_owned(),
        };
        writeln!(spec, "[components.c{number}]\n{body}").expect("a string takes all");
    }
    spec
}

/// What `diff` and `order` are given.
struct Planning {
    approved: Approved,
    document: Document,
    graph: Graph,
    observed: Observed,
}

impl Planning {
    fn new(case: Case, document: fn(&Desired) -> Document) -> Self {
        let approved = guardrail::approve(case.desired(), today()).expect("an approved spec");
        let document = document(approved.desired());
        Self {
            graph: graph::build(approved.desired(), &document).expect("a graph without cycles"),
            observed: Observed::remembered(&document),
            approved,
            document,
        }
    }

    fn resources(&self) -> usize {
        self.approved.desired().resources.len()
    }

    fn compare(&self) -> Changes {
        let target = Target::Preview(&self.approved);
        diff::compare(
            target,
            &self.graph,
            &self.observed,
            &self.document,
            Options::default(),
        )
    }

    fn order(&self, changes: Changes) -> Plan {
        let header = Header {
            mode: Mode::Apply,
            believed: 0,
            region: "eu-west-1".to_owned(),
            account: None,
            deferred: Vec::new(),
            outputs: Outputs::new(),
            blueprints: std::collections::BTreeMap::new(),
            next: Vec::new(),
            by_hand: Vec::new(),
        };
        plan::order(changes, &self.graph, &self.document, header)
    }
}

fn new_document() -> Document {
    Document::new("large", "prod", "00000000000000000000000000000000")
}

/// The document after an apply, ids made up.
fn applied(desired: &Desired) -> Document {
    let mut document = new_document();
    for resource in desired.resources.values() {
        let Some(kind) = Kind::of(&resource.address.kind) else {
            continue;
        };
        document.put(Record {
            address: resource.address.clone(),
            generation: 1,
            status: Status::Applied,
            region: resource.region.clone(),
            id: Some(Id {
                region: resource.region.clone(),
                text: resource.address.to_string(),
            }),
            token: None,
            attributes: recordable(kind, &resource.attributes),
            dependencies: resource.depends_on.iter().cloned().collect(),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        });
    }
    document
}

const fn today() -> Date {
    date(2026, 11, 24)
}
