//! What a newcomer types first, `cargo run` and then `cargo test`, compiles the SDKs once.

use std::collections::BTreeSet;
use std::process::Command;

/// Every crate with its features: `hyper v1.12.0 [client,default,http1,http2,server]`.
fn crates(edges: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--edges", edges, "--format", "{p} [{f}]"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {said}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect()
}

#[test]
fn tests_use_the_dependencies_that_the_program_was_built_with() {
    let (program, tests) = (crates("normal,build"), crates("normal,build,dev"));
    let differ: Vec<_> = program.difference(&tests).collect();
    assert!(
        differ.is_empty(),
        "a dev-dependency adds features to these crates, so that they and all that use them \
         are compiled twice; name the features in [dependencies], too: {differ:#?}"
    );
}
