//! What of a folder may be written over.
//!
//! Every file of ours begins with a line that says so and has a digest of the rest, so that
//! what a person has changed is told from what is merely older.
//!
//! *Invariant*: what a person wrote or changed is never among what is written or removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// How the first line begins.
const OURS: &str = "# Written by `watertight export terraform`";

/// What is to be done with a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files to write: new ones, and ours whose text is another.
    pub write: Vec<String>,
    /// Files of ours that nothing is written in any more.
    pub remove: Vec<String>,
    /// Files that stand in the way: a person wrote or changed them.
    pub kept: Vec<String>,
}

impl Changes {
    /// Whether the folder is as it should be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty() && self.kept.is_empty()
    }
}

/// Holds what is to be written against what a folder has, both by name. What a person wrote
/// under a name that is not ours is no matter.
#[must_use]
pub fn compare(wanted: &BTreeMap<String, String>, has: &BTreeMap<String, String>) -> Changes {
    let mut changes = Changes::default();
    for (name, text) in wanted {
        match has.get(name) {
            Some(old) if old == text => {}
            Some(old) if !is_untouched(old) => changes.kept.push(name.clone()),
            _ => changes.write.push(name.clone()),
        }
    }
    for (name, old) in has.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
        if is_untouched(old) {
            changes.remove.push(name.clone());
        } else if old.starts_with(OURS) {
            changes.kept.push(name.clone());
        }
    }
    changes
}

/// The text with the line that says whose it is.
pub(super) fn signed(text: &str, spec: &str) -> String {
    let spec: String = spec
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!(
        "{OURS} from {spec}; the digest of the rest is {}\n\n{text}",
        digest(text)
    )
}

/// Whether a file is as it was written.
fn is_untouched(text: &str) -> bool {
    let Some((first, rest)) = text.split_once("\n\n") else {
        return false;
    };
    first.starts_with(OURS) && first.ends_with(&digest(rest))
}

/// The first 16 hexadecimal digits of a text's SHA-256.
pub(super) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        // A string takes whatever is written to it.
        let _written = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::{Changes, compare, signed};
    use std::collections::BTreeMap;

    fn files<const N: usize>(files: [(&str, String); N]) -> BTreeMap<String, String> {
        files
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text))
            .collect()
    }

    #[test]
    fn what_a_person_wrote_or_changed_is_kept() {
        let new = signed("new", "app.toml");
        let old = signed("old", "app.toml");
        let wanted = files([
            ("a.tf", new.clone()),
            ("b.tf", new.clone()),
            ("c.tf", new.clone()),
            ("d.tf", new.clone()),
        ]);
        let has = files([
            ("a.tf", new),
            ("b.tf", old.clone()),
            ("c.tf", format!("{old}changed")),
            ("d.tf", "a person's".to_owned()),
            ("e.tf", old.clone()),
            ("f.tf", format!("{old}changed")),
            ("g.tf", "a person's".to_owned()),
        ]);
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(
            compare(&wanted, &has),
            Changes {
                write: names(&["b.tf"]),
                remove: names(&["e.tf"]),
                kept: names(&["c.tf", "d.tf", "f.tf"]),
            }
        );
    }
}
