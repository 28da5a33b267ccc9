//! A network of one's own: made, grown, kept closed, and gone without a trace.

use std::collections::BTreeSet;
use std::fs;

use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, Tag};
use watertight::aws::Aws;

use crate::support::cli::Project;
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const HEAD: &str = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n";
const DESTROY: &[&str] = &[
    "destroy",
    "app.toml",
    "--yes",
    "--remove-protection",
    "all",
    "--empty-buckets",
    "--delete-logs",
];

fn network(inputs: &str) -> String {
    format!("{HEAD}\n[components.net]\nblueprint = \"network\"\n{inputs}")
}

const SERVICE: &str = r#"
[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
network = { from = "net" }
logs = true
"#;

fn by(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// Every VPC, subnet, internet gateway and flow log of the account, by id.
async fn networks(aws: &Aws) -> Vec<String> {
    let ec2 = aws.ec2(REGION);
    let vpcs = ec2.describe_vpcs().send().await.unwrap();
    let subnets = ec2.describe_subnets().send().await.unwrap();
    let gateways = ec2.describe_internet_gateways().send().await.unwrap();
    let logs = ec2.describe_flow_logs().send().await.unwrap();
    let mut ids: Vec<String> = vpcs
        .vpcs()
        .iter()
        .filter_map(|one| one.vpc_id.clone())
        .collect();
    ids.extend(
        subnets
            .subnets()
            .iter()
            .filter_map(|one| one.subnet_id.clone()),
    );
    let gateways = gateways.internet_gateways().iter();
    ids.extend(gateways.filter_map(|one| one.internet_gateway_id.clone()));
    ids.extend(
        logs.flow_logs()
            .iter()
            .filter_map(|one| one.flow_log_id.clone()),
    );
    ids.sort();
    ids
}

#[tokio::test]
async fn a_network_grows_by_a_zone_and_goes_without_a_trace() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let before = networks(&aws).await;
    let project = Project::on(&sandbox);
    project.write("app.toml", &format!("{}{SERVICE}", network("")));
    project.apply("app.toml");
    project.nothing_to_do("app.toml");

    let three = network("zones = [\"a\", \"b\", \"c\"]\n");
    project.write("app.toml", &format!("{three}{SERVICE}"));
    let steps = project.plan("app.toml").steps();
    let made: Vec<&String> = steps
        .iter()
        .filter(|step| step.contains("aws_subnet"))
        .collect();
    assert_eq!(
        made,
        [
            "create net.aws_subnet.private_c",
            "create net.aws_subnet.public_c"
        ]
    );
    assert!(
        steps
            .iter()
            .all(|step| !step.starts_with("replace") && !step.starts_with("delete")),
        "{steps:?}"
    );
    assert!(
        steps.contains(&"update web.aws_lb.main".to_owned()),
        "{steps:?}"
    );
    project.apply("app.toml");
    project.nothing_to_do("app.toml");

    project.run(DESTROY).code(0);
    assert_eq!(networks(&aws).await, before);
    assert_eq!(project.records("shop/prod"), [""; 0]);
}

#[tokio::test]
async fn nat_gateways_come_and_go_without_replacing_a_route_table() {
    let sandbox = Sandbox::new();
    let before = sandbox.holds().await;
    let project = Project::on(&sandbox);
    for nat in ["none", "one", "per zone", "one", "none"] {
        project.write("app.toml", &network(&format!("nat = \"{nat}\"\n")));
        let steps = project.plan("app.toml").steps();
        let kinds: BTreeSet<&str> = steps
            .iter()
            .filter(|step| !step.starts_with("create"))
            .filter_map(|step| step.split('.').nth(1))
            .collect();
        let moved = ["aws_eip", "aws_nat_gateway", "aws_route"];
        assert!(
            kinds.iter().all(|kind| moved.contains(kind)),
            "{nat}: {steps:?}"
        );
        // A gateway that carries traffic does not go unasked.
        let apply = ["apply", "app.toml", "--yes", "--remove-protection", "all"];
        project.run(&apply).code(0);
        project.nothing_to_do("app.toml");
    }
    project.run(DESTROY).code(0);
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn the_default_group_is_closed_and_stays_so() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", &network(""));
    project.apply("app.toml");
    let group = project.id("shop/prod", "net.aws_default_security_group.main");
    let rules = async || {
        let rules = aws.ec2(REGION).describe_security_group_rules();
        let rules = rules.filters(by("group-id", &group));
        rules.send().await.unwrap().security_group_rules().len()
    };
    assert_eq!(rules().await, 0);

    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let permission = IpPermission::builder()
        .ip_protocol("-1")
        .ip_ranges(everywhere);
    let open = aws.ec2(REGION).authorize_security_group_ingress();
    let open = open.group_id(&group).ip_permissions(permission.build());
    open.send().await.unwrap();
    assert_eq!(
        project.plan("app.toml").steps(),
        ["update net.aws_default_security_group.main"]
    );
    project.apply("app.toml");
    assert_eq!(rules().await, 0);
    project.nothing_to_do("app.toml");
}

/// A run that stopped between the VPC and its default group: the group is as AWS made it, so
/// nobody is asked whether it may be taken; also where the state was lost.
#[tokio::test]
async fn the_default_group_of_a_vpc_of_ours_needs_no_consent() {
    let group = "create net.aws_default_security_group.main".to_owned();
    for is_lost in [false, true] {
        let sandbox = Sandbox::new();
        let project = Project::on(&sandbox);
        project.write("app.toml", &network(""));
        project.apply("app.toml");
        // As AWS makes it: without a record and without a tag.
        let address = "net.aws_default_security_group.main";
        let id = project.id("shop/prod", address);
        let untag = sandbox.aws().await.ec2(REGION).delete_tags();
        let keys = ["app", "environment", "address", "lineage"];
        let tags = keys.map(|key| Tag::builder().key(format!("watertight:{key}")).build());
        let untag = untag.resources(id).set_tags(Some(tags.to_vec()));
        untag.send().await.unwrap();
        project
            .run(&["state", "rm", address, "app.toml", "--yes"])
            .code(0);
        let mut go = vec!["apply", "app.toml", "--yes"];
        if is_lost {
            fs::remove_dir_all(project.path().join(".watertight")).unwrap();
            go.push("--adopt");
        }
        let steps = project.plan("app.toml").steps();
        assert!(steps.contains(&group), "{steps:?}");
        project.run(&go).code(0);
        project.nothing_to_do("app.toml");
    }
}

/// A call that was carried out is repeated, by the SDK too, as its answer got lost; AWS then
/// refuses to attach what is attached, and to detach what is not.
#[tokio::test]
async fn a_gateway_that_is_attached_already_is_attached() {
    let sandbox = Sandbox::new();
    let before = sandbox.holds().await;
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &network(""));
    for call in ["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"] {
        proxy.fail(When::Operation(call), Fault::DropAfter, 1);
    }
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    project.run(DESTROY).code(0);
    assert_eq!(proxy.counts()["ec2:AttachInternetGateway"], 2);
    assert_eq!(proxy.counts()["ec2:DetachInternetGateway"], 2);
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn what_was_changed_by_hand_is_put_right() {
    let sandbox = Sandbox::new();
    let ec2 = sandbox.aws().await.ec2(REGION);
    let project = Project::on(&sandbox);
    project.write("app.toml", &network("tiers = [\"public\"]\n"));
    project.apply("app.toml");
    let id = |address: &str| project.id("shop/prod", address);
    let yes = || aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true);
    let subnet = ec2.modify_subnet_attribute();
    let subnet = subnet.subnet_id(id("net.aws_subnet.public_a"));
    subnet
        .map_public_ip_on_launch(yes().build())
        .send()
        .await
        .unwrap();
    let vpc = id("net.aws_vpc.main");
    let names = ec2.modify_vpc_attribute().vpc_id(&vpc);
    let no = yes().value(false).build();
    names.enable_dns_hostnames(no).send().await.unwrap();
    let gateway = id("net.aws_internet_gateway.main");
    let detach = ec2.detach_internet_gateway().vpc_id(&vpc);
    detach.internet_gateway_id(&gateway).send().await.unwrap();
    let log = id("net.aws_flow_log.main");
    ec2.delete_flow_logs()
        .flow_log_ids(log)
        .send()
        .await
        .unwrap();
    assert_eq!(
        project.plan("app.toml").steps(),
        [
            "create net.aws_flow_log.main",
            "update net.aws_internet_gateway.main",
            // It leads nowhere while the gateway is detached.
            "update net.aws_route.public",
            "update net.aws_subnet.public_a",
            "update net.aws_vpc.main"
        ]
    );
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn a_lost_state_finds_the_network_again() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &network(""));
    project.apply("app.toml");
    let before = networks(&sandbox.aws().await).await;
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(networks(&sandbox.aws().await).await, before);
}

#[tokio::test]
async fn what_others_have_in_it_prevents_that_it_goes() {
    let sandbox = Sandbox::new();
    let ec2 = sandbox.aws().await.ec2(REGION);
    let project = Project::on(&sandbox);
    project.write("app.toml", &network(""));
    project.apply("app.toml");
    let subnet = project.id("shop/prod", "net.aws_subnet.private_a");
    let interface = ec2.create_network_interface().subnet_id(&subnet);
    let interface = interface
        .description("of somebody else")
        .send()
        .await
        .unwrap();
    let interface = interface
        .network_interface
        .unwrap()
        .network_interface_id
        .unwrap();
    let group = sandbox
        .security_group(&project.id("shop/prod", "net.aws_vpc.main"))
        .await;
    project
        .run(DESTROY)
        .code(1)
        .says(&format!(
            "{subnet} can't be deleted, it is used by network interface {interface} (of somebody else)"
        ))
        .says(&format!("it is used by security group {group}"));
    let delete = ec2
        .delete_network_interface()
        .network_interface_id(interface);
    delete.send().await.unwrap();
    ec2.delete_security_group()
        .group_id(group)
        .send()
        .await
        .unwrap();
    project.run(DESTROY).code(0);
}

#[tokio::test]
async fn a_zone_that_the_account_lacks_is_said_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &network("zones = [\"a\", \"f\"]\n"));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("this account can't use eu-west-1f; eu-west-1 has eu-west-1a, eu-west-1b, eu-west-1c")
        .says("choose among them: `zones = [\"a\", \"b\", \"c\"]`")
        .says("app.toml:5:1");
}
