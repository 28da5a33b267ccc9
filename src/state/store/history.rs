//! The documents before the one in `state.json`: `history/0000000023.json`.
//!
//! Serials rise, so what has one that the present document has yet to reach is not before it: its
//! line began anew when the old one was lost, or went back to an older document. That lies in a
//! folder of its own, `history/LINEAGE/0000000023.json`, where nothing is pruned.
//!
//! *Invariant*: what lies here was the document once, and is never written again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{HISTORY, private};
use crate::state::Document;

/// A folder of earlier documents.
#[derive(Clone, Debug)]
pub(super) struct History {
    folder: PathBuf,
}

impl History {
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the document of a serial is kept.
    pub(super) fn place(&self, serial: u64) -> PathBuf {
        self.folder.join(format!("{serial:010}.json"))
    }

    /// Those that are kept, by their serials.
    pub(super) fn files(&self) -> BTreeMap<u64, PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path()).filter_map(|path| {
            let is_one = path
                .extension()
                .is_some_and(|extension| extension == "json");
            let serial = path.file_stem()?.to_str()?.parse().ok()?;
            is_one.then_some((serial, path))
        });
        files.collect()
    }

    /// Makes the folder.
    pub(super) fn create(&self) -> io::Result<()> {
        private::create_folder(&self.folder)
    }

    /// Keeps the document in a file, before `next` takes its place.
    pub(super) fn keep(&self, present: &Path, next: &Document) -> io::Result<()> {
        self.create()?;
        if let Some(head) = Head::of(present) {
            let link = |from: &Path, to: &Path| fs::hard_link(from, to);
            self.keep_as(present, head.serial, link)?;
        }
        let files = self.files();
        let newest = files.last_key_value();
        if newest.is_some_and(|(newest, _)| *newest >= next.serial) {
            self.set_aside(files, next)?;
        }
        Ok(())
    }

    /// Links it, or copies it where the file system has no links.
    fn keep_as(
        &self,
        present: &Path,
        serial: u64,
        link: impl FnOnce(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let place = self.place(serial);
        // It is there already where an earlier write was cut off after this.
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if link(present, &place).is_ok() {
            return Ok(());
        }
        let written = fs::metadata(present).and_then(|metadata| metadata.modified());
        let fresh = self.folder.join("new");
        let file = private::write(&fresh, &fs::read(present)?)?;
        // The list says when it was written, not when it was copied; that is all that is lost.
        written.and_then(|at| file.set_modified(at)).ok();
        fs::rename(fresh, place)
    }

    /// Moves what is not before a document into the folders of the lineages.
    fn set_aside(&self, files: BTreeMap<u64, PathBuf>, next: &Document) -> io::Result<()> {
        for (serial, path) in files {
            let lineage = Head::of(&path).map(|head| head.lineage);
            if serial < next.serial && lineage.as_ref() == Some(&next.lineage) {
                continue;
            }
            let is_name = |text: &String| text.chars().all(|one| one.is_ascii_alphanumeric());
            let name = lineage.filter(is_name);
            let aside = Self::of(self.folder.join(name.as_deref().unwrap_or("unknown")));
            aside.create()?;
            fs::rename(path, aside.place(serial))?;
        }
        Ok(())
    }

    /// Removes the oldest, but for so many. One that can't be is no harm.
    pub(super) fn prune(&self) {
        let files = self.files();
        for path in files.values().take(files.len().saturating_sub(HISTORY)) {
            fs::remove_file(path).ok();
        }
    }
}

/// A document, of which only this is looked at: it is done at every save.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) serial: u64,
    lineage: String,
}

impl Head {
    /// Of the document in a file, if there is a whole one.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let bytes = fs::read(file).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use super::History;

    /// exFAT, an SMB share and others answer a link with EPERM.
    #[test]
    fn where_there_are_no_links_a_copy_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path().join("history"));
        history.create().unwrap();
        let present = folder.path().join("state.json");
        fs::write(&present, "a document").unwrap();
        let refused = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
        history.keep_as(&present, 7, |_, _| refused()).unwrap();
        // Once more, as after a write that was cut off.
        history.keep_as(&present, 7, |_, _| refused()).unwrap();
        let kept = history.files();
        assert_eq!(kept.keys().copied().collect::<Vec<_>>(), [7]);
        assert_eq!(fs::read_to_string(&kept[&7]).unwrap(), "a document");
        let written = |path| fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(written(&kept[&7]), written(&present));
        assert_eq!(
            fs::read_dir(folder.path().join("history")).unwrap().count(),
            1
        );
    }
}
