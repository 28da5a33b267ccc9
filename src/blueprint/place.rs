//! Where something in a rendered blueprint came from: the user's line and the blueprint's.
//!
//! *Invariant*: the user's line is always known; it is the input that the blueprint's line
//! speaks of, else the component's header.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::template::{Template, inputs_behind, origin};
use crate::diagnostic::{Diagnostic, Span};
use crate::resource::Origin;
use crate::spec::Component;

/// What is needed to find a place.
pub(super) struct Places<'a> {
    component: &'a Component,
    templates: &'a [Template],
    aliases: BTreeMap<String, Vec<String>>,
}

impl<'a> Places<'a> {
    /// Of one component and its blueprint's templates.
    pub(super) fn new(component: &'a Component, templates: &'a [Template]) -> Self {
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for template in templates {
            for (name, taken) in &template.aliases {
                let known = aliases.entry(name.clone()).or_default();
                known.extend(taken.iter().cloned());
            }
        }
        Self {
            component,
            templates,
            aliases,
        }
    }

    /// The origin of a header at this byte of the rendered text: an input that its line or a
    /// block around it speaks of.
    pub(super) fn header(&self, rendered: &str, at: usize) -> Origin {
        let Some((template, line)) = self.line(rendered, at) else {
            return self.whole();
        };
        let spec = self
            .given(template.mentioned(line))
            .or_else(|| self.given(template.around(line)));
        self.origin(spec, template.span(line))
    }

    /// The origin of an attribute at this byte: an input that its line speaks of, or a block
    /// around it that is not around its resource too; else what its resource came from.
    pub(super) fn attribute(&self, rendered: &str, at: usize, resource: &Origin) -> Origin {
        let Some((template, line)) = self.line(rendered, at) else {
            return resource.clone();
        };
        let outer = self.around(resource);
        let inner: Vec<String> = template
            .around(line)
            .iter()
            .filter(|name| !outer.contains(name))
            .cloned()
            .collect();
        let spec = self
            .given(template.mentioned(line))
            .or_else(|| self.given(&inner))
            .or_else(|| resource.spec.clone());
        self.origin(spec, template.span(line))
    }

    /// The names in the blocks around a resource's header.
    fn around(&self, resource: &Origin) -> &'a [String] {
        let Some(header) = &resource.blueprint else {
            return &[];
        };
        self.templates
            .iter()
            .find(|template| Arc::ptr_eq(&template.source, &header.source))
            .map_or(&[], |template| template.around(header.line_and_column().0))
    }

    /// The origin of a line of a template, by the template's name.
    pub(super) fn named(&self, template: &str, line: usize) -> Origin {
        let known = self.templates.iter().find(|known| known.name == template);
        Origin {
            spec: Some(self.component.name.span.clone()),
            blueprint: known.map(|template| template.span(line)),
        }
    }

    /// The component's header, where nothing else is known.
    pub(super) fn whole(&self) -> Origin {
        Origin {
            spec: Some(self.component.name.span.clone()),
            blueprint: None,
        }
    }

    /// The place of what the user gave for an input, else the component's header.
    pub(super) fn input(&self, name: &str) -> Span {
        self.component.inputs.get(name).map_or_else(
            || self.component.name.span.clone(),
            |given| given.value.span.clone(),
        )
    }

    fn line(&self, rendered: &str, at: usize) -> Option<(&'a Template, usize)> {
        let (file, line) = origin(rendered, at)?;
        Some((self.templates.get(file)?, line))
    }

    /// The first input behind these names that the user gave.
    fn given(&self, names: &[String]) -> Option<Span> {
        let is_input = |name: &str| self.component.inputs.contains_key(name);
        inputs_behind(names, &self.aliases, &is_input)
            .first()
            .map(|name| self.input(name))
    }

    fn origin(&self, spec: Option<Span>, blueprint: Span) -> Origin {
        Origin {
            spec: Some(spec.unwrap_or_else(|| self.component.name.span.clone())),
            blueprint: Some(blueprint),
        }
    }
}

/// An error that stands at an origin: the user's line, then the blueprint's with a note.
pub(super) fn error_at(origin: &Origin, message: impl Into<String>, note: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(message);
    if let Some(span) = &origin.spec {
        diagnostic = diagnostic.at(span.clone(), "");
    }
    if let Some(span) = &origin.blueprint {
        diagnostic = diagnostic.at(span.clone(), note);
    }
    diagnostic
}
