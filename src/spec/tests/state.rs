//! Where a spec says that state is kept.

use std::sync::Arc;

use super::check_line;
use crate::diagnostic::Source;
use crate::spec::{Backend, StateBucket, parse};

#[test]
fn state_is_kept_in_a_file_or_a_bucket() {
    check_line(
        "[state]",
        r#"4:1 `state` has no `backend`
    Write `backend = "s3"` or `backend = "local"`, or leave `[state]` out.
"#,
    );
    check_line(
        r#"[state]
backend = "s3"
bukcet = "acme-state"
prefix = "/teams"
lease_seconds = 1"#,
        "6:1 `state` with the s3 backend has no key `bukcet`
    Did you mean `bucket`?
7:10 `/teams` is not a prefix
    A prefix is names of letters, digits, `-`, `_` and `.`, with `/` between them: `teams/payments`.
8:17 `lease_seconds` must be a whole number from 5 to 3600
    Leave it out: 45 is good for nearly everybody.
",
    );
    check_line(
        r#"[state]
backend = "s3"
region = "eu-west-1a""#,
        r#"4:1 `state` with the s3 backend has no `bucket`
    Write `bucket = "acme-watertight-state"`; `watertight state init` makes it.
6:10 `eu-west-1a` is an availability zone, not a region
    Its region is `eu-west-1`.
"#,
    );
    check_line(
        r#"[state]
backend = "local"
bucket = "x""#,
        "6:1 `state` with the local backend has no key `bucket`
    Its only key is `backend`.
",
    );
    check_line(
        r#"[state]
backend = "gcs""#,
        "5:11 there is no backend `gcs`
    There are `local` and `s3`.
",
    );
    check_line(
        "state = []",
        "4:9 `state` must be a table (this is a list)
    Write `[state]` on a line of its own, and its keys below.
",
    );
}

#[test]
fn each_environment_may_keep_its_state_elsewhere() {
    let text = r#"
app = "shop"
environment = "test"
region = "eu-west-1"
[state]
backend = "s3"
bucket = "acme-state"
[components.web]
blueprint = "private-bucket"
[environments.prod]
[environments.prod.state]
bucket = "acme-prod-state"
region = "eu-central-1"
prefix = "shop"
"#;
    let state = |environment| {
        let source = Arc::new(Source {
            name: "shop.toml".to_owned(),
            text: text.to_owned(),
        });
        let parsed = parse(&source, environment);
        assert_eq!(parsed.problems, []);
        parsed.spec.unwrap().state
    };
    let bucket = |bucket: &str, region: &str, prefix: &str| {
        Backend::S3(StateBucket {
            bucket: bucket.to_owned(),
            region: region.to_owned(),
            prefix: prefix.to_owned(),
            lease_seconds: 45,
        })
    };
    assert_eq!(state(None), bucket("acme-state", "eu-west-1", ""));
    assert_eq!(
        state(Some("prod")),
        bucket("acme-prod-state", "eu-central-1", "shop")
    );
}
