//! The Python package as it is embedded in the binary.
//!
//! *Invariant*: a folder of sources is never changed once it is there; other sources make another.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Error;

/// The packages that the sandbox needs, with the hash of every file.
pub(super) const REQUIREMENTS: &str = include_str!("python/requirements.txt");

macro_rules! sources {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("python/", $path))),)*]
    };
}

/// Every file of the package, by its path.
static SOURCES: &[(&str, &str)] = sources![
    "__main__.py",
    "watertight_sandbox/__init__.py",
    "watertight_sandbox/dns.py",
    "watertight_sandbox/fork.py",
    "watertight_sandbox/front.py",
    "watertight_sandbox/handler.py",
    "watertight_sandbox/interfaces.py",
    "watertight_sandbox/managed.py",
    "watertight_sandbox/mend_accounts.py",
    "watertight_sandbox/mend_acm.py",
    "watertight_sandbox/mend_cloudfront.py",
    "watertight_sandbox/mend_cloudtrail.py",
    "watertight_sandbox/mend_ec2.py",
    "watertight_sandbox/mend_elbv2.py",
    "watertight_sandbox/mend_identity.py",
    "watertight_sandbox/mend_listener_rules.py",
    "watertight_sandbox/mend_log_deliveries.py",
    "watertight_sandbox/mend_lookups.py",
    "watertight_sandbox/mend_quotas.py",
    "watertight_sandbox/mend_route53.py",
    "watertight_sandbox/mend_routing.py",
    "watertight_sandbox/mend_s3.py",
    "watertight_sandbox/mend_ssm.py",
    "watertight_sandbox/mend_target_groups.py",
    "watertight_sandbox/mend_vpc.py",
    "watertight_sandbox/mend_vpc_origin.py",
    "watertight_sandbox/mends.py",
    "watertight_sandbox/policies.py",
    "watertight_sandbox/refusal.py",
    "watertight_sandbox/server.py",
    "watertight_sandbox/settings.py",
    "watertight_sandbox/usage.py",
    "watertight_sandbox/whole.py",
];

/// Writes the package into the sandbox's folder, unless it is there; returns where.
///
/// # Errors
/// The folder can't be written.
pub(super) fn write(folder: &Path) -> Result<PathBuf, Error> {
    let wanted = folder.join(format!("app-{}", digest()));
    if wanted.is_dir() {
        return Ok(wanted);
    }
    // Written aside and renamed, so that a half-written package is never run. Only the holder of
    // the folder's lock writes.
    let aside = folder.join("app.new");
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(Error::io("remove", &aside))?;
    }
    for (path, text) in SOURCES {
        let path = aside.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        }
        fs::write(&path, text).map_err(Error::io("write", &path))?;
    }
    fs::rename(&aside, &wanted).map_err(Error::io("create", &wanted))?;
    Ok(wanted)
}

/// What tells these sources from others.
pub(super) fn digest() -> String {
    let parts: Vec<&str> = SOURCES
        .iter()
        .flat_map(|(path, text)| [*path, *text])
        .collect();
    short_digest(&parts)
}

/// First 16 hex digits of a digest over these texts.
pub(super) fn short_digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    format!("{:016x}", u64::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{SOURCES, short_digest};

    #[test]
    fn a_digest_depends_on_where_texts_end() {
        assert_ne!(short_digest(&["ab", "c"]), short_digest(&["a", "bc"]));
        assert_eq!(short_digest(&["ab", "c"]), short_digest(&["ab", "c"]));
        assert_eq!(short_digest(&["ab"]).len(), 16);
    }

    #[test]
    fn every_python_file_is_embedded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/python");
        let mut there = BTreeSet::from(["__main__.py".to_owned()]);
        for entry in std::fs::read_dir(root.join("watertight_sandbox")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|e| e == "py") {
                there.insert(format!("watertight_sandbox/{name}"));
            }
        }
        let embedded: BTreeSet<_> = SOURCES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(embedded, there);
    }
}
