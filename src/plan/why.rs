//! Why something changes.
//!
//! *Invariant*: a cause is a fact of this run, with its place where it has one; nothing is
//! guessed.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::address::Address;
use crate::diagnostic::Span;

/// One cause. Chains of them stand on changes and on fields, the nearest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The spec asks for it and AWS does not have it.
    New,
    /// It was there at the last apply; somebody deleted it.
    Missing,
    /// A line of the spec says so.
    Spec(Span),
    /// The user's `override` says so, whatever the blueprint does.
    Override(Span),
    /// The user's spec adds it to what the blueprint makes.
    Addition(Span),
    /// A line of a blueprint says so.
    Blueprint(Span),
    /// The kind's default, which nothing overrides.
    Default,
    /// Neither then nor now did the spec say anything: the version that has the default has
    /// another one now.
    NewDefault {
        /// What has the default: a blueprint, or watertight itself.
        of: String,
        /// The version that made what stands.
        from: String,
        /// The present one.
        to: String,
    },
    /// The live value is not what was applied last: somebody changed it.
    Drift,
    /// Somebody added it to a parent that is ours alone.
    MadeByHand,
    /// The spec has it no more.
    LeftTheSpec,
    /// The run that made it stopped before it was complete.
    Unfinished,
    /// A run began to make it and stopped, and AWS does not show it.
    Unseen,
    /// It was replaced, and nothing uses it any more.
    Replaced,
    /// Another resource is replaced, or changes, first.
    Upstream(Address),
    /// It stands and is ours, and the state has no record of it.
    NoRecord {
        /// What proves it.
        proof: String,
        /// The lineage in its tags, where that is a lost document's.
        lineage: Option<String>,
    },
    /// A line of the spec says that it becomes ours.
    Imported(Span),
    /// It is to be protected from now on, or no longer.
    Protection(bool),
    /// It stood under this name: an address, or another app and environment.
    Moved(String),
    /// The last apply made it otherwise, and is taken back.
    Undo,
    /// A line of the spec lets it go: it stands on, and is nobody's business here.
    Released(Span),
    /// Another resource is the same thing in AWS, and stays.
    SameThing(Address),
    /// Everything is to go.
    Destroy,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("the spec asks for it"),
            Self::Missing => f.write_str("deleted outside watertight since the last apply"),
            Self::Spec(span) | Self::Blueprint(span) => write!(f, "{span}"),
            Self::Override(span) => write!(f, "override, {span}"),
            Self::Addition(span) => write!(f, "added, {span}"),
            Self::Default => f.write_str("the default"),
            Self::NewDefault { of, from, to } => {
                write!(f, "the default changed with {of} {to} (was {from})")
            }
            Self::Drift => f.write_str("changed outside watertight since the last apply"),
            Self::MadeByHand => f.write_str("added outside watertight; this list is exclusive"),
            Self::LeftTheSpec => f.write_str("no longer in the spec"),
            Self::Unfinished => f.write_str("an earlier run stopped before it was complete"),
            Self::Unseen => f.write_str("nothing shows of what an earlier run began to make"),
            Self::Replaced => f.write_str("replaced; nothing uses it any more"),
            Self::Upstream(address) => write!(f, "follows {address}"),
            Self::NoRecord { proof, .. } => write!(f, "stands without a record; {proof}"),
            Self::Imported(span) => write!(f, "the spec's import, {span}"),
            Self::Protection(true) => f.write_str(
                "protected from now on, as it holds data or carries traffic (`ephemeral` is false)",
            ),
            Self::Protection(false) => {
                f.write_str("no longer protected (`ephemeral` is true); nothing of it changes")
            }
            Self::Moved(from) => write!(f, "moved from {from}"),
            Self::Undo => f.write_str("undo: the last apply made it otherwise"),
            Self::Released(span) => write!(f, "the spec lets it go, {span}; it stands on"),
            Self::SameThing(address) => {
                write!(f, "it is {address} now: the same thing in AWS, which stays")
            }
            Self::Destroy => f.write_str("destroy"),
        }
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cause = match self {
            Self::New => "new",
            Self::Missing => "missing",
            Self::Spec(_) => "spec",
            Self::Override(_) => "override",
            Self::Addition(_) => "addition",
            Self::Blueprint(_) => "blueprint",
            Self::Default => "default",
            Self::NewDefault { .. } => "new_default",
            Self::Drift => "drift",
            Self::MadeByHand => "made_by_hand",
            Self::LeftTheSpec => "left_the_spec",
            Self::Unfinished => "unfinished",
            Self::Unseen => "unseen",
            Self::Replaced => "replaced",
            Self::Upstream(_) => "upstream",
            Self::NoRecord { .. } => "no_record",
            Self::Imported(_) => "imported",
            Self::Protection(_) => "protection",
            Self::Moved(_) => "moved",
            Self::Undo => "undo",
            Self::Released(_) => "released",
            Self::SameThing(_) => "same_thing",
            Self::Destroy => "destroy",
        };
        let mut json = serde_json::json!({ "cause": cause, "text": self.to_string() });
        match self {
            Self::Spec(span)
            | Self::Override(span)
            | Self::Addition(span)
            | Self::Imported(span)
            | Self::Released(span)
            | Self::Blueprint(span) => json["at"] = serde_json::json!(span),
            Self::NewDefault { of, from, to } => {
                json["of"] = serde_json::json!(of);
                json["from"] = serde_json::json!(from);
                json["to"] = serde_json::json!(to);
            }
            Self::Upstream(address) | Self::SameThing(address) => {
                json["address"] = serde_json::json!(address);
            }
            Self::Moved(from) => json["from"] = serde_json::json!(from),
            Self::NoRecord {
                lineage: Some(lineage),
                ..
            } => json["lineage"] = serde_json::json!(lineage),
            _ => {}
        }
        json.serialize(serializer)
    }
}
