//! What public DNS has to say about the proof of one name.
//!
//! *Invariant*: what keeps a certificate from being issued whatever its record says is told
//! before the record is.

use super::resolver::{Kind, Resolver, Trouble};
use super::{caa, climb, plain};

/// The record that ACM wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The certificate's name that it proves, `*.example.com`.
    pub domain: String,
    /// The record's name.
    pub record: String,
    /// What its CNAME must be.
    pub value: String,
}

/// What is to be seen of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A CAA record keeps Amazon from issuing: which, and what to do.
    Excluded(String),
    /// There is no record of this name.
    Absent,
    /// There is one, with another value.
    Other(Vec<String>),
    /// It is as ACM wants it.
    There,
    /// Nobody answers.
    Silent,
    /// The resolvers can't find out.
    Failing(String),
}

impl From<Trouble> for Sight {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Silent => Self::Silent,
            Trouble::Failing(words) => Self::Failing(words),
        }
    }
}

/// Looks at the CAA records that count for the domain, then at the proof.
pub async fn look(resolver: &Resolver, proof: &Proof) -> Sight {
    let domain = plain(&proof.domain);
    let base = domain.strip_prefix("*.").unwrap_or(&domain);
    for name in climb(base) {
        let records = match resolver.caa(name).await {
            Ok(records) => records,
            Err(trouble) => return trouble.into(),
        };
        if let Some(why) = caa::excludes(&domain, name, &records) {
            return Sight::Excluded(why);
        }
        if !records.is_empty() {
            break;
        }
    }
    match resolver.names(&proof.record, Kind::Cname).await {
        Err(trouble) => trouble.into(),
        Ok(found) if found.is_empty() => Sight::Absent,
        Ok(found) if found == [plain(&proof.value)] => Sight::There,
        Ok(found) => Sight::Other(found),
    }
}

/// Whether the world asks these name servers about the zone: none if it does or that can't
/// be found out, else whom it asks.
pub async fn delegation(
    resolver: &Resolver,
    zone: &str,
    servers: &[String],
) -> Option<Vec<String>> {
    let public = resolver.names(zone, Kind::Ns).await.ok()?;
    let is_ours = |server: &String| servers.iter().any(|own| plain(own) == *server);
    (!public.iter().any(is_ours)).then_some(public)
}
