//! What kinds are like to the provider.
//!
//! *Invariant*: data only.

use crate::address::Mode;
use crate::kind::Kind;

/// Kinds of lookup that are answered alike in every region.
const GLOBAL_LOOKUPS: &[&str] = &["aws_caller_identity", "aws_route53_zone"];

/// Whether a kind is the same in every region, so that no provider need be named for it.
pub(super) fn is_global(kind: &str, mode: Mode) -> bool {
    match mode {
        Mode::Managed => Kind::of(kind).is_some_and(|kind| kind.home.is_some()),
        Mode::Lookup => GLOBAL_LOOKUPS.contains(&kind),
    }
}

/// Kinds of lookup that are asked by the id that they tell: the provider's data source has no
/// such argument, and nobody needs it.
pub(super) fn is_known_by_id(kind: &str) -> bool {
    kind == "aws_acm_certificate"
}
