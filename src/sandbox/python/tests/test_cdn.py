"""VPC origins, and the deliveries of a distribution's logs."""

from .support import Case

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
GROUP = "CloudFront-VPCOrigins-Service-SG"


class Cdn(Case):
    def setUp(self):
        super().setUp()
        self.cloudfront, self.ec2 = self.client("cloudfront"), self.client("ec2")
        self.logs, self.s3 = self.client("logs", "us-east-1"), self.client("s3")

    def balancer(self, name="web", subnets=None):
        elb = self.client("elbv2")
        made = elb.create_load_balancer(Name=name, Scheme="internal", Subnets=subnets or self.subnets()[:2])["LoadBalancers"][0]
        state = lambda: elb.describe_load_balancers(LoadBalancerArns=[made["LoadBalancerArn"]])["LoadBalancers"][0]["State"]["Code"]
        self.eventually(lambda: state() == "active")
        return made["LoadBalancerArn"]

    def origin(self, arn, name="web"):
        config = {
            "Name": name, "Arn": arn, "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        }
        return self.cloudfront.create_vpc_origin(VpcOriginEndpointConfig=config, Tags={"Items": [{"Key": "owner", "Value": "payments"}]})

    def deployed(self, id_):
        self.eventually(lambda: self.cloudfront.get_vpc_origin(Id=id_)["VpcOrigin"]["Status"] == "Deployed")

    def groups(self):
        filters = [{"Name": "group-name", "Values": [GROUP + "*"]}, {"Name": "vpc-id", "Values": [self.vpc()]}]
        return self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]

    def distribution(self, origin=None):
        given = {"Id": "web", "DomainName": "origin.example.com"}
        if origin:
            given["VpcOriginConfig"] = {"VpcOriginId": origin}
        else:
            given["CustomOriginConfig"] = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
        behavior = {"TargetOriginId": "web", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": DISABLED}
        config = {"CallerReference": "one", "Comment": "", "Enabled": False, "Origins": {"Quantity": 1, "Items": [given]}, "DefaultCacheBehavior": behavior}
        return self.cloudfront.create_distribution(DistributionConfig=config)

    def test_a_vpc_origin_comes_with_a_group_and_stays_while_it_is_used(self):
        self.assertEqual(self.groups(), [])
        made = self.origin(self.balancer())
        id_, arn = made["VpcOrigin"]["Id"], made["VpcOrigin"]["Arn"]
        self.assertEqual(made["VpcOrigin"]["Status"], "Deploying")
        self.refused("InvalidArgument", self.distribution, origin=id_)
        self.assertEqual(len(self.groups()), 1)
        self.assertEqual(self.cloudfront.list_tags_for_resource(Resource=arn)["Tags"]["Items"], [{"Key": "owner", "Value": "payments"}])
        self.assertEqual([item["Name"] for item in self.cloudfront.list_vpc_origins()["VpcOriginList"]["Items"]], ["web"])
        self.deployed(id_)
        distribution = self.distribution(id_)
        shown = distribution["Distribution"]["DistributionConfig"]["Origins"]["Items"][0]["VpcOriginConfig"]
        self.assertEqual(shown, {"VpcOriginId": id_, "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5})
        config = made["VpcOrigin"]["VpcOriginEndpointConfig"]
        self.refused("CannotUpdateEntityWhileInUse", self.cloudfront.update_vpc_origin, Id=id_, IfMatch=made["ETag"], VpcOriginEndpointConfig=config)
        self.refused("CannotDeleteEntityWhileInUse", self.cloudfront.delete_vpc_origin, Id=id_, IfMatch=made["ETag"])
        number = distribution["Distribution"]["Id"]
        self.eventually(lambda: self.cloudfront.get_distribution(Id=number)["Distribution"]["Status"] == "Deployed")
        self.cloudfront.delete_distribution(Id=number, IfMatch=distribution["ETag"])
        changed = self.cloudfront.update_vpc_origin(Id=id_, IfMatch=made["ETag"], VpcOriginEndpointConfig={**config, "HTTPSPort": 8443})
        self.refused("PreconditionFailed", self.cloudfront.delete_vpc_origin, Id=id_, IfMatch=made["ETag"])
        self.deployed(id_)
        leaving = self.cloudfront.delete_vpc_origin(Id=id_, IfMatch=changed["ETag"])
        self.assertEqual(leaving["VpcOrigin"]["Status"], "Deploying")
        self.eventually(lambda: not self.cloudfront.list_vpc_origins()["VpcOriginList"].get("Items"))
        self.refused("EntityNotFound", self.cloudfront.get_vpc_origin, Id=id_)
        self.assertEqual(self.groups(), [])

    def test_a_vpc_origin_needs_a_gateway_and_an_active_load_balancer(self):
        elb, default = self.client("elbv2"), self.subnets()[:2]
        vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.refused("InvalidArgument", self.origin, arn=self.balancer("apart", subnets))
        new = elb.create_load_balancer(Name="new", Subnets=default)["LoadBalancers"][0]["LoadBalancerArn"]
        self.refused("InvalidArgument", self.origin, arn=new)
        self.refused("InvalidArgument", self.origin, arn=new.replace("/new/", "/none/"))

    def test_deliveries_of_a_distribution(self):
        arn = self.distribution()["Distribution"]["ARN"]
        bucket = f"logs-{self.account}"
        self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        elsewhere = self.client("logs", "eu-west-1")
        self.refused("ValidationException", elsewhere.put_delivery_source, name="site", resourceArn=arn, logType="ACCESS_LOGS")
        self.logs.put_delivery_source(name="site", resourceArn=arn, logType="ACCESS_LOGS", tags={"owner": "payments"})
        self.refused("ConflictException", self.logs.put_delivery_source, name="site", resourceArn=arn, logType="ACCESS_LOGS", tags={"owner": "others"})
        self.refused("ConflictException", self.logs.put_delivery_source, name="other", resourceArn=arn, logType="ACCESS_LOGS")
        self.refused("ResourceNotFoundException", self.logs.put_delivery_source, name="none", resourceArn=arn + "X", logType="ACCESS_LOGS")
        source = self.logs.get_delivery_source(name="site")["deliverySource"]["arn"]
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=source)["tags"], {"owner": "payments"})
        to = {"destinationResourceArn": f"arn:aws:s3:::{bucket}"}
        made = self.logs.put_delivery_destination(name="bucket", outputFormat="json", deliveryDestinationConfiguration=to, tags={"owner": "payments"})
        destination = made["deliveryDestination"]["arn"]
        s3 = {"suffixPath": "{DistributionId}", "enableHiveCompatiblePath": False}
        delivery = self.logs.create_delivery(deliverySourceName="site", deliveryDestinationArn=destination, s3DeliveryConfiguration=s3, tags={"owner": "payments"})["delivery"]
        self.assertEqual(delivery["s3DeliveryConfiguration"]["suffixPath"], "AWSLogs/{account-id}/CloudFront/{DistributionId}")
        self.assertIn("delivery.logs.amazonaws.com", self.s3.get_bucket_policy(Bucket=bucket)["Policy"])
        self.refused("ConflictException", self.logs.create_delivery, deliverySourceName="site", deliveryDestinationArn=destination)
        self.refused("ConflictException", self.logs.delete_delivery_source, name="site")
        self.refused("ConflictException", self.logs.delete_delivery_destination, name="bucket")
        id_ = delivery["id"]
        self.logs.update_delivery_configuration(id=id_, s3DeliveryConfiguration={"suffixPath": "{yyyy}"})
        self.assertEqual(self.logs.get_delivery(id=id_)["delivery"]["s3DeliveryConfiguration"]["suffixPath"], "{yyyy}")
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=delivery["arn"])["tags"], {"owner": "payments"})
        self.logs.delete_delivery(id=id_)
        self.logs.delete_delivery_source(name="site")
        self.logs.delete_delivery_destination(name="bucket")
        self.refused("ResourceNotFoundException", self.logs.get_delivery, id=id_)
        self.logs.put_delivery_source(name="site", resourceArn=arn, logType="ACCESS_LOGS")
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=source)["tags"], {})
