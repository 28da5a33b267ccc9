//! What the table says fits the kinds, and each other.

use super::{READS, of, say_both_ways};
use crate::kind::{Import, KINDS, Kind};
use crate::value::{Attributes, Value};

#[test]
fn every_kind_that_can_be_imported_has_its_entry() {
    let read: Vec<&str> = READS.iter().map(|read| read.kind).collect();
    let kinds = KINDS.iter().filter(|kind| kind.import == Import::ById);
    let kinds: Vec<&str> = kinds.map(|kind| kind.name).collect();
    assert_eq!(read, kinds);
}

#[test]
fn what_an_entry_names_stands_in_the_schema() {
    for read in READS {
        let schema = Kind::of(read.kind).unwrap().schema();
        let file = std::path::Path::new(read.source).extension();
        assert!(file.is_some_and(|end| end == "go"), "{}", read.kind);
        assert!(read.id.contains('{'), "{}", read.kind);
        for one in read.id.split('{').skip(1) {
            for name in one.split('}').next().unwrap().split('|') {
                assert!(schema.attribute(name).is_some(), "{} {name}", read.kind);
            }
        }
        let unread = read.unread.iter().map(|unread| unread.argument);
        for name in unread.chain(read.preset.iter().copied()) {
            let attribute = schema.attribute(name).unwrap();
            // What is computed stays as it is read.
            assert!(attribute.optional && !attribute.computed, "{name}");
        }
        if let Some(block) = read.both_ways {
            let action = &schema.block(block).unwrap().schema;
            assert!(action.attribute("target_group_arn").is_some());
            assert!(action.block("forward").is_some());
        }
    }
}

fn group(attributes: &[(&str, &str)]) -> Vec<&'static str> {
    let pairs = attributes.iter();
    let group: Attributes = pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    of("aws_lb_target_group").unwrap().unset(&group).collect()
}

#[test]
fn what_aws_does_not_tell_of_a_target_group_hangs_on_what_it_is_for() {
    assert_eq!(
        group(&[("protocol", "HTTPS"), ("target_type", "ip")]),
        ["lambda_multi_value_headers_enabled", "proxy_protocol_v2"]
    );
    assert_eq!(
        group(&[("protocol", "TLS"), ("target_type", "ip")]),
        ["lambda_multi_value_headers_enabled", "slow_start"]
    );
    assert_eq!(
        group(&[("target_type", "lambda")]),
        ["deregistration_delay", "proxy_protocol_v2", "slow_start"]
    );
}

fn both(action: Value) -> Value {
    let action = ("default_action".to_owned(), Value::List(vec![action]));
    let mut listener: Attributes = [action].into_iter().collect();
    say_both_ways("aws_lb_listener", &mut listener);
    listener.remove("default_action").unwrap()
}

#[test]
fn a_forward_to_one_group_is_said_both_ways() {
    let group = || Value::block([("arn", Value::text("arn"))]);
    let forward = || Value::block([("target_group", group())]);
    let whole = Value::block([
        ("forward", forward()),
        ("target_group_arn", Value::text("arn")),
    ]);
    let by_arn = Value::map([("target_group_arn", Value::text("arn"))]);
    assert_eq!(both(by_arn), whole);
    assert_eq!(both(Value::map([("forward", forward())])), whole);
}

#[test]
fn a_forward_to_several_groups_and_another_action_stay_as_they_are() {
    let groups = Value::List(vec![
        Value::map([("arn", Value::text("a"))]),
        Value::map([("arn", Value::text("b"))]),
    ]);
    let several = Value::map([("forward", Value::block([("target_group", groups)]))]);
    assert_eq!(both(several.clone()), Value::List(vec![several]));
    let fixed = Value::map([("type", Value::text("fixed-response"))]);
    assert_eq!(both(fixed.clone()), Value::List(vec![fixed]));
}
