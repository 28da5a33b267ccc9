//! `data.aws_vpc`: a network, by its id, its tags, filters, or as the region's default.
//!
//! Facts: *Amazon EC2 API Reference*, `DescribeVpcs`.
//!
//! *Invariant*: exactly one, or an error that lists what there is.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, Vpc as SdkVpc};

use super::networks::Networks;
use super::{asked, filter, filters, listed, partition, tags_value};
use crate::aws::{Ask, Aws, Error, ErrorKind, ec2};
use crate::value::{Attributes, Value};

const OPERATION: &str = "ec2:DescribeVpcs";

/// The lookup of `aws_vpc`.
pub(in crate::aws) struct Vpc;

#[async_trait]
impl Ask for Vpc {
    fn permissions(&self) -> &'static [&'static str] {
        &["ec2:DescribeVpcs"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let mut wanted = filters(arguments);
        // The id is a filter too, so that one that is not there is an empty answer.
        for (argument, name) in [
            ("id", "vpc-id"),
            ("default", "is-default"),
            ("cidr_block", "cidr"),
            ("dhcp_options_id", "dhcp-options-id"),
            ("state", "state"),
        ] {
            if let Some(value) = arguments.get(argument).and_then(Value::scalar_text) {
                wanted.push(filter(name, Some(value)));
            }
        }
        let mut found = describe(aws, region, wanted).await?;
        match (found.pop(), found.is_empty()) {
            (Some(vpc), true) => {
                let mut answer = arguments.clone();
                answer.extend(attributes(&vpc, region));
                Ok(answer)
            }
            (Some(vpc), false) => {
                found.push(vpc);
                Err(several(region, arguments, &found))
            }
            (None, _) => {
                let all = describe(aws, region, Vec::new()).await?;
                let networks = Networks::read(aws, region, all).await?;
                Err(none(region, arguments, &networks))
            }
        }
    }
}

async fn describe(aws: &Aws, region: &str, filters: Vec<Filter>) -> Result<Vec<SdkVpc>, Error> {
    let answer = aws
        .ec2(region)
        .describe_vpcs()
        .set_filters((!filters.is_empty()).then_some(filters))
        .send()
        .await
        .map_err(|error| Error::of(OPERATION, &error))?;
    Ok(answer.vpcs.unwrap_or_default())
}

fn none(region: &str, arguments: &Attributes, networks: &Networks) -> Error {
    let message = if networks.vpcs.is_empty() {
        format!("{region} has no VPC")
    } else if arguments.get("default").and_then(Value::as_bool) == Some(true) {
        format!(
            "{region} has no default VPC; there are {}",
            networks.described()
        )
    } else {
        format!(
            "no VPC in {region} has {}; there are {}",
            asked(arguments),
            networks.described()
        )
    };
    Error::new(ErrorKind::NotFound, OPERATION, message).hint(networks.hint())
}

fn several(region: &str, arguments: &Attributes, found: &[SdkVpc]) -> Error {
    let asked = asked(arguments);
    let message = if asked.is_empty() {
        format!("{region} has several VPCs: {}", described(found))
    } else {
        format!(
            "several VPCs in {region} have {asked}: {}",
            described(found)
        )
    };
    Error::new(ErrorKind::Refused, OPERATION, message).hint(format!(
        "write which one, such as `vpc = \"{}\"`",
        preferred(found).map(id).unwrap_or_default()
    ))
}

/// The one to suggest: the first that is not the default, else the default.
fn preferred(vpcs: &[SdkVpc]) -> Option<&SdkVpc> {
    vpcs.iter()
        .min_by_key(|vpc| (vpc.is_default == Some(true), vpc.vpc_id.clone()))
}

fn id(vpc: &SdkVpc) -> &str {
    vpc.vpc_id.as_deref().unwrap_or_default()
}

fn described(vpcs: &[SdkVpc]) -> String {
    let describe = |vpc: &SdkVpc| {
        let default = if vpc.is_default == Some(true) {
            ", the default"
        } else {
            ""
        };
        format!(
            "{}{} ({}{default})",
            id(vpc),
            ec2::name_of(vpc.tags()),
            vpc.cidr_block.as_deref().unwrap_or("no IPv4")
        )
    };
    listed(vpcs.iter().map(describe).collect())
}

fn attributes(vpc: &SdkVpc, region: &str) -> Attributes {
    let owner = vpc.owner_id.as_deref().unwrap_or_default();
    let partition = partition(region);
    let arn = format!("arn:{partition}:ec2:{region}:{owner}:vpc/{}", id(vpc));
    let tenancy = vpc.instance_tenancy.as_ref().map(AsRef::as_ref);
    let state = vpc.state.as_ref().map(AsRef::as_ref);
    let v6 = vpc.ipv6_cidr_block_association_set().first();
    [
        ("id", Value::from(id(vpc))),
        ("arn", arn.into()),
        ("cidr_block", vpc.cidr_block.clone().into()),
        ("default", vpc.is_default.into()),
        ("dhcp_options_id", vpc.dhcp_options_id.clone().into()),
        ("instance_tenancy", tenancy.into()),
        (
            "ipv6_cidr_block",
            v6.and_then(|v6| v6.ipv6_cidr_block.clone()).into(),
        ),
        (
            "ipv6_association_id",
            v6.and_then(|v6| v6.association_id.clone()).into(),
        ),
        ("owner_id", owner.into()),
        ("state", state.into()),
        ("tags", tags_value(vpc.tags())),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_null())
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Tag, Vpc as SdkVpc};

    use super::{attributes, none, several};
    use crate::aws::data::networks::{Networks, Routes};
    use crate::value::{Attributes, Value};

    fn vpc(id: &str, name: &str, default: bool) -> SdkVpc {
        SdkVpc::builder()
            .vpc_id(id)
            .cidr_block("10.0.0.0/16")
            .is_default(default)
            .owner_id("123456789012")
            .tags(Tag::builder().key("Name").value(name).build())
            .build()
    }

    fn by_name() -> Attributes {
        let tags = Value::map([("Name", Value::from("mian"))]);
        [("tags".to_owned(), tags)].into()
    }

    #[test]
    fn nothing_found_says_what_there_is_and_what_to_write() {
        let networks = |vpcs: &[SdkVpc]| Networks {
            vpcs: vpcs.to_vec(),
            subnets: Vec::new(),
            routes: Routes::default(),
        };
        let all = [vpc("vpc-1", "old", true), vpc("vpc-2", "main", false)];
        let error = none("eu-west-1", &by_name(), &networks(&all));
        assert_eq!(
            error.message,
            "no VPC in eu-west-1 has tag Name = mian; there are vpc-1 \"old\" (10.0.0.0/16, the default, no subnets), vpc-2 \"main\" (10.0.0.0/16, no subnets)"
        );
        assert!(error.hint.unwrap().starts_with(
            "write which, such as `vpc = \"vpc-2\"`, and `subnets` of it in two zones; or add"
        ));
        let default = [("default".to_owned(), Value::Bool(true))].into();
        assert_eq!(
            none("eu-west-1", &default, &networks(&all[1..])).message,
            "eu-west-1 has no default VPC; there are vpc-2 \"main\" (10.0.0.0/16, no subnets)"
        );
        let nothing = none("eu-west-1", &by_name(), &networks(&[]));
        assert_eq!(nothing.message, "eu-west-1 has no VPC");
        assert_eq!(
            nothing.hint.unwrap(),
            "add a component with `blueprint = \"network\"`, which makes one, and write `network = { from = \"COMPONENT\" }`"
        );
    }

    #[test]
    fn several_found_are_listed() {
        let all = [vpc("vpc-1", "a", false), vpc("vpc-2", "a", false)];
        let error = several("eu-west-1", &by_name(), &all);
        assert_eq!(
            error.message,
            "several VPCs in eu-west-1 have tag Name = mian: vpc-1 \"a\" (10.0.0.0/16), vpc-2 \"a\" (10.0.0.0/16)"
        );
    }

    #[test]
    fn the_answer_speaks_the_provider_s_words() {
        let attributes = attributes(&vpc("vpc-1", "main", true), "eu-west-1");
        assert_eq!(
            attributes.get("arn").and_then(Value::as_str),
            Some("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1")
        );
        assert_eq!(attributes.get("default"), Some(&Value::Bool(true)));
    }
}
