//! What a rule found.
//!
//! *Invariant*: a finding is complete in itself: what is wrong, where, what to do, and
//! whether it is let pass.

use serde::Serialize;

use super::rule::{self, Severity};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::resource::Origin;
use crate::spec::Waiver;
use crate::value::Reference;

/// A resource that a rule does not let pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's id, `WT-ELB-001`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The resource.
    pub address: Address,
    /// What is wrong, without a full stop; starts with what the resource does.
    pub message: String,
    /// What to do.
    pub fix: &'static str,
    /// Where what is at fault was written: the attribute where it is one, else the
    /// resource.
    pub origin: Origin,
    /// Whether it could not be judged, rather than judged and failed.
    pub unknown: bool,
    /// The lookup that will tell, while it has not been read.
    #[serde(serialize_with = "as_text")]
    pub awaits: Option<Reference>,
    /// The written exception that lets it pass.
    pub waived: Option<Waiver>,
    /// An exception that was written for it and has ended.
    pub ended: Option<Waiver>,
}

impl Finding {
    /// Whether it stands in the way.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.waived.is_none() && self.awaits.is_none()
    }

    /// The finding for people: an error if it refuses, else a warning.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let message = format!("{} {}", self.address, self.message);
        let mut diagnostic = if self.refuses() {
            Diagnostic::error(message)
        } else {
            Diagnostic::warning(message)
        }
        .code(self.rule);
        let spans = [
            (&self.origin.spec, "asked for here"),
            (&self.origin.blueprint, "written here"),
        ];
        for (span, text) in spans {
            if let Some(span) = span {
                diagnostic = diagnostic.at(span.clone(), text);
            }
        }
        if let Some(waiver) = &self.waived {
            return diagnostic.hint(format!(
                "{} lets this pass until {}: {}",
                waiver.owner, waiver.expires, waiver.reason
            ));
        }
        if let Some(reference) = &self.awaits {
            return diagnostic.hint(format!("it is judged when {reference} has been read"));
        }
        diagnostic = diagnostic.hint(self.fix);
        if self.unknown {
            diagnostic = diagnostic.hint(
                "what can't be judged is refused; if it is right all the same, write a waiver",
            );
        }
        if let Some(rule) = rule::rule(self.rule) {
            diagnostic = diagnostic.hint(format!("required by {}", rule.controls.join(", ")));
        }
        if let Some(waiver) = &self.ended {
            diagnostic = diagnostic.hint(format!(
                "the waiver of {} for this expired on {}",
                waiver.owner, waiver.expires
            ));
        }
        diagnostic
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over like this")]
fn as_text<S: serde::Serializer>(
    reference: &Option<Reference>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    reference
        .as_ref()
        .map(ToString::to_string)
        .serialize(serializer)
}
