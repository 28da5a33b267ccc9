//! A document as an object in a bucket of S3, whose versions are its history.
//!
//! *Invariant*: every write names the `ETag` of what was read before it, so no write of another
//! is ever lost; and before a hold that fell silent counts as taken over, the document has a
//! higher fence, so that whatever the old holder still writes is refused.

use std::fmt;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use tokio::sync::{Mutex, OnceCell};

use super::lease::{Hold, Lease, Moment, Note};
use super::{Error, HISTORY, Held, Kept, Lock, Store, Unreadable, parse};
use crate::aws::objects::{If, Object, Objects, Put};
use crate::aws::{self, Aws};
use crate::spec::StateBucket;
use crate::state::Document;

/// Told, a phrase, why the lock is waited for.
#[derive(Clone)]
pub struct Tell(pub Arc<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tell")
    }
}

/// `PREFIX/APP/ENVIRONMENT/state.json` in a bucket, and the lease `lock.json` beside it.
#[derive(Debug)]
pub struct S3 {
    aws: Arc<Aws>,
    bucket: StateBucket,
    key: String,
    lock_key: String,
    /// This run.
    run: String,
    tell: Tell,
    objects: OnceCell<Objects>,
    known: Mutex<Known>,
    hold: StdMutex<Option<Arc<Hold>>>,
}

/// What the object was when it was last read or written here.
#[derive(Debug, Default)]
struct Known {
    was_read: bool,
    etag: Option<String>,
    fence: u64,
}

/// How often a write is tried again after another write of this run's own stood in the way.
const OWN_WRITES: usize = 3;

/// How many documents are read at once.
const AT_ONCE: usize = 16;

/// What all keys of a bucket with state begin with.
fn folder(bucket: &StateBucket) -> String {
    match bucket.prefix.as_str() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    }
}

/// How often the fence is raised anew because the old holder wrote in between.
const FENCES: usize = 10;

impl S3 {
    /// The store of an app and environment. `run` is a name that no other run has.
    #[must_use]
    pub fn new(
        aws: Arc<Aws>,
        bucket: &StateBucket,
        (app, environment): (&str, &str),
        run: &str,
        tell: Tell,
    ) -> Self {
        let folder = format!("{}{app}/{environment}", folder(bucket));
        Self {
            aws,
            bucket: bucket.clone(),
            key: format!("{folder}/state.json"),
            lock_key: format!("{folder}/lock.json"),
            run: run.to_owned(),
            tell,
            objects: OnceCell::new(),
            known: Mutex::default(),
            hold: StdMutex::default(),
        }
    }

    /// Every document in the bucket that can be read, in order of app and environment.
    ///
    /// # Errors
    /// They can't be listed.
    pub async fn all(aws: &Aws, bucket: &StateBucket) -> Result<Vec<Document>, aws::Error> {
        let objects = Objects::of(aws, &bucket.region, &bucket.bucket).await?;
        let prefix = folder(bucket);
        let keys = objects.keys(&prefix).await?;
        let is_document = |key: &&String| {
            let below = key.strip_prefix(&prefix);
            below.is_some_and(|key| key.ends_with("/state.json") && key.split('/').count() == 3)
        };
        let reads = keys.iter().filter(is_document).map(|key| objects.get(key));
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        let mut documents = Vec::new();
        while let Some(read) = reads.next().await {
            let object = read.ok().flatten();
            documents.extend(object.and_then(|object| parse(&object.bytes).ok()));
        }
        Ok(documents)
    }

    async fn objects(&self) -> Result<&Objects, Error> {
        let made = || Objects::of(&self.aws, &self.bucket.region, &self.bucket.bucket);
        let objects = self.objects.get_or_try_init(made).await;
        objects.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: aws::Error) -> Error {
        Error::Object {
            place: self.place(),
            source,
        }
    }

    fn lost(&self, why: impl Into<String>) -> Error {
        Error::Lost {
            place: self.place(),
            why: why.into(),
        }
    }

    fn hold(&self) -> Option<Arc<Hold>> {
        let hold = self.hold.lock();
        hold.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The document and its `ETag`.
    async fn read(&self) -> Result<Option<(Document, String)>, Error> {
        let objects = self.objects().await?;
        let object = objects.get(&self.key).await;
        match object.map_err(|source| self.failed(source))? {
            None => Ok(None),
            Some(object) => match parse(&object.bytes) {
                Ok(document) => Ok(Some((document, object.etag))),
                Err(Unreadable::TooNew(found)) => Err(Error::TooNew {
                    path: self.place().into(),
                    found,
                }),
                Err(Unreadable::Torn(why)) => Err(Error::TornObject {
                    place: self.place(),
                    why,
                    repair: self.repair().await,
                }),
            },
        }
    }

    /// The command that copies the newest whole version over what is there.
    async fn repair(&self) -> Option<String> {
        let objects = self.objects().await.ok()?;
        let versions = objects.versions(&self.key).await.ok()?;
        for version in versions.iter().take(HISTORY) {
            let object = objects.get_version(&self.key, Some(&version.id)).await;
            if object.is_ok_and(|object| object.is_some_and(|object| parse(&object.bytes).is_ok()))
            {
                let (bucket, key) = (&self.bucket.bucket, &self.key);
                return Some(format!(
                    "aws s3api copy-object --bucket {bucket} --key {key} --copy-source \"{bucket}/{key}?versionId={}\"",
                    version.id
                ));
            }
        }
        None
    }

    /// Writes the document over what is known, whose fence it gets.
    async fn write(&self, document: &Document, known: &mut Known) -> Result<(), Error> {
        let objects = self.objects().await?;
        let mut document = document.clone();
        document.fence = known.fence;
        document.writer = Some(self.run.clone());
        let mut bytes = serde_json::to_vec_pretty(&document)
            .map_err(|error| self.lost(format!("it can't be written as JSON: {error}")))?;
        bytes.push(b'\n');
        for _ in 0..OWN_WRITES {
            let condition = known.etag.clone().map_or(If::Absent, If::Same);
            let put = objects.put(&self.key, bytes.clone(), &condition).await;
            match put.map_err(|source| self.failed(source))? {
                Put::Written(etag) => {
                    known.etag = Some(etag);
                    return Ok(());
                }
                Put::Refused => {}
            }
            // An attempt of this run's may have been carried out without an answer: then what
            // is there now is its own.
            let Some((now, etag)) = self.read().await? else {
                return Err(self.lost("somebody deleted it meanwhile"));
            };
            let is_own = now.writer.as_deref() == Some(&self.run)
                && now.fence == known.fence
                && now.serial <= document.serial;
            if !is_own {
                return Err(self.lost(format!("another run wrote serial {} meanwhile", now.serial)));
            }
            known.etag = Some(etag);
            if now.serial == document.serial {
                return Ok(());
            }
        }
        Err(self.lost("it changes with every look"))
    }

    /// Takes the lease: at once where nobody has it or `by_force`, else when its holder has been
    /// silent for as long as it said itself.
    async fn take(&self, holder: &str, by_force: bool) -> Result<Lease, Error> {
        let objects = self.objects().await?;
        let failed = |source| self.failed(source);
        let mut first: Option<(String, Instant)> = None;
        let mut takes_over = false;
        let period = u64::from(self.bucket.lease_seconds);
        let mut fresh = Note {
            who: holder.to_owned(),
            run: self.run.clone(),
            beat: 0,
            lease_seconds: period,
            free: false,
        };
        loop {
            let found = objects.get(&self.lock_key).await.map_err(failed)?;
            let condition = match found {
                None => If::Absent,
                Some(Object { bytes, etag, .. }) => {
                    // What is no note of ours says nothing, and is waited for as long.
                    let note: Option<Note> = serde_json::from_slice(&bytes).ok();
                    let who = note
                        .as_ref()
                        .map_or("somebody", |note| &note.who)
                        .to_owned();
                    let limit = note
                        .as_ref()
                        .map_or(period, |note| note.lease_seconds.max(period));
                    fresh.beat = note.as_ref().map_or(0, |note| note.beat + 1);
                    let is_own = note.as_ref().is_some_and(|note| note.run == self.run);
                    let is_free = is_own || note.is_some_and(|note| note.free);
                    if !is_free && !by_force {
                        let Some((before, since)) = &first else {
                            (self.tell.0)(&format!(
                                "the state is held by {who}: looking whether that run is alive; if it stays silent for {limit} seconds, this one takes over"
                            ));
                            first = Some((etag, Instant::now()));
                            continue;
                        };
                        if *before != etag {
                            return Err(Error::Leased { holder: who });
                        }
                        if since.elapsed() < Duration::from_secs(limit) {
                            tokio::time::sleep(Duration::from_secs(limit) / 18).await;
                            continue;
                        }
                    }
                    takes_over |= !is_free;
                    If::Same(etag)
                }
            };
            let sent = Moment::now();
            let put = objects.put(&self.lock_key, fresh.bytes(), &condition).await;
            if let Put::Written(etag) = put.map_err(failed)? {
                let lease = Lease::begin(objects.clone(), self.lock_key.clone(), fresh, etag, sent);
                if takes_over && let Err(error) = self.raise_fence().await {
                    // Not given back: whoever comes next raises the fence in its place.
                    lease.hold().lose("the fence could not be raised");
                    return Err(error);
                }
                return Ok(lease);
            }
        }
    }

    /// From here on, what the old holder writes is refused.
    async fn raise_fence(&self) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        for _ in 0..FENCES {
            let Some((mut document, etag)) = self.read().await? else {
                return Ok(());
            };
            document.serial += 1;
            *known = Known {
                was_read: true,
                etag: Some(etag),
                fence: document.fence + 1,
            };
            match self.write(&document, &mut known).await {
                // The old holder's last write came in between.
                Err(Error::Lost { .. }) => {}
                other => return other,
            }
        }
        Err(self.lost("its old holder goes on writing"))
    }
}

#[async_trait]
impl Store for S3 {
    async fn load(&self) -> Result<Option<Document>, Error> {
        let mut known = self.known.lock().await;
        let read = self.read().await?;
        *known = Known {
            was_read: true,
            etag: read.as_ref().map(|(_, etag)| etag.clone()),
            fence: read.as_ref().map_or(0, |(document, _)| document.fence),
        };
        Ok(read.map(|(document, _)| document))
    }

    async fn save(&self, document: &Document) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        if !known.was_read {
            let read = self.read().await?;
            *known = Known {
                was_read: true,
                fence: read.as_ref().map_or(0, |(document, _)| document.fence),
                etag: read.map(|(_, etag)| etag),
            };
        }
        let hold = self.hold();
        if let Some(hold) = &hold {
            hold.renewed().await.map_err(|why| self.lost(why))?;
        }
        let written = self.write(document, &mut known).await;
        if let (Some(hold), Err(Error::Lost { why, .. })) = (hold, &written) {
            hold.lose(why);
        }
        written
    }

    async fn retire(&self) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        let hidden = self.objects().await?.hide(&self.key).await;
        hidden.map_err(|source| self.failed(source))?;
        known.etag = None;
        Ok(())
    }

    async fn history(&self) -> Result<Vec<Kept>, Error> {
        let objects = self.objects().await?;
        let versions = objects.versions(&self.key).await;
        let versions = versions.map_err(|source| self.failed(source))?;
        let versions = &versions[..versions.len().min(HISTORY + 1)];
        let read = versions
            .iter()
            .map(|version| objects.get_version(&self.key, Some(&version.id)));
        let mut kept = Vec::new();
        let mut newer = u64::MAX;
        for (version, object) in versions.iter().zip(join_all(read).await) {
            let object = object.map_err(|source| self.failed(source))?;
            let Some(Ok(document)) = object.map(|object| parse(&object.bytes)) else {
                continue;
            };
            // It began anew, or went back: what was there before is not before it.
            if document.serial > newer {
                break;
            }
            newer = document.serial;
            if !version.is_latest {
                kept.push(Kept {
                    serial: document.serial,
                    at: version.at,
                });
            }
        }
        kept.truncate(HISTORY);
        Ok(kept)
    }

    async fn earlier(&self, serial: u64) -> Result<Option<Document>, Error> {
        let objects = self.objects().await?;
        let versions = objects.versions(&self.key).await;
        let versions = versions.map_err(|source| self.failed(source))?;
        for version in versions.iter().filter(|version| !version.is_latest) {
            let object = objects.get_version(&self.key, Some(&version.id)).await;
            let object = object.map_err(|source| self.failed(source))?;
            let document = object.and_then(|object| parse(&object.bytes).ok());
            match document {
                Some(document) if document.serial == serial => return Ok(Some(document)),
                // They only grow.
                Some(document) if document.serial < serial => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    async fn lock(&self, holder: &str) -> Result<Lock, Error> {
        let lease = self.take(holder, false).await?;
        let hold = Arc::clone(lease.hold());
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold);
        Ok(Lock::new(lease))
    }

    async fn held_by(&self, _holder: &str) -> Result<Option<Held>, Error> {
        let found = self.objects().await?.get(&self.lock_key).await;
        let Some(object) = found.map_err(|source| self.failed(source))? else {
            return Ok(None);
        };
        let note: Option<Note> = serde_json::from_slice(&object.bytes).ok();
        if note.as_ref().is_some_and(|note| note.free) {
            return Ok(None);
        }
        Ok(Some(Held {
            who: note.map_or_else(|| "somebody".to_owned(), |note| note.who),
            at: object.at,
        }))
    }

    async fn unlock(&self, holder: &str) -> Result<(), Error> {
        self.take(holder, true).await.map(drop)
    }

    fn guard(&self) -> Option<Arc<dyn aws::Guard>> {
        self.hold().map(|hold| hold as Arc<dyn aws::Guard>)
    }

    fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket.bucket, self.key)
    }
}
