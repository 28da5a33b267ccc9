//! `watertight state init`: the bucket that keeps state.
//!
//! *Invariant*: the bucket is made by the blueprint of every private bucket, judged by the same
//! rules, and is no part of the app whose state it keeps: no destroy touches it.

use std::sync::Arc;

use clap::Args;
use sha2::{Digest, Sha256};

use crate::blueprint::Library;
use crate::command::change::{self, ChangeArguments, Wait};
use crate::command::connect::{self, SpecArguments};
use crate::command::{Exit, Failed};
use crate::diagnostic::{Severity, Source};
use crate::pipeline::{self, Stop};
use crate::spec::{self, Backend, Input, Spec, StateBucket};
use crate::state::Document;
use crate::state::store::bucket::{self, Judged};
use crate::state::store::{Local, Store};
use crate::ui::Screen;
use crate::world::World;

/// Make the bucket that the spec's `[state]` names, fit to keep state
///
/// Private, encrypted, versioned, over TLS alone. Shows the plan and asks, as apply does. Where
/// the bucket stands already and is fit, nothing is done.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let Arguments {
        spec: named,
        change,
    } = arguments;
    let source = connect::source(world, named)?;
    let parsed = spec::parse(&source, named.environment());
    let is_wrong = parsed
        .problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    let spec = match parsed.spec {
        Some(spec) if !is_wrong => spec,
        _ => return Err(Stop::Wrong(parsed.problems).into()),
    };
    let Backend::S3(bucket) = &spec.state else {
        return Err(Failed::said(
            format!("{} keeps its state in a local file", source.name),
            &[
                "to keep it in S3, write into the spec:\n\n    [state]\n    backend = \"s3\"\n    bucket = \"acme-watertight-state\"\n",
            ],
        ));
    };
    let aws = connect::aws(world, change.sandbox, &bucket.region).await?;
    if bucket::judge(&aws, bucket).await? == Some(Judged::default()) {
        screen.talk(&format!(
            "bucket {} stands and is fit to keep state\n",
            bucket.bucket
        ));
        return Ok(Exit::Done);
    }
    let environment = environment(&bucket.bucket);
    let text = Arc::new(Source {
        name: "watertight state init".to_owned(),
        text: text(&spec, bucket, &environment),
    });
    let approved = pipeline::approve(&text, None, &Library::embedded(), world.today())?;
    // What is remembered of the bucket can't be kept in it before it stands; so it is kept
    // here, and found again by its tags where it is not.
    let root = connect::root(world, named, change.sandbox);
    let store = Local::new(root.join(APP).join(&environment));
    let _held = store.lock(&world.holder()).await?;
    let document = store.load().await?;
    let document =
        document.unwrap_or_else(|| Document::new(APP, &environment, &digest(&bucket.bucket)));
    let session = pipeline::open(&aws, approved.desired(), document).await?;
    let plan = pipeline::plan(&session, approved, world.today(), change.options()).await?;
    let finished = change::carry_out(world, session, &store, plan, change, Wait::Config).await?;
    if finished.exit != Exit::Partly {
        screen.talk(&format!(
            "\nbucket {} is fit to keep state; if there is some elsewhere: `watertight state migrate {}`\n",
            bucket.bucket, source.name
        ));
    }
    Ok(finished.exit)
}

/// The app that buckets with state are of.
const APP: &str = "watertight";

/// The bucket's name as an environment's: itself, where it is one.
fn environment(bucket: &str) -> String {
    match spec::form::name(bucket) {
        Ok(()) => bucket.to_owned(),
        Err(_) => format!("bucket-{}", &digest(bucket)[..12]),
    }
}

/// 32 hex digits, the same for the same bucket wherever it is made: so whoever mends it is not
/// taken for a stranger.
fn digest(bucket: &str) -> String {
    let digest = Sha256::digest(format!("watertight state in {bucket}"));
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    format!("{:032x}", u128::from_be_bytes(half))
}

/// The bucket as a spec.
fn text(spec: &Spec, bucket: &StateBucket, environment: &str) -> String {
    let quoted = |text: &str| spec::in_toml(&Input::Text(text.to_owned()));
    let account = spec.account.as_ref().map_or_else(String::new, |account| {
        format!("account = {}\n", quoted(&account.value))
    });
    let tags: Vec<String> = spec
        .tags
        .iter()
        .map(|(key, value)| format!("{} = {}", quoted(key), quoted(&value.value)))
        .collect();
    let tags = tags.join("\n");
    format!(
        "app = \"{APP}\"\nenvironment = \"{environment}\"\nregion = \"{}\"\n{account}\n[tags]\n{tags}\n\n\
         [components.state]\nblueprint = \"private-bucket\"\nbucket_name = \"{}\"\nlogs = false\n",
        bucket.region, bucket.bucket
    )
}
