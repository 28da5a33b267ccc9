//! `requires = ">=0.1, <0.3"`: the versions of watertight that a spec is written for.
//!
//! *Invariant*: where this version does not fit nothing else is said of the spec, as it may
//! well be right for one that does.

use semver::{Version, VersionReq};
use toml::de::DeTable;

use super::reader::Reader;

/// Whether a version is one that the spec asks for; if not, that is noted. So is a wrong
/// form, which stops no reading.
pub(super) fn fits(reader: &mut Reader, root: &DeTable<'_>, version: &str) -> bool {
    let Some(value) = root.get("requires") else {
        return true;
    };
    let Some(text) = reader.text("requires", value) else {
        return true;
    };
    let wanted = match VersionReq::parse(&text.value) {
        Ok(wanted) => wanted,
        Err(error) => {
            reader.error(
                format!("`{}` is no range of versions: {error}", text.value),
                text.span,
                "",
                "Write such as `requires = \">=0.1, <0.3\"`; `0.2` alone means any 0.2.x.",
            );
            return true;
        }
    };
    let fits = Version::parse(version).is_ok_and(|version| wanted.matches(&version));
    if !fits {
        reader.error(
            format!("this is watertight {version}, and the spec requires {wanted}"),
            text.span,
            "",
            "Run a version that fits; or, if this one is to be used from now on, change `requires` and look at the plan before you apply it.",
        );
    }
    fits
}
