//! The document on its way to the disk.
//!
//! In: writes, each with somebody who waits until it is durable. Out: saves of the whole
//! document, one at a time; while one is in flight, whatever comes in queues up and goes
//! with the next.
//!
//! *Invariant*: nobody is told that a write is durable before a save that began after it
//! has succeeded.

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::address::Address;
use crate::state::store::{Error, Store};
use crate::state::{Document, Record};

use super::inverse::Inverse;

/// A change of the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Write {
    /// The record of an address and generation is this.
    Put(Record),
    /// The record is no more.
    Remove(Address, u64),
}

impl Write {
    fn address(&self) -> &Address {
        match self {
            Self::Put(record) => &record.address,
            Self::Remove(address, _) => address,
        }
    }
}

/// Told whether a write is durable; if not, why not.
pub(super) type Receipt = oneshot::Sender<Result<(), String>>;

/// The document and what is on its way.
pub(super) struct Commits<'a> {
    store: &'a dyn Store,
    /// As it will be when everything is saved.
    pub(super) document: Document,
    /// The inverse of what this run has written, until its first write.
    inverse: Inverse,
    queued: Vec<Receipt>,
    in_flight: Option<Save<'a>>,
    trouble: Option<Error>,
    /// Whether the document has changed without anybody who waits for it.
    unsaved: bool,
}

struct Save<'a> {
    future: BoxFuture<'a, Result<(), Error>>,
    receipts: Vec<Receipt>,
}

impl<'a> Commits<'a> {
    /// Nothing is on its way yet.
    pub(super) fn new(store: &'a dyn Store, mut document: Document) -> Self {
        crate::VERSION.clone_into(&mut document.version);
        Self {
            store,
            document,
            inverse: Inverse::default(),
            queued: Vec::new(),
            in_flight: None,
            trouble: None,
            unsaved: false,
        }
    }

    /// From now on, what stood before goes into the document with each write.
    pub(super) fn remember(&mut self, inverse: Inverse) {
        self.inverse = inverse;
    }

    /// An undo has come to its end: there is nothing left to bring back.
    pub(super) fn undone(&mut self) {
        if let Some(undo) = &mut self.document.undo {
            self.unsaved |= undo.toward.take().is_some();
        }
    }

    /// Changes the document and queues it. Refused at once when an earlier save failed. No
    /// writes at all say that something changes of which there is no record.
    pub(super) fn write(&mut self, writes: Vec<Write>, receipt: Receipt) {
        self.inverse.begin(&mut self.document);
        for write in writes {
            self.inverse.note(write.address(), &mut self.document);
            match write {
                Write::Put(record) => self.document.put(record),
                Write::Remove(address, generation) => self.document.remove(&address, generation),
            }
        }
        self.queued.push(receipt);
        if let Some(trouble) = self.trouble.as_ref().map(describe) {
            self.answer_queued(&Err(trouble));
        }
    }

    /// Sends off what has queued up, unless a save is in flight.
    pub(super) fn send(&mut self) {
        if self.in_flight.is_some() || self.queued.is_empty() {
            return;
        }
        self.document.serial += 1;
        let document = self.document.clone();
        let store = self.store;
        self.in_flight = Some(Save {
            future: Box::pin(async move { store.save(&document).await }),
            receipts: std::mem::take(&mut self.queued),
        });
    }

    /// Whether a save is in flight.
    pub(super) fn is_saving(&self) -> bool {
        self.in_flight.is_some()
    }

    /// What went wrong, if a save did.
    pub(super) fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }

    /// Waits for the save in flight and tells those who wait for it; nothing to wait for is
    /// over at once. May be dropped and called again.
    pub(super) async fn saved(&mut self) {
        let Some(save) = &mut self.in_flight else {
            return;
        };
        let result = (&mut save.future).await;
        let receipts = self.in_flight.take().map(|save| save.receipts);
        let answer = result.as_ref().copied().map_err(describe);
        for receipt in receipts.into_iter().flatten() {
            tell(receipt, &answer);
        }
        if let Err(error) = result {
            self.trouble = Some(error);
            self.answer_queued(&answer);
        }
    }

    /// What to say if the last save does not end in time.
    pub(super) fn too_slow(&self) -> Error {
        Error::File {
            path: self.store.place().into(),
            source: std::io::ErrorKind::TimedOut.into(),
        }
    }

    /// The end: whatever is not yet durable gets one more save, even after trouble, which
    /// may have been short. An id that AWS has named is worth it.
    pub(super) async fn close(mut self) -> (Document, Option<Error>) {
        self.saved().await;
        if !self.queued.is_empty() || self.trouble.is_some() || self.unsaved {
            self.document.serial += 1;
            let last = self.store.save(&self.document).await;
            let answer = last.as_ref().copied().map_err(describe);
            self.answer_queued(&answer);
            self.trouble = self.trouble.or(last.err());
        }
        (self.document, self.trouble)
    }

    fn answer_queued(&mut self, answer: &Result<(), String>) {
        for receipt in std::mem::take(&mut self.queued) {
            tell(receipt, answer);
        }
    }
}

/// Whoever asked may have left, which is all the same.
fn tell(receipt: Receipt, answer: &Result<(), String>) {
    receipt.send(answer.clone()).ok();
}

/// An error and what caused it, on one line.
fn describe(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use tokio::sync::oneshot;

    use super::{Commits, Write};
    use crate::address::Address;
    use crate::state::store::{Local, Store};
    use crate::state::{Document, Record, Status};
    use crate::value::Attributes;

    fn put(name: &str) -> Vec<Write> {
        vec![Write::Put(Record {
            address: Address::managed("c", "aws_lb", name),
            generation: 1,
            status: Status::Creating,
            region: "eu-west-1".to_owned(),
            id: None,
            token: None,
            attributes: Attributes::new(),
            dependencies: BTreeSet::new(),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        })]
    }

    fn names(document: &Document) -> Vec<&str> {
        document
            .records
            .iter()
            .map(|record| record.address.name.as_str())
            .collect()
    }

    #[tokio::test]
    async fn what_queues_up_during_a_save_goes_with_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().to_owned());
        let mut commits = Commits::new(&store, Document::new("app", "env", "lineage"));
        let mut receipts = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let (receipt, durable) = oneshot::channel();
            commits.write(put(name), receipt);
            // The first save leaves with `a` alone; the rest finds it in flight.
            commits.send();
            receipts.push(durable);
        }
        commits.saved().await;
        receipts[0].try_recv().unwrap().unwrap();
        receipts[1].try_recv().unwrap_err();
        let on_disk = store.load().await.unwrap().unwrap();
        assert_eq!((on_disk.serial, names(&on_disk)), (1, vec!["a"]));

        commits.send();
        commits.saved().await;
        for receipt in &mut receipts[1..] {
            receipt.try_recv().unwrap().unwrap();
        }
        let on_disk = store.load().await.unwrap().unwrap();
        assert_eq!(
            (on_disk.serial, names(&on_disk)),
            (2, vec!["a", "b", "c", "d"])
        );
        assert!(!commits.is_saving());
    }

    #[tokio::test]
    async fn after_a_failed_save_nothing_is_durable_until_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        // A file where the folder should be.
        fs::write(&place, "").unwrap();
        let store = Local::new(place.clone());
        let mut commits = Commits::new(&store, Document::new("app", "env", "lineage"));
        let (receipt, mut durable) = oneshot::channel();
        commits.write(put("a"), receipt);
        commits.send();
        commits.saved().await;
        assert!(durable.try_recv().unwrap().is_err());
        let (receipt, mut durable) = oneshot::channel();
        commits.write(put("b"), receipt);
        assert!(durable.try_recv().unwrap().is_err());

        fs::remove_file(&place).unwrap();
        let (document, trouble) = commits.close().await;
        assert!(trouble.is_some());
        let on_disk = store.load().await.unwrap().unwrap();
        assert_eq!(on_disk, document);
        assert_eq!(names(&on_disk), ["a", "b"]);
    }
}
