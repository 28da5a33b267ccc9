//! Certificates and DNS that live elsewhere: records made by hand, a certificate by its ARN,
//! private zones, and what a wait for a certificate finds out.

use std::process::Child;
use std::time::{Duration, Instant};

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, HostedZoneConfig, ResourceRecord, ResourceRecordSet, RrType,
    Vpc, VpcRegion,
};
use watertight::address::Address;
use watertight::aws::{self, Aws, Owner, Settled, Wanted};
use watertight::resource::Id;
use watertight::value::Value;

use crate::support::cli::{Project, Ran};
use crate::support::{REGION, Sandbox};

fn spec(blueprint: &str, inputs: &str) -> String {
    let port = match blueprint {
        "https-service" => "port = 8443\n",
        _ => "",
    };
    format!(
        "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\nephemeral = true\n\n[components.web]\nblueprint = \"{blueprint}\"\n{port}{inputs}"
    )
}

/// The lines of a zone file that were printed.
fn zone_lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| line.contains(" IN CNAME "));
    lines.map(str::to_owned).collect()
}

/// Starts an apply and reads what it says until `stop` is among it.
fn apply_until(project: &Project, stop: &str) -> (Child, String) {
    let log = project.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let mut command = project.command(&["apply", "app.toml", "--yes"]);
    command.stdout(std::process::Stdio::null()).stderr(file);
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    loop {
        let said = std::fs::read_to_string(&log).unwrap();
        if said.contains(stop) {
            return (child, said);
        }
        let ended = child.try_wait().unwrap().is_some();
        assert!(
            !ended && began.elapsed() < Duration::from_mins(1),
            "it never said {stop:?}, but:\n{said}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn records_by_hand_in_two_runs() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let inputs = "domain = \"shop.by-hand.test\"\naliases = [\"by-hand.test\"]\ndns = \"manual\"\nzone = \"by-hand.test\"\n";
    project.write("app.toml", &spec("https-service", inputs));
    project
        .run(&["plan", "app.toml"])
        .code(0)
        .says("DNS records to be made by hand")
        .never_says("aws_route53_record");
    // The first run is left while it waits.
    let (child, said) = apply_until(&project, "` is not in public DNS yet");
    end(child);
    let proofs: Vec<String> = zone_lines(&said)
        .into_iter()
        .filter(|line| line.contains("acm-validations.aws."))
        .collect();
    assert_eq!(proofs.len(), 2, "{said}");
    let certificate = project.id("shop/prod", "web.aws_acm_certificate.site");

    // One stands with another value: that is said.
    let (name, _) = proofs[0].split_once(' ').unwrap();
    sandbox.elsewhere("PUT", &format!("{name} 60 IN CNAME old.test."));
    let (child, _) = apply_until(&project, "leads to old.test in public DNS, and must be");
    end(child);

    // The second picks up where it stood.
    sandbox.elsewhere("PUT", &proofs.join("\n"));
    let ran = project.apply("app.toml");
    let ran = ran
        .says("DNS records that belong to it, to be made by hand")
        .says("by-hand.test is the top of its zone, where no CNAME may be");
    let (_, made) = ran.out.rsplit_once("that belong to it").unwrap();
    assert_eq!(zone_lines(made).len(), 3, "{made}");
    assert_eq!(
        project.id("shop/prod", "web.aws_acm_certificate.site"),
        certificate
    );
    project.nothing_to_do("app.toml");
    let Ran { out, .. } = project.run(&["plan", "app.toml", "--json"]).code(0);
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    let records = plan["by_hand"].as_array().unwrap();
    assert_eq!(records.len(), 4);
    assert!(
        records.iter().all(|record| record["value"].is_string()),
        "{records:?}"
    );
    project
        .run(&[
            "destroy",
            "app.toml",
            "--yes",
            "--empty-buckets",
            "--delete-logs",
        ])
        .code(0);
}

/// A certificate that somebody else made.
pub(crate) async fn certificate(aws: &Aws, region: &str, name: &str, issued: bool) -> String {
    let acm = aws.acm(region);
    let request = acm
        .request_certificate()
        .domain_name(name)
        .validation_method(aws_sdk_acm::types::ValidationMethod::Dns);
    let arn = request.send().await.unwrap().certificate_arn.unwrap();
    let describe = || async {
        let answer = acm.describe_certificate().certificate_arn(&arn).send();
        answer.await.unwrap().certificate.unwrap()
    };
    if issued {
        let detail = describe().await;
        let option = &detail.domain_validation_options()[0];
        let record = option.resource_record().unwrap();
        let zone = zone(aws, "example.com").await;
        put(aws, &zone, record.name(), RrType::Cname, record.value()).await;
        while describe().await.status.unwrap().as_str() != "ISSUED" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    arn
}

async fn zone(aws: &Aws, name: &str) -> String {
    let zones = aws.route53().list_hosted_zones_by_name().dns_name(name);
    zones.send().await.unwrap().hosted_zones.remove(0).id
}

async fn put(aws: &Aws, zone: &str, name: &str, of: RrType, value: &str) {
    let record = ResourceRecord::builder().value(value).build().unwrap();
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(of)
        .ttl(60)
        .resource_records(record);
    let change = Change::builder()
        .action(ChangeAction::Upsert)
        .resource_record_set(set.build().unwrap());
    let batch = ChangeBatch::builder().changes(change.build().unwrap());
    aws.route53()
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch.build().unwrap())
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_certificate_that_exists_already() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let arn = certificate(&aws, REGION, "*.example.com", true).await;
    let project = Project::on(&sandbox);
    let inputs = format!("domain = \"shop.example.com\"\ncertificate_arn = \"{arn}\"\n");
    project.write("app.toml", &spec("https-service", &inputs));
    project
        .apply("app.toml")
        .says(&format!("web.certificate_arn = \"{arn}\""));
    let records = project.records("shop/prod");
    assert!(
        !records
            .iter()
            .any(|record| record.contains("acm") || record.contains("validation")),
        "{records:?}"
    );
    project.nothing_to_do("app.toml");
    project
        .run(&[
            "destroy",
            "app.toml",
            "--yes",
            "--empty-buckets",
            "--delete-logs",
        ])
        .code(0);
    let answer = aws.acm(REGION).describe_certificate().certificate_arn(&arn);
    answer.send().await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_will_not_do_says_why() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let project = Project::on(&sandbox);
    let plan = |blueprint: &str, domain: &str, arn: &str| {
        let inputs = format!("domain = \"{domain}\"\ncertificate_arn = \"{arn}\"\n");
        project.write("app.toml", &spec(blueprint, &inputs));
        project.run(&["plan", "app.toml"]).code(1)
    };
    let pending = certificate(&aws, REGION, "shop.example.com", false).await;
    plan("https-service", "shop.example.com", &pending)
        .says(&format!(
            "the certificate {pending} is PENDING_VALIDATION, not ISSUED"
        ))
        .says("app.toml:");
    let issued = certificate(&aws, REGION, "*.example.com", true).await;
    plan(
        "https-service",
        "a.shop.example.com\"\nzone = \"example.com",
        &issued,
    )
    .says("does not cover a.shop.example.com: it is for *.example.com");
    plan("static-site", "www.example.com", &issued).says(
        "`certificate_arn`: it is a certificate of eu-west-1, and one of us-east-1 is needed",
    );
    let none = issued.rsplit_once('/').unwrap().0.to_owned() + "/0a1b";
    plan("https-service", "shop.example.com", &none)
        .says(&format!("there is no certificate {none}"));
    plan(
        "https-service",
        "shop.example.com",
        "arn:aws:iam::123456789012:server-certificate/x",
    )
    .says("it is a certificate of IAM");
}

#[tokio::test]
async fn an_internal_service_in_a_private_zone() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let network = sandbox.default_network().await;
    let other = sandbox.network().await;
    let project = Project::on(&sandbox);
    let inputs = "domain = \"shop.example.com\"\ninternal = true\nprivate_zone = \"example.com\"\n";
    project.write("app.toml", &spec("https-service", inputs));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("the account has no private zone example.com");
    let vpc = |id: &str| {
        let vpc = Vpc::builder().vpc_region(VpcRegion::EuWest1);
        vpc.vpc_id(id).build()
    };
    let create = aws
        .route53()
        .create_hosted_zone()
        .name("example.com")
        .caller_reference("private")
        .hosted_zone_config(HostedZoneConfig::builder().private_zone(true).build())
        .vpc(vpc(&other.vpc));
    let zone = create.send().await.unwrap().hosted_zone.unwrap().id;
    let zone = zone.trim_start_matches("/hostedzone/");
    project.run(&["plan", "app.toml"]).code(1).says(&format!(
        "nobody in {} would see the records: the private zone example.com ({zone}) is associated with {}",
        network.vpc, other.vpc
    ));
    let associate = aws.route53().associate_vpc_with_hosted_zone();
    let associate = associate.hosted_zone_id(zone).vpc(vpc(&network.vpc));
    associate.send().await.unwrap();
    project.apply("app.toml");
    let records = aws
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(zone);
    let records = records.send().await.unwrap().resource_record_sets;
    let is_a =
        |set: &&ResourceRecordSet| set.name == "shop.example.com." && set.r#type == RrType::A;
    assert!(records.iter().any(|set| is_a(&set)), "{records:?}");
    project.nothing_to_do("app.toml");
    project
        .run(&[
            "destroy",
            "app.toml",
            "--yes",
            "--empty-buckets",
            "--delete-logs",
        ])
        .code(0);
}

#[test]
fn a_caa_record_that_excludes_amazon_ends_the_wait() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    sandbox.elsewhere(
        "PUT",
        "excluded.test. 60 IN CAA 0 issue \"letsencrypt.org\"",
    );
    let inputs = "domain = \"shop.excluded.test\"\ndns = \"manual\"\n";
    project.write("app.toml", &spec("https-service", inputs));
    let began = Instant::now();
    project.run(&["apply", "app.toml", "--yes"]).code(4).says(
        "no certificate can be issued for shop.excluded.test: the CAA record of excluded.test lets only letsencrypt.org issue certificates; put `excluded.test. CAA 0 issue \"amazon.com\"` beside it",
    );
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_zone_that_is_not_delegated_ends_the_wait_after_a_while() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let create = aws.route53().create_hosted_zone().name("lost.test");
    let created = create.caller_reference("lost").send().await.unwrap();
    let zone = created.hosted_zone.unwrap().id;
    let servers = created.delegation_set.unwrap().name_servers;
    let arn = certificate(&aws, REGION, "shop.lost.test", false).await;
    let id = Id {
        region: REGION.to_owned(),
        text: arn.clone(),
    };
    let wanted = Wanted {
        address: Address::managed("web", "aws_acm_certificate_validation", "site"),
        region: REGION.to_owned(),
        attributes: [(
            "validation_record_fqdns".to_owned(),
            Value::texts(["_a.shop.lost.test"]),
        )]
        .into(),
        owner: Owner {
            app: "shop".to_owned(),
            environment: "prod".to_owned(),
            lineage: "0".to_owned(),
        },
    };
    let lifecycle = aws::lifecycle("aws_acm_certificate_validation").unwrap();
    let after = |seconds| lifecycle.settle_wanted(&aws, &id, &wanted, Duration::from_secs(seconds));
    let waits = |settled: Settled| match settled {
        Settled::Waiting { detail, .. } => detail,
        other => panic!("{other:?}"),
    };
    assert!(waits(after(1).await.unwrap()).contains("ACM has not seen"));
    assert!(waits(after(20).await.unwrap()).contains(" is not in the zone lost.test ("));

    // The record stands in the zone, and the world asks somebody else.
    let detail = aws.acm(REGION).describe_certificate().certificate_arn(&arn);
    let detail = detail.send().await.unwrap().certificate.unwrap();
    let option = &detail.domain_validation_options()[0];
    let record = option.resource_record().unwrap().clone();
    let name = record.name().to_owned();
    sandbox.elsewhere(
        "PUT",
        &format!("lost.test. 60 IN NS ns.other.test.\n{name} 60 IN CNAME old.test."),
    );
    put(&aws, &zone, &name, RrType::Cname, record.value()).await;
    let told = format!("is not delegated to its name servers {}", {
        let mut servers = servers;
        servers.sort();
        servers.join(", ")
    });
    let said = waits(after(20).await.unwrap());
    assert!(
        said.contains(&told) && said.ends_with("the world asks ns.other.test"),
        "{said}"
    );
    let Settled::Failed { why } = after(130).await.unwrap() else {
        panic!("it waits for ever");
    };
    assert!(
        why.contains(&told) && why.contains("let the registrar"),
        "{why}"
    );
}

#[tokio::test]
async fn public_dns_that_does_not_answer_ends_no_wait() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox).with("WATERTIGHT_DNS", "udp://127.0.0.1:1");
    let inputs = "domain = \"shop.silent.test\"\ndns = \"manual\"\n";
    project.write("app.toml", &spec("https-service", inputs));
    let (child, said) = apply_until(&project, "public DNS could not be asked");
    end(child);
    sandbox.elsewhere("PUT", &zone_lines(&said).join("\n"));
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    Project::on(&sandbox)
        .with("WATERTIGHT_DNS", "udp://192.0.2.1:53")
        .run(&["plan", project.path().join("app.toml").to_str().unwrap()])
        .code(1)
        .says("would ask in clear");
}

#[tokio::test]
async fn the_exact_zone_of_several() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let create = aws.route53().create_hosted_zone().name("example.com");
    create.caller_reference("second").send().await.unwrap();
    let exact = zone(&aws, "example.com").await;
    let exact = exact.trim_start_matches("/hostedzone/");
    let project = Project::on(&sandbox);
    let domain = "domain = \"www.example.com\"\n";
    project.write("app.toml", &spec("static-site", domain));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("the account has 2 public zones example.com");
    let both = format!("{domain}zone = \"other.com\"\nzone_id = \"{exact}\"\n");
    project.write("app.toml", &spec("static-site", &both));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("`zone` and `zone_id` say the same");
    let chosen = format!("{domain}zone_id = \"{exact}\"\n");
    project.write("app.toml", &spec("static-site", &chosen));
    project.run(&["plan", "app.toml"]).code(0);
}
