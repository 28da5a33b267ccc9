//! What networks there are, for errors: VPCs, their subnets, and which of these are public.
//!
//! Facts: a subnet is public if its route table, its own or else the VPC's main one, has a
//! route to an internet gateway (*VPC user guide*, "Subnet types", "Subnet route tables").
//!
//! *Invariant*: whether a subnet is public is read from routes, not from whether it gives
//! out addresses; where routes can't be read nothing is said of it.

use aws_sdk_ec2::types::{RouteState, RouteTable, Subnet, Vpc};

use super::listed;
use crate::aws::{Aws, Error, ec2};

/// What the hint says beside which VPC to write.
const BLUEPRINT: &str = "or add a component with `blueprint = \"network\"`, which makes one, and write `network = { from = \"COMPONENT\" }`";

/// The VPCs of a region, and what is in them.
pub(super) struct Networks {
    pub(super) vpcs: Vec<Vpc>,
    pub(super) subnets: Vec<Subnet>,
    pub(super) routes: Routes,
}

/// Every route table of a region, unless they can't be read.
#[derive(Default)]
pub(super) struct Routes(pub(super) Option<Vec<RouteTable>>);

impl Routes {
    pub(super) async fn read(aws: &Aws, region: &str) -> Self {
        Self(ec2::route_tables(&aws.ec2(region), Vec::new()).await.ok())
    }

    /// Whether a subnet has a route to the internet, in from it too; none if that is not
    /// known.
    pub(super) fn is_public(&self, subnet: &Subnet) -> Option<bool> {
        let tables = self.0.as_ref()?;
        let has = |table: &&RouteTable, id: Option<&str>| {
            let associations = table.associations();
            associations
                .iter()
                .any(|one| id.is_some() && one.subnet_id() == id)
        };
        let is_main = |table: &&RouteTable| {
            table.vpc_id() == subnet.vpc_id()
                && table
                    .associations()
                    .iter()
                    .any(|one| one.main == Some(true))
        };
        let own = tables.iter().find(|table| has(table, subnet.subnet_id()));
        let table = own.or_else(|| tables.iter().find(is_main));
        Some(table.is_some_and(leads_out))
    }
}

fn leads_out(table: &RouteTable) -> bool {
    table.routes().iter().any(|route| {
        let everywhere = route.destination_cidr_block() == Some("0.0.0.0/0")
            || route.destination_ipv6_cidr_block() == Some("::/0");
        everywhere
            && route.state != Some(RouteState::Blackhole)
            && route.gateway_id().is_some_and(|id| id.starts_with("igw-"))
    })
}

impl Networks {
    pub(super) async fn read(aws: &Aws, region: &str, vpcs: Vec<Vpc>) -> Result<Self, Error> {
        Ok(Self {
            vpcs,
            subnets: ec2::subnets(&aws.ec2(region), Vec::new()).await?,
            routes: Routes::read(aws, region).await,
        })
    }

    /// All of them, for people.
    pub(super) fn described(&self) -> String {
        listed(self.vpcs.iter().map(|vpc| self.describe(vpc)).collect())
    }

    fn describe(&self, vpc: &Vpc) -> String {
        let mut parts = vec![vpc.cidr_block().unwrap_or("no IPv4").to_owned()];
        if vpc.is_default == Some(true) {
            parts.push("the default".to_owned());
        }
        let all: Vec<&Subnet> = self.inside(vpc).collect();
        let public: Vec<String> = all
            .iter()
            .filter(|subnet| self.routes.is_public(subnet) == Some(true))
            .map(|subnet| {
                let zone = subnet.availability_zone().unwrap_or_default();
                format!("{} in {zone}", subnet.subnet_id().unwrap_or_default())
            })
            .collect();
        parts.push(match (all.len(), public.len()) {
            (0, _) => "no subnets".to_owned(),
            (n, _) if self.routes.0.is_none() => format!("{n} subnets"),
            (n, 0) => format!("{n} subnets, none public"),
            (n, public_ones) => format!(
                "{n} subnets, {public_ones} public: {}",
                listed(public).replace(", ", " and ")
            ),
        });
        format!(
            "{}{} ({})",
            vpc.vpc_id().unwrap_or_default(),
            ec2::name_of(vpc.tags()),
            parts.join(", ")
        )
    }

    fn inside<'a>(&'a self, vpc: &'a Vpc) -> impl Iterator<Item = &'a Subnet> {
        let of_vpc = move |subnet: &&Subnet| subnet.vpc_id() == vpc.vpc_id();
        self.subnets.iter().filter(of_vpc)
    }

    /// What to write: the VPC with public subnets in most zones, those that are no default
    /// first.
    pub(super) fn hint(&self) -> String {
        let choice = self
            .vpcs
            .iter()
            .map(|vpc| {
                let public = |subnet: &&Subnet| self.routes.is_public(subnet) == Some(true);
                let public: Vec<&Subnet> = self.inside(vpc).filter(public).collect();
                (vpc, one_a_zone(&public))
            })
            .min_by_key(|(vpc, subnets)| {
                let too_few = subnets.len() < 2;
                (too_few, vpc.is_default == Some(true), vpc.vpc_id())
            });
        let Some((vpc, subnets)) = choice else {
            return BLUEPRINT.replacen("or add", "add", 1);
        };
        let vpc = vpc.vpc_id().unwrap_or_default();
        let which = if subnets.len() < 2 {
            format!("write which, such as `vpc = \"{vpc}\"`, and `subnets` of it in two zones")
        } else {
            let ids: Vec<String> = subnets.iter().map(|id| format!("\"{id}\"")).collect();
            format!(
                "write which, such as `vpc = \"{vpc}\"` and `subnets = [{}]`",
                ids.join(", ")
            )
        };
        format!("{which}; {BLUEPRINT}")
    }
}

/// The first subnet of each zone.
pub(super) fn one_a_zone<'a>(subnets: &[&'a Subnet]) -> Vec<&'a str> {
    let mut chosen: Vec<&Subnet> = Vec::new();
    for subnet in subnets {
        let zone = subnet.availability_zone();
        if !chosen.iter().any(|other| other.availability_zone() == zone) {
            chosen.push(subnet);
        }
    }
    chosen
        .into_iter()
        .filter_map(|subnet| subnet.subnet_id())
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route, RouteTable, RouteTableAssociation, Subnet, Vpc};

    use super::{Networks, Routes};

    fn subnet(id: &str, zone: &str) -> Subnet {
        Subnet::builder()
            .subnet_id(id)
            .vpc_id("vpc-1")
            .availability_zone(zone)
            .build()
    }

    fn table(gateway: &str, association: RouteTableAssociation) -> RouteTable {
        let route = Route::builder()
            .destination_cidr_block("0.0.0.0/0")
            .gateway_id(gateway)
            .build();
        RouteTable::builder()
            .vpc_id("vpc-1")
            .routes(route)
            .associations(association)
            .build()
    }

    fn main_table(gateway: &str) -> RouteTable {
        table(gateway, RouteTableAssociation::builder().main(true).build())
    }

    fn of_subnet(gateway: &str, subnet: &str) -> RouteTable {
        let association = RouteTableAssociation::builder().subnet_id(subnet).build();
        table(gateway, association)
    }

    fn networks(tables: Option<Vec<RouteTable>>) -> Networks {
        let vpc = Vpc::builder().vpc_id("vpc-1").cidr_block("10.0.0.0/16");
        Networks {
            vpcs: vec![vpc.build()],
            subnets: vec![
                subnet("subnet-a", "eu-west-1a"),
                subnet("subnet-b", "eu-west-1b"),
                subnet("subnet-c", "eu-west-1c"),
            ],
            routes: Routes(tables),
        }
    }

    #[test]
    fn a_subnet_is_public_by_its_own_table_or_the_main_one() {
        let own = of_subnet("local", "subnet-a");
        let networks = networks(Some(vec![main_table("igw-1"), own]));
        assert_eq!(
            networks.described(),
            "vpc-1 (10.0.0.0/16, 3 subnets, 2 public: subnet-b in eu-west-1b and subnet-c in eu-west-1c)"
        );
        assert!(networks.hint().starts_with(
            "write which, such as `vpc = \"vpc-1\"` and `subnets = [\"subnet-b\", \"subnet-c\"]`; or add a component with `blueprint = \"network\"`"
        ));
    }

    #[test]
    fn without_a_public_subnet_or_the_routes_it_says_so() {
        let private = networks(Some(vec![main_table("nat-1")]));
        assert_eq!(
            private.described(),
            "vpc-1 (10.0.0.0/16, 3 subnets, none public)"
        );
        let unread = networks(None);
        assert_eq!(unread.described(), "vpc-1 (10.0.0.0/16, 3 subnets)");
        assert!(
            unread
                .hint()
                .starts_with("write which, such as `vpc = \"vpc-1\"`, and `subnets`")
        );
    }
}
