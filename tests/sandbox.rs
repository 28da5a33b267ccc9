//! The sandbox itself, through the same clients that the product uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_acm::types::KeyAlgorithm;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};

use crate::support::Sandbox;
use crate::support::proxy::{Fault, When};

#[tokio::test]
async fn a_certificate_is_issued_once_its_record_stands() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let acm = aws.acm("eu-west-1");
    assert_eq!(aws.identity().await.unwrap().account, sandbox.account);

    let arn = acm
        .request_certificate()
        .domain_name("shop.example.com")
        .validation_method(aws_sdk_acm::types::ValidationMethod::Dns)
        .key_algorithm(KeyAlgorithm::EcPrime256v1)
        .send()
        .await
        .unwrap()
        .certificate_arn
        .unwrap();
    let describe = async || {
        let answer = acm
            .describe_certificate()
            .certificate_arn(&arn)
            .send()
            .await;
        answer.unwrap().certificate.unwrap()
    };
    let certificate = describe().await;
    assert_eq!(certificate.key_algorithm, Some(KeyAlgorithm::EcPrime256v1));
    assert_eq!(certificate.status.unwrap().as_str(), "PENDING_VALIDATION");

    let options = certificate.domain_validation_options.unwrap();
    let record = options[0].resource_record.clone().unwrap();
    let route53 = aws.route53();
    let zones = route53.list_hosted_zones_by_name().dns_name("example.com");
    let zone = zones.send().await.unwrap().hosted_zones.remove(0);
    let set = ResourceRecordSet::builder()
        .name(record.name)
        .r#type(RrType::Cname)
        .ttl(300)
        .resource_records(
            ResourceRecord::builder()
                .value(record.value)
                .build()
                .unwrap(),
        )
        .build()
        .unwrap();
    let change = Change::builder()
        .action(ChangeAction::Create)
        .resource_record_set(set)
        .build()
        .unwrap();
    let batch = ChangeBatch::builder().changes(change).build().unwrap();
    let change = || {
        route53
            .change_resource_record_sets()
            .hosted_zone_id(&zone.id)
            .change_batch(batch.clone())
            .send()
    };
    change().await.unwrap();
    let again = change().await.unwrap_err().into_service_error();
    assert!(again.is_invalid_change_batch(), "{again:?}");

    for _ in 0..50 {
        if describe().await.status.unwrap().as_str() == "ISSUED" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the certificate was never issued");
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    let name = format!("bucket-{}", one.account);
    let create = one.aws().await.s3("us-east-1").create_bucket();
    create.bucket(&name).send().await.unwrap();

    let s3 = other.aws().await.s3("us-east-1");
    let buckets = s3.list_buckets().send().await.unwrap().buckets;
    assert!(buckets.unwrap_or_default().is_empty());
    let taken = s3.create_bucket().bucket(&name).send().await.unwrap_err();
    assert!(taken.into_service_error().is_bucket_already_exists());
}

#[tokio::test]
async fn the_proxy_counts_and_fails_calls() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let aws = sandbox.aws_through(&proxy).await;
    let s3 = aws.s3("us-east-1");

    // A throttled answer is retried by the client.
    proxy.fail(When::Operation("acm:ListCertificates"), Fault::Throttle, 1);
    aws.acm("eu-west-1")
        .list_certificates()
        .send()
        .await
        .unwrap();
    assert_eq!(proxy.counts()["acm:ListCertificates"], 2);

    // It was done, but nobody heard of it: the second try finds nothing to delete.
    let name = format!("bucket-{}", sandbox.account);
    s3.create_bucket().bucket(&name).send().await.unwrap();
    proxy.fail(When::Mutation(2), Fault::DropAfter, 1);
    s3.delete_bucket().bucket(&name).send().await.unwrap_err();
    assert_eq!(proxy.counts()["s3:DeleteBucket"], 2);

    let denied = Fault::Error(403, "AccessDenied");
    proxy.fail(
        When::Operation("elasticloadbalancing:DescribeLoadBalancers"),
        denied,
        1,
    );
    let elb = aws.elb("eu-west-1");
    let refused = elb.describe_load_balancers().send().await.unwrap_err();
    assert_eq!(
        refused.into_service_error().meta().code(),
        Some("AccessDenied")
    );
    assert!(
        proxy
            .calls()
            .contains(&"elasticloadbalancing:DescribeLoadBalancers".to_owned())
    );
}

#[tokio::test]
async fn the_proxy_can_break_a_call_before_and_after_it() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let called = Arc::new(AtomicUsize::new(0));
    let count = || {
        let called = Arc::clone(&called);
        Arc::new(move || {
            called.fetch_add(1, Ordering::SeqCst);
        })
    };
    // The client tries again: a break before the call loses it, one after it hides its answer.
    let aws = sandbox.aws_through(&proxy).await;
    let acm = aws.acm("eu-west-1");
    proxy.fail(When::Call(1), Fault::DropBefore, 1);
    proxy.fail(When::Call(2), Fault::CallBefore(count()), 1);
    proxy.fail(When::Call(3), Fault::CallAfter(count()), 1);
    let request = acm.request_certificate().domain_name("shop.example.com");
    request.send().await.unwrap();
    assert_eq!(called.load(Ordering::SeqCst), 2);
    assert_eq!(proxy.calls(), vec!["acm:RequestCertificate"; 4]);
    let list = || acm.list_certificates().send();
    let certificates = list().await.unwrap().certificate_summary_list.unwrap();
    assert_eq!(certificates.len(), 2, "asked twice without a token");

    proxy.clear();
    proxy.latency(std::time::Duration::from_millis(200));
    let (one, other) = tokio::join!(list(), list());
    one.unwrap();
    other.unwrap();
    assert_eq!((proxy.calls().len(), proxy.most_in_flight()), (2, 2));
}

#[test]
fn the_users_sandbox_runs_until_it_is_stopped() {
    use watertight::sandbox::{Settings, Status, ensure, reset, status, stop};

    let settings = Settings::new(crate::support::cache());
    // One that an earlier, killed run of this test left behind.
    stop(&settings.cache).unwrap();
    assert_eq!(status(&settings.cache), Status::Stopped);
    assert!(!reset(&settings.cache).unwrap());

    let first = ensure(&settings).unwrap();
    assert_eq!(ensure(&settings).unwrap(), first);
    let outdated = false;
    let ready = first.clone();
    assert_eq!(status(&settings.cache), Status::Running { ready, outdated });
    assert!(reset(&settings.cache).unwrap());

    assert!(stop(&settings.cache).unwrap());
    assert!(!stop(&settings.cache).unwrap());
    assert_eq!(status(&settings.cache), Status::Stopped);
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = watertight::sandbox::Settings {
        port: Some(taken.local_addr().unwrap().port()),
        ..watertight::sandbox::Settings::new(crate::support::cache())
    };
    let error = watertight::sandbox::start(&settings).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("in use"), "{text}");
}

/// Each mend is tested by AWS's own Python client, with the interpreter that runs the sandbox.
#[test]
fn the_mends_pass_their_own_tests() {
    let sandbox = Sandbox::new();
    let folder = crate::support::cache().join("sandbox");
    let python = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("complete").is_file())
        .max_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap())
        .unwrap_or_else(|| panic!("{} runs without an environment", sandbox.endpoint))
        .join("bin/python");
    let output = std::process::Command::new(python)
        .args([
            "-W", "ignore", "-m", "unittest", "discover", "-s", "tests", "-t", ".",
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("\nOK"), "{said}");
}
