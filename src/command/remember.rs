//! The document of a spec's app and environment: where it is, under which names its records
//! stand now, and whether it is another's.
//!
//! In: a spec, expanded as far as it can be. Out: [`Memory`]. `[[moved]]` is carried out here,
//! on what was read; the disk has it with the first thing that a run writes.
//!
//! *Invariant*: a document that moved to another place is removed from the old one only when
//! the new one has it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::Failed;
use super::connect::{self, SandboxArguments, SpecArguments};
use super::stores::Stores;
use crate::aws::Aws;
use crate::diagnostic::Diagnostic;
use crate::pipeline::Stop;
use crate::resource::Desired;
use crate::saved;
use crate::spec::{Move, Moved};
use crate::state::store::{Local, Lock, S3, Store};
use crate::state::{self, Document};
use crate::world::World;

/// What a run wants with the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// To look at it.
    Reading,
    /// To apply the spec.
    Applying,
    /// To destroy everything in it.
    Destroying,
    /// To change what is remembered, and nothing else.
    Mending,
}

/// What is remembered, and where.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) store: Box<dyn Store>,
    /// As it will be saved. Taken by the run.
    pub(super) document: Document,
    /// Where the document was before it moved.
    left: Option<Box<dyn Store>>,
    /// The connection, where the store needed one.
    aws: Option<Arc<Aws>>,
    /// Held to the end of the run.
    _locks: Vec<Lock>,
}

/// Finds the document, or begins one where there never was one.
///
/// # Errors
/// State that can't be read, or is held by another run; moves that can't be made; and a spec
/// that was another app's or environment's and does not say that it moved.
pub(super) async fn recall(
    world: &World,
    arguments: &SpecArguments,
    sandbox: SandboxArguments,
    desired: &Desired,
    purpose: For,
) -> Result<Memory, Failed> {
    let Desired {
        app, environment, ..
    } = desired;
    let kept = (&desired.state, desired.region.as_str());
    let stores = Stores::open(world, arguments, sandbox, kept).await?;
    let store = stores.at(app, environment);
    let mut locks = Vec::new();
    if purpose == For::Applying {
        stores.judge().await?;
    }
    if purpose != For::Reading {
        locks.push(store.lock(&world.holder()).await?);
    }
    let mut document = store.load().await?;
    let mut left = None;
    for (one, app, environment) in forerunners(desired) {
        let old = stores.at(&app, &environment);
        if old.load().await?.is_none() {
            continue;
        }
        if purpose != For::Reading {
            locks.push(old.lock(&world.holder()).await?);
        }
        let Some(found) = old.load().await? else {
            continue;
        };
        if let Some(now) = document.as_ref().filter(|now| !now.records.is_empty()) {
            // A run that was cut off after it had saved the new one.
            if now.lineage == found.lineage {
                left = Some(old);
            }
        } else if !found.records.is_empty() {
            document = Some(take_over(found, desired, one)?);
            left = Some(old);
        }
    }
    if document.as_ref().is_none_or(|now| now.records.is_empty()) {
        refuse_elsewhere(&stores, desired).await?;
    }
    let file = arguments.spec.file_name().map(PathBuf::from);
    let file = file.map(|file| file.display().to_string());
    let spec_digest = Some(nameless(&connect::source(world, arguments)?.text));
    if document.as_ref().is_none_or(|now| now.records.is_empty()) {
        let root = connect::root(world, arguments, sandbox);
        let of_file = |one: &Document| one.spec.is_some() && one.spec == file;
        let mut left: Vec<Document> = Vec::new();
        for store in Local::all(&root) {
            // What can't be read is no proof of anything.
            let document = store.load().await.ok().flatten();
            left.extend(document.filter(of_file));
        }
        if let Some((bucket, aws)) = stores.in_aws() {
            // There a file of that name may be anybody's.
            let is_same = |one: &Document| of_file(one) && one.spec_digest == spec_digest;
            let documents = S3::all(aws, bucket).await.unwrap_or_default();
            left.extend(documents.into_iter().filter(is_same));
        }
        refuse_abandoned(left, desired, file.as_deref())?;
    }
    let mut document =
        document.unwrap_or_else(|| Document::new(app, environment, &world.lineage()));
    document.spec = file;
    document.spec_digest = spec_digest;
    let problems = state::rename(&mut document, &desired.moved);
    // What can't be renamed can still be destroyed, or mended, under its old name.
    if !problems.is_empty() && !matches!(purpose, For::Destroying | For::Mending) {
        return Err(Stop::Wrong(problems).into());
    }
    Ok(Memory {
        store,
        document,
        left,
        aws: stores.in_aws().map(|(_, aws)| Arc::clone(aws)),
        _locks: locks,
    })
}

impl Memory {
    /// AWS: by the store's connection, or else by one that is made now.
    ///
    /// # Errors
    /// There is no way to AWS.
    pub(super) async fn aws(
        &self,
        world: &World,
        sandbox: SandboxArguments,
        region: &str,
    ) -> Result<Arc<Aws>, Failed> {
        match &self.aws {
            Some(aws) => Ok(Arc::clone(aws)),
            None => Ok(Arc::new(connect::aws(world, sandbox, region).await?)),
        }
    }

    /// Saves the document as it is now, as the next in line.
    ///
    /// # Errors
    /// State that can't be written.
    pub(super) async fn save(&mut self) -> Result<(), Failed> {
        self.document.serial += 1;
        crate::VERSION.clone_into(&mut self.document.version);
        self.store.save(&self.document).await?;
        self.settle().await
    }

    /// Removes the document from where it is, and from where it was before it moved. Out: each
    /// of these places, and the serial under which its history keeps it.
    ///
    /// # Errors
    /// State that can't be read or removed.
    pub(super) async fn forget(&self) -> Result<Vec<(String, u64)>, Failed> {
        let mut forgotten = Vec::new();
        for store in [self.left.as_ref(), Some(&self.store)]
            .into_iter()
            .flatten()
        {
            if let Some(document) = store.load().await? {
                store.retire().await?;
                forgotten.push((store.place(), document.serial));
            }
        }
        Ok(forgotten)
    }

    /// Removes the document from where it was, once it is saved where it is now.
    ///
    /// # Errors
    /// State that can't be read or removed.
    pub(super) async fn settle(&self) -> Result<(), Failed> {
        if let Some(left) = &self.left
            && let (Some(now), Some(old)) = (self.store.load().await?, left.load().await?)
            && now.lineage == old.lineage
        {
            left.retire().await?;
        }
        Ok(())
    }
}

/// Where the document may have been, the nearest first: every name that the moves of
/// everything lead from. Each can follow another, in any order: the app was renamed, and
/// later its environment.
fn forerunners(desired: &Desired) -> Vec<(&Moved, String, String)> {
    let here = (desired.app.clone(), desired.environment.clone());
    let mut seen = vec![here.clone()];
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([here]);
    while let Some((app, environment)) = waiting.pop_front() {
        for one in &desired.moved {
            let Some(before) = before(one, &app, &environment) else {
                continue;
            };
            if !seen.contains(&before) {
                seen.push(before.clone());
                found.push((one, before.0.clone(), before.1.clone()));
                waiting.push_back(before);
            }
        }
    }
    found
}

/// What was called so before this move, if it leads here.
fn before(one: &Moved, app: &str, environment: &str) -> Option<(String, String)> {
    let Move::Whole {
        app: apps,
        environment: environments,
    } = &one.what
    else {
        return None;
    };
    let back = |pair: &Option<(String, String)>, now: &str| match pair {
        None => Some(now.to_owned()),
        Some((from, to)) => (to == now).then(|| from.clone()),
    };
    Some((back(apps, app)?, back(environments, environment)?))
}

/// Another app's or environment's document as this one's.
fn take_over(mut document: Document, desired: &Desired, by: &Moved) -> Result<Document, Failed> {
    let renamed = state::rename_whole(&mut document, &desired.app, &desired.environment);
    let unfinished = match renamed {
        Ok(()) => return Ok(document),
        Err(unfinished) => unfinished,
    };
    let names: Vec<String> = unfinished.iter().map(ToString::to_string).collect();
    let problem = Diagnostic::error(format!(
        "{}/{} can't move yet: a run that began to make {} was interrupted, and what AWS may have made of it is found by its old names only",
        document.app,
        document.environment,
        names.join(", ")
    ))
    .at(by.from.clone(), "")
    .hint("Apply (or destroy) once under the old name, without this `[[moved]]`; then move it.");
    Err(Stop::Wrong(vec![problem]).into())
}

/// A state beside the spec, where the spec says that it is in a bucket, which has none: to go
/// on would begin anew.
async fn refuse_elsewhere(stores: &Stores<'_>, desired: &Desired) -> Result<(), Failed> {
    let Some((bucket, _)) = stores.in_aws() else {
        return Ok(());
    };
    let beside = stores.beside(&desired.app, &desired.environment);
    let records = beside.load().await?.map_or(0, |found| found.records.len());
    if records == 0 {
        return Ok(());
    }
    Err(Failed::Said {
        message: format!(
            "the spec keeps state in bucket {}, which has none of {}/{}, but {} has {records} records of it",
            bucket.bucket,
            desired.app,
            desired.environment,
            beside.place()
        ),
        hints: vec![
            "`watertight state migrate` moves it to the bucket; nothing is lost on the way".to_owned(),
            "if that file is of no use any more, move it away: what stands is then found by its tags and names".to_owned(),
        ],
    })
}

/// A state that this very file made under names that it has no more: to go on would make
/// everything anew and leave the old behind.
fn refuse_abandoned(
    left: Vec<Document>,
    desired: &Desired,
    file: Option<&str>,
) -> Result<(), Failed> {
    let is_named =
        |one: &Document| one.app == desired.app && desired.environments.contains(&one.environment);
    let abandoned: Vec<Document> = left
        .into_iter()
        .filter(|one| !is_named(one) && !one.records.is_empty())
        .collect();
    let Some(first) = abandoned.first() else {
        return Ok(());
    };
    let file = file.unwrap_or_default();
    let names: Vec<String> = abandoned
        .iter()
        .map(|one| format!("{}/{}", one.app, one.environment))
        .collect();
    let (app, environment) = (&desired.app, &desired.environment);
    Err(Failed::Said {
        message: format!(
            "{file} now says {app}/{environment}, and what stands was made by it as {}: everything would be made anew, and the old left behind",
            names.join(" and ")
        ),
        hints: vec![
            format!(
                "if it has another name now, say so, and it is kept:\n\n{}\n",
                block(first, app, environment)
            ),
            format!(
                "if it is to go, put the old name back and run `watertight destroy {file}` first"
            ),
            "if both are to stand, give the new one a spec file of its own".to_owned(),
        ],
    })
}

/// Digest of a spec's text without the names of its app and environments.
fn nameless(text: &str) -> String {
    let mut at_top = true;
    let mut kept = Vec::new();
    for line in text.lines().map(str::trim) {
        at_top &= !line.starts_with('[');
        let key = line.split('=').next().map(str::trim_end);
        if at_top && matches!(key, Some("app" | "environment")) {
            continue;
        }
        let of_environment = line.strip_prefix("[environments.");
        kept.push(of_environment.map_or(line, |rest| {
            rest.find(['.', ']']).map_or("", |end| &rest[end..])
        }));
    }
    saved::digest(&kept)
}

/// The `[[moved]]` to write.
fn block(old: &Document, app: &str, environment: &str) -> String {
    let mut from = Vec::new();
    let mut to = Vec::new();
    for (key, before, now) in [
        ("app", &old.app, app),
        ("environment", &old.environment, environment),
    ] {
        if before != now {
            from.push(format!("{key} = \"{before}\""));
            to.push(format!("{key} = \"{now}\""));
        }
    }
    format!(
        "    [[moved]]\n    from = {{ {} }}\n    to = {{ {} }}",
        from.join(", "),
        to.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{block, forerunners, nameless};
    use crate::diagnostic::Source;
    use crate::resource::Desired;
    use crate::spec;
    use crate::state::Document;

    #[track_caller]
    fn check(moved: &str, expected: &[&str]) {
        let head = "app = \"store\"\nenvironment = \"live\"\nregion = \"eu-west-1\"\n";
        let source = Arc::new(Source {
            name: "shop.toml".to_owned(),
            text: format!("{head}{moved}"),
        });
        let desired = Desired::named(&spec::parse(&source, None).spec.unwrap());
        let found: Vec<String> = forerunners(&desired)
            .iter()
            .map(|(_, app, environment)| format!("{app}/{environment}"))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_document_is_looked_for_under_every_name_it_had() {
        check(
            "[[moved]]\nfrom = { app = \"shop\" }\nto = { app = \"store\" }\n",
            &["shop/live"],
        );
        check(
            "[[moved]]\nfrom = { app = \"shop\", environment = \"prod\" }\nto = { app = \"store\", environment = \"live\" }\n",
            &["shop/prod"],
        );
        check(
            "[[moved]]\nfrom = { app = \"shop\" }\nto = { app = \"store\" }\n\
             [[moved]]\nfrom = { environment = \"prod\" }\nto = { environment = \"live\" }\n",
            &["shop/live", "store/prod", "shop/prod"],
        );
        check(
            "[[moved]]\nfrom = { environment = \"test\" }\nto = { environment = \"staging\" }\n",
            &[],
        );
    }

    #[test]
    fn a_spec_is_known_again_by_all_but_its_names() {
        let text = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n[components.web]\napp = \"a\"\n[environments.prod.tags]\nowner = \"x\"\n";
        let renamed = text
            .replace("\"shop\"", "\"store\"")
            .replace("prod", "live");
        assert_eq!(nameless(text), nameless(&renamed));
        for (what, other) in [
            ("\"a\"", "\"b\""),
            ("eu-west-1", "eu-west-2"),
            (".tags]", "]"),
        ] {
            assert_ne!(
                nameless(text),
                nameless(&text.replace(what, other)),
                "{what}"
            );
        }
    }

    #[test]
    fn the_block_to_write_names_what_differs() {
        let old = Document::new("shop", "live", "0123");
        assert_eq!(
            block(&old, "store", "live"),
            "    [[moved]]\n    from = { app = \"shop\" }\n    to = { app = \"store\" }"
        );
    }
}
