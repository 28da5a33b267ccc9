//! What a component gives: values to others and to people, and commands to people.
//!
//! *Invariant*: what is given is rendered as the blueprint's own texts are, so that a user's
//! value in it stays a value.

use std::collections::BTreeMap;

use tera::Context;

use crate::address::Address;
use crate::blueprint::engine::Engine;
use crate::blueprint::link::Wanted;
use crate::blueprint::manifest::Manifest;
use crate::blueprint::place::error_at;
use crate::blueprint::read::{self, Drafted};
use crate::blueprint::text;
use crate::diagnostic::Span;
use crate::resource::{Next, Origin};
use crate::spec::Component;
use crate::value::Value;

/// One component, and what its texts are rendered with.
pub(super) struct Given<'a> {
    pub(super) component: &'a Component,
    pub(super) engine: &'a Engine,
    pub(super) context: &'a Context,
    /// What the other components give.
    pub(super) output: &'a dyn Fn(&str, &str) -> Option<Value>,
    /// Takes the problems, and the references to be looked at.
    pub(super) drafted: &'a mut Drafted,
}

impl Given<'_> {
    /// The manifest's outputs with a value.
    pub(super) fn outputs(&mut self, manifest: &Manifest) -> BTreeMap<(String, String), Value> {
        let mut given = BTreeMap::new();
        for (key, spec) in &manifest.outputs {
            let by = Address::managed(&self.component.name.value, "output", key);
            if let Some(value) = self.rendered(&spec.value, &by, &spec.span) {
                given.insert((self.component.name.value.clone(), key.clone()), value);
            }
        }
        given
    }

    /// The manifest's commands that are not empty.
    pub(super) fn next(&mut self, manifest: &Manifest) -> Vec<Next> {
        let mut next = Vec::new();
        for spec in &manifest.next {
            let by = Address::managed(&self.component.name.value, "next", &spec.summary);
            if let Some(command) = self.rendered(&spec.command, &by, &spec.span) {
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
    fn rendered(&mut self, template: &str, by: &Address, span: &Span) -> Option<Value> {
        let name = self.component.name.value.as_str();
        let origin = Origin {
            spec: Some(self.component.name.span.clone()),
            blueprint: Some(span.clone()),
        };
        let value = self
            .engine
            .render_text(template, self.context, true)
            .map_err(|failure| failure.message)
            .and_then(|rendered| text::read(&rendered, name, self.output));
        match value {
            Ok(Value::String(text)) if text.is_empty() => None,
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
