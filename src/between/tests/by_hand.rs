//! What others delete and make again: theirs goes before ours comes, and nothing is refused.

use super::half_way::{REDIRECTS, address};
use super::{Case, applied, confirmed};
use crate::plan::{Action, Why};
use crate::refresh::{Child, Foreign, Observed};
use crate::resource::Id;
use crate::state::Document;
use crate::value::Value;

const RULES: &str = r#"
[components.web.resource.aws_lb_listener_rule.a]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/a/*"] } }]
action = [{ type = "redirect", redirect = { path = "/new", status_code = "HTTP_301" } }]

[components.web.resource.aws_lb_listener_rule.b]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 20
condition = [{ path_pattern = { values = ["/b/*"] } }]
action = [{ type = "redirect", redirect = { path = "/new", status_code = "HTTP_301" } }]
"#;

const BOTH_RULES: [&str; 2] = ["web.aws_lb_listener_rule.a", "web.aws_lb_listener_rule.b"];

fn id(text: &str) -> Id {
    Id {
        region: "eu-west-1".to_owned(),
        text: text.to_owned(),
    }
}

/// Somebody deletes these, which are ours, and makes the same under this parent.
fn make_again(observed: &mut Observed, parent: &str, ours: &[&str]) {
    for ours in ours {
        let ours = address(ours);
        let seen = observed.resources.remove(&ours).unwrap();
        observed.children.push(Child {
            parent: address(parent),
            kind: crate::kind::Kind::of(&ours.kind).unwrap().name,
            id: id(&format!("their-{}", ours.name)),
            attributes: seen.attributes,
        });
    }
}

/// The records of these are gone, as a run that failed took them back: what others have made is
/// found in their place.
fn forget(document: &mut Document, observed: &mut Observed, ours: &[&str]) {
    for ours in ours {
        let ours = address(ours);
        document.records.retain(|record| record.address != ours);
        let theirs = Foreign::NotOurs(id(&format!("their-{}", ours.name)));
        observed.foreign.push((ours, theirs));
    }
}

impl Case {
    /// Whether each of ours is made when theirs is gone, and the plan may be carried out.
    #[track_caller]
    fn is_made_after_theirs(&self, parent: &str, ours: &[&str]) {
        assert_eq!(self.plan.problems, []);
        assert_eq!(self.broken(), [""; 0]);
        for ours in ours {
            let theirs = format!("delete {parent}/their-{}", address(ours).name);
            assert!(self.waits(&format!("create {ours}"), &theirs), "{ours}");
        }
    }
}

/// Each of theirs has the place of one of ours, and is no addition to the other's.
#[test]
fn two_rules_made_again_by_hand_wait_for_nothing_of_ours() {
    let listener = "web.aws_lb_listener.https";
    for is_forgotten in [false, true] {
        let spec = confirmed(&format!("{}{RULES}", REDIRECTS.text()));
        let (mut document, mut observed) = applied(spec.desired(), 1);
        make_again(&mut observed, listener, &BOTH_RULES);
        if is_forgotten {
            forget(&mut document, &mut observed, &BOTH_RULES);
        }
        // What leads to the load balancer changes as well, and turns when the rules stand.
        for (address, seen) in &mut observed.resources {
            if address.kind == "aws_route53_record" && seen.attributes.contains_key("alias") {
                let alias = Value::block([("evaluate_target_health", false.into())]);
                seen.attributes.insert("alias".to_owned(), alias);
            }
        }
        let case = Case::to(&spec, document, &observed);
        case.is_made_after_theirs(listener, &BOTH_RULES);
        let mut records = case.plan.steps.iter().filter(|step| {
            step.change.kind == "aws_route53_record" && step.change.action == Action::Update
        });
        assert!(records.next().is_some());
        let notes = case.plan.notes.iter();
        let told = notes.filter(|note| note.contains("it goes first")).count();
        assert_eq!(told, if is_forgotten { 2 } else { 0 });
    }
}

/// Port 80 stays open while nobody listens there: nothing goes in clear, and ours redirects.
#[test]
fn listeners_made_again_by_hand_are_no_weakening() {
    let (balancer, listeners) = (
        "web.aws_lb.main",
        ["web.aws_lb_listener.https", "web.aws_lb_listener.redirect"],
    );
    let spec = confirmed(&REDIRECTS.text());
    let (document, mut observed) = applied(spec.desired(), 1);
    make_again(&mut observed, balancer, &listeners);
    Case::to(&spec, document, &observed).is_made_after_theirs(balancer, &listeners);
}

const HTTPS: &str = "web.aws_vpc_security_group_ingress_rule.https_r_0_0_0_0_0_b42e18";
const GROUP: &str = "web.aws_security_group.lb";

fn rules_that_change(case: &Case) -> usize {
    let steps = case.plan.steps.iter();
    steps
        .filter(|step| step.change.kind == "aws_vpc_security_group_ingress_rule")
        .count()
}

/// Two rules, the first of which goes as the second gets its content.
fn opened(names: &[(&str, &str)]) -> String {
    let rules = names.iter().map(|(name, block)| {
        format!(
            "[components.web.resource.aws_vpc_security_group_ingress_rule.{name}]\n\
             security_group_id = \"${{aws_security_group.lb.id}}\"\n\
             ip_protocol = \"tcp\"\nfrom_port = 443\nto_port = 443\ncidr_ipv4 = \"{block}\"\n"
        )
    });
    let rules: Vec<String> = rules.collect();
    format!("{}{}", REDIRECTS.text(), rules.concat())
}

/// Ours was narrowed, and somebody opened the same again: theirs is ours from now on.
#[test]
fn what_has_the_content_of_ours_is_ours_so_that_nobody_is_cut_off() {
    let spec = confirmed(&REDIRECTS.text());
    let (document, mut observed) = applied(spec.desired(), 1);
    let seen = observed.resources.get_mut(&address(HTTPS)).unwrap();
    let mut attributes = seen.attributes.clone();
    attributes.remove("tags");
    let narrow = Value::text("10.9.0.0/16");
    seen.attributes.insert("cidr_ipv4".to_owned(), narrow);
    observed.children.push(Child {
        parent: address(GROUP),
        kind: "aws_vpc_security_group_ingress_rule",
        id: id("theirs"),
        attributes,
    });
    let case = Case::to(&spec, document, &observed);
    let (adopt, delete) = (
        format!("adopt {HTTPS}"),
        format!("delete {GROUP}/{HTTPS}#1"),
    );
    assert!(case.waits(&delete, &adopt));
    assert_eq!(rules_that_change(&case), 2);
    assert_eq!(
        case.plan.steps[case.step(&adopt)].change.id,
        Some(id("theirs"))
    );
    let why = &case.plan.steps[case.step(&delete)].change.why;
    assert_eq!(why, &[Why::Replaced]);
    assert_eq!(case.plan.problems, []);
    assert_eq!(case.broken(), [""; 0]);
}

#[test]
fn a_rule_that_gets_what_another_leaves_is_that_one_from_now_on() {
    let kind = "web.aws_vpc_security_group_ingress_rule";
    let from = confirmed(&opened(&[
        ("first", "10.1.0.0/16"),
        ("second", "10.2.0.0/16"),
    ]));
    let to = confirmed(&opened(&[("second", "10.1.0.0/16")]));
    let (document, observed) = applied(from.desired(), 1);
    let case = Case::to(&to, document, &observed);
    let delete = format!("delete {GROUP}/{kind}.second#1");
    assert!(case.waits(&delete, &format!("update {kind}.second")));
    case.step(&format!("forget {kind}.first"));
    assert_eq!(rules_that_change(&case), 3);
    assert_eq!(case.plan.problems, []);
    assert_eq!(case.broken(), [""; 0]);
}
