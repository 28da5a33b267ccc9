//! States of both forms, and what is none.

use serde_json::json;

use super::{StateError, read};
use crate::value::Value;

fn error(text: &str) -> StateError {
    read(text).unwrap_err()
}

#[test]
fn what_is_no_state_is_said() {
    assert!(matches!(error("resource {}"), StateError::Form(_)));
    assert!(matches!(error("[]"), StateError::Else));
    assert!(matches!(error(r#"{"a": 1}"#), StateError::Else));
    assert!(matches!(error(r#"{"version": 3}"#), StateError::Version(3)));
    assert!(matches!(error(r#"{"version": 4}"#), StateError::Empty));
    let plan = r#"{"format_version": "1.2", "planned_values": {}}"#;
    assert!(matches!(error(plan), StateError::Plan));
    let newer = r#"{"format_version": "2.0", "values": {}}"#;
    assert!(matches!(error(newer), StateError::Format(_)));
    let shown = r#"{"format_version": "1.0"}"#;
    assert!(matches!(error(shown), StateError::Empty));
    let encrypted = r#"{"serial": 1, "encrypted_data": "b3BlbnRvZnU=", "meta": {}}"#;
    assert!(matches!(error(encrypted), StateError::Encrypted));
}

/// A state has secrets.
#[test]
fn a_misplaced_value_is_not_repeated() {
    let told = error(r#"{"version": 4, "resources": "hunter2"}"#).to_string();
    assert_eq!(
        told,
        "it is no state in JSON: a value is of another form than expected"
    );
    let torn = error("{\"version\": 4,").to_string();
    assert_eq!(
        torn,
        "it is no state in JSON: it ends too soon, line 1, column 14"
    );
}

#[test]
fn every_instance_is_read_or_counted() {
    let aws = "provider[\"registry.terraform.io/hashicorp/aws\"].west";
    let bucket = |more: serde_json::Value| {
        let mut instance = json!({ "attributes": { "bucket": "b", "region": "eu-west-1" } });
        let more = more.as_object().unwrap().clone();
        instance.as_object_mut().unwrap().extend(more);
        instance
    };
    let state = json!({ "version": 4, "terraform_version": "1.9.0", "resources": [
        { "mode": "managed", "module": "module.a[\"x\"]", "type": "aws_s3_bucket",
          "name": "this", "provider": aws, "instances": [
            bucket(json!({ "index_key": "k" })),
            bucket(json!({ "index_key": 1, "status": "tainted" })),
            bucket(json!({ "deposed": "0a1b2c3d" })),
        ] },
        { "mode": "data", "type": "aws_caller_identity", "name": "me", "provider": aws,
          "instances": [{ "attributes": {} }] },
        { "mode": "managed", "type": "random_id", "name": "r",
          "provider": "provider[\"registry.terraform.io/hashicorp/random\"]",
          "instances": [{ "attributes": {} }, { "attributes": {} }] },
    ]});
    let state = read(&state.to_string()).unwrap();
    let addresses: Vec<&str> = state.instances.iter().map(|one| &*one.address).collect();
    assert_eq!(
        addresses,
        [
            "module.a[\"x\"].aws_s3_bucket.this[\"k\"]",
            "module.a[\"x\"].aws_s3_bucket.this[1]",
            "module.a[\"x\"].aws_s3_bucket.this",
        ]
    );
    let region = state.instances[0].region.as_deref();
    assert_eq!(region, Some("eu-west-1"));
    assert!(state.instances[1].is_tainted && state.instances[2].is_deposed);
    assert_eq!(state.data, 1);
    assert_eq!(state.others["registry.terraform.io/hashicorp/random"], 2);
}

#[test]
fn both_forms_are_the_same_state() {
    let values = json!({ "arn": "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/x/1",
        "name": "secret", "idle_timeout": 60 });
    let pulled = json!({ "version": 4, "resources": [
        { "mode": "managed", "type": "aws_alb", "name": "web",
          "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
          "instances": [{ "index_key": 0, "attributes": values,
            "sensitive_attributes": [[{ "type": "get_attr", "value": "name" }]] }] },
    ]});
    let shown = json!({ "format_version": "1.0", "values": { "root_module": { "resources": [
        { "mode": "managed", "type": "aws_alb", "name": "web", "index": 0,
          "address": "aws_alb.web[0]", "values": values,
          "sensitive_values": { "name": true } },
    ]}}});
    let pulled = read(&pulled.to_string()).unwrap();
    assert_eq!(pulled, read(&shown.to_string()).unwrap());
    assert_eq!(pulled.instances[0].address, "aws_alb.web[0]");
    assert_eq!(pulled.instances[0].kind, "aws_lb");
    assert_eq!(pulled.instances[0].region.as_deref(), Some("eu-west-1"));
    assert!(matches!(
        pulled.instances[0].attributes["name"],
        Value::Unknown { .. }
    ));
    assert!(!format!("{pulled:?}").contains("secret"));
}
