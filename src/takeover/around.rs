//! What stands around the stages of a takeover: how a draft is expanded and judged, and why
//! things are left.
//!
//! *Invariant*: a draft is expanded from its text, as the spec will be.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::Draft;
use super::{Ask, lookups};
use crate::blueprint::Library;
use crate::diagnostic::{Diagnostic, Source};
use crate::guardrail::{self, Finding};
use crate::pipeline;
use crate::resource::{Desired, Lookups};

/// Why each thing is left, by its place, as far as that is known.
pub(super) type Reasons = BTreeMap<usize, String>;

/// What drafts are expanded and judged by.
pub(super) struct Around<'a> {
    pub(super) ask: &'a Ask,
    pub(super) library: &'a Library,
}

impl Around<'_> {
    /// What AWS should have by a draft.
    pub(super) fn expand(&self, draft: &Draft) -> Result<Desired, Vec<Diagnostic>> {
        expand(draft, self.library)
    }

    /// The same with the answers that are known.
    pub(super) fn looked_up(&self, draft: &Draft) -> Result<Desired, Vec<Diagnostic>> {
        let desired = self.expand(draft)?;
        let answers: Lookups = lookups::known(&desired, draft.account.as_deref());
        Ok(desired.with_lookups(&answers))
    }

    /// What the guardrails refuse.
    pub(super) fn refused(&self, desired: Desired) -> Vec<Finding> {
        match guardrail::approve(desired, self.ask.today) {
            Ok(_) => Vec::new(),
            Err(refusal) => {
                let findings = refusal.findings.into_iter();
                findings.filter(Finding::refuses).collect()
            }
        }
    }

    /// What has no logs gets them where the guardrails ask for them.
    pub(super) fn log_where_it_must(&self, draft: &mut Draft) -> Result<(), Vec<Diagnostic>> {
        let findings = self.refused(self.expand(draft)?);
        for component in &mut draft.components {
            let of_it = |finding: &Finding| finding.address.component == component.name;
            if findings.iter().any(of_it) {
                let is_off = |key: &str| matches!(key, "logs" | "flow_logs");
                component.inputs.retain(|input| !is_off(input.key));
            }
        }
        Ok(())
    }
}

/// What AWS should have by a draft.
pub(super) fn expand(draft: &Draft, library: &Library) -> Result<Desired, Vec<Diagnostic>> {
    let source = Arc::new(Source {
        name: draft.name.clone(),
        text: draft.text(),
    });
    pipeline::expand(&source, None, library)
}
