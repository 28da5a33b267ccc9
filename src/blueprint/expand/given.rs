//! What a component gives: values to others and to people, and commands to people.
//!
//! *Invariant*: what is given is rendered as the blueprint's own texts are, so that a user's
//! value in it stays a value.

use std::collections::{BTreeMap, BTreeSet};

use tera::Context;

use crate::address::Address;
use crate::blueprint::engine::Engine;
use crate::blueprint::link::Wanted;
use crate::blueprint::manifest::Manifest;
use crate::blueprint::place::error_at;
use crate::blueprint::read::{self, Drafted, Surroundings};
use crate::blueprint::text;
use crate::diagnostic::Span;
use crate::resource::{Next, Origin};
use crate::spec::Component;
use crate::value::Value;

/// Values, each with what must stand before whoever takes it, by component and name.
type Outputs = BTreeMap<(String, String), (Value, BTreeSet<Address>)>;

/// How a rendered text becomes a value.
type Read = fn(&str, &str, &dyn Fn(&str, &str) -> Option<Value>) -> Result<Value, String>;

/// One component, and what its texts are rendered with.
pub(super) struct Given<'a> {
    pub(super) component: &'a Component,
    pub(super) engine: &'a Engine,
    pub(super) context: &'a Context,
    /// What its templates were read with.
    pub(super) around: &'a Surroundings<'a>,
    /// Takes the problems, and the references to be looked at.
    pub(super) drafted: &'a mut Drafted,
}

impl Given<'_> {
    /// The manifest's outputs with a value, and what must stand before whoever takes them:
    /// what the output says, and what holds for what it is taken from itself.
    pub(super) fn outputs(&mut self, manifest: &Manifest) -> Outputs {
        let mut given = BTreeMap::new();
        for (key, spec) in &manifest.outputs {
            let by = Address::managed(&self.component.name.value, "output", key);
            self.around.needed.take();
            let read = if spec.list {
                text::read_list
            } else {
                text::read
            };
            if let Some(value) = self.rendered(&spec.value, read, &by, &spec.span) {
                let mut needed = self.around.needed.take();
                let resources = self.drafted.resources.keys();
                needed.extend(resources.filter(|one| spec.needs(one)).cloned());
                let key = (self.component.name.value.clone(), key.clone());
                given.insert(key, (value, needed));
            }
        }
        given
    }

    /// The manifest's commands that are not empty.
    pub(super) fn next(&mut self, manifest: &Manifest) -> Vec<Next> {
        let mut next = Vec::new();
        for spec in &manifest.next {
            let by = Address::managed(&self.component.name.value, "next", &spec.summary);
            if let Some(command) = self.rendered(&spec.command, text::read, &by, &spec.span) {
                next.push(Next {
                    component: self.component.name.value.clone(),
                    summary: spec.summary.clone(),
                    command,
                });
            }
        }
        next
    }

    /// A text of the manifest; none where it is empty or wrong.
    fn rendered(&mut self, template: &str, read: Read, by: &Address, span: &Span) -> Option<Value> {
        let name = self.component.name.value.as_str();
        let origin = Origin {
            spec: Some(self.component.name.span.clone()),
            blueprint: Some(span.clone()),
        };
        let value = self
            .engine
            .render_text(template, self.context, true)
            .map_err(|failure| failure.message)
            .and_then(|rendered| read(&rendered, name, self.around.output));
        match value {
            Ok(Value::String(text)) if text.is_empty() => None,
            Ok(Value::List(items)) if items.is_empty() => None,
            Ok(value) => {
                read::link(&value, Wanted::Any, by, &origin, &mut self.drafted.links);
                Some(value)
            }
            Err(problem) => {
                let message = format!("the {} `{}`: {problem}", by.kind, by.name);
                self.drafted.problems.push(error_at(&origin, message, ""));
                None
            }
        }
    }
}
