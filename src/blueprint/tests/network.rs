//! The blueprint `network`, and what other components take from it.

use std::fmt::Write as _;

use super::{HEAD, check, expanded};

/// The subnets of a network, as `name cidr zone`.
fn subnets(inputs: &str) -> String {
    let text = format!("{HEAD}[components.net]\nblueprint = \"network\"\n{inputs}");
    let desired = expanded(&text).unwrap();
    let mut lines = String::new();
    for resource in desired.resources.values() {
        if resource.address.kind == "aws_subnet" {
            let text = |name: &str| resource.get(name).as_str().unwrap().to_owned();
            let (cidr, zone) = (text("cidr_block"), text("availability_zone"));
            writeln!(lines, "{} {cidr} {zone}", resource.address.name).unwrap();
        }
    }
    lines
}

#[test]
fn addresses_are_divided_by_tier_and_letter() {
    assert_eq!(
        subnets(""),
        "private_a 10.0.64.0/21 eu-west-1a\n\
         private_b 10.0.72.0/21 eu-west-1b\n\
         public_a 10.0.0.0/21 eu-west-1a\n\
         public_b 10.0.8.0/21 eu-west-1b\n"
    );
    // Another order, zone and tier leave the rest where it is.
    assert_eq!(
        subnets("zones = [\"c\", \"a\"]\ntiers = [\"isolated\", \"private\"]\n"),
        "isolated_a 10.0.128.0/21 eu-west-1a\n\
         isolated_c 10.0.144.0/21 eu-west-1c\n\
         private_a 10.0.64.0/21 eu-west-1a\n\
         private_c 10.0.80.0/21 eu-west-1c\n"
    );
    assert!(subnets("cidr = \"192.168.2.0/23\"\n").contains("private_b 192.168.2.144/28 "));
}

#[test]
fn what_a_network_can_not_be_is_said() {
    let net = |inputs: &str| format!("[components.net]\nblueprint = \"network\"\n{inputs}");
    check(
        &net("cidr = \"10.0.0.0/24\"\n"),
        "6:8, blueprints/network/vpc.toml.tera:6:1: `cidr`: `10.0.0.0/24` is too small: its subnets would be smaller than AWS's smallest, a /28; take a /16 to /23",
    );
    check(
        &net("cidr = \"10.0.0.0/8\"\n"),
        "6:8, blueprints/network/vpc.toml.tera:4:1: `cidr`: `10.0.0.0/8` is larger than a VPC can be; take a /16 to /23",
    );
    check(
        &net("cidr = \"fd00::/56\"\n"),
        "6:8, blueprints/network/vpc.toml.tera:2:1: `cidr`: `fd00::/56` is IPv6, and the network has IPv4 alone",
    );
    check(
        &net("zones = [\"a\"]\n"),
        "6:9: `zones`: it has 1, the least is 2",
    );
    check(
        &net("zones = [\"a\", \"a\"]\n"),
        "6:15: `zones`: `a` is in the list twice",
    );
    check(
        &net("tiers = [\"private\"]\nnat = \"one\"\n"),
        "7:7, blueprints/network/vpc.toml.tera:9:1: `nat`: a NAT gateway stands in a public subnet and serves private ones; `tiers` needs both",
    );
}

const SERVICE: &str = "[components.web]\nblueprint = \"https-service\"\ndomain = \"www.example.com\"\nport = 443\nnetwork = { from = \"net\" }\n";

/// What is said of a service in a network of these tiers.
#[track_caller]
fn check_service(tiers: &str, more: &str, expected: &str) {
    let network = format!("[components.net]\nblueprint = \"network\"\ntiers = {tiers}\n");
    check(&format!("{network}{SERVICE}{more}"), expected);
}

#[test]
fn a_service_takes_the_tier_that_it_needs() {
    check_service("[\"public\"]", "", "none");
    check_service("[\"private\"]", "internal = true\n", "none");
    check_service(
        "[\"private\"]",
        "",
        "11:11, blueprints/https-service/load_balancer.toml.tera:8:1: `network`: the load balancer stands in public subnets, and this network has none; `internal = true` takes the private ones",
    );
    check_service(
        "[\"public\"]",
        "internal = true\n",
        "11:11, blueprints/https-service/load_balancer.toml.tera:6:1: `network`: with `internal` the load balancer stands in private subnets, and this network has none",
    );
    check_service(
        "[\"public\"]",
        "vpc = \"vpc-0a1b2c3d\"\nsubnets = [\"subnet-1\", \"subnet-2\"]\n",
        "11:11, blueprints/https-service/network.toml.tera:2:1: `network`: it brings `vpc` and `subnets` with it; leave them out, or leave `network` out",
    );
}

#[test]
fn who_takes_subnets_stands_after_the_way_that_they_promise() {
    let text = format!(
        "{HEAD}[components.net]\nblueprint = \"network\"\n{SERVICE}\
         [components.admin]\nblueprint = \"https-service\"\ndomain = \"admin.example.com\"\nport = 443\n\
         zone = \"example.com\"\nvpc = {{ from = \"web.vpc_id\" }}\nsubnets = {{ from = \"web.subnet_ids\" }}\n"
    );
    let desired = expanded(&text).unwrap();
    for component in ["web", "admin"] {
        let address = format!("{component}.aws_lb.main").parse().unwrap();
        let balancer = &desired.resources[&address];
        let before = balancer.dependencies();
        for needed in [
            "net.aws_internet_gateway.main",
            "net.aws_route.public",
            "net.aws_route_table_association.public_b",
            "net.aws_subnet.public_a",
        ] {
            assert!(before.contains(&needed.parse().unwrap()), "{needed}");
        }
        let group = format!("{component}.aws_security_group.lb")
            .parse()
            .unwrap();
        assert!(desired.resources[&group].depends_on.is_empty());
    }
}
