//! Resources that nobody asks to make, held against the rules: what stands for a while as a
//! plan is carried out.
//!
//! *Invariant*: no way leads from here to a plan or an export.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::finding::Finding;
use super::report::Report;
use super::rule::{RULES, Rule};
use super::scope::{Scope, Stands};
use super::waiver;
use crate::address::Address;
use crate::resource::{Desired, Lookups, Resource};

/// Judges one set of resources after another, by the same lookups and waivers.
#[derive(Clone, Debug)]
pub struct Judge {
    desired: Desired,
    lookups: Lookups,
    /// The day to go by; none where no waiver counts.
    today: Option<Date>,
}

impl Judge {
    /// One who goes by what was asked for these, and by their waivers.
    pub(super) fn of(desired: &Desired, lookups: &Lookups, today: Date) -> Self {
        Self {
            desired: Desired {
                lookups: desired.lookups.clone(),
                waivers: desired.waivers.clone(),
                ..Desired::default()
            },
            lookups: lookups.clone(),
            today: Some(today),
        }
    }

    /// One who knows of no lookup and of no waiver.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self {
            desired: Desired::default(),
            lookups: Lookups::new(),
            today: None,
        }
    }

    /// What the chosen rules find of what stands for so long, in no order that means anything.
    pub fn findings(
        &mut self,
        resources: BTreeMap<Address, Resource>,
        stands: Stands,
        is_chosen: fn(&Rule) -> bool,
    ) -> Vec<Finding> {
        self.desired.resources = resources;
        let scope = Scope::new(&self.desired, Some(&self.lookups)).that_stands(stands);
        let chosen = RULES.iter().filter(|rule| is_chosen(rule));
        chosen
            .flat_map(|rule| {
                let mut report = Report::new(rule, &scope);
                (rule.check)(&scope, &mut report);
                report.findings()
            })
            .collect()
    }

    /// Whether a waiver lets pass what a rule finds of the resource that people know by this
    /// name.
    #[must_use]
    pub fn is_waived(&self, finding: &Finding, name: &str) -> bool {
        let Some(today) = self.today else {
            return false;
        };
        let mut finding = finding.clone();
        let mut named = [(name.to_owned(), &mut finding)];
        waiver::apply_named(&self.desired.waivers, &mut named, today);
        finding.waived.is_some()
    }
}
