//! `[state]`: where state is kept.
//!
//! *Invariant*: what is not said has a default, and the default place is a local file.

use toml::Spanned;
use toml::de::DeValue;

use super::form::{self, Misfit};
use super::reader::Reader;
use super::{Backend, StateBucket};
use crate::diagnostic::did_you_mean;

const BACKENDS: &[&str] = &["local", "s3"];

const S3_KEYS: &[&str] = &["backend", "bucket", "region", "prefix", "lease_seconds"];

/// The shortest lease: a heartbeat a second must get through. And the longest: somebody waits
/// so long after a run was killed.
const LEASES: std::ops::RangeInclusive<i64> = 5..=3600;

/// Reads the table. `region` is the spec's.
pub(super) fn backend(reader: &mut Reader, value: &Spanned<DeValue<'_>>, region: &str) -> Backend {
    let Some(table) = reader.table("`state`", value, "[state]") else {
        return Backend::Local;
    };
    let Some(backend) = table.get("backend") else {
        let span = reader.span(value);
        let hint = "Write `backend = \"s3\"` or `backend = \"local\"`, or leave `[state]` out.";
        reader.missing("`state`", "backend", span, hint);
        return Backend::Local;
    };
    let Some(text) = reader.text("backend", backend) else {
        return Backend::Local;
    };
    match text.value.as_str() {
        "local" => {
            reader.unknown_keys("`state` with the local backend", table, &["backend"]);
            return Backend::Local;
        }
        "s3" => reader.unknown_keys("`state` with the s3 backend", table, S3_KEYS),
        other => {
            let hint = did_you_mean(other, BACKENDS.iter().copied()).map_or_else(
                || "There are `local` and `s3`.".to_owned(),
                |meant| format!("Did you mean `{meant}`?"),
            );
            reader.error(
                format!("there is no backend `{other}`"),
                text.span,
                "",
                hint,
            );
            return Backend::Local;
        }
    }
    let mut text_of = |key: &str, fits: &dyn Fn(&str) -> Result<(), Misfit>| {
        let value = table.get(key)?;
        Some(reader.text_of(key, value, fits)?.value)
    };
    let bucket = text_of("bucket", &form::bucket);
    let region = text_of("region", &form::region).unwrap_or_else(|| region.to_owned());
    let prefix = text_of("prefix", &form::key_prefix).unwrap_or_default();
    let lease_seconds = table
        .get("lease_seconds")
        .and_then(|value| seconds(reader, value));
    if table.get("bucket").is_none() && super::reader::misspelt("bucket", table, S3_KEYS).is_none()
    {
        let span = reader.span(value);
        let hint = "Write `bucket = \"acme-watertight-state\"`; `watertight state init` makes it.";
        reader.missing("`state` with the s3 backend", "bucket", span, hint);
    }
    match bucket {
        None => Backend::Local,
        Some(bucket) => Backend::S3(StateBucket {
            bucket,
            region,
            prefix,
            lease_seconds: lease_seconds.unwrap_or(StateBucket::LEASE_SECONDS),
        }),
    }
}

fn seconds(reader: &mut Reader, value: &Spanned<DeValue<'_>>) -> Option<u32> {
    let given = value
        .get_ref()
        .as_integer()
        .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
    match given {
        Some(seconds) if LEASES.contains(&seconds) => u32::try_from(seconds).ok(),
        _ => {
            let span = reader.span(value);
            reader.error(
                format!(
                    "`lease_seconds` must be a whole number from {} to {}",
                    LEASES.start(),
                    LEASES.end()
                ),
                span,
                "",
                "Leave it out: 45 is good for nearly everybody.",
            );
            None
        }
    }
}
