//! What was approved, as Terraform that a reviewer reads and a platform team can own.
//!
//! In: [`Approved`], and what stands where a state knows it ([`Live`]). Out: [`Exported`], the
//! files of a folder by name. The model speaks the provider's vocabulary, so a resource is
//! written as it is: `expression` says how a value stands in HCL, `blocks` how a resource
//! does, `names` what it is called there, `layout` where the blanks go, `frame` what stands
//! around, `lacking` what an older provider has no words for, `kept` what AWS alone has,
//! [`reads`] what an import makes of what stands, [`folder`] what may be written over.
//! [`graph`] is the same for programs, as JSON.
//!
//! *Invariant*: pure, and the same to the byte for the same input. Nothing of what was
//! approved is left out in silence.

mod blocks;
mod context;
mod expression;
pub mod folder;
mod frame;
pub mod graph;
mod kept;
mod kinds;
mod lacking;
mod layout;
mod names;
pub mod reads;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::guardrail::{self, Approved, Finding, Refusal};
use crate::kind::schema::Schema;
use crate::resource::{Desired, Resource};
use crate::value::Attributes;
use context::Context;
use names::Names;

/// The line of the provider `hashicorp/aws` that the Terraform is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// `>= 5.46, < 6`.
    Five,
    /// `>= 6.69, < 7`.
    #[default]
    Six,
}

impl Provider {
    /// What `required_providers` demands.
    fn constraint(self) -> &'static str {
        match self {
            Self::Five => ">= 5.46, < 6.0",
            Self::Six => ">= 6.69, < 7.0",
        }
    }

    /// Whether every release of it takes a forward to one target group by `target_group_arn`
    /// and by a `forward` block at once. Of 5 those do from 5.69.0 on; the ones before refuse
    /// the plan: "Remove the limitation preventing setting both",
    /// <https://github.com/hashicorp/terraform-provider-aws/pull/39413>.
    fn takes_both_ways(self) -> bool {
        self == Self::Six
    }

    /// What it says about a type, `aws_lb` or `data.aws_vpc`; none where it has no such type.
    fn schema(self, name: &str) -> Option<&'static Schema> {
        match self {
            Self::Five => Schema::of_provider_5(name),
            Self::Six => Schema::of(name),
        }
    }
}

/// What stands already, so that Terraform takes it over rather than making it again.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// What AWS calls each resource that stands, in the form of the provider's import.
    pub ids: BTreeMap<Address, String>,
    /// What was applied last, for the names that the spec doesn't give.
    pub attributes: BTreeMap<Address, Attributes>,
    /// The state's lineage, which stands as a tag on whatever has tags.
    pub lineage: String,
}

/// The files of a folder.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Their text by name.
    pub files: BTreeMap<String, String>,
    /// What the provider can't express and a waiver lets pass.
    pub findings: Vec<Finding>,
    /// Waivers that have ended.
    pub warnings: Vec<Diagnostic>,
    /// What Terraform is going to create although it stands, as it can't be imported: of that
    /// nothing in AWS is made or changed.
    pub not_imported: Vec<Address>,
    /// What does not stand yet; empty without [`Live`].
    pub created: Vec<Address>,
    /// What Terraform is going to change after the import, of which nothing comes in AWS.
    pub changed: Vec<Address>,
    /// The statements, by their Sids, that the spec keeps of policies and that are not here.
    pub not_kept: BTreeMap<Address, Vec<String>>,
}

/// Writes Terraform. `today` is the day by which waivers are judged.
///
/// # Errors
/// What this line of the provider has no words for, and kept statements that the guardrails
/// refuse, where no waiver lets it pass.
pub fn terraform(
    approved: &Approved,
    provider: Provider,
    live: Option<&Live>,
    today: Date,
) -> Result<Exported, Refusal> {
    let (kept, not_kept) = kept::statements(approved.desired(), live);
    let again = if kept.is_empty() {
        None
    } else {
        let desired = approved.desired().clone().with_kept(&kept);
        Some(guardrail::approve(desired, today)?)
    };
    let approved = again.as_ref().unwrap_or(approved);
    let desired = pinned(approved.desired(), provider, live);
    let names = Names::of(&desired);
    let lacking = lacking::find(&desired, &names, provider);
    let (findings, warnings) =
        guardrail::let_pass(lacking.findings(&desired), &desired.waivers, today)?;
    let context = Context {
        desired: &desired,
        provider,
        live,
        names: &names,
        lacking: &lacking,
        not_kept: &not_kept,
        common: frame::common_tags(&desired, live),
        satisfied: guardrail::satisfied(&desired),
        waived: approved.findings().iter().chain(&findings).collect(),
    };
    let mut files = blocks::components(&context);
    frame::write(&context, &mut files);
    let spec = frame::spec_name(&desired);
    let files = files
        .into_iter()
        .map(|(name, blocks)| (name, folder::signed(&layout::text(blocks), &spec)))
        .collect();
    let standing =
        |resource: &&Resource| live.is_some_and(|live| live.ids.contains_key(&resource.address));
    let addresses = |wanted: &dyn Fn(&&Resource) -> bool| -> Vec<Address> {
        let resources = desired
            .resources
            .values()
            .filter(|resource| wanted(resource));
        resources.map(|resource| resource.address.clone()).collect()
    };
    Ok(Exported {
        files,
        findings,
        warnings,
        not_imported: addresses(&|resource| {
            standing(resource) && !reads::can_be_imported(&resource.address.kind, provider)
        }),
        created: addresses(&|resource| live.is_some() && !standing(resource)),
        changed: addresses(&|resource| {
            let both_ways = reads::is_read_both_ways(&resource.address.kind, &resource.attributes);
            standing(resource) && both_ways && !lacking.is_left_out(&resource.address)
        }),
        not_kept,
    })
}

/// The same with the names that stand in the place of those that a spec does not give, and
/// what stands said as it is read.
fn pinned(desired: &Desired, provider: Provider, live: Option<&Live>) -> Desired {
    let mut desired = desired.clone();
    let Some(live) = live else {
        return desired;
    };
    for (address, resource) in &mut desired.resources {
        if live.ids.contains_key(address) {
            // What stands overwrites nothing.
            resource.attributes.remove("allow_overwrite");
        }
        let Some(applied) = live.attributes.get(address) else {
            continue;
        };
        if provider.takes_both_ways() {
            reads::say_both_ways(&address.kind, &mut resource.attributes);
        }
        for name in &resource.generated {
            if let Some(value) = applied.get(name) {
                resource.attributes.insert(name.clone(), value.clone());
            }
        }
    }
    desired
}
