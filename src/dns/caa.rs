//! Whether CAA records let Amazon issue a certificate.
//!
//! Facts: RFC 8659, sections 3 (the closest name that has any record decides) and 4.1 to
//! 4.3 (`issue`, `issuewild`, the critical flag); *AWS Certificate Manager User Guide*,
//! "Configure a CAA record" (the names that stand for Amazon).
//!
//! *Invariant*: pure.

/// Whom a CAA record may name so that ACM issues.
pub const AMAZON: [&str; 4] = [
    "amazon.com",
    "amazontrust.com",
    "awstrust.com",
    "amazonaws.com",
];

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caa {
    /// Who does not know the tag must not issue.
    pub critical: bool,
    /// `issue`, `issuewild`, `iodef`.
    pub tag: String,
    /// `letsencrypt.org; validationmethods=dns-01`.
    pub value: String,
}

impl Caa {
    /// The authority that the record names; empty for nobody.
    fn authority(&self) -> String {
        let name = self.value.split(';').next().unwrap_or_default();
        super::plain(name.trim())
    }
}

/// Tags that ACM knows, `iodef` without minding it.
const KNOWN: [&str; 3] = ["issue", "issuewild", "iodef"];

/// Why these records, of `at`, the closest name that has any, keep ACM from issuing a
/// certificate for the domain, and what to do. None if they do not.
#[must_use]
pub fn excludes(domain: &str, at: &str, records: &[Caa]) -> Option<String> {
    let tagged = |tag: &str| -> Vec<&Caa> {
        let tag_is = |record: &&Caa| record.tag.eq_ignore_ascii_case(tag);
        records.iter().filter(tag_is).collect()
    };
    let unknown = records.iter().find(|record| {
        record.critical && !KNOWN.iter().any(|tag| record.tag.eq_ignore_ascii_case(tag))
    });
    if let Some(unknown) = unknown {
        return Some(format!(
            "the CAA record of {at} demands `{}`, which ACM does not know; take it away",
            unknown.tag
        ));
    }
    let mut tag = "issue";
    if domain.starts_with("*.") && !tagged("issuewild").is_empty() {
        tag = "issuewild";
    }
    let deciding = tagged(tag);
    let mut allowed: Vec<String> = deciding.iter().map(|record| record.authority()).collect();
    if deciding.is_empty() || allowed.iter().any(|name| AMAZON.contains(&name.as_str())) {
        return None;
    }
    allowed.retain(|name| !name.is_empty());
    allowed.sort();
    allowed.dedup();
    let who = if allowed.is_empty() {
        "nobody".to_owned()
    } else {
        format!("only {}", allowed.join(", "))
    };
    Some(format!(
        "the CAA record of {at} lets {who} issue certificates; put `{at}. CAA 0 {tag} \"amazon.com\"` beside it"
    ))
}

#[cfg(test)]
mod tests {
    use super::{Caa, excludes};

    /// Records as `tag value`, a critical one with `!` before it.
    #[track_caller]
    fn check(domain: &str, records: &[&str], expected: Option<&str>) {
        let records: Vec<Caa> = records
            .iter()
            .map(|record| {
                let (tag, value) = record.split_once(' ').unwrap();
                Caa {
                    critical: tag.starts_with('!'),
                    tag: tag.trim_start_matches('!').to_owned(),
                    value: value.to_owned(),
                }
            })
            .collect();
        let said = excludes(domain, "example.com", &records);
        let said = said.as_deref().map(|why| {
            why.strip_prefix("the CAA record of example.com ")
                .unwrap_or_default()
        });
        assert_eq!(said, expected);
    }

    #[test]
    fn who_may_issue() {
        let only = Some(
            "lets only letsencrypt.org issue certificates; put `example.com. CAA 0 issue \"amazon.com\"` beside it",
        );
        check("shop.example.com", &[], None);
        check("shop.example.com", &["issue letsencrypt.org"], only);
        check(
            "shop.example.com",
            &["issue letsencrypt.org", "issue Amazon.com; policy=ev"],
            None,
        );
        check("shop.example.com", &["issue amazonaws.com"], None);
        check(
            "shop.example.com",
            &["issue ;"],
            Some(
                "lets nobody issue certificates; put `example.com. CAA 0 issue \"amazon.com\"` beside it",
            ),
        );
        check("shop.example.com", &["iodef mailto:a@example.com"], None);
    }

    #[test]
    fn a_wildcard_has_a_tag_of_its_own() {
        let records = ["issue amazon.com", "issuewild ;"];
        check("shop.example.com", &records, None);
        check(
            "*.example.com",
            &records,
            Some(
                "lets nobody issue certificates; put `example.com. CAA 0 issuewild \"amazon.com\"` beside it",
            ),
        );
        check("*.example.com", &["issue amazon.com"], None);
        check("shop.example.com", &["issuewild ;"], None);
    }

    #[test]
    fn what_is_critical_and_not_known_forbids() {
        check("shop.example.com", &["tbs Unknown"], None);
        check(
            "shop.example.com",
            &["!tbs Unknown"],
            Some("demands `tbs`, which ACM does not know; take it away"),
        );
    }
}
