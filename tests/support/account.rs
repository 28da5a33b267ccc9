//! What an account holds, and what people do in it by hand.

use std::collections::BTreeMap;
use std::process::Command;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use watertight::aws::survey::survey;

use super::{REGION, Sandbox, cache};

/// How many things of each sort there are.
pub(crate) type Holdings = BTreeMap<&'static str, usize>;

/// A network that somebody else made.
pub(crate) struct Network {
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
}

impl Sandbox {
    /// What the account holds, by AWS's own lists.
    pub(crate) async fn holds(&self) -> Holdings {
        let aws = Box::pin(self.aws()).await;
        Box::pin(survey(&aws, REGION)).await.unwrap()
    }

    /// The account of a platform team, which was there before: `build` makes all that is in
    /// it, `dump` tells it.
    pub(crate) fn existing(&self, what: &str) -> String {
        let python = watertight::sandbox::python(&cache()).unwrap();
        let output = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/data/existing_account.py"
            ))
            .arg(what)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", &self.account)
            .env("AWS_SECRET_ACCESS_KEY", "sandbox")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A VPC with the tag `Name=shared`, IPv6, and two subnets with the tag `Tier=public`.
    pub(crate) async fn network(&self) -> Network {
        let ec2 = self.aws().await.ec2(REGION);
        let tagged = |kind, key, value| {
            TagSpecification::builder()
                .resource_type(kind)
                .tags(Tag::builder().key(key).value(value).build())
                .build()
        };
        let vpc = ec2
            .create_vpc()
            .cidr_block("10.20.0.0/16")
            .amazon_provided_ipv6_cidr_block(true)
            .tag_specifications(tagged(ResourceType::Vpc, "Name", "shared"))
            .send()
            .await
            .unwrap()
            .vpc
            .unwrap();
        let block = vpc.ipv6_cidr_block_association_set()[0]
            .ipv6_cidr_block()
            .unwrap()
            .replace("::/56", "");
        let vpc = vpc.vpc_id.unwrap();
        let mut subnets = Vec::new();
        for (n, zone) in [(1, "a"), (2, "b")] {
            let subnet = ec2
                .create_subnet()
                .vpc_id(&vpc)
                .availability_zone(format!("{REGION}{zone}"))
                .cidr_block(format!("10.20.{n}.0/24"))
                .ipv6_cidr_block(format!("{}{n:02x}::/64", &block[..block.len() - 2]))
                .tag_specifications(tagged(ResourceType::Subnet, "Tier", "public"))
                .send()
                .await
                .unwrap();
            subnets.push(subnet.subnet.unwrap().subnet_id.unwrap());
        }
        Network { vpc, subnets }
    }

    /// Two machines in the default VPC.
    pub(crate) async fn machines(&self) -> Vec<String> {
        let ec2 = self.aws().await.ec2(REGION);
        let run = ec2
            .run_instances()
            .image_id("ami-12c6146b")
            .min_count(2)
            .max_count(2);
        let instances = run.send().await.unwrap().instances.unwrap_or_default();
        instances
            .into_iter()
            .map(|instance| instance.instance_id.unwrap())
            .collect()
    }

    /// A security group in a VPC, which nobody of ours made.
    pub(crate) async fn security_group(&self, vpc: &str) -> String {
        let ec2 = self.aws().await.ec2(REGION);
        let create = ec2.create_security_group().vpc_id(vpc);
        let create = create.group_name("office").description("of somebody else");
        create.send().await.unwrap().group_id.unwrap()
    }

    /// The default VPC and its subnets.
    pub(crate) async fn default_network(&self) -> Network {
        let ec2 = self.aws().await.ec2(REGION);
        let default = |name: &str| Filter::builder().name(name).values("true").build();
        let vpcs = ec2.describe_vpcs().filters(default("is-default"));
        let vpc = vpcs.send().await.unwrap().vpcs.unwrap().remove(0);
        let subnets = ec2.describe_subnets().filters(default("default-for-az"));
        let subnets = subnets.send().await.unwrap().subnets.unwrap();
        Network {
            vpc: vpc.vpc_id.unwrap(),
            subnets: subnets
                .into_iter()
                .map(|subnet| subnet.subnet_id.unwrap())
                .collect(),
        }
    }

    /// An object in a bucket.
    pub(crate) async fn put_object(&self, bucket: &str, key: &str) {
        let put = self.aws().await.s3(REGION).put_object();
        let body = b"text".to_vec();
        put.bucket(bucket)
            .key(key)
            .body(body.into())
            .send()
            .await
            .unwrap();
    }

    /// The id of a hosted zone, `example.com`.
    pub(crate) async fn zone(&self, name: &str) -> String {
        let route53 = self.aws().await.route53();
        let zones = route53.list_hosted_zones_by_name().dns_name(name);
        let zone = zones.send().await.unwrap().hosted_zones.remove(0);
        zone.id.trim_start_matches("/hostedzone/").to_owned()
    }
}
