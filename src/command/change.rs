//! What `apply` and `destroy` share: show the plan, ask, carry it out.
//!
//! *Invariant*: nothing is carried out that was not shown and confirmed, and nothing
//! protected goes without being named.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tokio::sync::watch;

use super::connect::{AskingArguments, SandboxArguments};
use super::{Exit, Failed, ask};
use crate::aws::Aws;
use crate::diff;
use crate::executor::{self, Stop};
use crate::health::Service;
use crate::pipeline::Session;
use crate::plan::{Choice, Mode, Plan};
use crate::refresh::Known;
use crate::resource::Next;
use crate::state::store::Store;
use crate::ui::{self, Screen, confirm, progress};
use crate::world::World;

/// Which part of the plan.
#[derive(Args, Debug)]
pub(super) struct PartArguments {
    /// Do only this component or address, and what must come before it; can be repeated
    #[arg(long, value_name = "COMPONENT|ADDRESS")]
    target: Vec<String>,
    /// Do not do this component or address, nor what comes after it; can be repeated
    #[arg(long, value_name = "COMPONENT|ADDRESS")]
    exclude: Vec<String>,
}

impl PartArguments {
    pub(super) fn choice(&self) -> Choice {
        Choice {
            target: self.target.clone(),
            exclude: self.exclude.clone(),
        }
    }
}

/// Prints a plan as data.
pub(super) fn show(screen: Screen, plan: &Plan, json: bool) {
    if json {
        screen.data(&ui::plan::json(plan));
    } else {
        screen.data(&ui::plan::render(plan));
    }
}

/// How a change is made.
#[derive(Args, Clone, Debug)]
pub(super) struct ChangeArguments {
    #[command(flatten)]
    pub(super) sandbox: SandboxArguments,
    /// Don't ask for the app's name; for CI
    #[arg(long, short)]
    yes: bool,
    /// Take over what is found to be ours without a record
    #[arg(long)]
    adopt: bool,
    /// Let this protected resource be deleted or replaced, or `all` of them; can be repeated
    #[arg(long, value_name = "ADDRESS|all")]
    remove_protection: Vec<String>,
    /// Delete all objects, and all their versions, of buckets that are deleted
    #[arg(long)]
    empty_buckets: bool,
    /// Delete buckets that receive logs too, with all logs in them
    #[arg(long)]
    delete_logs: bool,
    #[command(flatten)]
    pub(super) asking: AskingArguments,
    /// Print the plan and each event as a line of JSON
    #[arg(long)]
    pub(super) json: bool,
    /// End with exit code 2 if there were changes
    #[arg(long)]
    detailed_exitcode: bool,
}

impl ChangeArguments {
    /// Nobody is asked and nothing is kept: for the tour's throw-away app.
    pub(super) fn unattended() -> Self {
        Self {
            sandbox: SandboxArguments { sandbox: true },
            yes: true,
            adopt: false,
            remove_protection: Vec::new(),
            empty_buckets: true,
            delete_logs: true,
            asking: AskingArguments::usual(),
            json: false,
            detailed_exitcode: false,
        }
    }

    /// The same, where what is done was looked at before.
    pub(super) fn confirmed(&self) -> Self {
        Self {
            yes: true,
            adopt: true,
            ..self.clone()
        }
    }

    /// Those of its flags that decide what a plan holds.
    pub(super) fn of_the_plan(&self) -> Vec<&'static str> {
        let given = [
            ("--empty-buckets", self.empty_buckets),
            ("--delete-logs", self.delete_logs),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(flag, _)| flag).collect()
    }

    pub(super) fn options(&self) -> diff::Options {
        diff::Options {
            empty_buckets: self.empty_buckets,
            delete_logs: self.delete_logs,
        }
    }
}

/// The end of a run.
pub(super) struct Finished {
    pub(super) exit: Exit,
    /// Whether it was a part of what the spec says.
    pub(super) in_part: bool,
    /// What components give to people.
    pub(super) outputs: String,
    /// What references resolve to now.
    pub(super) known: Known,
    /// What people do now.
    pub(super) next: Vec<Next>,
}

/// What was carried out, and what is to be looked at then.
pub(super) struct Carried {
    pub(super) finished: Finished,
    pub(super) services: Vec<Service>,
    pub(super) aws: Arc<Aws>,
}

/// How far what is made has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Wait {
    /// Until it can be used; a distribution may still be on its way.
    None,
    /// Until AWS says that it is as it should be.
    Config,
    /// Until a target of each service is healthy, too.
    Full,
}

/// Shows a plan, asks, and carries it out.
pub(super) async fn carry_out(
    world: &World,
    session: Session<'_>,
    store: &dyn Store,
    plan: Plan,
    arguments: &ChangeArguments,
    wait: Wait,
) -> Result<Finished, Failed> {
    let screen = Screen {
        terminal: world.terminal,
    };
    show(screen, &plan, arguments.json);
    if !plan.problems.is_empty() {
        return Err(Failed::Problems(plan.problems));
    }
    if plan.is_empty() {
        let mut document = session.document;
        if !document.renamed.is_empty() {
            // Nothing changes in AWS, but what is remembered has other names.
            document.serial += 1;
            store.save(&document).await?;
        }
        return Ok(Finished {
            exit: Exit::Done,
            in_part: plan.partial.is_some(),
            outputs: outputs(&plan, &plan.known),
            known: plan.known,
            next: plan.next,
        });
    }
    check_protection(&plan, &arguments.remove_protection)?;
    consent(screen, &session, &plan, arguments).await?;

    let handling = world.interrupts.handle();
    let (sender, stop) = watch::channel(Stop::Run);
    let signals = tokio::task::spawn(obey(handling.count(), sender));
    let mut listener = progress::listener(screen, arguments.json);
    let usual = executor::Options::default();
    let options = executor::Options {
        parallelism: arguments.asking.parallelism().unwrap_or(usual.parallelism),
        to_the_end: wait >= Wait::Config,
        ..usual
    };
    let finished = executor::run(
        session.aws,
        store,
        session.document,
        &plan,
        &options,
        stop,
        &mut |event| listener.hear(&event),
    )
    .await;
    signals.abort();
    drop(handling);
    if !arguments.json {
        screen.talk(&ui::plan::left_out(&plan));
    }
    if let Some(trouble) = finished.trouble {
        return Err(trouble.into());
    }
    let exit = if !finished.summary.is_complete() {
        Exit::Partly
    } else if arguments.detailed_exitcode {
        Exit::Changes
    } else {
        Exit::Done
    };
    Ok(Finished {
        exit,
        in_part: plan.partial.is_some(),
        outputs: outputs(&plan, &finished.known),
        known: finished.known,
        next: plan.next,
    })
}

/// What components give, and what is left to be made by hand.
fn outputs(plan: &Plan, known: &Known) -> String {
    ui::plan::outputs(&plan.outputs, known) + &ui::by_hand::made(plan, known)
}

fn check_protection(plan: &Plan, removed: &[String]) -> Result<(), Failed> {
    let all = removed.iter().any(|name| name == "all");
    let removed: BTreeSet<&str> = removed.iter().map(String::as_str).collect();
    let kept: Vec<String> = plan
        .protected()
        .map(|change| change.address.to_string())
        .filter(|address| !all && !removed.contains(address.as_str()))
        .collect();
    if kept.is_empty() {
        return Ok(());
    }
    Err(Failed::Said {
        message: format!(
            "protected, as they hold data or carry traffic: {}",
            kept.join(", ")
        ),
        hints: vec![
            format!(
                "if they may really go, run again with --remove-protection {} (or `all`)",
                kept[0]
            ),
            "`ephemeral = true` in the spec makes a throw-away environment in which nothing is protected".to_owned(),
        ],
    })
}

async fn consent(
    screen: Screen,
    session: &Session<'_>,
    plan: &Plan,
    arguments: &ChangeArguments,
) -> Result<(), Failed> {
    let adopted: Vec<String> = plan
        .adopted()
        .map(|change| change.address.to_string())
        .collect();
    let can_ask = screen.terminal.input && !arguments.yes && !arguments.json;
    if !adopted.is_empty() && !arguments.adopt && !can_ask {
        return Err(Failed::Said {
            message: format!("found to be ours without a record: {}", adopted.join(", ")),
            hints: vec![
                "look at the plan, then run again with --adopt to take them over".to_owned(),
            ],
        });
    }
    let identity = session
        .aws
        .identity()
        .await
        .map_err(crate::pipeline::Stop::Aws)?;
    let alias = session.aws.alias().await;
    screen.talk(&confirm::target(plan, identity, alias.as_deref()));
    if arguments.yes {
        return Ok(());
    }
    if !can_ask {
        return Err(Failed::said(
            "nobody is there to confirm: standard input is no terminal",
            &["run again with --yes"],
        ));
    }
    let verb = match plan.mode {
        Mode::Apply => "apply",
        Mode::Destroy => "destroy",
    };
    let app = plan.app.clone();
    if ask(move || confirm::name(verb, &app)).await? {
        Ok(())
    } else {
        Err(Failed::said("not confirmed; nothing was changed", &[]))
    }
}

/// The first signal drains, the second leaves.
async fn obey(mut count: watch::Receiver<usize>, orders: watch::Sender<Stop>) {
    loop {
        let stop = match *count.borrow_and_update() {
            0 => Stop::Run,
            1 => Stop::Drain,
            _ => Stop::Leave,
        };
        // Nobody listens any more once the run is over.
        orders.send(stop).ok();
        if count.changed().await.is_err() {
            return;
        }
    }
}
