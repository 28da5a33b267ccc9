//! `plan --out FILE` and `apply FILE`.
//!
//! *Invariant*: what a file says is done only as far as a plan that is made now, of the same
//! spec and approved now, says it too.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::change::{self, Carried, ChangeArguments, PartArguments, Wait};
use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::diagnostic::Source;
use crate::diff;
use crate::health;
use crate::pipeline::{self, Session, Stop};
use crate::plan::{Choice, Mode, Plan};
use crate::resource::Desired;
use crate::saved::{self, Making, Reconciled, Saved, Unreadable};
use crate::ui::{self, Screen};
use crate::world::World;

/// What a plan was made of.
pub(super) fn making(
    arguments: &SpecArguments,
    source: &Source,
    desired: &Desired,
    sandbox: SandboxArguments,
    options: diff::Options,
    part: Choice,
) -> Making {
    Making {
        spec: arguments.spec.display().to_string(),
        environment: arguments.environment().map(str::to_owned),
        blueprints: arguments.blueprints.folder(),
        spec_digest: saved::digest(&[&source.text]),
        desired_digest: saved::desired_digest(desired),
        sandbox: sandbox.sandbox,
        empty_buckets: options.empty_buckets,
        delete_logs: options.delete_logs,
        part,
    }
}

/// Writes a plan to a file for its owner alone. Only another saved plan is overwritten.
///
/// # Errors
/// A file that is something else, or can't be written.
pub(super) fn write(world: &World, file: &Path, plan: &Plan, making: Making) -> Result<(), Failed> {
    let name = file.display();
    let path = world.path(file);
    let unwritten = |error: &dyn std::fmt::Display| {
        Failed::said(
            format!("the plan can't be saved to {name}: {error}"),
            &["name a file in a folder that exists and can be written"],
        )
    };
    let text = Saved::of(plan, making).and_then(|saved| saved.write());
    let text = text.map_err(|error| unwritten(&error))?;
    match fs::read(&path) {
        Ok(old) if Saved::read(&String::from_utf8_lossy(&old)).is_none() => {
            return Err(Failed::said(
                format!("{name} exists and is no saved plan; it was left as it is"),
                &["name another file"],
            ));
        }
        Ok(_) => fs::remove_file(&path).map_err(|error| unwritten(&error))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unwritten(&error)),
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(&path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| unwritten(&error))
}

/// The saved plan that the first argument names; none if it is a spec, or nothing.
///
/// # Errors
/// A saved plan that this version can't apply.
pub(super) fn find(world: &World, arguments: &SpecArguments) -> Result<Option<Saved>, Failed> {
    let Ok(bytes) = fs::read(world.path(&arguments.spec)) else {
        // Whoever reads it as a spec says what is wrong.
        return Ok(None);
    };
    let Some(read) = Saved::read(&String::from_utf8_lossy(&bytes)) else {
        return Ok(None);
    };
    read.map(Some).map_err(|problem| {
        let hint = match problem {
            Unreadable::Newer(_) => "use that version, or plan again with this one",
            Unreadable::Damaged => "plan again; a saved plan is looked at with `plan`, not edited",
            Unreadable::OtherVersion(_) => "plan again with this version, or use that one",
        };
        let name = arguments.spec.display();
        Failed::said(
            format!("the saved plan {name} can't be applied: {problem}"),
            &[hint],
        )
    })
}

/// Carries out a saved plan. The guardrails judge the spec again; nobody is asked, for the
/// file is what was looked at.
pub(super) async fn apply(
    world: &World,
    screen: Screen,
    saved: &Saved,
    given: &SpecArguments,
    part: &PartArguments,
    change: &ChangeArguments,
    wait: Wait,
) -> Result<Carried, Failed> {
    check_flags(saved, given, part, change)?;
    let making = &saved.making;
    let arguments = SpecArguments::of(
        &making.spec,
        making.environment.as_deref(),
        making.blueprints.as_deref(),
    );
    let sandbox = SandboxArguments {
        sandbox: making.sandbox,
    };
    let source = connect::source(world, &arguments)?;
    let library = connect::library(world, &arguments.blueprints)?;
    if saved::digest(&[&source.text]) != making.spec_digest {
        return Err(other_spec(&making.spec, "is not the text that was planned"));
    }
    let today = world.today();
    let environment = arguments.environment();
    let (desired, approved) = match saved.mode {
        Mode::Apply => {
            let approved = pipeline::approve(&source, environment, &library, today)?;
            (approved.desired().clone(), Some(approved))
        }
        Mode::Destroy => {
            let desired = pipeline::expand_or_name(&source, environment, &library)?;
            (desired, None)
        }
    };
    if saved::desired_digest(&desired) != making.desired_digest {
        let why = "expands to other resources than were planned: a blueprint has changed";
        return Err(other_spec(&making.spec, why));
    }
    let purpose = match saved.mode {
        Mode::Apply => For::Applying,
        Mode::Destroy => For::Destroying,
    };
    let memory = remember::recall(world, &arguments, sandbox, &desired, purpose).await?;
    let aws = memory.aws(world, sandbox, &desired.region).await?;
    let document = memory.document.clone();
    let session = change.asking.open(&aws, &desired, document).await?;
    check_session(saved, &session).await?;
    let options = diff::Options {
        empty_buckets: making.empty_buckets,
        delete_logs: making.delete_logs,
    };
    let Reconciled { plan, stopped } = if let Some(approved) = approved {
        pipeline::plan_saved(&session, approved, today, options, saved).await?
    } else {
        let plan = pipeline::plan_destroy(&session, &desired, options).await?;
        // As of any destroy, of what goes nothing is asked but that its parts go with it.
        saved::reconcile(plan, saved, |_, _| Vec::new())
    };
    let told = if change.json {
        ui::saved::json(&stopped)
    } else {
        ui::saved::stopped(&stopped)
    };
    if plan.is_empty() && plan.problems.is_empty() && !stopped.is_empty() {
        screen.data(&told);
        return Err(Failed::said(
            "nothing of the saved plan can be applied any more",
            &["plan again, and look at the new plan"],
        ));
    }
    let store = memory.store.as_ref();
    let change = change.confirmed();
    let carried = change::carry_out(world, session, store, plan, &change, wait).await;
    memory.settle().await?;
    let mut finished = carried?;
    if !stopped.is_empty() {
        finished.exit = Exit::Partly;
        if change.json {
            screen.data(&told);
        } else {
            screen.talk(&told);
        }
    }
    let services = match saved.mode {
        Mode::Apply => health::services(&desired),
        Mode::Destroy => Vec::new(),
    };
    Ok(Carried {
        finished,
        services,
        aws,
    })
}

fn other_spec(spec: &str, why: &str) -> Failed {
    Failed::said(
        format!("{spec} {why}; nothing was changed"),
        &["plan again, and look at the new plan"],
    )
}

/// What the file says can't be said otherwise.
fn check_flags(
    saved: &Saved,
    given: &SpecArguments,
    part: &PartArguments,
    change: &ChangeArguments,
) -> Result<(), Failed> {
    let mut flags = change.of_the_plan();
    let Choice { target, exclude } = part.choice();
    if !target.is_empty() {
        flags.push("--target");
    }
    if !exclude.is_empty() {
        flags.push("--exclude");
    }
    if given.environment().is_some() {
        flags.push("--env");
    }
    if given.blueprints.folder().is_some() {
        flags.push("--blueprints");
    }
    if change.sandbox.sandbox && !saved.making.sandbox {
        flags.push("--sandbox");
    }
    if flags.is_empty() {
        return Ok(());
    }
    Err(Failed::said(
        format!("a saved plan has its own answer to {}", flags.join(", ")),
        &["give them to `watertight plan --out`"],
    ))
}

/// The state and the account must be those that were looked at.
async fn check_session(saved: &Saved, session: &Session<'_>) -> Result<(), Failed> {
    if let Some(expected) = saved.account.as_ref().filter(|it| **it != session.account) {
        let identity = session.aws.identity().await.map_err(Stop::Aws)?;
        return Err(Failed::Stop(Stop::Account {
            expected: expected.clone(),
            found: session.account.clone(),
            says: "the saved plan's account",
            who: identity.arn.clone(),
        }));
    }
    let document = &session.document;
    let Some(lineage) = &saved.lineage else {
        return Ok(());
    };
    if document.is_new() || *lineage != document.lineage {
        let (app, environment) = (&saved.app, &saved.environment);
        return Err(Failed::said(
            format!(
                "the plan was made with another state of {app}/{environment} (lineage {lineage}); nothing was changed"
            ),
            &["bring that state back, or plan again with the one that is here"],
        ));
    }
    Ok(())
}
