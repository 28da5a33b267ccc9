"""An account that was there before watertight: `build` makes it, `dump` prints all of it as JSON.

It has no default VPC. The platform team has a network, a certificate whose ARN stands in the
parameter store, a zone with records, a bucket whose policy has a statement of theirs, a load
balancer's worth of groups, and a secret. Plain API calls, by boto3, to the endpoint and account
of the environment.
"""

import json
import sys
import time

import boto3

REGION = "eu-west-1"
DOMAIN = "billing.acme.example"


def client(service, region=REGION):
    return boto3.client(service, region_name=region)


def build():
    remove_default_network()
    network()
    certificate()
    zone()
    bucket()
    client("secretsmanager").create_secret(Name="billing/database", SecretString="not for watertight")


def remove_default_network():
    ec2 = client("ec2")
    for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
        of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        for gateway in ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}])["InternetGateways"]:
            ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
            ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
        for subnet in ec2.describe_subnets(Filters=of_vpc)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])


def tagged(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def network():
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16", TagSpecifications=tagged("vpc", Name="platform"))["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", Name="platform"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table", Name="public"))["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for number, zone in enumerate("ab"):
        public = ec2.create_subnet(
            VpcId=vpc, AvailabilityZone=REGION + zone, CidrBlock=f"10.40.{number}.0/24", TagSpecifications=tagged("subnet", Name=f"public-{zone}", Tier="public")
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=public)
        ec2.create_subnet(VpcId=vpc, AvailabilityZone=REGION + zone, CidrBlock=f"10.40.{number + 10}.0/24", TagSpecifications=tagged("subnet", Name=f"private-{zone}", Tier="private"))
    group = ec2.create_security_group(GroupName="office", Description="of the platform team", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])


def certificate():
    acm, route53 = client("acm"), client("route53")
    zone = next(zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"] if zone["Name"] == "example.com.")
    arn = acm.request_certificate(DomainName="*.example.com", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")["CertificateArn"]
    for _ in range(50):
        described = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        if described["Status"] == "ISSUED":
            break
        for option in described["DomainValidationOptions"]:
            record = option["ResourceRecord"]
            upsert(route53, zone, record["Name"], "CNAME", record["Value"])
        time.sleep(0.1)
    client("ssm").put_parameter(Name="/platform/certificates/wildcard", Type="String", Value=arn)


def upsert(route53, zone, name, kind, value):
    change = {"Action": "UPSERT", "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]}}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def zone():
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="acme.example", CallerReference="existing-account")["HostedZone"]["Id"]
    upsert(route53, zone, "www.acme.example", "A", "192.0.2.10")
    upsert(route53, zone, "acme.example", "MX", "10 mail.acme.example.")
    upsert(route53, zone, "acme.example", "CAA", '0 issue "amazon.com"')


def bucket():
    s3 = client("s3")
    account = client("sts").get_caller_identity()["Account"]
    name = f"platform-reports-{account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    statement = {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.put_object(Bucket=name, Key="report.txt", Body=b"of the platform team")


def dump():
    """Everything that AWS's lists show, in an order of its own."""
    held = {}
    for region in (REGION, "us-east-1"):
        ec2, elb, acm = client("ec2", region), client("elbv2", region), client("acm", region)
        held[region] = {
            "vpcs": ec2.describe_vpcs()["Vpcs"],
            "subnets": ec2.describe_subnets()["Subnets"],
            "route tables": ec2.describe_route_tables()["RouteTables"],
            "internet gateways": ec2.describe_internet_gateways()["InternetGateways"],
            "nat gateways": [gateway for gateway in ec2.describe_nat_gateways()["NatGateways"] if gateway["State"] != "deleted"],
            "addresses": ec2.describe_addresses()["Addresses"],
            "flow logs": ec2.describe_flow_logs()["FlowLogs"],
            "security groups": ec2.describe_security_groups()["SecurityGroups"],
            "security group rules": ec2.describe_security_group_rules()["SecurityGroupRules"],
            "network interfaces": ec2.describe_network_interfaces()["NetworkInterfaces"],
            "load balancers": elb.describe_load_balancers()["LoadBalancers"],
            "target groups": elb.describe_target_groups()["TargetGroups"],
            "certificates": [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in certificates(acm)],
            "parameters": client("ssm", region).describe_parameters()["Parameters"],
            "secrets": client("secretsmanager", region).list_secrets()["SecretList"],
        }
    held["zones"] = zones()
    held["buckets"] = buckets()
    cloudfront = client("cloudfront")
    held["distributions"] = cloudfront.list_distributions()["DistributionList"].get("Items", [])
    return canonical(held)


def certificates(acm):
    types = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
    return [summary["CertificateArn"] for summary in acm.list_certificates(Includes={"keyTypes": types})["CertificateSummaryList"]]


def zones():
    route53 = client("route53")
    return [
        {"zone": zone, "records": route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]}
        for zone in route53.list_hosted_zones()["HostedZones"]
    ]


def buckets():
    s3 = client("s3")
    found = []
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        # watertight's log buckets stay by design, and are named after the app that made them.
        one = {"name": name, "keys": [item["Key"] for item in s3.list_objects_v2(Bucket=name).get("Contents", [])]}
        for what, call in (("policy", s3.get_bucket_policy), ("encryption", s3.get_bucket_encryption), ("versioning", s3.get_bucket_versioning)):
            try:
                answer = call(Bucket=name)
                answer.pop("ResponseMetadata")
                one[what] = answer
            except s3.exceptions.ClientError as error:
                one[what] = error.response["Error"]["Code"]
        found.append(one)
    return found


def canonical(value):
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted((canonical(item) for item in value), key=lambda item: json.dumps(item, default=str))
    return value


if __name__ == "__main__":
    if sys.argv[1:] == ["dump"]:
        print(json.dumps(dump(), indent=1, default=str))
    else:
        build()
