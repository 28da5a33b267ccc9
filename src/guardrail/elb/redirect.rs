//! The rule about listeners that speak HTTP.
//!
//! *Invariant*: a redirect that may lead to HTTP is no redirect to HTTPS.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use super::{is_http, of_listener, to_listener};
use crate::resource::Resource;
use crate::value::Value;

/// WT-ELB-002.
pub(in crate::guardrail) static ONLY_REDIRECTS: Rule = Rule {
    id: "WT-ELB-002",
    title: "an HTTP listener only redirects to HTTPS, and nothing redirects to HTTP",
    severity: Severity::High,
    explain: "Each action of an HTTP listener, and of each of its rules, is a redirect with the \
        protocol HTTPS, the port 443 and the status HTTP_301. A redirect without a protocol stays \
        with HTTP; a rule with another action answers in clear, whatever the default action is. \
        No redirect of any other listener or rule has the protocol HTTP: it would send those in \
        clear who came by HTTPS.",
    controls: &[
        "Security Hub ELB.1",
        "PCI DSS 4.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "redirect to HTTPS (protocol HTTPS, port 443, status HTTP_301), and let an HTTP listener do nothing else",
    check,
};

const RULE: &str = "aws_lb_listener_rule";

fn check(scope: &Scope<'_>, report: &mut Report) {
    for listener in scope.all("aws_lb_listener") {
        if is_http(scope, listener) {
            let verdict = actions(scope, listener, "default_action");
            report.judge(listener, "default_action", verdict);
        } else {
            let verdict = stays_encrypted(scope, listener, "default_action");
            report.judge(listener, "default_action", verdict);
        }
    }
    for rule in scope.all(RULE) {
        let listener = listener_of(scope, rule);
        if listener.is_none_or(|listener| is_http(scope, listener)) {
            let verdict = match (listener, actions(scope, rule, "action")) {
                (None, Verdict::Fails(_)) => {
                    Verdict::unknown("its listener", &scope.read(rule, "listener_arn"))
                }
                (_, verdict) => verdict,
            };
            report.judge(rule, "action", verdict);
        } else {
            let verdict = stays_encrypted(scope, rule, "action");
            report.judge(rule, "action", verdict);
        }
    }
}

/// Whether no redirect leads from HTTPS to HTTP.
fn stays_encrypted<'a>(scope: &Scope<'a>, resource: &'a Resource, name: &str) -> Verdict {
    let actions = scope.blocks(resource, name);
    Verdict::all(actions.iter().map(|action| {
        let protocol = scope.read_in(action, "redirect.protocol");
        let leads_away =
            |value: &Value| matches!(value.as_str(), Some(to) if to.eq_ignore_ascii_case("HTTP"));
        Verdict::of(
            &format!("{name}.redirect.protocol"),
            &protocol,
            |value| !value.is_unknown() && !leads_away(value),
            |_| "redirects to HTTP those who came by HTTPS".to_owned(),
        )
    }))
}

/// What HTTP listeners do.
pub(in crate::guardrail) struct Redirects {
    /// Whether the rules of which nobody can tell the listener, which may be any of them,
    /// redirect to HTTPS.
    loose: bool,
}

impl Redirects {
    pub(in crate::guardrail) fn of(scope: &Scope<'_>) -> Self {
        let loose = scope.loose(to_listener(RULE));
        Self {
            loose: loose
                .into_iter()
                .all(|rule| redirects(scope, rule, "action")),
        }
    }

    /// Whether all that an HTTP listener and its rules do is to redirect to HTTPS.
    pub(in crate::guardrail) fn only<'a>(&self, scope: &Scope<'a>, listener: &'a Resource) -> bool {
        let mut rules = of_listener(scope, RULE, listener).into_iter();
        self.loose
            && redirects(scope, listener, "default_action")
            && rules.all(|rule| redirects(scope, rule, "action"))
    }
}

fn redirects<'a>(scope: &Scope<'a>, resource: &'a Resource, name: &str) -> bool {
    actions(scope, resource, name) == Verdict::Holds
}

fn listener_of<'a>(scope: &Scope<'a>, rule: &'a Resource) -> Option<&'a Resource> {
    let arn = rule.attributes.get("listener_arn")?;
    scope.target(arn, "aws_lb_listener", &["arn", "id"])
}

fn actions<'a>(scope: &Scope<'a>, resource: &'a Resource, name: &str) -> Verdict {
    let actions = scope.blocks(resource, name);
    if actions.is_empty() {
        return Verdict::fails("speaks HTTP and has no action that redirects");
    }
    let wanted = [
        ("type", "redirect"),
        ("redirect.protocol", "HTTPS"),
        ("redirect.port", "443"),
        ("redirect.status_code", "HTTP_301"),
    ];
    Verdict::all(actions.iter().flat_map(|action| {
        wanted.map(|(path, wanted)| {
            Verdict::of(
                &format!("{name}.{path}"),
                &scope.read_in(action, path),
                |value| value.scalar_text().as_deref() == Some(wanted),
                |value| message(path, value),
            )
        })
    }))
}

fn message(path: &str, value: &Value) -> String {
    match (path, value) {
        ("type", value) => format!("answers HTTP with the action {}", shown(value)),
        ("redirect.protocol", Value::Null) => {
            "redirects without a protocol, which stays with HTTP".to_owned()
        }
        (path, value) => {
            let what = path.trim_start_matches("redirect.").replace('_', " ");
            format!("redirects with the {what} {}", shown(value))
        }
    }
}
