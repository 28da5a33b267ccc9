import json
import os
import urllib.request

from .support import Case, endpoint


class Accounts(Case):
    def test_a_key_of_twelve_digits_is_the_account(self):
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], self.account)
        self.assertEqual(self.client("sts", account="AKIAIOSFODNN7EXAMPLE").get_caller_identity()["Account"], "123456789012")

    def test_what_is_not_implemented_is_refused_in_the_services_own_shape(self):
        self.refused("InvalidAction", self.client("elbv2").create_trust_store, Name="a", CaCertificatesBundleS3Bucket="b", CaCertificatesBundleS3Key="c")
        self.refused("NotImplemented", self.client("cloudfront").list_anycast_ip_lists)
        self.refused("InvalidAction", self.client("ec2").create_vpc_encryption_control, VpcId="vpc-0a")

    def test_every_region_has_a_default_vpc_with_a_subnet_a_zone(self):
        for region in ("eu-west-1", "us-east-1", "ap-southeast-2"):
            ec2 = self.client("ec2", region)
            zones = {subnet["AvailabilityZone"] for subnet in ec2.describe_subnets()["Subnets"]}
            self.assertTrue(ec2.describe_vpcs()["Vpcs"][0]["IsDefault"])
            self.assertGreaterEqual(len(zones), 2)

    def test_status_and_reset(self):
        with urllib.request.urlopen(endpoint() + "/sandbox-api/status") as answer:
            self.assertEqual(json.load(answer)["pid"], os.getpid())
        s3, name = self.client("s3", "us-east-1"), f"bucket-{self.account}"
        s3.create_bucket(Bucket=name)
        self.change("CREATE", "a.example.com")
        urllib.request.urlopen(urllib.request.Request(endpoint() + "/moto-api/reset", method="POST")).close()
        self.assertEqual(s3.list_buckets()["Buckets"], [])
        self.client("s3", "us-east-1", account="999999999999").create_bucket(Bucket=name)
        self.change("CREATE", "a.example.com")
