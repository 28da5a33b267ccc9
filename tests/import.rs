//! What others made becomes ours when the spec, or a command, says so and nothing else does.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use watertight::aws::Aws;

use crate::support::cli::{Project, Ran};
use crate::support::terraform::Line;
use crate::support::{REGION, Sandbox};
use crate::terraform_reads::Takeover;

const APP: &str = "billing/prod";
const BUCKET: &str = "invoices.aws_s3_bucket.main";

const SPEC: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"

[components.invoices]
blueprint = "private-bucket"
logs = false
"#;

/// A bucket that somebody made, with a policy of two statements, and the spec that imports it.
struct Legacy {
    aws: Aws,
    name: String,
    project: Project,
}

impl Legacy {
    async fn new(sandbox: &Sandbox, keep: &str) -> Self {
        let legacy = Self {
            aws: sandbox.aws().await,
            name: format!("legacy-{}", sandbox.account),
            project: Project::on(sandbox),
        };
        legacy.make(&legacy.name).await;
        legacy
            .allow(&[
                (
                    "ReadByPartner",
                    r#"{"AWS": "arn:aws:iam::111122223333:root"}"#,
                ),
                ("OfOldTimes", r#"{"AWS": "arn:aws:iam::444455556666:root"}"#),
            ])
            .await;
        let block = block(&legacy.name, keep);
        legacy.project.write("app.toml", &format!("{SPEC}{block}"));
        legacy
    }

    async fn make(&self, name: &str) {
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::EuWest1)
            .build();
        let create = self.aws.s3(REGION).create_bucket().bucket(name);
        let create = create.create_bucket_configuration(place);
        create.send().await.unwrap();
    }

    /// Sets a policy whose statements let these principals read.
    async fn allow(&self, statements: &[(&str, &str)]) {
        let statements: Vec<String> = statements
            .iter()
            .map(|(sid, principal)| {
                format!(
                    r#"{{"Sid": "{sid}", "Effect": "Allow", "Principal": {principal}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{}/*"}}"#,
                    self.name
                )
            })
            .collect();
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#,
            statements.join(",")
        );
        let put = self.aws.s3(REGION).put_bucket_policy().bucket(&self.name);
        put.policy(policy).send().await.unwrap();
    }

    /// The Sids of the bucket's policy, in order of name.
    async fn sids(&self) -> Vec<String> {
        let get = self.aws.s3(REGION).get_bucket_policy().bucket(&self.name);
        let text = get.send().await.unwrap().policy.unwrap();
        let policy: serde_json::Value = serde_json::from_str(&text).unwrap();
        let statements = policy["Statement"].as_array().unwrap().iter();
        let mut sids: Vec<String> = statements
            .map(|statement| statement["Sid"].as_str().unwrap().to_owned())
            .collect();
        sids.sort();
        sids
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.project.run(arguments)
    }

    #[track_caller]
    fn adopt(&self) -> Ran {
        self.run(&["apply", "app.toml", "--yes", "--adopt"]).code(0)
    }
}

fn block(id: &str, keep: &str) -> String {
    format!("\n[[import]]\naddress = \"{BUCKET}\"\nid = \"{id}\"\n{keep}\n")
}

const KEEP: &str = "keep = [\"ReadByPartner\"]";

#[tokio::test]
async fn a_bucket_is_imported_with_its_parts_and_keeps_a_statement() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, KEEP).await;
    let steps = legacy.project.plan("app.toml").steps();
    for part in ["aws_s3_bucket", "aws_s3_bucket_policy"] {
        let adopts = format!("adopt invoices.{part}.main");
        assert!(steps.contains(&adopts), "{steps:?}");
    }
    legacy
        .run(&["plan", "app.toml"])
        .code(0)
        .says(&format!(
            "{BUCKET} adopt {}  # the spec's import, app.toml:11",
            legacy.name
        ))
        .never_says("ReadByPartner")
        .says("OfOldTimes");
    let before = sandbox.holds().await;
    legacy
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("run again with --adopt");
    assert_eq!(sandbox.holds().await, before);

    legacy.adopt();
    assert_eq!(legacy.project.id(APP, BUCKET), legacy.name);
    let sids = legacy.sids().await;
    assert!(sids.contains(&"ReadByPartner".to_owned()), "{sids:?}");
    assert!(!sids.contains(&"OfOldTimes".to_owned()), "{sids:?}");
    assert!(sids.len() > 2, "{sids:?}");
    legacy.project.nothing_to_do("app.toml");

    // What is kept is kept for as long as the block says so.
    legacy.project.write("app.toml", SPEC);
    legacy.project.apply("app.toml");
    let without = legacy.sids().await;
    assert!(
        !without.contains(&"ReadByPartner".to_owned()),
        "{without:?}"
    );
    assert_eq!(without.len() + 1, sids.len());
}

const EXPORT: &[&str] = &["export", "terraform", "app.toml", "--out", "tf"];

/// What only AWS has is in no export, which says so; what the state has is.
#[tokio::test]
async fn what_is_kept_is_exported_as_the_state_has_it() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, KEEP).await;
    let policy = "invoices.aws_s3_bucket_policy.main";
    let file = || {
        let file = legacy.project.path().join("tf/invoices.tf");
        std::fs::read_to_string(file).unwrap()
    };
    let not_here = "# Not here: the statement ReadByPartner, kept as AWS has it";
    legacy
        .run(EXPORT)
        .code(0)
        .says(&format!(
            "warning: what `keep` leaves in {policy} as AWS has it is not here: ReadByPartner."
        ))
        .says("`--import` takes it from the state");
    assert!(file().contains(not_here), "{}", file());

    legacy.adopt();
    let import = [EXPORT, &["--import"]].concat();
    legacy.run(&import).code(0).never_says("warning:");
    assert!(!file().contains(not_here));
    assert!(file().contains("\"ReadByPartner\""), "{}", file());
    let text = format!("{SPEC}{}", block(&legacy.name, KEEP));
    let takeover = Takeover::of(&sandbox, &legacy.project, &text, Line::Six).await;
    assert_eq!(takeover.changes, [""; 0]);

    let more = block(&legacy.name, "keep = [\"Later\", \"ReadByPartner\"]");
    legacy.project.write("app.toml", &format!("{SPEC}{more}"));
    legacy
        .run(&import)
        .code(0)
        .says(&format!(
            "leaves in {policy} as AWS has it is not here: Later."
        ))
        .says("the state does not have that");
    assert!(file().contains("\"ReadByPartner\""), "{}", file());
}

/// What is kept is judged here, too: once nobody answers for it any more it is not exported.
#[tokio::test]
async fn what_is_kept_must_not_weaken_what_is_exported() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "").await;
    let service = r#"{"Service": "cloudfront.amazonaws.com"}"#;
    legacy.allow(&[("ReadBySites", service)]).await;
    let block = block(&legacy.name, "keep = [\"ReadBySites\"]");
    let waiver = format!(
        "[[waivers]]\nrule = \"WT-S3-007\"\naddress = \"invoices.*\"\nowner = \"billing\"\n\
         reason = \"until they have moved\"\nexpires = {}\n",
        crate::readme::today()
    );
    let spec = format!("{SPEC}{block}");
    legacy.project.write("app.toml", &format!("{spec}{waiver}"));
    legacy.adopt();
    let import = [EXPORT, &["--import"]].concat();
    legacy.run(&import).code(0);
    let file = legacy.project.path().join("tf/invoices.tf");
    let file = std::fs::read_to_string(file).unwrap();
    assert!(file.contains("# WT-S3-007 is waived until"), "{file}");
    legacy.project.write("app.toml", &spec);
    legacy
        .run(&import)
        .code(3)
        .says("statement ReadBySites lets every distribution of every account in");
}

/// A statement that is added behind our back is drift, whatever else is kept.
#[tokio::test]
async fn any_other_statement_is_drift() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, KEEP).await;
    legacy.adopt();
    let wanted = legacy.sids().await;
    let get = legacy.aws.s3(REGION).get_bucket_policy();
    let text = get
        .bucket(&legacy.name)
        .send()
        .await
        .unwrap()
        .policy
        .unwrap();
    let mut policy: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut more = policy["Statement"][0].clone();
    more["Sid"] = "Crept".into();
    policy["Statement"].as_array_mut().unwrap().push(more);
    let put = legacy.aws.s3(REGION).put_bucket_policy();
    let put = put.bucket(&legacy.name).policy(policy.to_string());
    put.send().await.unwrap();

    let steps = legacy.project.plan("app.toml").steps();
    assert_eq!(steps, ["update invoices.aws_s3_bucket_policy.main"]);
    legacy.project.apply("app.toml");
    assert_eq!(legacy.sids().await, wanted);
}

#[tokio::test]
async fn a_kept_statement_must_not_weaken() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "keep = [\"Everybody\"]").await;
    // As buckets were made before AWS blocked public access by default.
    let open = legacy.aws.s3(REGION).delete_public_access_block();
    open.bucket(&legacy.name).send().await.unwrap();
    legacy.allow(&[("Everybody", "\"*\"")]).await;
    let before = sandbox.holds().await;
    for verb in ["plan", "apply"] {
        legacy
            .run(&[verb, "app.toml"])
            .code(3)
            .says("WT-S3-007")
            .says("statement Everybody lets everybody in");
    }
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn what_is_to_be_kept_must_be_there() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "keep = [\"ReadByPartners\"]").await;
    legacy
        .run(&["plan", "app.toml"])
        .code(1)
        .says("has no statement `ReadByPartners`")
        .says("it has ReadByPartner, OfOldTimes")
        .says("app.toml:13");
    let block = block(&legacy.name, "keep = [\"RestrictToTLSRequestsOnly\"]");
    legacy.project.write("app.toml", &format!("{SPEC}{block}"));
    legacy
        .run(&["plan", "app.toml"])
        .code(1)
        .says("`RestrictToTLSRequestsOnly` is a statement of the spec's own");
}

/// The block that the problem shows is the one to write.
#[tokio::test]
async fn what_is_in_the_way_shows_its_block() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let aws = sandbox.aws().await;
    let ec2 = aws.ec2(REGION);
    let vpcs = ec2.describe_vpcs().send().await.unwrap();
    let subnets = ec2.describe_subnets().send().await.unwrap();
    let subnets = subnets.subnets().iter();
    let subnets = subnets.map(|subnet| subnet.subnet_id.clone().unwrap());
    let group = ec2.create_security_group().group_name("by-hand");
    let group = group.description("by hand");
    let group = group.vpc_id(vpcs.vpcs()[0].vpc_id.clone().unwrap());
    let group = group.send().await.unwrap().group_id.unwrap();
    let balancer = aws.elb(REGION).create_load_balancer();
    let balancer = balancer.name("shop-prod-web-main").security_groups(group);
    let balancer = balancer.set_subnets(Some(subnets.collect()));
    let made = balancer.send().await.unwrap().load_balancers.unwrap();
    let arn = made[0].load_balancer_arn.clone().unwrap();

    let spec = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\n\
        [components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n";
    project.write("app.toml", spec);
    let ran = project.run(&["plan", "app.toml"]).code(1);
    let block: String = ran
        .err
        .lines()
        .skip_while(|line| line.trim() != "[[import]]")
        .take(3)
        .flat_map(|line| [line.trim(), "\n"])
        .collect();
    assert_eq!(
        block,
        format!("[[import]]\naddress = \"web.aws_lb.main\"\nid = \"{arn}\"\n")
    );

    project.write("app.toml", &format!("{spec}\n{block}"));
    let steps = project.plan("app.toml").steps();
    assert!(
        steps.contains(&"adopt web.aws_lb.main".to_owned()),
        "{steps:?}"
    );
    let apply = ["apply", "app.toml", "--yes", "--adopt", "--wait", "config"];
    project.run(&apply).code(0);
    assert_eq!(project.id("shop/prod", "web.aws_lb.main"), arn);
    project.nothing_to_do("app.toml");
    project
        .run(&["plan", "app.toml"])
        .says("web.aws_lb.main is imported: the `[[import]]` at app.toml:11 may go");
}

/// What the spec imports and no apply has taken over is not ours to delete, nor to record.
#[tokio::test]
async fn only_an_apply_takes_over() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, KEEP).await;
    let before = sandbox.holds().await;
    legacy
        .run(&["state", "rebuild", "app.toml", "--yes"])
        .code(0)
        .says("Nothing stands that is not remembered.");
    legacy
        .run(&["destroy", "app.toml", "--yes", "--remove-protection", "all"])
        .code(0)
        .says("Nothing to destroy.");
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn what_can_not_be_imported_is_said() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "").await;
    let write = |blocks: &str| {
        let text = format!("{SPEC}{blocks}");
        legacy.project.write("app.toml", &text);
    };
    let plan = || legacy.run(&["plan", "app.toml"]);
    write(&block("no-such-bucket-of-ours", ""));
    plan()
        .code(1)
        .says("s3:GetBucketTagging: AWS has no bucket no-such-bucket-of-ours in eu-west-1, which the `[[import]]` at app.toml:11 names (request ");
    write("[[import]]\naddress = \"invoices.aws_s3_bucket.mian\"\nid = \"x\"\n");
    plan()
        .code(1)
        .says("`invoices.aws_s3_bucket.mian` is not in this spec")
        .says("Did you mean `invoices.aws_s3_bucket.main`?");
    write(
        "[[import]]\naddress = \"invoices.aws_s3_bucket_policy.main\"\nid = \"x\"\nkeep = [\"One\"]\n",
    );
    plan()
        .code(1)
        .says("aws_s3_bucket_policy has no statements to keep");
    write(&block(&legacy.name, ""));
    legacy.adopt();
    legacy.project.nothing_to_do("app.toml");
    legacy.make(&format!("{}-2", legacy.name)).await;
    write(&block(&format!("{}-2", legacy.name), ""));
    plan().code(1).says(&format!(
        "it is recorded as {}, and the `[[import]]`",
        legacy.name
    ));
    let more = SPEC.replace("invoices", "more");
    let more = more.split_once("[components").unwrap().1;
    write(&format!(
        "\n[components{more}\n[[import]]\naddress = \"more.aws_s3_bucket.main\"\nid = \"{}\"\n",
        legacy.name
    ));
    plan().code(1).says(&format!(
        "{} is recorded as invoices.aws_s3_bucket.main already",
        legacy.name
    ));
}

#[tokio::test]
async fn the_command_records_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "").await;
    let name = legacy.name.as_str();
    legacy.project.write("app.toml", SPEC);
    let before = sandbox.holds().await;
    let policy = legacy.sids().await;
    legacy
        .run(&["import", BUCKET, name, "app.toml"])
        .code(1)
        .says("run again with --yes");
    legacy
        .run(&["import", BUCKET, name, "app.toml", "--yes"])
        .code(0)
        .says(&format!("{BUCKET} adopt {name}"))
        .says("OfOldTimes")
        .says("Nothing changes in AWS.");
    assert_eq!(sandbox.holds().await, before);
    assert_eq!(legacy.sids().await, policy);
    assert_eq!(legacy.project.id(APP, BUCKET), name);
    let policy = "invoices.aws_s3_bucket_policy.main";
    assert_eq!(legacy.project.id(APP, policy), name);

    // The next apply makes it what the spec says, with nothing to confirm.
    legacy.project.apply("app.toml");
    let sids = legacy.sids().await;
    assert!(!sids.contains(&"OfOldTimes".to_owned()), "{sids:?}");
    legacy.project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn the_command_says_what_can_not_be_imported() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "").await;
    let name = legacy.name.as_str();
    legacy.project.write("app.toml", SPEC);
    let import =
        |address: &str, id: &str, spec: &str| legacy.run(&["import", address, id, spec, "--yes"]);
    import(BUCKET, "no-such-bucket-of-ours", "app.toml")
        .code(1)
        .says(
            "s3:GetBucketTagging: AWS has no bucket no-such-bucket-of-ours in eu-west-1 (request ",
        );
    import("invoices.aws_s3_bucket.mian", name, "app.toml")
        .code(1)
        .says("Did you mean `invoices.aws_s3_bucket.main`?");
    import(BUCKET, name, "app.toml").code(0);
    // Whoever was killed and does it again has lost nothing.
    import(BUCKET, name, "app.toml")
        .code(0)
        .says(&format!("{BUCKET} is recorded as {name} already"));
    import(BUCKET, "another", "app.toml")
        .code(1)
        .says(&format!("{BUCKET} is recorded already, as {name}"));
    let two = SPEC.replace(
        "logs = false",
        "logs = false\n[components.more]\nblueprint = \"private-bucket\"\nlogs = false",
    );
    legacy.project.write("app.toml", &two);
    import("more.aws_s3_bucket.main", name, "app.toml")
        .code(1)
        .says(&format!("{name} is recorded already, as {BUCKET}"));
    let service = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
        [components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n";
    legacy.project.write("service.toml", service);
    import(
        "web.aws_acm_certificate_validation.site",
        "x",
        "service.toml",
    )
    .code(1)
    .says("aws_acm_certificate_validation can't be imported: the provider has nothing to import");
}

/// One thing becomes one resource, whoever says so.
#[tokio::test]
async fn one_thing_is_imported_once() {
    let sandbox = Sandbox::new();
    let legacy = Legacy::new(&sandbox, "").await;
    let name = legacy.name.as_str();
    let more = SPEC.split_once("[components").unwrap().1;
    let two = format!("{SPEC}\n[components{}", more.replace("invoices", "more"));
    let other = block(name, "").replace("invoices", "more");
    let spec = format!("{two}{}{other}", block(name, ""));
    legacy.project.write("app.toml", &spec);
    let said = format!("`{name}` is imported as `{BUCKET}` and as `more.aws_s3_bucket.main`");
    legacy
        .run(&["plan", "app.toml"])
        .code(1)
        .says(&said)
        .says("app.toml:20:11")
        .says("15 | address = ");

    legacy.project.write("app.toml", &format!("{two}{other}"));
    let import = |id: &str| legacy.run(&["import", BUCKET, id, "app.toml", "--yes"]);
    import(name)
        .code(1)
        .says(&format!(
            "the spec imports {name} as more.aws_s3_bucket.main"
        ))
        .says(&format!("and this would import {name} as {BUCKET}"));
    let own = two.clone() + &block(name, "");
    legacy.project.write("app.toml", &own);
    import("another")
        .code(1)
        .says(&format!("the spec imports {name} as {BUCKET}"));
    import(name).code(0);
}

/// What AWS says of an id that it does not know is told with its call, whatever the kind.
#[tokio::test]
async fn an_id_that_aws_does_not_know_is_told_with_the_call() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let spec = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\n\
        [components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n";
    project.write("app.toml", spec);
    let balancer =
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/no/0123456789abcdef";
    let zone = sandbox.zone("example.com").await;
    let record = format!("{zone}_shop.example.com_A");
    let steps = project.plan("app.toml").steps();
    let is_record = |step: &&String| step.contains("aws_route53_record.a_");
    let of_record = steps.iter().find(is_record).unwrap();
    let of_record = of_record.trim_start_matches("create ");
    for (address, id, call) in [
        (
            "web.aws_security_group.lb",
            "sg-0123456789abcdef0",
            "ec2:DescribeSecurityGroups: ",
        ),
        (
            "web.aws_lb.main",
            balancer,
            // Whichever call says so first: its tags are asked for at the same time.
            "elasticloadbalancing:Describe",
        ),
        (of_record, &record, "route53:ListResourceRecordSets: "),
    ] {
        project
            .run(&["import", address, id, "app.toml", "--yes"])
            .code(1)
            .says(call)
            .says("AWS has no ")
            .says("(request ");
    }
}
