//! A run's hold on a document in S3: an object that it writes again and again as a sign of
//! life.
//!
//! Whoever finds the object unchanged for the length of the lease, by a clock of its own, may
//! take it over. So a holder counts its hold as lapsed long before that: at two thirds of the
//! lease since it *sent* its last heartbeat that got through, by the monotonic clock and by the
//! wall clock, as the one stands still while a laptop sleeps and the other may be set. What
//! is sent after that is held back ([`Guard`]); what the document's store writes is refused
//! by S3 once somebody else has raised the fence ([`super::S3`]).
//!
//! *Invariant*: every write of the object is conditional, so it has one holder.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;

use crate::aws::objects::{If, Objects, Put};
use crate::aws::{Error, Guard};

/// What is in the object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Who holds it, for people.
    pub(super) who: String,
    /// The run, for the run.
    pub(super) run: String,
    /// Raised by every heartbeat, so that no two are the same.
    pub(super) beat: u64,
    /// After how many seconds of silence it may be taken over.
    pub(super) lease_seconds: u64,
    /// It was given back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) free: bool,
}

impl Note {
    /// As S3 keeps it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        // Text and numbers are always JSON.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

/// A hold, as long as it is not dropped.
#[derive(Debug)]
pub(super) struct Lease {
    hold: Arc<Hold>,
    beating: JoinHandle<()>,
}

/// What is known of a hold.
#[derive(Debug)]
pub(super) struct Hold {
    objects: Objects,
    key: String,
    period: Duration,
    /// Only one heartbeat is under way.
    turn: tokio::sync::Mutex<()>,
    pulse: Mutex<Pulse>,
}

#[derive(Debug)]
struct Pulse {
    note: Note,
    etag: String,
    /// When the last heartbeat that got through was sent.
    monotonic: Instant,
    wall: SystemTime,
    /// Why the hold is over, if it is.
    lost: Option<String>,
}

impl Lease {
    /// Begins to beat. The note was written with this `ETag` by a call that was sent at
    /// `sent`.
    pub(super) fn begin(
        objects: Objects,
        key: String,
        note: Note,
        etag: String,
        sent: Moment,
    ) -> Self {
        let hold = Arc::new(Hold {
            objects,
            key,
            period: Duration::from_secs(note.lease_seconds),
            turn: tokio::sync::Mutex::default(),
            pulse: Mutex::new(Pulse {
                note,
                etag,
                monotonic: sent.monotonic,
                wall: sent.wall,
                lost: None,
            }),
        });
        let beating = tokio::spawn(beat_on(Arc::clone(&hold)));
        Self { hold, beating }
    }

    /// What is known of it.
    pub(super) fn hold(&self) -> &Arc<Hold> {
        &self.hold
    }
}

impl Drop for Lease {
    /// Gives it back, so that the next run need not wait. Where that does not work, or the
    /// process is killed, the next one waits.
    fn drop(&mut self) {
        self.beating.abort();
        let hold = Arc::clone(&self.hold);
        let give_back = async move {
            drop(tokio::time::timeout(PATIENCE, hold.give_back()).await);
        };
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if runtime.runtime_flavor() == RuntimeFlavor::MultiThread {
            tokio::task::block_in_place(|| runtime.block_on(give_back));
        } else {
            runtime.spawn(give_back);
        }
    }
}

/// How long a run that ends waits until its hold is given back.
const PATIENCE: Duration = Duration::from_secs(5);

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    /// Now.
    #[expect(
        clippy::disallowed_methods,
        reason = "held against itself alone: only the wall clock goes on while the machine sleeps"
    )]
    pub(super) fn now() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }
}

async fn beat_on(hold: Arc<Hold>) {
    let usual = hold.period * 2 / 9;
    let after_failure = hold.period / 30;
    let mut pause = usual;
    loop {
        tokio::time::sleep(pause).await;
        // What got no answer is sent again; whether the first was carried out shows then.
        let beat = tokio::time::timeout(hold.period / 3, hold.beat()).await;
        pause = match beat {
            Ok(Ok(())) => usual,
            _ => after_failure,
        };
        if hold.pulse().lost.is_some() {
            return;
        }
    }
}

impl Hold {
    fn pulse(&self) -> std::sync::MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a sign of life, unless the hold is lost.
    async fn beat(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        loop {
            let (etag, note) = {
                let pulse = self.pulse();
                if pulse.lost.is_some() {
                    return Ok(());
                }
                let mut note = pulse.note.clone();
                note.beat += 1;
                (pulse.etag.clone(), note)
            };
            let sent = Moment::now();
            match self
                .objects
                .put(&self.key, note.bytes(), &If::Same(etag))
                .await?
            {
                Put::Written(etag) => {
                    let mut pulse = self.pulse();
                    pulse.note = note;
                    pulse.etag = etag;
                    pulse.monotonic = sent.monotonic;
                    pulse.wall = sent.wall;
                    return Ok(());
                }
                Put::Refused => self.look().await?,
            }
        }
    }

    /// After a refusal: whether it is a heartbeat of this run, whose answer got lost, that
    /// stands in the way, or another run.
    async fn look(&self) -> Result<(), Error> {
        let found = self.objects.get(&self.key).await?;
        let mut pulse = self.pulse();
        let note = found
            .as_ref()
            .and_then(|object| serde_json::from_slice::<Note>(&object.bytes).ok());
        match (found, note) {
            (Some(object), Some(note)) if note.run == pulse.note.run && !note.free => {
                pulse.note = note;
                pulse.etag = object.etag;
            }
            (_, Some(note)) if note.free => {
                pulse.lost = Some("another run took it over, and has ended since".to_owned());
            }
            (_, Some(note)) => pulse.lost = Some(format!("{} took it over", note.who)),
            _ => pulse.lost = Some("somebody removed the lease".to_owned()),
        }
        Ok(())
    }

    /// Whether the document may be written: a hold that has lapsed and that nobody has taken is
    /// taken up again first.
    ///
    /// # Errors
    /// Why it may not, a phrase.
    pub(super) async fn renewed(&self) -> Result<(), String> {
        if self.may_send().is_err() {
            // What became of it is asked below.
            drop(tokio::time::timeout(self.period / 3, self.beat()).await);
        }
        self.may_send()
    }

    /// The hold is over: somebody else wrote the document.
    pub(super) fn lose(&self, why: &str) {
        self.pulse().lost.get_or_insert_with(|| why.to_owned());
    }

    async fn give_back(&self) {
        let _turn = self.turn.lock().await;
        for _ in 0..2 {
            let (etag, note) = {
                let pulse = self.pulse();
                if pulse.lost.is_some() {
                    return;
                }
                let mut note = pulse.note.clone();
                note.beat += 1;
                note.free = true;
                (pulse.etag.clone(), note)
            };
            let condition = If::Same(etag);
            let put = self.objects.put(&self.key, note.bytes(), &condition);
            // A heartbeat that was cut off may have been carried out, and stands in the way.
            let stands_in_the_way = matches!(put.await, Ok(Put::Refused));
            if !stands_in_the_way || self.look().await.is_err() {
                break;
            }
        }
        self.lose("this run gave it back");
    }
}

impl Guard for Hold {
    fn may_send(&self) -> Result<(), String> {
        let now = Moment::now();
        let pulse = self.pulse();
        if let Some(lost) = &pulse.lost {
            return Err(lost.clone());
        }
        let monotonic = now.monotonic.saturating_duration_since(pulse.monotonic);
        let wall = now.wall.duration_since(pulse.wall).unwrap_or_default();
        let silent = monotonic.max(wall);
        if silent < self.period * 2 / 3 {
            return Ok(());
        }
        Err(format!(
            "no heartbeat of this run has got through for {} seconds",
            silent.as_secs()
        ))
    }
}
