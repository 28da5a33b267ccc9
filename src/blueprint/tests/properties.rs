//! Whatever a user writes is text, all the way.

use proptest::prelude::*;

use super::wrong::with_blueprint;
use super::{HEAD, parsed};
use crate::address::Address;
use crate::blueprint::expand;
use crate::spec::Input;
use crate::value::Value;

const TEMPLATE: &str = r#"
[aws_security_group.a]
description = "{{ text }}"
[aws_security_group.b]
description = 'before {{ text }}{after} $'
[aws_security_group.c]
tags = { "{{ text }}" = {{ text | toml }} }
[aws_security_group.d]
tags = {{ {"k": text} | toml }}
[aws_s3_bucket_policy.e]
bucket = "x"
policy = { Statement = [{ Action = {{ [text, text] | toml }} }] }
"#;

/// Pieces of which hostile texts are made.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC",
        Just("${".to_owned()),
        Just("$${aws_lb.a.b}".to_owned()),
        Just("{{ ephemeral }}".to_owned()),
        Just("{% if".to_owned()),
        Just("#}".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("'''".to_owned()),
        Just("\\u0041\\".to_owned()),
        Just("\"\n[aws_lb.x]\n".to_owned()),
        "[\u{E000}\u{E001}\u{E002}\u{E003}]",
    ];
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_value_comes_out_as_it_went_in(text in hostile(), tag in hostile()) {
        let manifest = "summary = \"s\"\n[inputs.text]\ntype = \"string\"\n";
        let library = with_blueprint(manifest, TEMPLATE).unwrap();
        let mut spec = parsed(&format!(
            "{HEAD}[tags]\nowner = \"v\"\n[components.a]\nblueprint = \"own\"\ntext = \"x\"\n"
        ));
        let text: String = text.replace('\n', " ");
        let component = spec.components.get_mut("a").unwrap();
        component.inputs.get_mut("text").unwrap().value.value = Input::Text(text.clone());
        spec.tags.get_mut("owner").unwrap().value.clone_from(&tag);
        let desired = expand(&spec, &library).unwrap();
        let get = |kind: &str, name: &str, path: &str| {
            desired.resources[&Address::managed("a", kind, name)].get(path).clone()
        };
        let group = "aws_security_group";
        let same = Value::text(text.clone());
        prop_assert_eq!(get(group, "a", "description"), same.clone());
        let framed = Value::text(format!("before {text}{{after}} $"));
        prop_assert_eq!(get(group, "b", "description"), framed);
        let tags = get(group, "c", "tags");
        let tags = tags.as_map().unwrap();
        prop_assert_eq!(tags.get(&text), Some(&same));
        prop_assert_eq!(tags.get("owner"), Some(&Value::text(tag)));
        prop_assert_eq!(get(group, "d", "tags.k"), same.clone());
        prop_assert_eq!(
            get("aws_s3_bucket_policy", "e", "policy.Statement.Action"),
            Value::List(vec![same.clone(), same])
        );
        prop_assert_eq!(desired.resources.len(), 5);
    }
}
