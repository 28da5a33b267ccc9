//! What clients of a service find, and whether any byte of theirs could go in clear: looked at
//! after every single call that changes something.

use std::sync::{Arc, Mutex};

use aws_sdk_acm::types::CertificateStatus;
use aws_sdk_ec2::types::Filter;
use aws_sdk_elasticloadbalancingv2::types::{
    ActionTypeEnum, Listener, LoadBalancer, ProtocolEnum, TargetGroup,
};
use aws_sdk_route53::types::RrType;
use watertight::aws::Aws;

use super::proxy::Proxy;
use super::{REGION, Sandbox};

/// What was seen in between, call by call.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<(usize, Vec<String>)>>);

impl Seen {
    /// How many calls it was looked after.
    pub(crate) fn looks(&self) -> usize {
        self.0.lock().unwrap().0
    }

    /// What was wrong, with the call after which it was.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.0.lock().unwrap().1.clone()
    }
}

impl Sandbox {
    /// Looks at the service after every call through the proxy that changes something.
    pub(crate) fn watch(&self, proxy: &Proxy) -> Seen {
        let seen = Seen::default();
        let (kept, settings) = (seen.clone(), self.settings());
        proxy.watch(move |call| {
            let (call, settings) = (call.to_owned(), settings.clone());
            // The proxy's own runtime is where this is called.
            let look = std::thread::spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().unwrap();
                runtime.block_on(async {
                    let aws = Box::pin(Aws::new(&settings)).await;
                    Box::pin(faults(&aws)).await
                })
            });
            let mut seen = kept.0.lock().unwrap();
            seen.0 += 1;
            let found = look.join().unwrap_or_else(|_| vec!["no sight".to_owned()]);
            seen.1
                .extend(found.into_iter().map(|fault| format!("{call}: {fault}")));
        });
        seen
    }
}

/// What is wrong with what the names of `example.com` lead to. Nothing, in a service that
/// serves, over TLS alone.
pub(crate) async fn faults(aws: &Aws) -> Vec<String> {
    let mut faults = Vec::new();
    let elb = aws.elb(REGION);
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    let balancers = balancers.load_balancers();
    for balancer in balancers {
        for listener in listeners(aws, balancer).await {
            faults.extend(in_clear(aws, &listener).await);
        }
    }
    faults.extend(open(aws).await);
    for (name, target) in aliases(aws).await {
        let leads_to = |balancer: &&LoadBalancer| {
            let dns = balancer.dns_name().unwrap_or_default();
            dns.eq_ignore_ascii_case(
                target
                    .trim_end_matches('.')
                    .trim_start_matches("dualstack."),
            )
        };
        if target.contains("cloudfront.net") {
            faults.extend(site(aws, &name, &target).await);
        } else if let Some(balancer) = balancers.iter().find(leads_to) {
            let found = service(aws, balancer).await;
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        } else {
            faults.push(format!("{name}: leads nowhere, to {target}"));
        }
    }
    faults
}

async fn aliases(aws: &Aws) -> Vec<(String, String)> {
    let route53 = aws.route53();
    let zones = route53.list_hosted_zones().send().await.unwrap();
    let mut found = Vec::new();
    for zone in zones.hosted_zones() {
        let list = route53.list_resource_record_sets();
        let sets = list.hosted_zone_id(zone.id()).send().await.unwrap();
        for set in sets.resource_record_sets() {
            if let (RrType::A, Some(alias)) = (set.r#type(), set.alias_target()) {
                found.push((set.name().to_owned(), alias.dns_name().to_owned()));
            }
        }
    }
    found
}

async fn listeners(aws: &Aws, balancer: &LoadBalancer) -> Vec<Listener> {
    let list = aws.elb(REGION).describe_listeners();
    let arn = balancer.load_balancer_arn().unwrap();
    let answer = list.load_balancer_arn(arn).send().await;
    answer.unwrap().listeners.unwrap_or_default()
}

/// A listener that takes anything but TLS, other than to send people to HTTPS; or one whose
/// certificate is none.
async fn in_clear(aws: &Aws, listener: &Listener) -> Vec<String> {
    let mut faults = Vec::new();
    let port = listener.port().unwrap_or_default();
    let only_redirects = listener
        .default_actions()
        .iter()
        .all(|action| action.r#type() == Some(&ActionTypeEnum::Redirect));
    if listener.protocol() != Some(&ProtocolEnum::Https) {
        if !only_redirects {
            faults.push(format!("port {port} forwards what comes in clear"));
        }
        return faults;
    }
    if listener.certificates().is_empty() {
        faults.push(format!("port {port} has no certificate"));
    }
    for certificate in listener.certificates() {
        let arn = certificate.certificate_arn().unwrap_or_default();
        if !is_issued(aws, REGION, arn).await {
            faults.push(format!("port {port} has a certificate that is not valid"));
        }
    }
    for group in groups_of(aws, listener).await {
        if group.protocol() != Some(&ProtocolEnum::Https) {
            faults.push(format!("port {port} goes on in clear"));
        }
    }
    faults
}

async fn is_issued(aws: &Aws, region: &str, arn: &str) -> bool {
    let describe = aws.acm(region).describe_certificate().certificate_arn(arn);
    let answer = describe.send().await.ok();
    let certificate = answer.and_then(|answer| answer.certificate);
    certificate.is_some_and(|it| it.status() == Some(&CertificateStatus::Issued))
}

async fn groups_of(aws: &Aws, listener: &Listener) -> Vec<TargetGroup> {
    let arns: Vec<String> = listener
        .default_actions()
        .iter()
        .filter_map(|action| action.target_group_arn().map(str::to_owned))
        .collect();
    if arns.is_empty() {
        return Vec::new();
    }
    let describe = aws.elb(REGION).describe_target_groups();
    let answer = describe.set_target_group_arns(Some(arns)).send().await;
    answer.unwrap().target_groups.unwrap_or_default()
}

/// A security group that lets the world in on another port than a web server's.
async fn open(aws: &Aws) -> Vec<String> {
    let rules = aws.ec2(REGION).describe_security_group_rules();
    let rules = rules.send().await.unwrap();
    let world = |rule: &&aws_sdk_ec2::types::SecurityGroupRule| {
        rule.is_egress() == Some(false)
            && rule.cidr_ipv4() == Some("0.0.0.0/0")
            && !matches!(rule.from_port(), Some(80 | 443))
    };
    rules
        .security_group_rules()
        .iter()
        .filter(world)
        .map(|rule| format!("{} is open to the world", rule.group_id().unwrap_or("?")))
        .collect()
}

/// A load balancer that doesn't serve: no listener, nothing behind it, no way in or on.
async fn service(aws: &Aws, balancer: &LoadBalancer) -> Vec<String> {
    let mut faults = Vec::new();
    let listeners = listeners(aws, balancer).await;
    let Some(https) = listeners.iter().find(|one| one.port() == Some(443)) else {
        return vec!["nobody listens".to_owned()];
    };
    for group in groups_of(aws, https).await {
        let health = aws.elb(REGION).describe_target_health();
        let arn = group.target_group_arn().unwrap();
        let health = health.target_group_arn(arn).send().await.unwrap();
        if health.target_health_descriptions().is_empty() {
            faults.push("nothing is behind it".to_owned());
        }
        for is_egress in [false, true] {
            let port = if is_egress { group.port() } else { Some(443) };
            if !lets_through(aws, balancer.security_groups(), is_egress, port).await {
                let way = if is_egress { "on to" } else { "in by" };
                faults.push(format!("no way {way} port {}", port.unwrap_or_default()));
            }
        }
    }
    faults
}

async fn lets_through(aws: &Aws, groups: &[String], is_egress: bool, port: Option<i32>) -> bool {
    let filter = Filter::builder()
        .name("group-id")
        .set_values(Some(groups.to_vec()));
    let rules = aws.ec2(REGION).describe_security_group_rules();
    let rules = rules.filters(filter.build()).send().await.unwrap();
    rules
        .security_group_rules()
        .iter()
        .any(|rule| rule.is_egress() == Some(is_egress) && rule.from_port() == port)
}

/// A name that leads to a distribution that does not know it, or without a valid certificate.
async fn site(aws: &Aws, name: &str, target: &str) -> Vec<String> {
    let list = aws.cloudfront().list_distributions();
    let answer = list.send().await.unwrap();
    let all = answer
        .distribution_list()
        .map(aws_sdk_cloudfront::types::DistributionList::items);
    let found = all.unwrap_or_default().iter().find(|one| {
        one.domain_name()
            .eq_ignore_ascii_case(target.trim_end_matches('.'))
    });
    let Some(found) = found else {
        return vec![format!("{name}: leads nowhere, to {target}")];
    };
    let certificate = found.viewer_certificate();
    let arn = certificate.and_then(|it| it.acm_certificate_arn());
    if is_issued(aws, "us-east-1", arn.unwrap_or_default()).await {
        Vec::new()
    } else {
        vec![format!("{name}: has no valid certificate")]
    }
}
