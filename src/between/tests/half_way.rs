//! The guardrails over what stands half-way.

use proptest::prelude::*;

use super::super::mixed::{self, Mixed};
use super::super::things;
use super::{Case, FIRST, Inputs, applied, between, confirmed, inputs, secure, shown};
use crate::address::Address;
use crate::guardrail::Stands;
use crate::plan::{self, Action, Plan, Step};
use crate::refresh::Observed;
use crate::resource::{Desired, Resource};
use crate::state::Document;
use crate::value::{Reference, Value};

impl Case {
    /// What is weakened for a while, as the plan stands.
    fn weak(&mut self) -> Vec<String> {
        let weak = mixed::weak(&self.plan, &self.desired, &self.document, &mut self.judge);
        weak.iter().map(|weak| shown(&self.plan, weak)).collect()
    }

    /// What is weakened in a state that the plan's order allows, by the bits of a number, among
    /// all things at once.
    pub(super) fn weak_in_some_state(&mut self, bits: u64) -> Vec<String> {
        let things = things::of(&self.plan, &self.desired, &self.document);
        let mut mixed = Mixed::of(&self.plan, &things, Stands::ForAWhile, &mut self.judge);
        let all = mixed.everything();
        let weak = mixed.weakened(&all, &some_state(&self.plan, bits), None);
        weak.iter()
            .map(|(rule, thing)| format!("{rule} {}", things[*thing].label))
            .collect()
    }

    /// The step that a test names: `delete web.aws_lb_listener.redirect`.
    pub(super) fn step(&self, name: &str) -> usize {
        let names: Vec<String> = self.plan.steps.iter().map(named).collect();
        let found = names.iter().position(|one| one == name);
        found.unwrap_or_else(|| panic!("no `{name}` among {names:#?}"))
    }

    pub(super) fn waits(&self, then: &str, first: &str) -> bool {
        let (then, first) = (self.step(then), self.step(first));
        super::earlier(&self.plan.steps).of(then, first)
    }

    /// Whether a rule is broken for a while where nothing makes the one step come before the
    /// other.
    #[track_caller]
    fn needs(&self, first: &str, then: &str, rule: &str) {
        assert!(
            self.waits(then, first),
            "`{then}` does not wait for `{first}`"
        );
        let (first, then) = (self.step(first), self.step(then));
        let found = self.without(first, then).weak();
        assert!(found.iter().any(|one| one.starts_with(rule)), "{found:#?}");
    }
}

fn named(step: &Step) -> String {
    let action = match step.change.action {
        Action::Delete if step.change.replaced => "delete old".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    format!("{action} {}", step.change.label())
}

/// Steps that may be done while the others are not.
fn some_state(plan: &Plan, bits: u64) -> Vec<bool> {
    let mut bits = bits | 1;
    let mut done = vec![false; plan.steps.len()];
    for (index, step) in plan.steps.iter().enumerate() {
        // A xorshift: each number leads to another.
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        done[index] = !bits.is_multiple_of(4) && step.after.iter().all(|before| done[*before]);
    }
    done
}

/// What a spec makes, from what it makes with a difference.
fn from(spec: &Inputs, differs: impl FnOnce(&mut Desired)) -> Case {
    let spec = confirmed(&spec.text());
    let mut stood = spec.desired().clone();
    differs(&mut stood);
    let (document, observed) = applied(&stood, 1);
    Case::to(&spec, document, &observed)
}

pub(super) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn resource<'a>(desired: &'a mut Desired, address_: &str) -> &'a mut Resource {
    desired.resources.get_mut(&address(address_)).unwrap()
}

/// Gives a resource another name, as a blueprint may that says nothing of the move.
fn rename(desired: &mut Desired, old: &str, new: &str) {
    let mut resource = desired.resources.remove(&address(old)).unwrap();
    resource.address = address(new);
    desired.resources.insert(address(new), resource);
}

pub(super) const REDIRECTS: Inputs = Inputs {
    redirect: true,
    ..FIRST
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// A destroy has no state that a better order of it would spare.
    #[test]
    fn nothing_is_weakened_on_the_way_to_nothing(from in inputs()) {
        let from = confirmed(&from.text());
        let (document, observed) = applied(from.desired(), 1);
        let mut case = Case::to_nothing(document, &observed, from.desired());
        prop_assert_eq!(case.weak(), Vec::<String>::new());
    }
}

#[test]
fn what_is_made_from_nothing_is_judged_by_what_it_will_be() {
    let nothing = Document::new("shop", "prod", "00000000000000000000000000000000");
    let mut case = Case::to(&confirmed(&FIRST.text()), nothing, &Observed::default());
    assert_eq!(case.plan.problems, []);
    assert_eq!(case.weak(), [""; 0]);
}

/// What the planner's own edges keep apart: without one of them a rule is broken for a while.
#[test]
fn what_is_turned_away_from_goes_afterwards_or_a_rule_is_broken() {
    let moved = between(
        &FIRST,
        &Inputs {
            domain: "store",
            site: Some("home"),
            ..FIRST
        },
    );
    moved.needs(
        "update web.aws_lb_listener.https",
        "delete old web.aws_acm_certificate.site",
        "WT-ELB-013",
    );
    moved.needs(
        "update site.aws_cloudfront_distribution.site",
        "delete old site.aws_acm_certificate.site",
        "WT-CF-003",
    );
    for (kind, rule) in [
        ("aws_cloudfront_origin_access_control", "WT-CF-006"),
        ("aws_cloudfront_response_headers_policy", "WT-CF-007"),
    ] {
        let replaced = from(&FIRST, |stood| {
            let of_kind = stood
                .resources
                .values()
                .find(|one| one.address.kind == kind);
            let old = of_kind.unwrap().address.clone();
            let new = Address {
                name: "former".to_owned(),
                ..old.clone()
            };
            let mut former = stood.resources.remove(&old).unwrap();
            former.address = new.clone();
            former.attributes.insert("name".to_owned(), "former".into());
            stood.resources.insert(new.clone(), former);
            for user in stood.resources.values_mut() {
                for value in user.attributes.values_mut() {
                    point(value, &old, &new);
                }
            }
        });
        replaced.needs(
            "update site.aws_cloudfront_distribution.site",
            &format!("delete site.{kind}.former"),
            rule,
        );
    }
}

/// Lets what refers to the one refer to the other.
fn point(value: &mut Value, old: &Address, new: &Address) {
    match value {
        Value::Reference(Reference { target, .. }) if target == old => *target = new.clone(),
        Value::List(items) => items.iter_mut().for_each(|item| point(item, old, new)),
        Value::Map(entries) => entries.values_mut().for_each(|item| point(item, old, new)),
        _ => {}
    }
}

/// No reference says that the logs' bucket serves as long as the load balancer stands.
#[test]
fn a_bucket_takes_logs_by_tls_until_nobody_writes_them() {
    let gone = between(
        &FIRST,
        &Inputs {
            service: false,
            ..FIRST
        },
    );
    gone.needs(
        "delete web.aws_lb.main",
        "delete web.aws_s3_bucket_policy.logs",
        "WT-ELB-010",
    );
}

/// The port is open to few, and what answers there does not redirect.
fn narrower(stood: &mut Desired, open: &str) {
    let rule = resource(stood, open);
    rule.attributes
        .insert("cidr_ipv4".to_owned(), "10.0.0.0/8".into());
    let action = Value::block([("type", "fixed-response".into())]);
    let listener = resource(stood, "web.aws_lb_listener.redirect");
    listener
        .attributes
        .insert("default_action".to_owned(), action);
}

/// The port opens to everybody when what answers there redirects them, not before.
#[test]
fn a_listener_redirects_before_its_port_is_opened() {
    let open = "web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18";
    let opened = from(&REDIRECTS, |stood| narrower(stood, open));
    assert_eq!(opened.plan.problems, []);
    let open = format!("update {open}");
    opened.needs("update web.aws_lb_listener.redirect", &open, "WT-SG-001");
}

/// A rule that forwards would answer by HTTP, were the listener turned to HTTP before it is gone.
#[test]
fn what_forwards_goes_before_its_listener_turns_to_http() {
    let turned = from(&REDIRECTS, |stood| {
        let https = resource(stood, "web.aws_lb_listener.https").clone();
        let listener = resource(stood, "web.aws_lb_listener.redirect");
        for name in [
            "protocol",
            "ssl_policy",
            "certificate_arn",
            "default_action",
        ] {
            listener
                .attributes
                .insert(name.to_owned(), https.get(name).clone());
        }
        let arn = Reference::to(listener.address.clone(), "arn");
        let rule = address("web.aws_lb_listener_rule.forwards");
        let attributes = [
            ("listener_arn".to_owned(), Value::Reference(arn)),
            ("priority".to_owned(), Value::Int(1)),
            ("action".to_owned(), https.get("default_action").clone()),
        ];
        let region = https.region;
        stood.resources.insert(
            rule.clone(),
            Resource::plain(rule, region, attributes.into()),
        );
    });
    assert_eq!(turned.plan.problems, []);
    turned.needs(
        "delete web.aws_lb_listener_rule.forwards",
        "update web.aws_lb_listener.redirect",
        "WT-ELB-001",
    );
}

/// A flow log under another name, which AWS can have beside the one of the spec.
fn other_flow_log(stood: &mut Desired) {
    let (old, new) = ("net.aws_flow_log.main", "net.aws_flow_log.former");
    rename(stood, old, new);
    let attributes = &mut resource(stood, new).attributes;
    attributes.insert("log_format".to_owned(), "${version}".into());
}

/// A network is watched all the time, be it by two logs for a while.
#[test]
fn a_flow_log_under_another_name_is_made_before_the_first_goes() {
    let renamed = from(&FIRST, other_flow_log);
    assert_eq!(renamed.plan.problems, []);
    renamed.needs(
        "create net.aws_flow_log.main",
        "delete net.aws_flow_log.former",
        "WT-FL-001",
    );
}

/// Where something else makes the weakening step come first, no order helps.
#[test]
fn what_no_order_keeps_secure_is_refused() {
    let open = "web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18";
    let opened = from(&REDIRECTS, |stood| narrower(stood, open));
    let open = opened.step(&format!("update {open}"));
    let listener = opened.step("update web.aws_lb_listener.redirect");
    let Case {
        plan,
        desired,
        document,
        mut judge,
        ..
    } = opened.without(listener, open);
    let plan = plan::put_before(plan, &[(open, listener)]);
    let (_, problems) = secure(plan, &desired, &document, &mut judge);
    let told: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.address, problem.message))
        .collect();
    assert_eq!(
        told,
        [
            "web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18: for a while it opens tcp 80 to everybody (0.0.0.0/0) (WT-SG-001): from updating ingress rule web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18 until updating listener web.aws_lb_listener.redirect"
        ]
    );
}

/// A bucket has one policy: what has another name now is told once, and how to say so.
#[test]
fn what_can_not_be_done_at_all_is_not_told_twice() {
    let renamed = from(&FIRST, |stood| {
        let name = "web.aws_s3_bucket_policy.former";
        rename(stood, "web.aws_s3_bucket_policy.logs", name);
    });
    let [problem] = renamed.plan.problems.as_slice() else {
        panic!("{:#?}", renamed.plan.problems)
    };
    assert!(problem.hints.iter().any(|hint| hint.contains("[[moved]]")));
}

/// Who answers for the weakness answers for it half-way, too.
#[test]
fn a_waiver_lets_pass_what_stands_half_way() {
    let waived = format!(
        "{}\n[[waivers]]\nrule = \"WT-FL-001\"\naddress = \"net.*\"\nowner = \"net\"\nreason = \"moves\"\nexpires = 2026-12-01\n",
        FIRST.text()
    );
    let spec = confirmed(&waived);
    let mut stood = spec.desired().clone();
    other_flow_log(&mut stood);
    let (document, observed) = applied(&stood, 1);
    let case = Case::to(&spec, document, &observed);
    assert!(!case.waits(
        "delete net.aws_flow_log.former",
        "create net.aws_flow_log.main"
    ));
}

/// What was open before may be closed in any order, and what nobody can judge refuses nothing.
#[test]
fn what_was_not_secure_before_is_no_weakening() {
    let closed = from(&FIRST, |stood| {
        stood
            .resources
            .remove(&address("web.aws_s3_bucket_policy.logs"))
            .unwrap();
        let listener = resource(stood, "web.aws_lb_listener.https");
        listener
            .attributes
            .insert("protocol".to_owned(), "HTTP".into());
        listener.attributes.remove("ssl_policy");
    });
    assert_eq!(closed.plan.problems, []);
}
