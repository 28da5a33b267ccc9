//! A lookup that does not find the one thing it is asked for says what there is and what to
//! write.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use watertight::aws::Aws;

use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

fn service(network: &str) -> String {
    format!(
        "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\n[components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n{network}"
    )
}

fn named(kind: ResourceType, name: &str) -> TagSpecification {
    let tag = Tag::builder().key("Name").value(name).build();
    TagSpecification::builder()
        .resource_type(kind)
        .tags(tag)
        .build()
}

async fn make_vpc(aws: &Aws, name: &str) -> String {
    let call = aws.ec2(REGION).create_vpc().cidr_block("10.0.0.0/16");
    let call = call.tag_specifications(named(ResourceType::Vpc, name));
    call.send().await.unwrap().vpc.unwrap().vpc_id.unwrap()
}

async fn make_subnet(aws: &Aws, vpc: &str, network: &str, zone: &str) -> String {
    let call = aws.ec2(REGION).create_subnet().vpc_id(vpc);
    let call = call.cidr_block(network).availability_zone(zone);
    let call = call.tag_specifications(named(ResourceType::Subnet, "public"));
    call.send()
        .await
        .unwrap()
        .subnet
        .unwrap()
        .subnet_id
        .unwrap()
}

async fn delete_default_vpc(aws: &Aws) {
    let ec2 = aws.ec2(REGION);
    let default = Filter::builder().name("is-default").values("true").build();
    let vpcs = ec2.describe_vpcs().filters(default).send().await.unwrap();
    let vpc = vpcs.vpcs()[0].vpc_id().unwrap();
    let inside = |name: &str| Filter::builder().name(name).values(vpc).build();
    let subnets = ec2
        .describe_subnets()
        .filters(inside("vpc-id"))
        .send()
        .await
        .unwrap();
    for subnet in subnets.subnets() {
        let call = ec2.delete_subnet().set_subnet_id(subnet.subnet_id.clone());
        call.send().await.unwrap();
    }
    let gateways = ec2
        .describe_internet_gateways()
        .filters(inside("attachment.vpc-id"));
    for gateway in gateways.send().await.unwrap().internet_gateways() {
        let id = gateway.internet_gateway_id.clone();
        let call = ec2.detach_internet_gateway().vpc_id(vpc);
        call.set_internet_gateway_id(id).send().await.unwrap();
    }
    ec2.delete_vpc().vpc_id(vpc).send().await.unwrap();
}

/// Gives these subnets a route to the internet.
async fn lead_out(aws: &Aws, vpc: &str, subnets: &[&str]) {
    let ec2 = aws.ec2(REGION);
    let gateway = ec2.create_internet_gateway().send().await.unwrap();
    let gateway = gateway.internet_gateway.unwrap().internet_gateway_id;
    let attach = ec2.attach_internet_gateway().vpc_id(vpc);
    let attach = attach.set_internet_gateway_id(gateway.clone());
    attach.send().await.unwrap();
    let table = ec2.create_route_table().vpc_id(vpc).send().await.unwrap();
    let table = table.route_table.unwrap().route_table_id;
    let route = ec2.create_route().set_route_table_id(table.clone());
    let route = route.destination_cidr_block("0.0.0.0/0");
    route.set_gateway_id(gateway).send().await.unwrap();
    for subnet in subnets {
        let associate = ec2.associate_route_table().subnet_id(*subnet);
        let associate = associate.set_route_table_id(table.clone());
        associate.send().await.unwrap();
    }
}

#[tokio::test]
async fn the_region_has_no_default_vpc() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    delete_default_vpc(&aws).await;
    let project = Project::on(&sandbox);
    project.write("app.toml", &service(""));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("web.data.aws_vpc.main: ec2:DescribeVpcs: eu-west-1 has no VPC")
        .says("add a component with `blueprint = \"network\"`");
    let vpc = make_vpc(&aws, "main").await;
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says(&format!(
            "eu-west-1 has no default VPC; there are {vpc} \"main\" (10.0.0.0/16, no subnets)"
        ))
        .says(&format!("write which, such as `vpc = \"{vpc}\"`"));

    let a = make_subnet(&aws, &vpc, "10.0.1.0/24", "eu-west-1a").await;
    let b = make_subnet(&aws, &vpc, "10.0.2.0/24", "eu-west-1b").await;
    let c = make_subnet(&aws, &vpc, "10.0.3.0/24", "eu-west-1b").await;
    lead_out(&aws, &vpc, &[&a, &b]).await;
    let mut public = [format!("{a} in eu-west-1a"), format!("{b} in eu-west-1b")];
    public.sort();
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says(&format!(
            "there are {vpc} \"main\" (10.0.0.0/16, 3 subnets, 2 public: {})",
            public.join(" and ")
        ))
        .says(&format!("such as `vpc = \"{vpc}\"` and `subnets = ["))
        .says("or add a component with `blueprint = \"network\"`, which makes one");
    let network = format!("vpc = \"{vpc}\"\nsubnets = {{ tag = \"Tier=public\" }}\n");
    project.write("app.toml", &service(&network));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("tag Tier = public; there are ")
        .says(&format!("{a} \"public\" (eu-west-1a, 10.0.1.0/24, public)"))
        .says(&format!("{c} \"public\" (eu-west-1b, 10.0.3.0/24)"));
}

#[tokio::test]
async fn a_tag_is_on_several_vpcs() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let mut vpcs = [
        make_vpc(&aws, "shared").await,
        make_vpc(&aws, "shared").await,
    ];
    vpcs.sort();
    let project = Project::on(&sandbox);
    let network = "vpc = { tag = \"Name=shared\" }\nsubnets = { tag = \"Name=public\" }\n";
    project.write("app.toml", &service(network));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says(&format!(
            "several VPCs in eu-west-1 have tag Name = shared: {} \"shared\" (10.0.0.0/16), {} \"shared\" (10.0.0.0/16)",
            vpcs[0], vpcs[1]
        ))
        .says(&format!("write which one, such as `vpc = \"{}\"`", vpcs[0]))
        .says("app.toml:9:7");
}

#[tokio::test]
async fn subnets_lie_in_too_few_zones() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let vpc = make_vpc(&aws, "narrow").await;
    let project = Project::on(&sandbox);
    let network = format!("vpc = \"{vpc}\"\nsubnets = {{ tag = \"Name=public\" }}\n");
    project.write("app.toml", &service(&network));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("web.data.aws_subnets.lb: ec2:DescribeSubnets: ")
        .says(&format!("{vpc} has no subnet"))
        .says("create one in each of two zones, or choose another VPC");

    let a1 = make_subnet(&aws, &vpc, "10.0.1.0/24", "eu-west-1a").await;
    let a2 = make_subnet(&aws, &vpc, "10.0.2.0/24", "eu-west-1a").await;
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("web.aws_lb.main needs subnets in two availability zones: eu-west-1a has ")
        .says(&a1)
        .says(&a2)
        .says("create a subnet in another zone of the VPC, or choose another VPC");

    let b = make_subnet(&aws, &vpc, "10.0.3.0/24", "eu-west-1b").await;
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("web.aws_lb.main takes one subnet a zone, and there are several in eu-west-1a")
        .says("write one a zone: `subnets = [")
        .says(&b);
    let chosen = format!("vpc = \"{vpc}\"\nsubnets = [\"{a1}\", \"{b}\"]\n");
    project.write("app.toml", &service(&chosen));
    project.run(&["plan", "app.toml"]).code(0);
}
