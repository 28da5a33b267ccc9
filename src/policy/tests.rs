//! Policies as AWS compares them.

use proptest::prelude::*;

use super::{equal, matches, receives_logs};
use crate::value::Value;

fn document(json: &str) -> Value {
    Value::from_json(&serde_json::from_str(json).expect("the case is JSON"))
}

/// A document of one statement with these elements more.
fn with(elements: &str) -> Value {
    document(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny",{elements}}}]}}"#
    ))
}

#[track_caller]
fn same(left: &str, right: &str) {
    assert!(equal(&with(left), &with(right)), "{left} is not {right}");
    assert!(equal(&with(right), &with(left)), "{right} is not {left}");
}

#[track_caller]
fn different(left: &str, right: &str) {
    assert!(!equal(&with(left), &with(right)), "{left} is {right}");
    assert!(!equal(&with(right), &with(left)), "{right} is {left}");
}

#[test]
fn one_and_a_list_of_one_are_the_same() {
    same(r#""Action":"s3:*""#, r#""Action":["s3:*"]"#);
    same(r#""Resource":["a","b"]"#, r#""Resource":["b","a"]"#);
    different(r#""Resource":["a","b"]"#, r#""Resource":["a"]"#);
    different(r#""Resource":"a""#, r#""NotResource":"a""#);
}

#[test]
fn actions_have_no_case_and_resources_have() {
    same(r#""Action":"S3:getobject""#, r#""Action":"s3:GetObject""#);
    different(
        r#""Resource":"arn:aws:s3:::A""#,
        r#""Resource":"arn:aws:s3:::a""#,
    );
}

#[test]
fn everyone_has_two_names_and_an_account_too() {
    same(r#""Principal":"*""#, r#""Principal":{"AWS":"*"}"#);
    same(r#""Principal":"*""#, r#""Principal":{"AWS":["*"]}"#);
    same(
        r#""Principal":{"AWS":"123456789012"}"#,
        r#""Principal":{"AWS":["arn:aws:iam::123456789012:root"]}"#,
    );
    different(
        r#""Principal":{"AWS":"123456789012"}"#,
        r#""Principal":{"AWS":"arn:aws:iam::123456789012:user/root"}"#,
    );
    different(r#""Principal":"*""#, r#""Principal":{"Service":"*"}"#);
    different(r#""Principal":"*""#, r#""NotPrincipal":"*""#);
}

#[test]
fn conditions_compare_as_what_they_test() {
    same(
        r#""Condition":{"Bool":{"aws:SecureTransport":"false"}}"#,
        r#""Condition":{"Bool":{"aws:securetransport":[false]}}"#,
    );
    same(
        r#""Condition":{"NumericLessThan":{"s3:TlsVersion":"1.20"}}"#,
        r#""Condition":{"NumericLessThan":{"s3:TlsVersion":1.2}}"#,
    );
    different(
        r#""Condition":{"StringEquals":{"aws:SourceArn":"arn:A"}}"#,
        r#""Condition":{"StringEquals":{"aws:SourceArn":"arn:a"}}"#,
    );
    different(
        r#""Condition":{"Bool":{"aws:SecureTransport":"false"}}"#,
        r#""Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}"#,
    );
    same(r#""Condition":{}"#, r#""Sid":"""#);
}

#[test]
fn the_version_and_the_list_of_statements_may_be_left_out() {
    let listed = document(r#"{"Version":"2008-10-17","Statement":[{"Effect":"Deny"}]}"#);
    let alone = document(r#"{"Statement":{"Effect":"Deny"}}"#);
    let newer = document(r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny"}}"#);
    assert!(equal(&listed, &alone));
    assert!(!equal(&newer, &alone));
    let text = Value::text(r#"{"Statement": {"Effect": "Deny"}}"#);
    assert!(equal(&text, &alone));
    assert!(!equal(&Value::Null, &alone));
}

#[test]
fn a_bucket_receives_logs_when_a_delivery_service_may_write() {
    let granted = |effect: &str, principal: &str, action: &str| {
        receives_logs(&document(&format!(
            r#"{{"Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:*"}},
                {{"Effect":"{effect}","Principal":{principal},"Action":"{action}"}}]}}"#
        )))
    };
    let load_balancer = r#"{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}"#;
    assert!(granted("Allow", load_balancer, "s3:PutObject"));
    assert!(granted("Allow", load_balancer, "s3:*"));
    assert!(!granted("Deny", load_balancer, "s3:PutObject"));
    assert!(!granted("Allow", load_balancer, "s3:GetBucketAcl"));
    let several = r#"{"Service":["logging.s3.amazonaws.com","ec2.amazonaws.com"]}"#;
    assert!(granted("Allow", several, "s3:Put*"));
    let old = r#"{"AWS":"arn:aws:iam::156460612806:root"}"#;
    assert!(granted("Allow", old, "s3:PutObject"));
    assert!(!granted(
        "Allow",
        r#"{"AWS":"arn:aws:iam::123456789012:root"}"#,
        "s3:PutObject"
    ));
    assert!(!granted(
        "Allow",
        r#"{"Service":"cloudfront.amazonaws.com"}"#,
        "s3:PutObject"
    ));
}

#[test]
fn stars_and_question_marks_match() {
    for (pattern, text) in [
        ("*", ""),
        ("s3:*", "s3:get"),
        ("a*c*e", "abcde"),
        ("a?c", "abc"),
    ] {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [
        ("", "a"),
        ("s3:Get*", "s3:Put"),
        ("a?c", "ac"),
        ("a*b", "abc"),
    ] {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}

/// Documents of a few statements, in the forms that AWS takes.
fn documents() -> impl Strategy<Value = Value> {
    let texts = prop::collection::vec("[a-cA-C*]{1,2}", 1..4).prop_map(Value::texts);
    let conditions = (
        "Bool|StringLike|NumericLessThan",
        "[ab]:[cC]",
        texts.clone(),
    )
        .prop_map(|(operator, key, values)| Value::map([(operator, Value::map([(key, values)]))]));
    let statement = (texts.clone(), texts.clone(), texts, conditions).prop_map(
        |(actions, resources, principals, condition)| {
            Value::map([
                ("Effect", "Deny".into()),
                ("Action", actions),
                ("Resource", resources),
                ("Principal", Value::map([("AWS", principals)])),
                ("Condition", condition),
            ])
        },
    );
    prop::collection::vec(statement, 0..4)
        .prop_map(|statements| Value::map([("Statement", Value::List(statements))]))
}

/// The same with every list turned round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().rev().map(reversed).collect()),
        Value::Map(entries) => Value::map(entries.iter().map(|(key, item)| (key, reversed(item)))),
        other => other.clone(),
    }
}

/// The same with no list around a single element.
fn unwrapped(value: &Value) -> Value {
    match value {
        Value::List(items) if items.len() == 1 => unwrapped(&items[0]),
        Value::List(items) => Value::List(items.iter().map(unwrapped).collect()),
        Value::Map(entries) => Value::map(entries.iter().map(|(key, item)| (key, unwrapped(item)))),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn a_document_is_equal_to_itself_however_it_is_written(policy in documents()) {
        prop_assert!(equal(&policy, &policy));
        prop_assert!(equal(&policy, &reversed(&policy)));
        prop_assert!(equal(&policy, &unwrapped(&policy)));
        let text = Value::String(policy.to_json().to_string());
        prop_assert!(equal(&policy, &text));
    }

    #[test]
    fn one_more_statement_is_seen(policy in documents()) {
        let mut more = policy.get("Statement").items().to_vec();
        more.push(Value::map([("Effect", "Allow".into()), ("Action", "s3:*".into())]));
        prop_assert!(!equal(&policy, &Value::map([("Statement", Value::List(more))])));
    }
}

fn statements_that_differ(before: &str, after: &str) -> Vec<String> {
    let policy =
        |statements: &str| document(&format!(r#"{{"Version":"x","Statement":[{statements}]}}"#));
    let (before, after) = (policy(before), policy(after));
    let found = super::changes::changes(&before, &after).unwrap();
    let told = found.iter().map(|change| {
        let elements = change.elements().into_iter().map(|(name, ..)| name);
        let elements: Vec<&str> = elements.collect();
        format!(
            "{} {}: {}",
            change.label,
            change.word(),
            elements.join(", ")
        )
    });
    told.collect()
}

#[test]
fn what_differs_is_told_by_statement() {
    let tls = r#"{"Sid":"Tls","Effect":"Deny","Action":"s3:*"}"#;
    let same_tls = r#"{"Sid":"Tls","Effect":"Deny","Action":["S3:*"]}"#;
    let open = r#"{"Sid":"Open","Effect":"Allow","Principal":"*"}"#;
    let nameless = |who: &str| format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{who}"}}}}"#);
    let check = |before: &[&str], after: &[&str], expected: &[&str]| {
        let found = statements_that_differ(&before.join(","), &after.join(","));
        assert_eq!(found, expected);
    };
    check(&[tls, open], &[open, same_tls], &[]);
    check(
        &[tls],
        &[tls, open],
        &["statement Open added: Effect, Principal, Sid"],
    );
    check(
        &[tls, open],
        &[open],
        &["statement Tls removed: Action, Effect, Sid"],
    );
    check(
        &[tls],
        &[&tls.replace("Deny", "Allow")],
        &["statement Tls changed: Effect"],
    );
    let (one, two) = (nameless("1"), nameless("2"));
    check(
        &[tls, &one],
        &[tls, &two],
        &["statement 2 (no Sid) changed: Principal"],
    );
    check(
        &[&one, tls],
        &[tls, &two],
        &[
            "statement 1 (no Sid) removed: Effect, Principal",
            "statement 2 (no Sid) added: Effect, Principal",
        ],
    );
}

#[test]
fn what_is_no_policy_has_no_statements() {
    let policy = document(r#"{"Statement":[]}"#);
    assert_eq!(super::changes::changes(&Value::Null, &policy), None);
    assert_eq!(super::changes::changes(&policy, &"x".into()), None);
    let old = document(r#"{"Version":"2008-10-17","Statement":[]}"#);
    let new = document(r#"{"Version":"2012-10-17","Statement":[]}"#);
    let beside = super::changes::beside(&old, &new);
    assert_eq!(
        beside,
        [(
            "Version",
            Some(&"2008-10-17".into()),
            Some(&"2012-10-17".into())
        )]
    );
}

proptest! {
    /// What is not told by statement or beside them is no difference.
    #[test]
    fn documents_without_a_change_are_equal(
        before in prop::collection::vec((0..4_u8, 0..3_u8), 0..4),
        after in prop::collection::vec((0..4_u8, 0..3_u8), 0..4),
    ) {
        let policy = |statements: &[(u8, u8)]| {
            let one = |(sid, action): &(u8, u8)| match sid {
                0 => format!(r#"{{"Action":"s3:{action}"}}"#),
                sid => format!(r#"{{"Sid":"s{sid}","Action":["s3:{action}"]}}"#),
            };
            let all: Vec<String> = statements.iter().map(one).collect();
            document(&format!(r#"{{"Statement":[{}]}}"#, all.join(",")))
        };
        let (before, after) = (policy(&before), policy(&after));
        let changes = super::changes::changes(&before, &after).unwrap();
        prop_assert_eq!(changes.is_empty(), equal(&before, &after), "{:?}", changes);
    }
}
