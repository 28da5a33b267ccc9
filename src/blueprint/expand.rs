//! Spec -> Desired: every component through its blueprint, in the order in which they take
//! each other's outputs.
//!
//! *Invariant*: what a component says about another is settled before that other's values
//! are needed; a component with a problem gives no outputs, and none that takes them is
//! blamed for it.

mod defaults;
mod given;
mod inputs;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use given::Given;
use inputs::taken_by;
use tera::Context;

use super::engine::{self, Engine, Failure};
use super::link;
use super::manifest::SURROUNDINGS;
use super::place::{Places, error_at};
use super::read::{self, Drafted, Surroundings};
use super::template::Template;
use super::{Blueprint, Library, RENDERED, amend, fill, import, kept, moved, removed, twice};
use crate::address::{Address, Mode};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::kind::Kind;
use crate::resource::{Desired, Lookup, Origin};
use crate::spec::{Component, Input, Spec};
use crate::value::{Attributes, Reference};

/// Expands a spec. In: the spec and the blueprints. Out: everything that AWS should have,
/// filled to the last default, with absolute addresses.
///
/// # Errors
/// Every problem at once, in the order of the spec's text: inputs that do not fit, and what
/// a blueprint got wrong with them.
pub fn expand(spec: &Spec, library: &Library) -> Result<Desired, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let spec = &*defaults::given(spec, library, &mut problems);
    let mut expansion = Expansion {
        spec,
        library,
        desired: Desired {
            app: spec.app.value.clone(),
            environment: spec.environment.value.clone(),
            region: spec.region.value.clone(),
            account: spec.account.as_ref().map(|account| account.value.clone()),
            ephemeral: spec.ephemeral,
            state: spec.state.clone(),
            waivers: spec.waivers.clone(),
            environments: spec.environments.clone(),
            moved: spec.moved.clone(),
            removed: spec.removed.clone(),
            imports: spec.imports.clone(),
            ..Desired::default()
        },
        needed: Needed::new(),
        links: Vec::new(),
        problems,
        broken: BTreeSet::new(),
        ready: BTreeMap::new(),
    };
    for component in spec.components.values() {
        expansion.check(component);
    }
    for name in expansion.order() {
        if let Some(component) = spec.components.get(&name) {
            expansion.component(component);
        }
    }
    expansion.finish()
}

struct Expansion<'a> {
    spec: &'a Spec,
    library: &'a Library,
    desired: Desired,
    /// What must stand before whoever takes an output, by component and name.
    needed: Needed,
    links: Vec<link::Link>,
    problems: Vec<Diagnostic>,
    /// Components whose outputs are not to be had.
    broken: BTreeSet<String>,
    /// What has been got ready of the blueprints, by name.
    ready: BTreeMap<String, Rc<Ready>>,
}

type Needed = BTreeMap<(String, String), BTreeSet<Address>>;

/// A blueprint's templates, its own first, and the engine that has read them.
struct Ready {
    templates: Vec<Template>,
    engine: Result<Engine, Failure>,
}

impl Expansion<'_> {
    /// Renders and reads a component, unless it or one that it takes from has a problem.
    fn component(&mut self, component: &Component) {
        let name = component.name.value.as_str();
        let waits = taken_by(component, self.library)
            .iter()
            .any(|taken| self.broken.contains(taken.component));
        if waits {
            self.broken.insert(name.to_owned());
        }
        if self.broken.contains(name) {
            return;
        }
        let before = self.problems.len();
        self.not_given(component);
        if self.problems.len() > before {
            self.broken.insert(name.to_owned());
            return;
        }
        if let Some(blueprint) = self.library.blueprints.get(&component.blueprint.value) {
            self.render(component, blueprint);
        }
        if self.problems.len() > before {
            self.broken.insert(name.to_owned());
        }
    }

    /// Outputs that the other component has, but not with its inputs as they are.
    fn not_given(&mut self, component: &Component) {
        for taken in taken_by(component, self.library) {
            let key = (taken.component.to_owned(), taken.output.to_owned());
            if taken.must && !self.desired.outputs.contains_key(&key) {
                let message = format!(
                    "`{}` gives no `{}` with these inputs",
                    taken.component, taken.output
                );
                let diagnostic = Diagnostic::error(message).at(taken.span.clone(), "");
                self.problems.push(diagnostic);
            }
        }
    }

    fn render(&mut self, component: &Component, blueprint: &Blueprint) {
        let name = component.name.value.as_str();
        let ready = self.ready(&component.blueprint.value, blueprint);
        let templates = ready.templates.as_slice();
        let places = Places::new(component, templates);
        let engine = match &ready.engine {
            Ok(engine) => engine,
            Err(failure) => return self.problems.push(told(failure, &places)),
        };
        self.undefined(blueprint, engine, templates, &places);
        let context = match self.context(component, blueprint, engine) {
            Ok(context) => context,
            Err(failure) => return self.problems.push(told(&failure, &places)),
        };
        kept::ask(
            component,
            blueprint,
            &self.spec.region.value,
            &mut self.desired,
        );
        let outputs = std::mem::take(&mut self.desired.outputs);
        let needed = RefCell::new(BTreeSet::new());
        let output = |other: &str, output: &str| {
            let key = (other.to_owned(), output.to_owned());
            let before = self.needed.get(&key).into_iter().flatten();
            needed.borrow_mut().extend(before.cloned());
            let kept = || kept::value(name, other, output);
            outputs.get(&key).cloned().or_else(kept)
        };
        let around = Surroundings {
            component: name,
            region: &self.spec.region.value,
            places: &places,
            output: &output,
            needed: &needed,
        };
        let mut drafted = Drafted::default();
        for template in &templates[..blueprint.templates.len()] {
            if !template.name.ends_with(RENDERED) {
                continue;
            }
            match engine.render(&template.name, &context) {
                Ok(rendered) => read::read(&rendered, &around, &mut drafted),
                Err(failure) => drafted.problems.push(told(&failure, &places)),
            }
        }
        amend::apply(component, &around, &mut drafted);
        let mut given = Given {
            component,
            engine,
            context: &context,
            around: &around,
            drafted: &mut drafted,
        };
        let next = given.next(&blueprint.manifest);
        let given = given.outputs(&blueprint.manifest);
        self.desired.next.extend(next);
        self.desired.outputs = outputs;
        for (key, (value, needed)) in given {
            self.needed.insert(key.clone(), needed);
            self.desired.outputs.insert(key, value);
        }
        self.desired.resources.extend(drafted.resources);
        self.desired.by_hand.extend(drafted.by_hand);
        self.desired.lookups.extend(drafted.lookups);
        self.links.extend(drafted.links);
        self.problems.extend(drafted.problems);
    }

    fn ready(&mut self, name: &str, blueprint: &Blueprint) -> Rc<Ready> {
        let shared = &self.library.shared;
        let ready = self.ready.entry(name.to_owned()).or_insert_with(|| {
            let mut templates = blueprint.templates.clone();
            templates.extend(shared.iter().cloned());
            let engine = Engine::new(&templates);
            Rc::new(Ready { templates, engine })
        });
        Rc::clone(ready)
    }

    /// Names in templates that are neither inputs nor set anywhere: Tera would only notice
    /// those that it comes to print.
    fn undefined(
        &mut self,
        blueprint: &Blueprint,
        engine: &Engine,
        templates: &[Template],
        places: &Places<'_>,
    ) {
        let known: BTreeSet<&str> = templates
            .iter()
            .flat_map(|template| template.aliases.keys().map(String::as_str))
            .chain(blueprint.manifest.inputs.keys().map(String::as_str))
            .chain(SURROUNDINGS.iter().copied())
            .collect();
        let mut told = BTreeSet::new();
        let rendered = blueprint.templates.iter();
        for template in rendered.filter(|template| template.name.ends_with(RENDERED)) {
            for name in engine.names_in(&template.name) {
                if known.contains(name.as_str()) || !told.insert(name.clone()) {
                    continue;
                }
                let place = templates.iter().find_map(|template| {
                    let n_lines = template.source.text.lines().count();
                    (1..=n_lines)
                        .find(|line| template.mentioned(*line).contains(&name))
                        .map(|line| (template.name.as_str(), line))
                });
                let (file, line) = place.unwrap_or((template.name.as_str(), 1));
                let origin = places.named(file, line);
                let diagnostic = error_at(
                    &origin,
                    format!("the blueprint speaks of `{name}`, which is no input of it"),
                    "",
                );
                self.problems
                    .push(match did_you_mean(&name, known.iter().copied()) {
                        Some(near) => diagnostic.hint(format!("Did you mean `{near}`?")),
                        None => diagnostic,
                    });
            }
        }
    }

    /// What the templates know: surroundings, what was given, defaults.
    fn context(
        &self,
        component: &Component,
        blueprint: &Blueprint,
        engine: &Engine,
    ) -> Result<Context, Failure> {
        let mut context = Context::new();
        context.insert("app", &self.spec.app.value);
        context.insert("environment", &self.spec.environment.value);
        context.insert("region", &self.spec.region.value);
        context.insert("component", &component.name.value);
        context.insert("ephemeral", &self.spec.ephemeral);
        let inputs = &blueprint.manifest.inputs;
        for (name, input) in inputs {
            let given = component.inputs.get(name).map(|given| &given.value.value);
            let value = match given.or(input.default.as_ref()) {
                Some(Input::Component(other)) => {
                    let outputs = input.takes.iter().chain(&input.may_take);
                    let outputs = outputs.map(|output| {
                        let key = (other.clone(), output.clone());
                        (output.as_str(), self.desired.outputs.contains_key(&key))
                    });
                    engine::component(other, outputs)
                }
                Some(value) => engine::value_of(value, &input.of),
                None => engine::nothing(),
            };
            context.insert_value(name.clone(), value);
        }
        for (name, input) in inputs {
            if let (Some(derived), false) = (&input.derived, component.inputs.contains_key(name)) {
                let text = engine.render_text(derived, &context, false)?;
                context.insert(name.clone(), &text);
            }
        }
        Ok(context)
    }

    /// Fills in what nobody wrote, and looks whether everything leads somewhere.
    fn finish(mut self) -> Result<Desired, Vec<Diagnostic>> {
        fill::names(&mut self.desired);
        for resource in self.desired.resources.values_mut() {
            if let Some(kind) = Kind::of(&resource.address.kind) {
                fill::defaults(resource, kind);
            }
            fill::tags(resource, self.spec);
            let component = self.spec.components.get(&resource.address.component);
            let made_by = component.and_then(|component| {
                let manifest = self.library.manifest(&component.blueprint.value)?;
                Some((component, manifest))
            });
            if let Some((component, manifest)) = made_by {
                fill::maker(resource, component, manifest);
                let name = component.blueprint.value.clone();
                let versions = &mut self.desired.blueprints;
                versions.insert(name, manifest.version.clone());
            }
        }
        self.identities();
        self.problems.extend(twice::check(&self.desired));
        self.numbered();
        for link in &self.links {
            // What a broken component would have made is not there, and that is no news.
            if !self.broken.contains(&link.reference.target.component) {
                self.problems.extend(link::check(link, &self.desired));
            }
        }
        self.dangling_order();
        let moved = moved::check(&self.desired, &self.broken);
        self.problems.extend(moved);
        self.problems.extend(removed::check(&self.desired));
        self.problems.extend(import::check(&self.desired));
        if self.problems.is_empty() {
            return Ok(self.desired);
        }
        let mut seen = BTreeSet::new();
        self.problems.retain(|problem| {
            let spans: Vec<String> = problem
                .labels
                .iter()
                .map(|label| label.span.to_string())
                .collect();
            seen.insert((problem.message.clone(), spans))
        });
        self.problems
            .sort_by_key(|problem| problem.labels.first().map(|label| label.span.start));
        Err(self.problems)
    }

    /// The lookup of the account's number, wherever something refers to it.
    fn identities(&mut self) {
        let (kind, name) = fill::IDENTITY;
        let mut references: Vec<&Reference> = Vec::new();
        for resource in self.desired.resources.values() {
            for value in resource.attributes.values() {
                value.references(&mut references);
            }
        }
        for value in self.desired.outputs.values() {
            value.references(&mut references);
        }
        let targets: BTreeSet<Address> = references
            .into_iter()
            .map(|reference| reference.target.clone())
            .filter(|target| {
                target.mode == Mode::Lookup && target.kind == kind && target.name == name
            })
            .collect();
        for address in targets {
            let component = self.spec.components.get(&address.component);
            self.desired
                .lookups
                .entry(address.clone())
                .or_insert_with(|| Lookup {
                    address,
                    region: self.spec.region.value.clone(),
                    arguments: Attributes::new(),
                    depends_on: BTreeSet::new(),
                    origin: Origin {
                        spec: component.map(|component| component.name.span.clone()),
                        blueprint: None,
                    },
                });
        }
    }

    /// What AWS would number by itself, and by which it is found again.
    fn numbered(&mut self) {
        const NUMBERED: &[(&str, &str, &str)] = &[(
            "aws_lb_listener_rule",
            "priority",
            "Give each rule of a listener a number from 1 to 50000: `priority = 10`.",
        )];
        for resource in self.desired.resources.values() {
            for (kind, name, hint) in NUMBERED {
                let is_given = resource.origins.contains_key(*name);
                if resource.address.kind == *kind && !is_given {
                    let message = format!("`{}` needs `{name}`", resource.address.local());
                    let problem = error_at(&resource.origin, message, "");
                    self.problems.push(problem.hint(*hint));
                }
            }
        }
    }

    fn dangling_order(&mut self) {
        let resources = self.desired.resources.values();
        let resources = resources.map(|one| (&one.address, &one.depends_on, &one.origin));
        let lookups = self.desired.lookups.values();
        let lookups = lookups.map(|one| (&one.address, &one.depends_on, &one.origin));
        for (address, depends_on, origin) in resources.chain(lookups) {
            for before in depends_on {
                if !self.desired.resources.contains_key(before) {
                    self.problems.push(error_at(
                        origin,
                        format!("`{address}` depends on `{before}`, which is not there"),
                        "",
                    ));
                }
            }
        }
    }
}

/// A failure as the user is told: a refusal at the input, all else at the blueprint's line.
fn told(failure: &Failure, places: &Places<'_>) -> Diagnostic {
    let origin = match &failure.place {
        Some((file, line)) => places.named(file, *line),
        None => places.whole(),
    };
    match &failure.refused {
        Some(input) => {
            let origin = Origin {
                spec: Some(places.input(input)),
                ..origin
            };
            error_at(&origin, format!("`{input}`: {}", failure.message), "")
        }
        None => error_at(
            &origin,
            format!("the blueprint can't be rendered: {}", failure.message),
            "",
        ),
    }
}
