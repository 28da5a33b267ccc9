//! `watertight check`: is the spec right, and would the guardrails let it pass?
//!
//! *Invariant*: AWS is not asked, and nothing is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::connect::{self, SpecArguments};
use super::{Exit, Failed};
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::guardrail::{self, Finding, Refusal};
use crate::pipeline::{self, Stop};
use crate::spec::{self, Waiver};
use crate::terraform;
use crate::ui::terraform::Judged;
use crate::ui::{self, Screen, check, compare, diagnostics};
use crate::world::World;

/// Check a spec, without AWS: every problem at once
///
/// Reads the spec, expands its blueprints and asks the guardrails. Every problem is told
/// with its file, line and column. The exit code is 3 where the guardrails refuse.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight check
  watertight check shop.toml --format json
  watertight check --env staging --compare prod
  terraform show -json tfplan > plan.json
  watertight check --terraform-plan plan.json   # anybody's Terraform, by the same rules
  watertight check --terraform-plan plan.json --waivers waivers.toml")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// Show what another environment has otherwise; names and watertight's tags are left out
    #[arg(long, value_name = "ENV")]
    compare: Option<String>,
    /// Judge Terraform plans instead, as `terraform show -json` prints them; what can't be
    /// proven before apply is told apart, and is no pass
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "compare")]
    terraform_plan: Vec<PathBuf>,
    /// Written exceptions for those plans: `[[waivers]]` as in a spec, by Terraform's addresses
    #[arg(long, value_name = "FILE", requires = "terraform_plan")]
    waivers: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    if !arguments.terraform_plan.is_empty() {
        return terraform_plans(world, screen, arguments);
    }
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    let environment = arguments.spec.environment();
    let approved = pipeline::approve(&source, environment, &library, world.today());
    let told = match (approved, &arguments.compare) {
        (Ok(approved), None) => Ok(match arguments.format {
            Format::Text => {
                screen.talk(&check::warnings(&approved, screen));
                check::render(&approved)
            }
            Format::Json => check::json(&approved),
        }),
        (Ok(_), Some(other)) => {
            let compared = pipeline::compare(&source, environment, other, &library);
            compared.map(|comparison| match arguments.format {
                Format::Text => compare::render(&comparison),
                Format::Json => compare::json(&comparison),
            })
        }
        (Err(stop), _) => Err(stop),
    };
    match (told, arguments.format) {
        (Ok(text), _) => {
            screen.data(&text);
            Ok(Exit::Done)
        }
        (Err(stop), Format::Text) => Err(stop.into()),
        (Err(stop), Format::Json) => {
            screen.data(&diagnostics::json(&stop.diagnostics()));
            Err(Failed::Told(stop))
        }
    }
}

fn terraform_plans(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let mut all = Vec::new();
    for file in &arguments.terraform_plan {
        all.push(judged(world, file)?);
    }
    let waivers = match &arguments.waivers {
        Some(file) => waivers(world, file)?,
        None => Vec::new(),
    };
    let told = waive(&mut all, &waivers, world.today());
    match arguments.format {
        Format::Text => {
            for one in &all {
                screen.data(&ui::terraform::render(one, screen));
            }
            if !told.is_empty() {
                screen.data(&ui::terraform::waivers(&told, screen));
            }
        }
        Format::Json => screen.data(&ui::terraform::json(&all, &told)),
    }
    let findings: Vec<_> = all.into_iter().flat_map(|one| one.findings).collect();
    let refusal = Refusal {
        findings,
        waivers: told,
    };
    let is_wrong = |one: &Diagnostic| one.severity == Severity::Error;
    if refusal.findings.iter().any(Finding::refuses) || refusal.waivers.iter().any(is_wrong) {
        return Err(Failed::Told(Stop::Refused(refusal)));
    }
    Ok(Exit::Done)
}

/// Marks what is found in any of the plans. A waiver that one of them needs is needed.
fn waive(all: &mut [Judged], waivers: &[Waiver], today: Date) -> Vec<Diagnostic> {
    let mut named: Vec<(String, &mut Finding)> = Vec::new();
    for Judged {
        planned, findings, ..
    } in all
    {
        for finding in findings {
            named.push((planned.address(&finding.address), finding));
        }
    }
    guardrail::waive(waivers, &mut named, today)
}

fn waivers(world: &World, file: &Path) -> Result<Vec<Waiver>, Failed> {
    let name = file.display().to_string();
    let text = fs::read_to_string(world.path(file)).map_err(|error| {
        Failed::said(
            format!("the waivers {name} can't be read: {error}"),
            &["write `[[waivers]]` into it, as a spec has them"],
        )
    })?;
    let source = Arc::new(Source { name, text });
    Ok(spec::waivers(&source).map_err(Stop::Wrong)?)
}

fn judged(world: &World, file: &Path) -> Result<Judged, Failed> {
    let name = file.display().to_string();
    let text = fs::read_to_string(world.path(file)).map_err(|error| {
        Failed::said(
            format!("the plan {name} can't be read: {error}"),
            &["`terraform plan -out tfplan && terraform show -json tfplan > plan.json` makes one"],
        )
    })?;
    let planned = terraform::read(&text).map_err(|error| {
        Failed::said(
            format!("{name}: {error}"),
            &["`terraform show -json tfplan > plan.json` prints the JSON of a plan that `terraform plan -out tfplan` saved"],
        )
    })?;
    let findings = guardrail::inspect(&planned.desired, &planned.lookups);
    Ok(Judged {
        name,
        planned,
        findings,
    })
}
