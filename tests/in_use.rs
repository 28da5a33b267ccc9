//! What others begin to use in the very moment in which it is to be deleted: the run ends soon,
//! and says who they are. The next one says it before it does anything.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Certificate, ProtocolEnum, RedirectActionConfig,
    RedirectActionStatusCodeEnum,
};

use crate::support::cli::Project;
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::{REGION, Sandbox};

const HEAD: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true
"#;

/// A project that has applied a spec, and the proxy that it talks through.
fn applied(sandbox: &Sandbox, components: &str) -> (Project, Proxy) {
    let proxy = sandbox.proxy();
    let project =
        Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
    project.write("app.toml", &format!("{HEAD}{components}"));
    project.apply("app.toml");
    proxy.clear();
    (project, proxy)
}

/// Destroys; `begin` happens when this call is on its way, which it does not survive.
#[track_caller]
fn ends_soon<F: Future<Output = ()> + Send>(
    (project, proxy): &(Project, Proxy),
    call: &'static str,
    begin: impl Fn() -> F + Send + Sync + 'static,
    who: &str,
) {
    let since = Arc::new(Mutex::new(None));
    let at = Arc::clone(&since);
    let begin = Arc::new(begin);
    let use_it = Arc::new(move || {
        // The proxy's own thread has a runtime already.
        let begin = Arc::clone(&begin);
        let user = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(begin());
        });
        user.join().unwrap();
        *at.lock().unwrap() = Some(Instant::now());
    });
    proxy.fail(When::Operation(call), Fault::CallBefore(use_it), 1);
    let destroy = ["destroy", "app.toml", "--yes", "--delete-logs"];
    project.run(&destroy).code(4).says(who);
    let took = since.lock().unwrap().unwrap().elapsed();
    assert!(took < Duration::from_secs(15), "{call}: {took:?}");

    proxy.clear();
    let since = Instant::now();
    project.run(&destroy).code(1).says(who);
    assert_eq!(proxy.mutations(), [""; 0]);
    let took = since.elapsed();
    assert!(took < Duration::from_secs(15), "{call}: {took:?}");
}

#[test]
fn a_security_group_that_an_interface_is_in() {
    let sandbox = Sandbox::new();
    let case = applied(
        &sandbox,
        "[components.files]\nblueprint = \"private-bucket\"\nlogs = false\n\
         [components.files.data.aws_vpc.main]\ndefault = true\n\
         [components.files.resource.aws_security_group.more]\nvpc_id = \"${data.aws_vpc.main.id}\"\n",
    );
    let group = case.0.id("shop/prod", "files.aws_security_group.more");
    let sandbox = Arc::new(sandbox);
    let begin = move || {
        let (sandbox, group) = (Arc::clone(&sandbox), group.clone());
        async move {
            let ec2 = sandbox.aws().await.ec2(REGION);
            let subnet = sandbox.default_network().await.subnets.remove(0);
            let make = ec2.create_network_interface().subnet_id(subnet);
            let make = make.groups(group).description("of somebody else");
            make.send().await.unwrap();
        }
    };
    ends_soon(
        &case,
        "ec2:DeleteSecurityGroup",
        begin,
        "(of somebody else)",
    );
}

#[test]
fn a_bucket_that_somebody_writes_into() {
    let sandbox = Sandbox::new();
    let case = applied(
        &sandbox,
        "[components.files]\nblueprint = \"private-bucket\"\nlogs = false\n",
    );
    let bucket = case.0.id("shop/prod", "files.aws_s3_bucket.main");
    let sandbox = Arc::new(sandbox);
    let begin = move || {
        let (sandbox, bucket) = (Arc::clone(&sandbox), bucket.clone());
        async move { sandbox.put_object(&bucket, "theirs").await }
    };
    ends_soon(&case, "s3:DeleteBucket", begin, "1 object");
}

#[test]
fn a_subnet_in_which_a_machine_starts() {
    let sandbox = Sandbox::new();
    let case = applied(
        &sandbox,
        "[components.net]\nblueprint = \"network\"\nzones = [\"a\", \"b\"]\ntiers = [\"isolated\"]\n",
    );
    let subnets = ["a", "b"].map(|zone| {
        let address = format!("net.aws_subnet.isolated_{zone}");
        case.0.id("shop/prod", &address)
    });
    let sandbox = Arc::new(sandbox);
    let begin = move || {
        let (sandbox, subnets) = (Arc::clone(&sandbox), subnets.clone());
        async move {
            let ec2 = sandbox.aws().await.ec2(REGION);
            for subnet in subnets {
                let run = ec2.run_instances().image_id("ami-12c6146b");
                let run = run.min_count(1).max_count(1).subnet_id(subnet);
                run.send().await.unwrap();
            }
        }
    };
    ends_soon(&case, "ec2:DeleteSubnet", begin, "(instance i-");
}

#[test]
fn a_certificate_that_another_listener_presents() {
    let sandbox = Sandbox::new();
    let case = applied(
        &sandbox,
        "[components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n",
    );
    let certificate = case.0.id("shop/prod", "web.aws_acm_certificate.site");
    let sandbox = Arc::new(sandbox);
    let begin = move || {
        let (sandbox, certificate) = (Arc::clone(&sandbox), certificate.clone());
        async move {
            let elb = sandbox.aws().await.elb(REGION);
            let network = sandbox.default_network().await;
            let balancer = elb.create_load_balancer().name("theirs");
            let balancer = balancer.set_subnets(Some(network.subnets));
            let made = balancer.send().await.unwrap().load_balancers.unwrap();
            let redirect = RedirectActionConfig::builder()
                .host("example.org")
                .status_code(RedirectActionStatusCodeEnum::Http302);
            let action = Action::builder()
                .r#type(ActionTypeEnum::Redirect)
                .redirect_config(redirect.build());
            elb.create_listener()
                .set_load_balancer_arn(made[0].load_balancer_arn.clone())
                .port(443)
                .protocol(ProtocolEnum::Https)
                .certificates(Certificate::builder().certificate_arn(certificate).build())
                .default_actions(action.build())
                .send()
                .await
                .unwrap();
        }
    };
    ends_soon(
        &case,
        "acm:DeleteCertificate",
        begin,
        "loadbalancer/app/theirs/",
    );
}
