import json

from .support import Case


class Networks(Case):
    def setUp(self):
        super().setUp()
        self.ec2 = self.client("ec2")
        self.made = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def subnet(self, cidr="10.0.0.0/24", zone="eu-west-1a"):
        return self.ec2.create_subnet(VpcId=self.made, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]

    def read(self, subnet):
        return self.ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]

    def test_a_vpc_with_something_in_it_stays(self):
        delete = lambda: self.ec2.delete_vpc(VpcId=self.made)
        subnet = self.subnet()
        self.refused("DependencyViolation", delete)
        self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        group = self.ec2.create_security_group(GroupName="a", Description="a", VpcId=self.made)["GroupId"]
        self.refused("DependencyViolation", delete)
        self.ec2.delete_security_group(GroupId=group)
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.made)
        self.refused("DependencyViolation", delete)
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.made)
        delete()
        self.refused("InvalidVpcID.NotFound", delete)

    def test_a_new_default_group_lets_its_members_in_and_everything_out(self):
        filters = [{"Name": "vpc-id", "Values": [self.made]}, {"Name": "group-name", "Values": ["default"]}]
        group = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
        self.assertEqual(group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"], group["GroupId"])
        self.assertEqual(group["IpPermissionsEgress"][0]["IpRanges"], [{"CidrIp": "0.0.0.0/0"}])
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])["SecurityGroupRules"]
        for rule in rules:
            revoke = self.ec2.revoke_security_group_egress if rule["IsEgress"] else self.ec2.revoke_security_group_ingress
            revoke(GroupId=group["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
        group = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
        self.assertEqual((group["IpPermissions"], group["IpPermissionsEgress"]), ([], []))
        self.refused("CannotDelete", self.ec2.delete_security_group, GroupId=group["GroupId"])

    def test_a_subnet_gives_out_no_addresses_unless_told(self):
        for default in self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [self.vpc()]}])["Subnets"]:
            self.ec2.delete_subnet(SubnetId=default["SubnetId"])
        subnet = self.subnet()
        self.assertEqual((subnet["MapPublicIpOnLaunch"], subnet["DefaultForAz"]), (False, False))
        modify = lambda **more: self.ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], **more)
        modify(MapPublicIpOnLaunch={"Value": True})
        modify(EnableDns64={"Value": True})
        modify(EnableResourceNameDnsAAAARecordOnLaunch={"Value": True})
        modify(PrivateDnsHostnameTypeOnLaunch="resource-name")
        read = self.read(subnet)
        self.assertEqual((read["MapPublicIpOnLaunch"], read["EnableDns64"]), (True, True))
        names = {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": True}
        self.assertEqual(read["PrivateDnsNameOptionsOnLaunch"], names)
        self.refused("InvalidSubnet.Conflict", self.subnet, cidr="10.0.0.128/25")

    def test_a_subnet_and_its_gateway_stay_while_a_load_balancer_is_there(self):
        subnets = [self.subnet(), self.subnet("10.0.1.0/24", "eu-west-1b")]
        gateway, other = (self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(2))
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.made)
        self.refused("InvalidParameterValue", self.ec2.attach_internet_gateway, InternetGatewayId=other, VpcId=self.made)
        ids = [subnet["SubnetId"] for subnet in subnets]
        elb = self.client("elbv2")
        balancer = elb.create_load_balancer(Name="a", Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
        interfaces = self.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.made]}])["NetworkInterfaces"]
        self.assertTrue(all(interface["Association"]["PublicIp"] for interface in interfaces))
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=ids[0])
        self.refused("DependencyViolation", self.ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=self.made)
        elb.delete_load_balancer(LoadBalancerArn=balancer)
        self.eventually(lambda: not self.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.made]}])["NetworkInterfaces"])
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.made)
        self.ec2.delete_subnet(SubnetId=ids[0])

    def test_flow_logs_go_to_a_folder_of_a_bucket(self):
        name = f"logs-{self.account}"
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.region})
        wanted = {
            "ResourceIds": [self.made], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{name}/folder/",
            "DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": False, "PerHourPartition": True}, "MaxAggregationInterval": 60,
        }
        made = self.ec2.create_flow_logs(**wanted, ClientToken="one")
        self.assertEqual(made["Unsuccessful"], [])
        self.assertEqual(self.ec2.create_flow_logs(**wanted, ClientToken="one")["FlowLogIds"], made["FlowLogIds"])
        self.refused("FlowLogAlreadyExists", self.ec2.create_flow_logs, **wanted, ClientToken="two")
        log = self.ec2.describe_flow_logs(FlowLogIds=made["FlowLogIds"])["FlowLogs"][0]
        self.assertEqual((log["LogDestination"], log["DestinationOptions"]), (wanted["LogDestination"], wanted["DestinationOptions"]))
        missing = self.ec2.create_flow_logs(**{**wanted, "LogDestination": "arn:aws:s3:::no-such-bucket-at-all"})
        self.assertEqual(missing["FlowLogIds"], [], json.dumps(missing, default=str))
        self.assertEqual(len(missing["Unsuccessful"]), 1)
