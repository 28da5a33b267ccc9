//! What is asked of watertight when it is killed, and what there is in the account before.
//!
//! *Invariant*: a scene is the same in every account, but for the account's number and what
//! AWS calls what others made there.

use std::fs;
use std::path::Path;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::cli::Project;
use super::{REGION, Sandbox};

/// Things that others made and the spec takes over: `BUCKET` and `GROUP`.
const TAKES_OVER: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"

[components.invoices]
blueprint = "private-bucket"
logs = false

[components.invoices.data.aws_vpc.main]
default = true

[components.invoices.resource.aws_security_group.office]
name = "office"
description = "of somebody else"
vpc_id = "${data.aws_vpc.main.id}"
"#;

const IMPORTS: &str = r#"
[[import]]
address = "invoices.aws_s3_bucket.main"
id = "BUCKET"
keep = ["ReadByPartner"]

[[import]]
address = "invoices.aws_security_group.office"
id = "GROUP"
"#;

/// Where two runs share the state. Whoever finds the lease of a run that was killed waits until
/// it has run out.
const IN_S3: &str = r#"
[state]
backend = "s3"
bucket = "acme-state"
lease_seconds = 5
"#;

const VERB: &[&str] = &[
    "import",
    "invoices.aws_s3_bucket.main",
    "BUCKET",
    "app.toml",
    "--yes",
];

/// A spec, and the first run of it.
pub(crate) struct Scene {
    /// `shop/prod`.
    pub(crate) app: String,
    spec: String,
    first: &'static [&'static str],
    before: Before,
    /// Whether the state is in a bucket.
    is_in_s3: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// What every account has.
    Nothing,
    /// The account of the platform team.
    Existing,
    /// A bucket, whose policy lets a partner in, and a security group.
    Legacy,
}

impl Scene {
    /// `import` is a spec that takes over what stands, `import-verb` the command that does;
    /// every other name is an example's. Before each may stand `s3-`: its state is in S3.
    pub(crate) fn of(name: &str) -> Self {
        let apply: &[&str] = &["apply", "app.toml", "--yes"];
        let (name, is_in_s3) = match name.strip_prefix("s3-") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (mut spec, first, before) = match name {
            "import" => {
                let adopt: &[&str] = &["apply", "app.toml", "--yes", "--adopt"];
                (format!("{TAKES_OVER}{IMPORTS}"), adopt, Before::Legacy)
            }
            "import-verb" => {
                let spec = TAKES_OVER.split("[components.invoices.data").next();
                (spec.unwrap_or_default().to_owned(), VERB, Before::Legacy)
            }
            example => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
                let spec = fs::read_to_string(path.join(format!("{example}.toml"))).unwrap();
                let before = match example {
                    "existing-account" => Before::Existing,
                    _ => Before::Nothing,
                };
                (spec, apply, before)
            }
        };
        if is_in_s3 {
            spec.push_str(IN_S3);
        }
        let value = |key: &str| {
            let mut lines = spec.lines();
            let line = lines.find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.unwrap().trim_matches('"').to_owned()
        };
        Self {
            app: format!("{}/{}", value("app"), value("environment")),
            spec,
            first,
            before,
            is_in_s3,
        }
    }

    /// Whether the state is a file that can be deleted.
    pub(crate) fn has_a_file(&self) -> bool {
        !self.is_in_s3
    }

    /// Makes what is there before. Out: the spec, and the arguments of the first run.
    pub(crate) async fn set(&self, sandbox: &Sandbox) -> (String, Vec<String>) {
        let names = match self.before {
            Before::Nothing => Vec::new(),
            Before::Existing => {
                sandbox.existing("build");
                Vec::new()
            }
            Before::Legacy => {
                let vpc = sandbox.default_network().await.vpc;
                let bucket = legacy(sandbox).await;
                let group = sandbox.security_group(&vpc).await;
                vec![("BUCKET", bucket), ("GROUP", group)]
            }
        };
        let fill = |text: &str| {
            names
                .iter()
                .fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
        };
        let spec = fill(&self.spec);
        if self.is_in_s3 {
            let project = Project::on(sandbox);
            project.write("app.toml", &spec);
            let init = ["state", "init", "app.toml", "--yes"];
            project.run(&init).code(0);
        }
        let first = self.first.iter().map(|argument| fill(argument));
        (spec, first.collect())
    }

    /// What is still to be done after the first run.
    pub(crate) fn rest(&self) -> Option<&'static [&'static str]> {
        (self.first[0] != "apply").then_some(&["apply", "app.toml", "--yes"])
    }

    /// How many of the things that were there before a destroy takes, as they were taken over.
    pub(crate) fn takes(&self) -> usize {
        match (self.before, self.first[0]) {
            (Before::Legacy, "apply") => 2,
            (Before::Legacy, _) => 1,
            _ => 0,
        }
    }
}

/// A bucket that somebody made, whose policy lets a partner in.
async fn legacy(sandbox: &Sandbox) -> String {
    let s3 = sandbox.aws().await.s3(REGION);
    let name = format!("legacy-{}", sandbox.account);
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = s3.create_bucket().bucket(&name);
    let create = create.create_bucket_configuration(place);
    create.send().await.unwrap();
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "ReadByPartner",
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{name}/*"),
        }],
    });
    let put = s3.put_bucket_policy().bucket(&name);
    put.policy(policy.to_string()).send().await.unwrap();
    name
}
