//! From the text to the guardrails, whatever the text.

use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use super::approve;
use crate::blueprint::Library;
use crate::diagnostic::Source;

const EXAMPLES: &[&str] = &[
    include_str!("../../examples/cdn-service.toml"),
    include_str!("../../examples/https-service.toml"),
    include_str!("../../examples/static-site.toml"),
    include_str!("../../examples/private-bucket.toml"),
    include_str!("../../examples/overrides.toml"),
    include_str!("../../examples/shop.toml"),
    include_str!("../../examples/environments.toml"),
    include_str!("../../examples/broken.toml"),
];

/// From the text to the guardrails: approved or refused with something to say, never a
/// panic.
fn survives(text: String) {
    let source = Arc::new(Source {
        name: "watertight.toml".to_owned(),
        text,
    });
    match approve(&source, None, &Library::embedded(), date(2026, 11, 24)) {
        Ok(approved) => assert!(!approved.desired().resources.is_empty()),
        Err(stop) => assert!(!stop.diagnostics().is_empty()),
    }
}

/// An example with some of its bytes removed or replaced, and values put where others
/// stood.
fn mutated() -> impl Strategy<Value = String> {
    let with = prop_oneof![
        "\\PC{0,3}|[\\[\\]{}=\"'.,\n]",
        Just("true".to_owned()),
        Just("-1".to_owned()),
        Just("[]".to_owned()),
        Just("\"\"".to_owned()),
        Just("{ from = \"web.url\" }".to_owned()),
        Just("\"${aws_lb.main.arn}{{ app }}\"".to_owned()),
        Just("9223372036854775807".to_owned()),
    ];
    let edit = (any::<prop::sample::Index>(), 0..12_usize, with);
    let example = prop::sample::select(EXAMPLES);
    (example, prop::collection::vec(edit, 1..4)).prop_map(|(example, edits)| {
        let mut bytes = example.as_bytes().to_vec();
        for (place, length, with) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, with.into_bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A spec whose form is right and whose values are anybody's guess.
fn odd_inputs() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &[
        "domain",
        "aliases",
        "zone",
        "port",
        "vpc",
        "subnets",
        "internal",
        "dualstack",
        "ingress",
        "egress",
        "targets",
        "target_type",
        "health_check_path",
        "health_check_port",
        "tls_policy",
        "redirect_http",
        "hsts_max_age",
        "hsts_preload",
        "logs",
        "log_retention_days",
        "bucket_name",
        "index_document",
        "single_page",
        "error_page",
        "min_tls",
    ];
    let value = prop_oneof![
        "\"[a-z0-9./:*-]{0,12}\"",
        "\\[(\"[a-z0-9./:-]{0,20}\",){0,3}\\]",
        "-?[0-9]{1,6}",
        Just("true".to_owned()),
        Just("\"*.example.com\"".to_owned()),
        Just("[\"*.example.com\", \"shop.example.com\"]".to_owned()),
        Just("[\"::/0\", \"10.0.0.0/8\", \"sg-12345678\"]".to_owned()),
        Just("{ tag = \"a=b=c\" }".to_owned()),
        Just("{ from = \"other.bucket\" }".to_owned()),
        Just("\"\u{e9}\u{1f600}\"".to_owned()),
    ];
    let blueprint = prop::sample::select(&["https-service", "static-site", "private-bucket"][..]);
    let inputs = prop::collection::btree_map(prop::sample::select(NAMES), value, 0..6);
    (blueprint, inputs).prop_map(|(blueprint, mut inputs)| {
        if blueprint != "private-bucket" {
            let domain = "\"shop.example.com\"".to_owned();
            inputs.entry("domain").or_insert(domain);
        }
        if blueprint == "https-service" {
            inputs.entry("port").or_insert_with(|| "8443".to_owned());
        }
        let inputs: Vec<String> = inputs
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        format!(
            "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
             [components.other]\nblueprint = \"private-bucket\"\n\
             [components.web]\nblueprint = \"{blueprint}\"\n{}\n",
            inputs.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_change_to_an_example_is_approved_or_refused(text in mutated()) {
        survives(text);
    }

    #[test]
    fn any_inputs_are_approved_or_refused(text in odd_inputs()) {
        survives(text);
    }

    #[test]
    fn any_bytes_are_approved_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(String::from_utf8_lossy(&bytes).into_owned());
    }
}
