//! What is about to change, where, and the question whether it may.
//!
//! *Invariant*: anything but the app's name is a no; so is anything but a yes where only a
//! file is at stake.

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input};

use super::style::{BOLD, paint};
use crate::aws::Identity;
use crate::plan::Plan;

/// The account, its alias, the identity and the region.
#[must_use]
pub fn target(plan: &Plan, identity: &Identity, alias: Option<&str>) -> String {
    let alias = alias.map(|alias| format!(" ({alias})")).unwrap_or_default();
    format!(
        "\n{} {}{alias}\n{} {}\n{} {}\n",
        paint(BOLD, "account: "),
        identity.account,
        paint(BOLD, "identity:"),
        identity.arn,
        paint(BOLD, "region:  "),
        plan.region,
    )
}

/// Asks whether a file may be written. No unless yes is said.
#[must_use]
pub fn file(name: &str) -> bool {
    Confirm::with_theme(&ColorfulTheme::default())
        .with_prompt(format!("write this into {name}?"))
        .default(false)
        .interact()
        .is_ok_and(|yes| yes)
}

/// Asks for the app's name. False for every other answer, and for none.
#[must_use]
pub fn name(verb: &str, app: &str) -> bool {
    let answer: Result<String, _> = Input::with_theme(&ColorfulTheme::default())
        .with_prompt(format!("type the app's name ({app}) to {verb}"))
        .allow_empty(true)
        .interact_text();
    answer.is_ok_and(|answer| answer.trim() == app)
}
