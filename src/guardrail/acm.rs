//! Certificates.
//!
//! *Invariant*: the names of a certificate are compared as RFC 6125 does: a star stands for
//! one whole label, the first.

use super::certificate::Certificate;
use super::elb::{balancer_of, is_http, of_listener};
use super::report::{Report, Verdict, shown};
use super::rule::{Rule, Severity};
use super::scope::{Link, Scope, is_known};
use crate::resource::Resource;
use crate::value::Value;

static NULL: Value = Value::Null;

/// WT-ACM-001.
pub(super) static ISSUED: Rule = Rule {
    id: "WT-ACM-001",
    title: "certificates are issued by ACM and validated by DNS",
    severity: Severity::Medium,
    explain: "A certificate is requested from ACM (not imported, not of a private authority) with \
        the validation method DNS, so that ACM renews it without anybody's help.",
    controls: &["PCI DSS 4.2.1", "NIST SC-12", "Well-Architected SEC09-BP01"],
    fix: "request the certificate from ACM with validation_method = \"DNS\"",
    check: issued,
};

fn issued(scope: &Scope<'_>, report: &mut Report) {
    for certificate in scope.all("aws_acm_certificate") {
        for (attribute, message) in [
            ("certificate_body", "is imported, so ACM does not renew it"),
            ("private_key", "is imported, so ACM does not renew it"),
            ("private_key_wo", "is imported, so ACM does not renew it"),
            (
                "certificate_authority_arn",
                "comes from a private authority",
            ),
        ] {
            report.demand(scope, certificate, attribute, Value::is_null, |_| {
                message.to_owned()
            });
        }
        report.demand(
            scope,
            certificate,
            "validation_method",
            |method| method.as_str() == Some("DNS"),
            |method| format!("is validated by {}, not by DNS", shown(method)),
        );
    }
    for (resource, attribute, certificate) in served(scope) {
        let verdict = Verdict::all([
            certificate.judge(
                "type",
                |of| of.as_str() == Some("AMAZON_ISSUED"),
                |of| match of.as_str() {
                    Some("IMPORTED") => {
                        "serves an imported certificate, which ACM does not renew".to_owned()
                    }
                    _ => format!("serves a certificate of the type {}", shown(of)),
                },
            ),
            certificate.judge(
                "validation_method",
                |method| method.as_str() == Some("DNS"),
                |method| {
                    format!(
                        "serves a certificate validated by {}, not by DNS",
                        shown(method)
                    )
                },
            ),
        ]);
        report.judge(resource, attribute, verdict);
    }
}

/// What serves a certificate of ACM, by which attribute, and the certificate.
fn served<'a>(scope: &Scope<'a>) -> Vec<(&'a Resource, &'static str, Certificate<'a>)> {
    let listeners = scope.all("aws_lb_listener").filter_map(|listener| {
        let arn = listener.attributes.get("certificate_arn")?;
        Some((listener, "certificate_arn", Certificate::of(scope, arn)?))
    });
    let viewers = scope.all("aws_cloudfront_distribution").filter_map(|one| {
        let block = *scope.blocks(one, "viewer_certificate").first()?;
        let arn = block.as_map()?.get("acm_certificate_arn")?;
        Some((one, "viewer_certificate", Certificate::of(scope, arn)?))
    });
    listeners.chain(viewers).collect()
}

/// WT-ACM-002.
pub(super) static KEY: Rule = Rule {
    id: "WT-ACM-002",
    title: "a certificate's key is strong",
    severity: Severity::High,
    explain: "The key algorithm is one of EC_prime256v1, EC_secp384r1, EC_secp521r1, RSA_2048, \
        RSA_3072 and RSA_4096. ACM makes RSA_2048 where none is given; what is imported says \
        nothing about its key and can't be judged.",
    controls: &[
        "Security Hub ACM.2",
        "PCI DSS 4.2.1",
        "NIST SC-12",
        "NIST SC-13",
        "Well-Architected SEC09-BP01",
    ],
    fix: "set key_algorithm to EC_prime256v1",
    check: key,
};

const STRONG: &[&str] = &[
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
];

fn key(scope: &Scope<'_>, report: &mut Report) {
    for certificate in scope.all("aws_acm_certificate") {
        let is_requested = ["certificate_body", "private_key", "private_key_wo"]
            .iter()
            .all(|attribute| scope.read(certificate, attribute).is_null());
        report.demand(
            scope,
            certificate,
            "key_algorithm",
            |key| match key {
                Value::Null => is_requested,
                other => other.as_str().is_some_and(|name| STRONG.contains(&name)),
            },
            |key| match key {
                Value::Null => "is imported with a key that can't be seen".to_owned(),
                other => format!("has the key algorithm {}", shown(other)),
            },
        );
    }
    for (resource, attribute, certificate) in served(scope) {
        let verdict = certificate.judge(
            "key_algorithm",
            |key| key.as_str().is_some_and(|name| STRONG.contains(&name)),
            |key| format!("serves a certificate with the key algorithm {}", shown(key)),
        );
        report.judge(resource, attribute, verdict);
    }
}

/// WT-ACM-005.
pub(super) static COVERS: Rule = Rule {
    id: "WT-ACM-005",
    title: "a certificate covers every name that is served, in the right region",
    severity: Severity::High,
    explain: "Every DNS record that leads to a load balancer or a distribution, and every alias \
        of the distribution, is a name of its certificate; a distribution's certificate is in \
        us-east-1, a listener's in the listener's region. A certificate that is neither among the \
        resources nor looked up can't be proven to cover a name.",
    controls: &[
        "Security Hub CloudFront.7",
        "PCI DSS 4.2.1",
        "NIST IA-5",
        "Well-Architected SEC09-BP01",
    ],
    fix: "add the name to subject_alternative_names, and make the certificate in the region that serves it",
    check: covers,
};

fn covers(scope: &Scope<'_>, report: &mut Report) {
    for listener in scope.all("aws_lb_listener") {
        let arn = listener.attributes.get("certificate_arn").unwrap_or(&NULL);
        if is_http(scope, listener) || arn.is_null() {
            continue;
        }
        let names = balancer_of(scope, listener)
            .map(|balancer| names_of(scope, balancer, TO_BALANCER))
            .unwrap_or_default();
        let more = of_listener(scope, "aws_lb_listener_certificate", listener).into_iter();
        let more = more.filter_map(|more| more.attributes.get("certificate_arn"));
        let arns: Vec<&Value> = [arn].into_iter().chain(more).collect();
        let verdict = serve(scope, &arns, &names, &listener.region);
        report.judge(listener, "certificate_arn", verdict);
    }
    for distribution in scope.all("aws_cloudfront_distribution") {
        let viewer = scope.blocks(distribution, "viewer_certificate");
        let arn = viewer
            .first()
            .and_then(|block| block.as_map()?.get("acm_certificate_arn"))
            .unwrap_or(&NULL);
        if arn.is_null() {
            continue;
        }
        let mut names = scope.blocks(distribution, "aliases");
        names.extend(names_of(scope, distribution, TO_DISTRIBUTION));
        let verdict = serve(scope, &[arn], &names, "us-east-1");
        report.judge(distribution, "viewer_certificate", verdict);
    }
}

/// Whether these certificates stand in the region and cover all names between them.
fn serve<'a>(scope: &Scope<'a>, arns: &[&'a Value], names: &[&'a Value], region: &str) -> Verdict {
    let certificates: Vec<Option<Certificate<'_>>> =
        arns.iter().map(|arn| Certificate::of(scope, arn)).collect();
    let regions = arns.iter().zip(&certificates).map(|(arn, certificate)| {
        let of = match certificate {
            Some(Certificate::Made(certificate)) => Some(certificate.region.clone()),
            _ => scope
                .follow(arn)
                .as_str()
                .and_then(|arn| arn.split(':').nth(3).map(str::to_owned)),
        };
        match of {
            Some(of) if of == region => Verdict::Holds,
            Some(of) => Verdict::Fails(format!("takes a certificate of {of}, not of {region}")),
            None => Verdict::unknown("its certificate's region", scope.follow(arn)),
        }
    });
    let names = names.iter().map(|name| {
        let covered = arns
            .iter()
            .zip(&certificates)
            .map(|(arn, certificate)| match certificate {
                Some(certificate) => certificate.covers(scope, name),
                None => Verdict::unknown("its certificate", scope.follow(arn)),
            });
        Verdict::any(covered).unwrap_or(Verdict::Holds)
    });
    Verdict::all(regions.chain(names).collect::<Vec<_>>())
}

/// Whether the name is one of the certificate's.
pub(super) fn covers_name<'a>(
    scope: &Scope<'a>,
    certificate: &'a Resource,
    name: &'a Value,
) -> Verdict {
    let Some(served) = scope.canonical(name) else {
        return Verdict::unknown("a name that it serves", name);
    };
    let served = plain(&served);
    let own = certificate.attributes.get("domain_name").unwrap_or(&NULL);
    let mut all = scope.blocks(certificate, "subject_alternative_names");
    all.push(own);
    let texts: Vec<Option<String>> = all.iter().map(|name| scope.canonical(name)).collect();
    if texts
        .iter()
        .flatten()
        .any(|pattern| is_covered(&plain(pattern), &served))
    {
        return Verdict::Holds;
    }
    let unknown = all
        .iter()
        .zip(&texts)
        .find(|(_, text)| text.as_deref().is_some_and(|text| !is_known(text)));
    match unknown {
        _ if !is_known(&served) => Verdict::unknown("a name that it serves", name),
        Some((value, _)) => Verdict::unknown("a name of its certificate", value),
        None => Verdict::Fails(format!(
            "serves {served}, which its certificate {} does not cover",
            certificate.address
        )),
    }
}

/// The records that are an alias of, or a CNAME to, a load balancer's DNS name.
pub(super) const TO_BALANCER: Link = Link {
    from: "aws_route53_record",
    at: &["alias.name", "records"],
    to: "aws_lb",
    by: &["dns_name"],
};

const TO_DISTRIBUTION: Link = Link {
    to: "aws_cloudfront_distribution",
    by: &["domain_name"],
    ..TO_BALANCER
};

/// Names of the records that lead to it.
fn names_of<'a>(scope: &Scope<'a>, resource: &Resource, link: Link) -> Vec<&'a Value> {
    let records = scope.linked(link, resource).into_iter();
    records
        .filter_map(|record| record.attributes.get("name"))
        .collect()
}

/// A DNS name in lower case, less the dot at its end.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

pub(super) fn is_covered(pattern: &str, name: &str) -> bool {
    let one_label = |pattern_rest: &str| {
        name.split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest == pattern_rest)
    };
    pattern == name || pattern.strip_prefix("*.").is_some_and(one_label)
}
