//! `watertight doctor`: what stands in the way, before anything is changed.

use std::time::Duration;

use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::user::User;
use crate::support::{REGION, Sandbox};

const HEAD: &str =
    "app = \"shop\"\nenvironment = \"test\"\nregion = \"eu-west-1\"\nephemeral = true\n";

fn service(inputs: &str) -> String {
    format!(
        "{HEAD}[components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n{inputs}\n"
    )
}

/// A folder whose AWS is the sandbox behind a proxy, and whose public DNS is the sandbox's.
fn through(proxy: &Proxy, sandbox: &Sandbox) -> Project {
    Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns)
}

/// The word and the check of each line, `ok spec`.
fn heads(ran: &Ran) -> Vec<String> {
    ran.out
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with(' '))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().take(2).collect();
            words.join(" ")
        })
        .collect()
}

#[test]
fn a_spec_that_can_be_applied() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = through(&proxy, &sandbox);
    project.write("watertight.toml", &service(""));
    let before = project.run(&["doctor"]).code(0);
    assert_eq!(
        heads(&before),
        [
            "ok spec",
            "ok state",
            "ok credentials",
            "ok identity",
            "ok clock",
            "ok region",
            "ok lookups",
            "ok delegation",
            "ok permissions",
            "ok quotas"
        ],
        "{}",
        before.out
    );
    before
        .says("nothing is recorded yet")
        .says("taken, from the environment (AWS_ACCESS_KEY_ID)")
        .says(&format!("account {}", sandbox.account))
        .says("found: route53 zone, subnets, vpc")
        .says("Nothing stands in the way.");
    let simulates = |call: &String| call == "iam:SimulatePrincipalPolicy";
    assert!(
        proxy.mutations().iter().all(simulates),
        "{:?}",
        proxy.mutations()
    );

    project.apply("watertight.toml");
    project.run(&["doctor"]).code(0).says("serial ");
    project.nothing_to_do("watertight.toml");
    project.run(&["destroy", "--yes"]).code(0);
}

/// What a call is in IAM's words, where they differ from the operation's name.
fn actions(call: &str) -> Vec<String> {
    let action = match call {
        "cloudfront:CreateDistributionWithTags" => {
            return ["cloudfront:CreateDistribution", "cloudfront:TagResource"]
                .map(str::to_owned)
                .to_vec();
        }
        "s3:DeleteBucketLifecycle" | "s3:PutBucketLifecycleConfiguration" => {
            "s3:PutLifecycleConfiguration"
        }
        "s3:GetBucketLifecycleConfiguration" => "s3:GetLifecycleConfiguration",
        "s3:DeleteBucketEncryption" | "s3:PutBucketEncryption" => "s3:PutEncryptionConfiguration",
        "s3:GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "s3:DeletePublicAccessBlock" | "s3:PutPublicAccessBlock" => "s3:PutBucketPublicAccessBlock",
        "s3:GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "s3:DeleteBucketOwnershipControls" => "s3:PutBucketOwnershipControls",
        "s3:DeleteBucketTagging" => "s3:PutBucketTagging",
        "s3:DeleteObjects" => "s3:DeleteObject",
        "s3:HeadBucket" | "s3:ListObjectsV2" => "s3:ListBucket",
        "s3:ListObjectVersions" => "s3:ListBucketVersions",
        "s3:ListBuckets" => "s3:ListAllMyBuckets",
        "tagging:GetResources" => "tag:GetResources",
        call => call,
    };
    vec![action.to_owned()]
}

#[test]
fn the_policy_allows_every_call_that_is_made() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = through(&proxy, &sandbox);
    let spec = service("aliases = [\"store.example.com\"]\nredirect_http = true");
    project.write(
        "watertight.toml",
        &format!(
            "{spec}[components.site]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\n\
             [components.data]\nblueprint = \"private-bucket\"\n"
        ),
    );
    let policy = project.run(&["doctor", "--policy"]).code(0).out;
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    project.apply("watertight.toml");
    project.nothing_to_do("watertight.toml");
    // A tag changes everything that has tags.
    let tagged = format!(
        "{}[tags]\nowner = \"payments\"\n",
        std::fs::read_to_string(project.path().join("watertight.toml")).unwrap()
    );
    project.write("watertight.toml", &tagged);
    project.apply("watertight.toml");
    project.run(&["destroy", "--yes"]).code(0);
    let statements = policy["Statement"].as_array().unwrap().iter();
    let allowed: Vec<&str> = statements
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap())
        .collect();
    let missing: Vec<String> = proxy
        .counts()
        .keys()
        .flat_map(|call| actions(call))
        // Everybody may ask who one is; the account's alias is shown where one may.
        .filter(|action| !action.starts_with("sts:") && action != "iam:ListAccountAliases")
        .filter(|action| !allowed.contains(&action.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "{policy:#}");
}

#[test]
fn the_same_for_programs() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write(
        "watertight.toml",
        &service("").replace("example.com", "example.net"),
    );
    let ran = project.run(&["doctor", "--json"]).code(1);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["ok"], false);
    let checks = report["checks"].as_array().unwrap();
    let lookups = checks
        .iter()
        .find(|check| check["check"] == "lookups")
        .unwrap();
    assert_eq!(lookups["level"], "failure");
    assert!(
        lookups["message"]
            .as_str()
            .unwrap()
            .contains("no public zone example.net")
    );
    assert!(!lookups["hints"].as_array().unwrap().is_empty());
    // The others are checked all the same.
    assert_eq!(checks.last().unwrap()["check"], "quotas");
}

#[test]
fn a_wrong_spec_is_for_check_and_the_rest_goes_on() {
    let project = Project::on(&Sandbox::new());
    project.write("watertight.toml", &service("prot = 1"));
    let ran = project.run(&["doctor"]).code(1);
    assert_eq!(
        heads(&ran)[..4],
        ["failure spec", "ok state", "ok credentials", "ok identity"]
    );
    ran.says("help: `watertight check watertight.toml` shows where and why")
        .says("1 failure to mend first.");
}

#[test]
fn no_credentials() {
    let project = Project::offline();
    project.write("watertight.toml", &service(""));
    let ran = project.run(&["doctor"]).code(1);
    assert_eq!(heads(&ran), ["ok spec", "ok state", "failure credentials"]);
    ran.says("the machine's role: sts:GetCallerIdentity: no credentials were found")
        .says("help: sign in one of three ways");
}

#[test]
fn the_account_is_another() {
    let project = Project::on(&Sandbox::new());
    let spec = format!("account = \"999999999999\"\n{}", service(""));
    project.write("watertight.toml", &spec);
    project
        .run(&["doctor"])
        .code(1)
        .says("failure identity")
        .says("the spec expects account 999999999999");
}

#[test]
fn the_clock_is_wrong() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = through(&proxy, &sandbox);
    project.write("watertight.toml", &service(""));
    proxy.clock("Tue, 15 Nov 1994 08:12:31 GMT");
    project
        .run(&["doctor"])
        .code(1)
        .says("failure clock")
        .says("seconds ahead of AWS's; signatures are not taken after 300")
        .says("timedatectl set-ntp true");
}

#[test]
fn the_region_is_not_there_or_not_enabled() {
    let project = Project::on(&Sandbox::new());
    for (region, says) in [
        ("eu-west-9", "there is no region eu-west-9; there are "),
        ("ap-east-1", "ap-east-1 is not enabled for this account"),
    ] {
        let spec = service("").replace(REGION, region);
        project.write("watertight.toml", &spec);
        project
            .run(&["doctor"])
            .code(1)
            .says("failure region")
            .says(says);
    }
}

#[tokio::test]
async fn actions_that_are_not_allowed() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let user = User::new(&sandbox).await;
    let project = user.project(proxy.endpoint(), "");
    let project = project
        .with("AWS_PROFILE", "base")
        .with("WATERTIGHT_DNS", &sandbox.dns);
    project.write("watertight.toml", &service(""));

    // What doctor prints is enough, and it is what is held against.
    let policy = project.run(&["doctor", "--policy"]).code(0).out;
    user.may(&policy).await;
    let ran = project.run(&["doctor"]).code(0).says("ok      permissions");
    ran.says("actions are allowed to arn:aws:iam::");

    let mut less: serde_json::Value = serde_json::from_str(&policy).unwrap();
    less["Statement"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({
            "Effect": "Deny",
            "Action": "acm:RequestCertificate",
            "Resource": "*",
        }));
    user.may(&less.to_string()).await;
    project
        .run(&["doctor"])
        .code(1)
        .says("failure permissions")
        .says("1 of ")
        .says("acm:RequestCertificate (aws_acm_certificate, by an explicit deny)")
        .says("`watertight doctor --policy` prints all that this spec needs");

    proxy.fail(
        When::Operation("iam:SimulatePrincipalPolicy"),
        Fault::Error(403, "AccessDenied"),
        usize::MAX,
    );
    project
        .run(&["doctor"])
        .code(0)
        .says("warning permissions  can't be simulated: iam:SimulatePrincipalPolicy: AccessDenied")
        .says("Nothing stands in the way; 1 warning to look at.");
}

#[tokio::test]
async fn quotas_that_would_be_broken() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = through(&proxy, &sandbox);
    let ranges: Vec<String> = (0..61).map(|n| format!("\"10.{n}.0.0/16\"")).collect();
    let aliases: Vec<String> = (0..10).map(|n| format!("\"s{n}.example.com\"")).collect();
    let spec = service(&format!(
        "ingress = [{}]\naliases = [{}]",
        ranges.join(", "),
        aliases.join(", ")
    ));
    project.write("watertight.toml", &spec);
    project
        .run(&["doctor"])
        .code(1)
        .says("failure quotas       names of a certificate in web.aws_acm_certificate.site: 11 of 10, which is too many")
        .says("failure quotas       rules of a security group in web.aws_security_group.lb, ingress over IPv4: 61 of 60, which is too many")
        .says("--service-code vpc --quota-code L-0EA8095F --desired-value 61 --region eu-west-1");

    // The account's own limits count, once there are any.
    let quotas = sandbox.aws().await.servicequotas(REGION);
    for (service, code) in [("vpc", "L-0EA8095F"), ("acm", "L-FB94F0B0")] {
        quotas
            .request_service_quota_increase()
            .service_code(service)
            .quota_code(code)
            .desired_value(100.0)
            .send()
            .await
            .unwrap();
    }
    project.run(&["doctor"]).code(0).says("ok      quotas");

    proxy.fail(
        When::Operation("servicequotas:GetServiceQuota"),
        Fault::Error(400, "AccessDeniedException"),
        usize::MAX,
    );
    project
        .run(&["doctor"])
        .code(1)
        .says("the account's own limits can't be read, so AWS's defaults count: servicequotas:GetServiceQuota")
        .says("names of a certificate in web.aws_acm_certificate.site: 11 of 10");
}

#[test]
fn the_state_is_held_or_broken() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = through(&proxy, &sandbox);
    project.write("watertight.toml", &service(""));
    proxy.latency(Duration::from_secs(2));
    let mut holder = project.command(&["apply", "--yes"]).spawn().unwrap();
    let lock = project.path().join(".watertight/shop/test/lock");
    let held = || std::fs::read_to_string(&lock).is_ok_and(|text| text.contains("process"));
    while !held() && holder.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    proxy.latency(Duration::ZERO);
    let free = Project::on(&sandbox);
    free.write("watertight.toml", &service(""));
    let ran = project.run(&["doctor"]);
    ran.says("warning state")
        .says("another run holds the state: ");
    holder.wait().unwrap();

    project.write(".watertight/shop/test/state.json", "{");
    project
        .run(&["doctor"])
        .code(1)
        .says("failure state")
        .says("is not a whole document");
}

#[tokio::test]
async fn a_zone_that_the_world_does_not_ask_is_told() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let zone = "not-delegated-here.test";
    let create = aws.route53().create_hosted_zone().name(zone);
    let made = create.caller_reference("doctor").send().await.unwrap();
    let own = made.delegation_set.unwrap().name_servers.remove(0);
    sandbox.elsewhere("PUT", &format!("{zone}. 60 IN NS ns1.old-registrar.test."));
    let project = Project::on(&sandbox);
    let spec = service("").replace("shop.example.com", &format!("shop.{zone}"));
    project.write("watertight.toml", &spec);
    project
        .run(&["doctor"])
        .code(1)
        .says(&format!(
            "about {zone} the world asks ns1.old-registrar.test, not this zone of Route 53"
        ))
        .says(own.trim_end_matches('.'));
}
