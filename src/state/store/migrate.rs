//! A document moves from one store to another.
//!
//! *Invariant*: the old place gives the document up only when the new one was read back and
//! has it; cut off at any point and done again, it ends the same way.

use super::{Error, Store};

/// How a move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// There was no document, here or there.
    Nothing,
    /// It was in the new place alone already.
    AlreadyThere,
    /// It is in the new place, with this serial and so many records.
    Moved {
        /// Its serial there.
        serial: u64,
        /// Its records.
        records: usize,
    },
    /// The new place has another document, with records: nothing was done.
    Occupied,
}

/// Moves the document; the caller holds both stores. What the old place kept of it before
/// stays there.
///
/// # Errors
/// A store can't be read or written, or the new place does not give back what it was given.
pub async fn migrate(from: &dyn Store, to: &dyn Store) -> Result<Migrated, Error> {
    let (old, new) = (from.load().await?, to.load().await?);
    let Some(mut document) = old else {
        return Ok(match new {
            Some(_) => Migrated::AlreadyThere,
            None => Migrated::Nothing,
        });
    };
    let before = new.as_ref().map_or(0, |new| new.serial);
    match new {
        Some(new) if new.lineage != document.lineage && !new.records.is_empty() => {
            return Ok(Migrated::Occupied);
        }
        // A move that was cut off before its end.
        Some(new) if new.lineage == document.lineage && new.serial > document.serial => {
            document = new;
        }
        _ => {
            document.serial = document.serial.max(before) + 1;
            to.save(&document).await?;
            let back = to.load().await?;
            let is_there = back.is_some_and(|back| {
                back.lineage == document.lineage
                    && back.serial == document.serial
                    && back.records == document.records
            });
            if !is_there {
                return Err(Error::Lost {
                    place: to.place(),
                    why: "it does not give back what was just written".to_owned(),
                });
            }
        }
    }
    from.retire().await?;
    Ok(Migrated::Moved {
        serial: document.serial,
        records: document.records.len(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Migrated, migrate};
    use crate::address::Address;
    use crate::state::store::{Local, Store};
    use crate::state::{Document, Record, Status};
    use crate::value::Attributes;

    fn document(lineage: &str, serial: u64) -> Document {
        let mut document = Document::new("shop", "prod", lineage);
        document.serial = serial;
        document.put(Record {
            address: Address::managed("web", "aws_lb", "main"),
            generation: 1,
            status: Status::Applied,
            region: "eu-west-1".to_owned(),
            id: None,
            token: None,
            attributes: Attributes::new(),
            dependencies: BTreeSet::new(),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        });
        document
    }

    #[tokio::test]
    async fn a_document_moves_and_its_history_stays() {
        let folder = tempfile::tempdir().unwrap();
        let from = Local::new(folder.path().join("from"));
        let to = Local::new(folder.path().join("to"));
        assert_eq!(migrate(&from, &to).await.unwrap(), Migrated::Nothing);
        from.save(&document("0123", 6)).await.unwrap();
        from.save(&document("0123", 7)).await.unwrap();
        let moved = Migrated::Moved {
            serial: 8,
            records: 1,
        };
        assert_eq!(migrate(&from, &to).await.unwrap(), moved);
        assert_eq!(from.load().await.unwrap(), None);
        assert_eq!(to.load().await.unwrap(), Some(document("0123", 8)));
        let kept = from.history().await.unwrap();
        let kept: Vec<u64> = kept.iter().map(|kept| kept.serial).collect();
        assert_eq!(kept, [7, 6]);
        assert_eq!(migrate(&from, &to).await.unwrap(), Migrated::AlreadyThere);

        // Cut off after the save: the old one is still there.
        from.save(&document("0123", 7)).await.unwrap();
        assert_eq!(migrate(&from, &to).await.unwrap(), moved);
        assert_eq!(from.load().await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_another_has_made_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let from = Local::new(folder.path().join("from"));
        let to = Local::new(folder.path().join("to"));
        from.save(&document("0123", 7)).await.unwrap();
        to.save(&document("4567", 1)).await.unwrap();
        assert_eq!(migrate(&from, &to).await.unwrap(), Migrated::Occupied);
        assert_eq!(from.load().await.unwrap(), Some(document("0123", 7)));
        assert_eq!(to.load().await.unwrap(), Some(document("4567", 1)));
        // One without records is nothing to lose.
        to.save(&Document::new("shop", "prod", "4567"))
            .await
            .unwrap();
        assert!(matches!(
            migrate(&from, &to).await.unwrap(),
            Migrated::Moved { records: 1, .. }
        ));
    }
}
