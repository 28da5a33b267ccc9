//! Routes, NAT gateways and their addresses, in a network that somebody else made.

use std::collections::BTreeMap;
use std::fs;

use aws_sdk_ec2::Client;
use watertight::aws::{ErrorKind, Owner, Wanted, lifecycle};
use watertight::value::Value;

use crate::support::account::{Holdings, Network};
use crate::support::cli::{Planned, Project, Ran};
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.net]
blueprint = "mine"
"#;

const PUBLIC: &str = r#"
[aws_route_table.public]
vpc_id = "VPC"

[aws_route.public]
route_table_id         = "${aws_route_table.public.id}"
destination_cidr_block = "0.0.0.0/0"
gateway_id             = "IGW"

[aws_route_table_association.public]
subnet_id      = "FIRST"
route_table_id = "${aws_route_table.public.id}"
"#;

const PRIVATE: &str = r#"
[aws_eip.a]

[aws_nat_gateway.a]
subnet_id     = "FIRST"
allocation_id = "${aws_eip.a.allocation_id}"
depends_on    = ["aws_route.public"]

[aws_route_table.private]
vpc_id = "VPC"

[aws_route.private]
route_table_id         = "${aws_route_table.private.id}"
destination_cidr_block = "0.0.0.0/0"
nat_gateway_id         = "${aws_nat_gateway.a.id}"

[aws_route_table_association.private]
subnet_id      = "SECOND"
route_table_id = "${aws_route_table.private.id}"
"#;

/// A network with an internet gateway, and a component in it that consists of these routes.
struct Case {
    sandbox: Sandbox,
    project: Project,
    ec2: Client,
    network: Network,
    internet_gateway: String,
    empty: Holdings,
}

impl Case {
    async fn new(body: &str) -> Self {
        let sandbox = Sandbox::new();
        let ec2 = sandbox.aws().await.ec2(REGION);
        let network = sandbox.network().await;
        let made = ec2.create_internet_gateway().send().await.unwrap();
        let internet_gateway = made
            .internet_gateway
            .and_then(|gateway| gateway.internet_gateway_id)
            .unwrap();
        let attach = ec2.attach_internet_gateway().vpc_id(&network.vpc);
        let attach = attach.internet_gateway_id(&internet_gateway);
        attach.send().await.unwrap();
        let project = Project::on(&sandbox);
        project.write("app.toml", SPEC);
        let manifest = "summary = \"Ours\"\nversion = \"1.0.0\"\n";
        project.write("library/mine/blueprint.toml", manifest);
        let case = Self {
            empty: sandbox.holds().await,
            sandbox,
            project,
            ec2,
            network,
            internet_gateway,
        };
        case.write(body);
        case
    }

    async fn applied(body: &str) -> Self {
        let case = Self::new(body).await;
        case.apply();
        case.nothing_to_do();
        case
    }

    fn write(&self, body: &str) {
        let body = body
            .replace("VPC", &self.network.vpc)
            .replace("IGW", &self.internet_gateway)
            .replace("FIRST", &self.network.subnets[0])
            .replace("SECOND", &self.network.subnets[1]);
        self.project.write("library/mine/main.toml.tera", &body);
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let library = ["app.toml", "--blueprints", "library"];
        self.project
            .run(&[&arguments[..1], &library, &arguments[1..]].concat())
    }

    #[track_caller]
    fn apply(&self) -> Ran {
        self.run(&["apply", "--yes"]).code(0)
    }

    #[track_caller]
    fn nothing_to_do(&self) {
        let ran = self.run(&["plan", "--detailed-exitcode"]);
        ran.code(0).says("No changes.");
    }

    fn plan(&self) -> Planned {
        let ran = self.run(&["plan", "--json"]);
        assert!(ran.code < 2, "{}{}", ran.out, ran.err);
        Planned(serde_json::from_str(&ran.out).unwrap())
    }

    /// The plan has just these steps, and when they are done there are none.
    #[track_caller]
    fn put_back(&self, steps: &[&str]) {
        assert_eq!(self.plan().steps(), steps);
        self.apply();
        self.nothing_to_do();
    }

    async fn goes_without_a_trace(&self) {
        self.run(&["destroy", "--yes"]).code(0);
        assert_eq!(self.sandbox.holds().await, self.empty);
    }

    fn id(&self, address: &str) -> String {
        self.project.id("shop/prod", address)
    }

    /// `destination target` of each route of a table but the VPC's own, and `blackhole` behind
    /// those that lead nowhere.
    async fn routes(&self, table: &str) -> Vec<String> {
        let tables = self.ec2.describe_route_tables().route_table_ids(table);
        let table = tables.send().await.unwrap().route_tables.unwrap().remove(0);
        let routes = table.routes.unwrap_or_default().into_iter();
        routes
            .filter(|route| route.gateway_id.as_deref() != Some("local"))
            .map(|route| {
                let nowhere = route.state.unwrap().as_str() == "blackhole";
                format!(
                    "{} {}{}",
                    route.destination_cidr_block.unwrap_or_default(),
                    route
                        .gateway_id
                        .or(route.nat_gateway_id)
                        .unwrap_or_default(),
                    if nowhere { " blackhole" } else { "" }
                )
            })
            .collect()
    }
}

#[tokio::test]
async fn a_way_out_comes_and_goes() {
    let case = Case::new(&[PUBLIC, PRIVATE].concat()).await;
    case.apply().says("pending");
    case.nothing_to_do();
    let nat = case.id("net.aws_nat_gateway.a");
    let table = case.id("net.aws_route_table.private");
    assert_eq!(case.routes(&table).await, [format!("0.0.0.0/0 {nat}")]);
    let expected = [
        ("Elastic IP addresses", 1),
        ("NAT gateways", 1),
        ("route tables", 2),
    ];
    let holds = case.sandbox.holds().await;
    for (what, n) in expected {
        assert_eq!(holds.get(what), Some(&n), "{holds:?}");
    }
    case.goes_without_a_trace().await;
}

#[tokio::test]
async fn what_was_lost_with_the_state_is_found() {
    let case = Case::applied(&[PUBLIC, PRIVATE].concat()).await;
    let records = case.project.records("shop/prod");
    fs::remove_dir_all(case.project.path().join(".watertight")).unwrap();
    let steps: Vec<String> = records
        .iter()
        .map(|address| format!("adopt {address}"))
        .collect();
    assert_eq!(case.plan().steps(), steps);
    case.run(&["apply", "--yes", "--adopt"]).code(0);
    case.nothing_to_do();
    assert_eq!(case.project.records("shop/prod"), records);
    case.goes_without_a_trace().await;
}

#[tokio::test]
async fn what_was_changed_by_hand_is_put_back() {
    let case = Case::applied(&[PUBLIC, PRIVATE].concat()).await;
    let private = case.id("net.aws_route_table.private");
    let nat = case.id("net.aws_nat_gateway.a");
    let by_nat = vec![format!("0.0.0.0/0 {nat}")];

    // A private subnet is led to the internet gateway.
    let replace = case.ec2.replace_route().route_table_id(&private);
    let replace = replace.destination_cidr_block("0.0.0.0/0");
    let replace = replace.gateway_id(&case.internet_gateway);
    replace.send().await.unwrap();
    let fields = case.plan().fields("net.aws_route.private");
    assert_eq!(
        fields,
        [format!("nat_gateway_id: null -> \"{nat}\", drift")]
    );
    case.put_back(&["update net.aws_route.private"]);
    assert_eq!(case.routes(&private).await, by_nat);

    // Somebody adds a way, and takes one away.
    let create = case.ec2.create_route().route_table_id(&private);
    let create = create.destination_cidr_block("192.0.2.0/24");
    let create = create.gateway_id(&case.internet_gateway);
    create.send().await.unwrap();
    let delete = case.ec2.delete_route().route_table_id(&private);
    let delete = delete.destination_cidr_block("0.0.0.0/0");
    delete.send().await.unwrap();
    case.put_back(&[
        "create net.aws_route.private",
        &format!("delete net.aws_route_table.private/{private}_192.0.2.0/24"),
    ]);
    assert_eq!(case.routes(&private).await, by_nat);

    // The private subnet goes by the public table, and then by none of its own.
    let public = case.id("net.aws_route_table.public");
    let by = case.ec2.describe_route_tables().route_table_ids(&private);
    let tables = by.send().await.unwrap().route_tables.unwrap();
    let association = tables[0].associations()[0].route_table_association_id();
    let replace = case.ec2.replace_route_table_association();
    let replace = replace.set_association_id(association.map(str::to_owned));
    let moved = replace.route_table_id(&public).send().await.unwrap();
    assert!(moved.new_association_id.is_some());
    case.put_back(&["update net.aws_route_table_association.private"]);
    let by = case.ec2.describe_route_tables().route_table_ids(&private);
    let tables = by.send().await.unwrap().route_tables.unwrap();
    let association = tables[0].associations()[0].route_table_association_id();
    let part = case.ec2.disassociate_route_table();
    let part = part.set_association_id(association.map(str::to_owned));
    part.send().await.unwrap();
    case.put_back(&["create net.aws_route_table_association.private"]);

    // The gateway is deleted: a new one gets its address, and the route leads to it.
    let delete = case.ec2.delete_nat_gateway().nat_gateway_id(&nat);
    delete.send().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    let nowhere = format!("0.0.0.0/0 {nat} blackhole");
    assert_eq!(case.routes(&private).await, [nowhere]);
    let address = case.id("net.aws_eip.a");
    case.put_back(&[
        "create net.aws_nat_gateway.a",
        "update net.aws_route.private",
    ]);
    assert_eq!(case.id("net.aws_eip.a"), address);
    case.goes_without_a_trace().await;
}

#[tokio::test]
async fn another_way_is_taken_in_place() {
    let case = Case::applied(&[PUBLIC, PRIVATE].concat()).await;
    let nat = case.id("net.aws_nat_gateway.a");

    // Another gateway, another table.
    let other = PRIVATE
        .replace("aws_eip.a", "aws_eip.b")
        .replace("aws_nat_gateway.a", "aws_nat_gateway.b");
    case.write(&[PUBLIC, &other].concat());
    case.put_back(&[
        "create net.aws_eip.b",
        "create net.aws_nat_gateway.b",
        "delete net.aws_eip.a",
        "delete net.aws_nat_gateway.a",
        "update net.aws_route.private",
    ]);
    assert_ne!(case.id("net.aws_nat_gateway.b"), nat);

    let other = other.replace("aws_route_table.private", "aws_route_table.inner");
    case.write(&[PUBLIC, &other].concat());
    let table = case.id("net.aws_route_table.private");
    case.put_back(&[
        "create net.aws_route_table.inner",
        "delete net.aws_route_table.private",
        "drop net.aws_route.private",
        "replace net.aws_route.private",
        "update net.aws_route_table_association.private",
    ]);
    let subnet = &case.network.subnets[1];
    let inner = case.id("net.aws_route_table.inner");
    assert_ne!(inner, table);
    let association = case.id("net.aws_route_table_association.private");
    assert_eq!(association, format!("{subnet}/{inner}"));
    case.goes_without_a_trace().await;
}

const NETWORK: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.net]
blueprint = "network"
zones = ["a", "b"]
tiers = ["public", "private", "isolated"]
nat = "one"
"#;

/// Whatever `nat` is: the tables stay, and so do the first zone's gateway and its address.
#[tokio::test]
async fn a_network_gets_its_ways_out_without_losing_one() {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let project = Project::on(&sandbox);
    let nat = |nat: &str| {
        let spec = NETWORK.replace("\"one\"", &format!("\"{nat}\""));
        project.write("app.toml", &spec);
    };
    let put = |steps: &[&str]| {
        assert_eq!(project.plan("app.toml").steps(), steps);
        project.apply("app.toml");
        project.nothing_to_do("app.toml");
    };
    nat("one");
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    let address = project.id("shop/prod", "net.aws_eip.nat_a");
    let expected = [
        ("Elastic IP addresses", 1),
        ("NAT gateways", 1),
        ("VPCs", 1),
        ("flow logs", 1),
        ("internet gateways", 1),
        ("route tables", 4),
        ("subnets", 6),
    ];
    let holds = sandbox.holds().await;
    for (what, n) in expected {
        assert_eq!(holds.get(what), Some(&n), "{holds:?}");
    }

    nat("per zone");
    put(&[
        "create net.aws_eip.nat_b",
        "create net.aws_nat_gateway.b",
        "update net.aws_route.private_b",
    ]);
    assert_eq!(project.id("shop/prod", "net.aws_eip.nat_a"), address);

    nat("none");
    put(&[
        "delete net.aws_eip.nat_a",
        "delete net.aws_eip.nat_b",
        "delete net.aws_nat_gateway.a",
        "delete net.aws_nat_gateway.b",
        "delete net.aws_route.private_a",
        "delete net.aws_route.private_b",
    ]);

    nat("one");
    project.apply("app.toml");
    let destroy = ["--yes", "--empty-buckets", "--delete-logs"];
    project
        .run(&[&["destroy", "app.toml"][..], &destroy].concat())
        .code(0);
    assert_eq!(sandbox.holds().await, empty);
}

#[tokio::test]
async fn what_others_made_is_in_the_way() {
    let case = Case::new(PUBLIC).await;
    let of_vpc = aws_sdk_ec2::types::Filter::builder();
    let of_vpc = of_vpc.name("vpc-id").values(&case.network.vpc).build();
    let tables = case.ec2.describe_route_tables().filters(of_vpc);
    let main = tables.send().await.unwrap().route_tables.unwrap().remove(0);
    let main = main.route_table_id.unwrap();
    let into_main = PUBLIC.replacen("${aws_route_table.public.id}", &main, 1);
    case.write(&into_main);
    case.run(&["plan"])
        .code(1)
        .says(&format!(
            "{main} is the main route table of {}",
            case.network.vpc
        ))
        .says("make an `aws_route_table` of your own");

    // A table of somebody else's, with a way out and a subnet that goes by it.
    let theirs = case.ec2.create_route_table().vpc_id(&case.network.vpc);
    let theirs = theirs.send().await.unwrap().route_table.unwrap();
    let theirs = theirs.route_table_id.unwrap();
    let associate = case.ec2.associate_route_table().route_table_id(&theirs);
    let associate = associate.subnet_id(&case.network.subnets[0]);
    associate.send().await.unwrap();
    let create = case.ec2.create_route().route_table_id(&theirs);
    let create = create.destination_cidr_block("0.0.0.0/0");
    let create = create.gateway_id(&case.internet_gateway);
    create.send().await.unwrap();
    case.write(PUBLIC);
    case.run(&["plan"]).code(1).says(&format!(
        "{}/{theirs} exists and is not ours",
        case.network.subnets[0]
    ));
    let before = case.routes(&theirs).await;
    case.run(&["destroy", "--yes"]).code(0);
    assert_eq!(case.routes(&theirs).await, before);
}

#[tokio::test]
async fn a_table_that_others_use_stays() {
    let case = Case::applied(PUBLIC).await;
    let table = case.id("net.aws_route_table.public");
    let associate = case.ec2.associate_route_table().route_table_id(&table);
    let associate = associate.subnet_id(&case.network.subnets[1]);
    associate.send().await.unwrap();
    case.run(&["destroy", "--yes"])
        .code(1)
        .says(&format!("{table} can't be deleted"))
        .says(&format!("it is used by {}", case.network.subnets[1]));
}

#[tokio::test]
async fn routes_within_a_table_are_refused() {
    let case = Case::new("[aws_route_table.public]\nvpc_id = \"VPC\"\nroute = [{ cidr_block = \"0.0.0.0/0\", gateway_id = \"IGW\" }]\n").await;
    case.run(&["apply", "--yes"])
        .code(1)
        .says("watertight can't set `route` of `aws_route_table.public` yet")
        .says("Make each an `aws_route` of its own");
    assert_eq!(case.sandbox.holds().await, case.empty);
}

/// EC2 does not know the call again: what became of the first is found out before a second.
#[tokio::test]
async fn an_address_is_asked_for_once() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let aws = sandbox.aws_through(&proxy).await;
    let operation = "ec2:AllocateAddress";
    proxy.fail(When::Operation(operation), Fault::DropAfter, 1);
    let wanted = Wanted {
        address: watertight::address::Address::managed("net", "aws_eip", "a"),
        region: REGION.to_owned(),
        attributes: BTreeMap::from([("domain".to_owned(), Value::from("vpc"))]),
        owner: Owner {
            app: "shop".to_owned(),
            environment: "prod".to_owned(),
            lineage: "a1b2".to_owned(),
        },
    };
    let address = lifecycle("aws_eip").unwrap();
    let error = address.create(&aws, &wanted, "token").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Uncertain, "{error}");
    assert_eq!(proxy.counts().get(operation), Some(&1));
    assert_eq!(sandbox.holds().await.get("Elastic IP addresses"), Some(&1));
}
