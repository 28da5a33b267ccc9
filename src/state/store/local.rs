//! A document in a local folder: `state.json`, the serials before it in `history/`, and
//! a lock that the operating system frees when its holder dies.
//!
//! *Invariant*: `state.json` is replaced by renaming a file that is already on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;

use super::history::{Head, History};
use super::{Error, Held, Kept, Lock, Store, Unreadable, private};
use crate::state::Document;

/// A folder for one app and environment: `.watertight/shop/prod`.
#[derive(Clone, Debug)]
pub struct Local {
    folder: PathBuf,
}

impl Local {
    /// The store in this folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Every store under a root, `ROOT/APP/ENVIRONMENT`, that has a document; in order.
    #[must_use]
    pub fn all(root: &Path) -> Vec<Self> {
        let apps = folders(root);
        apps.iter()
            .flat_map(|app| folders(app))
            .map(Self::new)
            .filter(|store| store.file().is_file())
            .collect()
    }

    fn file(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    fn past(&self) -> History {
        History::of(self.folder.join("history"))
    }

    fn load_now(&self) -> Result<Option<Document>, Error> {
        read(&self.file(), || self.newest_whole())
    }

    fn newest_whole(&self) -> Option<PathBuf> {
        let mut newest_first = self.past().files().into_values().rev();
        newest_first
            .find(|path| fs::read(path).is_ok_and(|bytes| parse(&bytes, path, || None).is_ok()))
    }

    fn save_now(&self, document: &Document) -> io::Result<()> {
        private::create_folder(&self.folder)?;
        let file = self.file();
        let fresh = self.folder.join("state.json.new");
        let mut text = serde_json::to_vec_pretty(document)?;
        text.push(b'\n');
        private::write(&fresh, &text)?;
        let history = self.past();
        // What must not be lost is the document; no run ends because an earlier one can't be kept.
        history.keep(&file, document).ok();
        fs::rename(&fresh, &file)?;
        File::open(&self.folder)?.sync_all()?;
        history.prune();
        Ok(())
    }

    fn retire_now(&self) -> io::Result<()> {
        let file = self.file();
        let serial = Head::of(&file).map_or(0, |head| head.serial);
        let history = self.past();
        history.create()?;
        match fs::rename(&file, history.place(serial)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::open(&self.folder)?.sync_all()
    }

    fn lock_now(&self, holder: &str) -> Result<Lock, Error> {
        let path = self.folder.join("lock");
        let failed = |source| Error::File {
            path: path.clone(),
            source,
        };
        private::create_folder(&self.folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(failed)?;
                return Err(Error::Locked {
                    holder: holder.trim().to_owned(),
                });
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{holder}"))
            .map_err(failed)?;
        Ok(Lock::new(file))
    }
}

#[async_trait]
impl Store for Local {
    async fn load(&self) -> Result<Option<Document>, Error> {
        self.load_now()
    }

    async fn save(&self, document: &Document) -> Result<(), Error> {
        let local = self.clone();
        let document = document.clone();
        let path = self.file();
        tokio::task::spawn_blocking(move || local.save_now(&document))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(|source| Error::File { path, source })
    }

    async fn retire(&self) -> Result<(), Error> {
        self.retire_now().map_err(|source| Error::File {
            path: self.file(),
            source,
        })
    }

    async fn history(&self) -> Result<Vec<Kept>, Error> {
        let files = self.past().files().into_iter().rev();
        let kept = files.map(|(serial, path)| {
            let written = fs::metadata(path).and_then(|metadata| metadata.modified());
            let at = written.ok().and_then(|at| Timestamp::try_from(at).ok());
            Kept { serial, at }
        });
        Ok(kept.collect())
    }

    async fn earlier(&self, serial: u64) -> Result<Option<Document>, Error> {
        read(&self.past().place(serial), || None)
    }

    async fn lock(&self, holder: &str) -> Result<Lock, Error> {
        self.lock_now(holder)
    }

    async fn held_by(&self, holder: &str) -> Result<Option<Held>, Error> {
        match self.lock_now(holder) {
            Ok(_given_back) => Ok(None),
            Err(Error::Locked { holder }) => Ok(Some(Held {
                who: holder,
                at: None,
            })),
            Err(error) => Err(error),
        }
    }

    async fn unlock(&self, holder: &str) -> Result<(), Error> {
        self.lock_now(holder).map(drop)
    }

    fn place(&self) -> String {
        self.file().display().to_string()
    }
}

/// The document in any file; none where there is no file.
///
/// # Errors
/// A file that can't be read, or is not a whole document of a format that this version knows.
pub fn document_in(path: &Path) -> Result<Option<Document>, Error> {
    read(path, || None)
}

/// The document in a file; none where there is no file.
fn read(
    path: &Path,
    previous: impl FnOnce() -> Option<PathBuf>,
) -> Result<Option<Document>, Error> {
    match fs::read(path) {
        Ok(bytes) => parse(&bytes, path, previous).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File {
            path: path.to_owned(),
            source,
        }),
    }
}

fn parse(
    bytes: &[u8],
    path: &Path,
    previous: impl FnOnce() -> Option<PathBuf>,
) -> Result<Document, Error> {
    super::parse(bytes).map_err(|unreadable| match unreadable {
        Unreadable::Torn(why) => Error::Torn {
            path: path.to_owned(),
            why,
            previous: previous(),
        },
        Unreadable::TooNew(found) => Error::TooNew {
            path: path.to_owned(),
            found,
        },
    })
}

/// The folders in a folder, in order; none where it can't be read.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Local;
    use crate::state::Document;
    use crate::state::store::{Error, Store};

    #[tokio::test]
    async fn a_document_torn_at_any_byte_is_refused_and_its_forerunner_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().join("shop/prod"));
        let mut document = Document::new("shop", "prod", "0123");
        for serial in 1..=3 {
            document.serial = serial;
            store.save(&document).await.unwrap();
        }
        assert_eq!(store.load().await.unwrap(), Some(document));
        let kept = store.history().await.unwrap();
        let serials: Vec<u64> = kept.iter().map(|kept| kept.serial).collect();
        assert_eq!(serials, [2, 1]);
        let second = store.earlier(2).await.unwrap();
        assert_eq!(second.map(|document| document.serial), Some(2));
        assert_eq!(store.earlier(7).await.unwrap(), None);

        let whole = fs::read(store.file()).unwrap();
        for length in 0..whole.len() - 2 {
            fs::write(store.file(), &whole[..length]).unwrap();
            match store.load().await {
                Err(Error::Torn {
                    previous: Some(previous),
                    ..
                }) => {
                    assert!(previous.ends_with("history/0000000002.json"));
                }
                other => panic!("{length} bytes were read as {other:?}"),
            }
        }
    }

    async fn save(store: &Local, lineage: &str, serials: std::ops::RangeInclusive<u64>) {
        let mut document = Document::new("shop", "prod", lineage);
        for serial in serials {
            document.serial = serial;
            store.save(&document).await.unwrap();
        }
    }

    async fn kept(store: &Local) -> Vec<(u64, String)> {
        let mut kept = Vec::new();
        for one in store.history().await.unwrap() {
            let document = store.earlier(one.serial).await.unwrap().unwrap();
            kept.push((document.serial, document.lineage));
        }
        kept
    }

    fn line(lineage: &str, serials: impl IntoIterator<Item = u64>) -> Vec<(u64, String)> {
        let serials = serials.into_iter();
        serials.map(|serial| (serial, lineage.to_owned())).collect()
    }

    #[tokio::test]
    async fn a_document_that_begins_anew_has_a_history_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().join("shop/prod"));
        save(&store, "old", 1..=23).await;
        assert_eq!(kept(&store).await, line("old", (3..=22).rev()));
        // It is lost, and everything adopted anew.
        fs::remove_file(store.file()).unwrap();
        save(&store, "new", 1..=1).await;
        assert_eq!(kept(&store).await, []);
        let torn = |text: &[u8]| fs::write(store.file(), &text[..text.len() / 2]).unwrap();
        let whole = fs::read(store.file()).unwrap();
        torn(&whole);
        let error = store.load().await.unwrap_err();
        assert!(
            matches!(error, Error::Torn { previous: None, .. }),
            "{error}"
        );
        fs::write(store.file(), whole).unwrap();

        save(&store, "new", 2..=25).await;
        assert_eq!(kept(&store).await, line("new", (5..=24).rev()));
        let aside = store.folder.join("history/old/0000000022.json");
        assert!(aside.is_file());
        torn(&fs::read(store.file()).unwrap());
        assert!(
            store
                .load()
                .await
                .unwrap_err()
                .hint()
                .contains("history/0000000024.json")
        );
    }

    /// Another's document comes here under a new name; an older one is put back by hand.
    #[tokio::test]
    async fn what_has_a_higher_serial_is_not_before_the_document() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().join("shop/prod"));
        save(&store, "old", 1..=9).await;
        save(&store, "moved", 6..=7).await;
        assert_eq!(kept(&store).await, line("moved", [6]));
        assert!(store.folder.join("history/old/0000000009.json").is_file());

        save(&store, "moved", 8..=9).await;
        fs::copy(store.folder.join("history/0000000006.json"), store.file()).unwrap();
        save(&store, "moved", 7..=7).await;
        assert_eq!(kept(&store).await, line("moved", [6]));
        assert!(store.folder.join("history/moved/0000000008.json").is_file());

        // What is put in its place with a higher one has it before itself.
        save(&store, "pushed", 8..=8).await;
        let before = [line("moved", [7]), line("moved", [6])].concat();
        assert_eq!(kept(&store).await, before);
    }

    #[tokio::test]
    async fn a_history_that_cannot_be_kept_stops_no_run() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().join("shop/prod"));
        fs::create_dir_all(&store.folder).unwrap();
        fs::write(store.folder.join("history"), "in the way").unwrap();
        save(&store, "0123", 1..=3).await;
        assert_eq!(store.load().await.unwrap().unwrap().serial, 3);
        assert_eq!(kept(&store).await, []);
    }

    #[tokio::test]
    async fn a_retired_document_is_in_the_history_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().join("shop/prod"));
        let mut document = Document::new("shop", "prod", "0123");
        for serial in 1..=2 {
            document.serial = serial;
            store.save(&document).await.unwrap();
        }
        assert_eq!(Local::all(folder.path()).len(), 1);
        store.retire().await.unwrap();
        assert_eq!(store.load().await.unwrap(), None);
        assert!(Local::all(folder.path()).is_empty());
        let kept = folder.path().join("shop/prod/history/0000000002.json");
        assert!(kept.is_file());
        // Once more is no harm.
        store.retire().await.unwrap();
    }

    #[tokio::test]
    async fn only_one_run_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().to_owned());
        let lock = store.lock("process 1").await.unwrap();
        let refused = store.lock("process 2").await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "another run holds the state: process 1"
        );
        drop(lock);
        store.lock("process 3").await.unwrap();
    }
}
