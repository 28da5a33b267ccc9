//! A certificate that something serves: one of the resources, or one that exists already and
//! was looked up by its ARN.
//!
//! *Invariant*: of one that has not been looked up yet nothing is taken for granted.

use super::acm::{covers_name, is_covered, plain};
use super::report::Verdict;
use super::scope::{Scope, is_known};
use crate::resource::{Lookup, Resource};
use crate::value::{Attributes, Value};

/// A certificate, as far as it can be seen.
pub(super) enum Certificate<'a> {
    /// It is one of the resources.
    Made(&'a Resource),
    /// It is looked up; its attributes are those of a resource, once they are known.
    Found(&'a Lookup, Option<&'a Attributes>),
}

impl<'a> Certificate<'a> {
    /// The certificate of this ARN, if it is described.
    pub(super) fn of(scope: &Scope<'a>, arn: &'a Value) -> Option<Self> {
        let made = scope.target(arn, "aws_acm_certificate", &["arn", "id"]);
        if let Some(certificate) = made {
            return Some(Self::Made(certificate));
        }
        let (lookup, found) = scope.asked(scope.follow(arn), "aws_acm_certificate")?;
        Some(Self::Found(lookup, found))
    }

    /// Whether it covers a name.
    pub(super) fn covers(&self, scope: &Scope<'a>, name: &'a Value) -> Verdict {
        match self {
            Self::Made(certificate) => covers_name(scope, certificate, name),
            Self::Found(lookup, None) => Verdict::awaited("its certificate", lookup),
            Self::Found(lookup, Some(found)) => covered(scope, lookup, found, name),
        }
    }

    /// What it is called.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Made(certificate) => certificate.address.to_string(),
            Self::Found(lookup, _) => lookup.address.to_string(),
        }
    }

    /// Judges what a lookup says of it. One of the resources is judged by itself.
    pub(super) fn judge(
        &self,
        attribute: &str,
        holds: impl FnOnce(&Value) -> bool,
        message: impl FnOnce(&Value) -> String,
    ) -> Verdict {
        match self {
            Self::Made(_) => Verdict::Holds,
            Self::Found(lookup, None) => Verdict::awaited(attribute, lookup),
            Self::Found(_, Some(found)) => {
                let value = found.get(attribute).unwrap_or(&Value::Null);
                Verdict::of(attribute, value, holds, message)
            }
        }
    }
}

fn covered<'a>(scope: &Scope<'a>, lookup: &Lookup, found: &Attributes, name: &'a Value) -> Verdict {
    let served = scope.canonical(name).filter(|served| is_known(served));
    let Some(served) = served.map(|served| plain(&served)) else {
        return Verdict::unknown("a name that it serves", name);
    };
    let more = found.get("subject_alternative_names");
    let names = more.map_or(&[][..], Value::items).iter();
    let mut names = names.chain(found.get("domain_name"));
    if names.any(|own| {
        own.as_str()
            .is_some_and(|own| is_covered(&plain(own), &served))
    }) {
        return Verdict::Holds;
    }
    Verdict::Fails(format!(
        "serves {served}, which its certificate {} does not cover",
        lookup.address
    ))
}
