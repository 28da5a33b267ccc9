//! Where a worker and the owner meet.
//!
//! A [`Worker`](super::step::Worker) asks for turns and commits, tells what happens, and
//! waits for answers; the owner reads [`Message`]s in the order in which they were sent.
//!
//! *Invariant*: a worker reaches the document, the counts and the listener by messages only.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::Stop;
use super::commit::{Receipt, Write};
use super::event::{Event, Outcome};
use super::queue::Key;
use crate::address::Address;
use crate::aws::Error;
use crate::plan::Action;
use crate::value::Attributes;

/// What workers tell the owner.
pub(super) enum Message {
    /// A step wants to change something in AWS.
    Ask {
        /// The step.
        step: usize,
        /// What no other step may change meanwhile.
        key: Option<Key>,
        /// Whether it has called before.
        begun: bool,
        /// Told when it may, or why it never may.
        granted: oneshot::Sender<Result<(), Halt>>,
    },
    /// A step has called, or wants no longer.
    Release(usize),
    /// The document changes; whoever asks is told when that is durable.
    Commit(Vec<Write>, Receipt),
    /// Dependents may begin: this is what the resource is like.
    Usable(usize, Attributes),
    /// What a lookup has found that had to wait.
    Found(Address, Attributes),
    /// Something for the listener.
    Tell(Event),
}

/// Why a step can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// AWS refused, or the world has moved.
    Failed {
        /// What happened.
        error: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// A call was sent and nobody knows whether it was carried out.
    Uncertain(String),
    /// The user stopped the run while the step was doing this.
    Stopped(String),
    /// The state can't be written.
    Unsaved(String),
}

impl Halt {
    /// A failure that no call reported.
    pub(super) fn failed(error: impl Into<String>, hint: &str) -> Self {
        Self::Failed {
            error: error.into(),
            hint: Some(hint.to_owned()),
        }
    }

    /// How the step ended. `acted`: whether something of it may be in AWS.
    pub(super) fn outcome(self, acted: bool) -> Outcome {
        match self {
            Self::Failed { error, hint } => Outcome::Failed { error, hint },
            Self::Uncertain(why) => Outcome::Uncertain { why },
            Self::Stopped(during) if acted => Outcome::Uncertain {
                why: format!("stopped while {during}"),
            },
            Self::Stopped(_) => Outcome::Skipped {
                because: "the run was stopped".to_owned(),
            },
            Self::Unsaved(why) if acted => Outcome::Uncertain {
                why: format!("the state can't be written: {why}"),
            },
            Self::Unsaved(why) => Outcome::Skipped {
                because: format!("the state can't be written: {why}"),
            },
        }
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed {
            error: error.to_string(),
            hint: error.next_step().map(str::to_owned),
        }
    }
}

/// A worker's side of the desk.
pub(super) struct Desk {
    /// Index of the step.
    pub(super) step: usize,
    /// Its name, for people.
    pub(super) label: String,
    /// What it does.
    pub(super) action: Action,
    /// What no other step may change while this one calls.
    pub(super) key: Option<Key>,
    /// How long it usually takes, where that is known.
    pub(super) usual_seconds: Option<u32>,
    /// Whether it had a turn.
    pub(super) begun: bool,
    /// Whether an intent of it is committed.
    pub(super) acted: bool,
    pub(super) mail: mpsc::UnboundedSender<Message>,
    pub(super) stop: watch::Receiver<Stop>,
}

/// The right to change something in AWS, given back when dropped.
pub(super) struct Turn {
    step: usize,
    mail: mpsc::UnboundedSender<Message>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.mail.send(Message::Release(self.step)).ok();
    }
}

impl Desk {
    /// Waits until it may change something in AWS.
    pub(super) async fn turn(&mut self) -> Result<Turn, Halt> {
        self.turn_with(self.key.clone()).await
    }

    /// The same where nothing differs of what others may be changing now.
    pub(super) async fn turn_beside_others(&mut self) -> Result<Turn, Halt> {
        self.turn_with(None).await
    }

    async fn turn_with(&mut self, key: Option<Key>) -> Result<Turn, Halt> {
        let (granted, answer) = oneshot::channel();
        self.send(Message::Ask {
            step: self.step,
            key,
            begun: self.begun,
            granted,
        });
        answer.await.unwrap_or_else(|_| Err(left()))?;
        if !self.begun {
            self.begun = true;
            self.send(Message::Tell(Event::Started {
                step: self.step,
                address: self.label.clone(),
                action: self.action,
            }));
        }
        Ok(Turn {
            step: self.step,
            mail: self.mail.clone(),
        })
    }

    /// Changes the document and waits until that is durable.
    pub(super) async fn commit(&mut self, writes: Vec<Write>) -> Result<(), Halt> {
        let (receipt, durable) = oneshot::channel();
        self.send(Message::Commit(writes, receipt));
        durable
            .await
            .unwrap_or_else(|_| Err("the run has ended".to_owned()))
            .map_err(Halt::Unsaved)?;
        self.acted = true;
        Ok(())
    }

    /// Lets dependents begin.
    pub(super) fn usable(&self, attributes: Attributes) {
        self.send(Message::Usable(self.step, attributes));
    }

    /// Tells what a lookup has found.
    pub(super) fn found(&self, lookup: Address, attributes: Attributes) {
        self.send(Message::Found(lookup, attributes));
    }

    /// Says what is waited for.
    pub(super) fn waiting(&self, what: &str, detail: &str) {
        self.send(Message::Tell(Event::Waiting {
            step: self.step,
            address: self.label.clone(),
            what: what.to_owned(),
            detail: detail.to_owned(),
            usual_seconds: self.usual_seconds,
        }));
    }

    /// Says that a call will be sent again.
    pub(super) fn retrying(&self, why: &Error) {
        self.send(Message::Tell(Event::Retrying {
            step: self.step,
            address: self.label.clone(),
            why: why.to_string(),
        }));
    }

    /// Pauses, but not when the user wants to stop.
    pub(super) async fn pause(&mut self, pause: Duration, during: &str) -> Result<(), Halt> {
        let stopped = async {
            if self.stop.wait_for(|stop| *stop != Stop::Run).await.is_err() {
                // Nobody can ask any more.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = stopped => Err(Halt::Stopped(during.to_owned())),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// The owner outlives its workers; should it not, nobody reads.
    fn send(&self, message: Message) {
        self.mail.send(message).ok();
    }
}

fn left() -> Halt {
    Halt::Stopped("waiting for its turn".to_owned())
}
