from .support import Case


class Network(Case):
    """A VPC with an internet gateway and two subnets, beside the default one."""

    def setUp(self):
        super().setUp()
        self.ec2 = self.client("ec2")
        self.vpc_id = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet_ids = [
            self.ec2.create_subnet(VpcId=self.vpc_id, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{self.region}{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]

    def gateway(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc_id)
        return gateway

    def table(self, **more):
        return self.ec2.create_route_table(VpcId=self.vpc_id, **more)["RouteTable"]["RouteTableId"]

    def address(self):
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def nat(self, address, **more):
        return self.ec2.create_nat_gateway(SubnetId=self.subnet_ids[0], AllocationId=address, **more)["NatGateway"]["NatGatewayId"]

    def described(self, nat):
        return self.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]

    def until(self, nat, state):
        self.eventually(lambda: self.described(nat)["State"] == state)
        return self.described(nat)

    def routes(self, table):
        return self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]


class NatGateways(Network):
    def test_it_comes_and_goes_in_its_time(self):
        self.gateway()
        address = self.address()
        nat = self.nat(address)
        self.assertEqual(self.described(nat)["State"], "pending")
        made = self.until(nat, "available")["NatGatewayAddresses"][0]
        self.assertEqual((made["AllocationId"], made["IsPrimary"], made["PrivateIp"].rsplit(".", 1)[0]), (address, True, "10.0.0"))
        interface = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaceId"]])["NetworkInterfaces"][0]
        self.assertEqual((interface["Description"], interface["InterfaceType"], interface["RequesterManaged"]), (f"Interface for NAT Gateway {nat}", "nat_gateway", True))
        self.refused("InvalidIPAddress.InUse", self.ec2.release_address, AllocationId=address)
        self.ec2.delete_nat_gateway(NatGatewayId=nat)
        self.assertEqual(self.described(nat)["State"], "deleting")
        self.refused("InvalidIPAddress.InUse", self.ec2.release_address, AllocationId=address)
        self.until(nat, "deleted")
        self.assertEqual(self.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}])["NetworkInterfaces"], [])
        self.ec2.release_address(AllocationId=address)
        self.refused("InvalidAllocationID.NotFound", self.ec2.release_address, AllocationId=address)
        self.refused("NatGatewayNotFound", self.ec2.delete_nat_gateway, NatGatewayId="nat-00000000000000000")

    def test_a_token_is_known_again(self):
        self.gateway()
        address = self.address()
        nat = self.nat(address, ClientToken="once")
        self.assertEqual(self.nat(address, ClientToken="once"), nat)
        self.refused("Resource.AlreadyAssociated", self.nat, address=address, ClientToken="twice")
        table = self.table(ClientToken="once")
        self.assertEqual(self.table(ClientToken="once"), table)
        self.assertNotEqual(self.table(ClientToken="twice"), table)

    def test_without_an_internet_gateway_it_fails(self):
        address = self.address()
        failed = self.until(self.nat(address), "failed")
        self.assertEqual((failed["FailureCode"], failed["FailureMessage"]), ("Gateway.NotAttached", f"Network {self.vpc_id} has no Internet gateway attached"))
        self.ec2.release_address(AllocationId=address)
        private = self.ec2.create_nat_gateway(SubnetId=self.subnet_ids[0], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        self.until(private, "available")

    def test_filters(self):
        self.gateway()
        tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "owner", "Value": "payments"}]}]
        nat = self.nat(self.address(), TagSpecifications=tags)
        found = lambda name, *values: [gateway["NatGatewayId"] for gateway in self.ec2.describe_nat_gateways(Filter=[{"Name": name, "Values": list(values)}])["NatGateways"]]
        self.assertEqual(found("tag:owner", "payments"), [nat])
        self.assertEqual(found("tag:owner", "others"), [])
        self.assertEqual(found("state", "pending", "available"), [nat])
        self.assertEqual(found("subnet-id", self.subnet_ids[1]), [])
        self.refused("InvalidParameterValue", self.ec2.describe_nat_gateways, Filter=[{"Name": "no-such", "Values": ["a"]}])


class RouteTables(Network):
    def test_a_subnet_goes_by_one_table(self):
        one, other = self.table(), self.table()
        first, second = self.subnet_ids
        made = self.ec2.associate_route_table(RouteTableId=one, SubnetId=first)["AssociationId"]
        self.ec2.associate_route_table(RouteTableId=other, SubnetId=second)
        self.assertEqual(self.ec2.associate_route_table(RouteTableId=one, SubnetId=first)["AssociationId"], made)
        self.refused("Resource.AlreadyAssociated", self.ec2.associate_route_table, RouteTableId=other, SubnetId=first)
        by = lambda *subnets: {table["RouteTableId"] for table in self.ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": list(subnets)}])["RouteTables"]}
        self.assertEqual(by(first, second), {one, other})
        self.ec2.replace_route_table_association(AssociationId=made, RouteTableId=other)
        self.assertEqual((by(first), by(first, "subnet-none")), ({other}, {other}))
        self.refused("DependencyViolation", self.ec2.delete_route_table, RouteTableId=other)
        self.ec2.delete_subnet(SubnetId=first)
        self.ec2.delete_subnet(SubnetId=second)
        self.ec2.delete_route_table(RouteTableId=other)

    def test_a_gateway_goes_by_a_table(self):
        gateway, table = self.gateway(), self.table()
        self.ec2.associate_route_table(RouteTableId=table, GatewayId=gateway)
        found = self.ec2.describe_route_tables(Filters=[{"Name": "association.gateway-id", "Values": [gateway]}])["RouteTables"]
        self.assertEqual([(one["RouteTableId"], one["Associations"][0]["GatewayId"]) for one in found], [(table, gateway)])

    def test_the_main_table_stays(self):
        main = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}])["RouteTables"][0]
        self.refused("DependencyViolation", self.ec2.delete_route_table, RouteTableId=main["RouteTableId"])
        self.refused("InvalidParameterValue", self.ec2.disassociate_route_table, AssociationId=main["Associations"][0]["RouteTableAssociationId"])


class Routes(Network):
    def test_a_destination_has_one_route(self):
        gateway, table = self.gateway(), self.table()
        route = {"RouteTableId": table, "GatewayId": gateway}
        self.ec2.create_route(DestinationCidrBlock="10.9.9.9/16", **route)
        self.assertEqual(self.routes(table)[1]["DestinationCidrBlock"], "10.9.0.0/16")
        self.ec2.create_route(DestinationIpv6CidrBlock="::/0", **route)
        prefixes = self.ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
        self.ec2.create_route(DestinationPrefixListId=prefixes, **route)
        for destination in ({"DestinationCidrBlock": "10.9.0.0/16"}, {"DestinationIpv6CidrBlock": "::/0"}, {"DestinationPrefixListId": prefixes}):
            self.refused("RouteAlreadyExists", self.ec2.create_route, **destination, **route)
            self.ec2.delete_route(RouteTableId=table, **destination)
        self.refused("InvalidRoute.NotFound", self.ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.9.0.0/16")
        self.refused("InvalidParameterValue", self.ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")

    def test_a_target_must_be_there(self):
        table = self.table()
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
        self.refused("InvalidNatGatewayID.NotFound", self.ec2.create_route, NatGatewayId="nat-00000000000000000", **route)
        loose = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.refused("InvalidParameterValue", self.ec2.create_route, GatewayId=loose, **route)

    def test_a_route_whose_target_is_gone_is_a_blackhole(self):
        gateway, table = self.gateway(), self.table()
        nat = self.nat(self.address())
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
        self.ec2.create_route(NatGatewayId=nat, **route)
        self.assertEqual(self.routes(table)[1]["State"], "active")
        self.ec2.delete_nat_gateway(NatGatewayId=nat)
        self.until(nat, "deleted")
        self.assertEqual((self.routes(table)[1]["State"], self.routes(table)[1]["NatGatewayId"]), ("blackhole", nat))
        self.ec2.replace_route(GatewayId=gateway, **route)
        self.assertEqual((self.routes(table)[1]["State"], self.routes(table)[1].get("NatGatewayId")), ("active", None))
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc_id)
        self.assertEqual(self.routes(table)[1]["State"], "blackhole")
