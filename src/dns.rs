//! Public DNS, as the rest of the world sees it: asked while a certificate waits for its
//! proof, to find out why it hangs.
//!
//! In: the proof that ACM wants of a name. Out: a [`Sight`], what public DNS has to say
//! about it. Asked through DNS over HTTPS, since all our traffic is TLS.
//!
//! *Invariant*: it never asks in clear but on this machine, and that nobody answers is an
//! answer of its own, never a failure.

pub mod caa;
mod resolver;
mod servers;
mod sight;

pub use resolver::{Kind, Resolver, Trouble};
pub use servers::Servers;
pub use sight::{Proof, Sight, delegation, look};

/// A name as it is compared: in lower case, less the dot at its end.
#[must_use]
pub fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The name and those above it, the top-level domain last.
pub fn climb(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| {
        name.split_once('.').map(|(_, above)| above)
    })
}
