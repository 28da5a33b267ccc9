"""A mended server in this process, and an account a test."""

import itertools
import threading
import time
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from watertight_sandbox import server, settings

settings.CERTIFICATE_DELAY = settings.DISTRIBUTION_DELAY = settings.LOAD_BALANCER_DELAY = 0.3

_accounts = itertools.count(300000000001)
_endpoint = None


def endpoint():
    global _endpoint
    if _endpoint is None:
        made = server.make(0)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        _endpoint = f"http://127.0.0.1:{made.server_address[1]}"
    return _endpoint


def check_shape(http_response, parsed, model, **_):
    """An answer has every member that AWS's model requires, of its type: stricter clients insist."""
    if http_response.status_code < 300 and model.output_shape is not None:
        body = {key: value for key, value in parsed.items() if key != "ResponseMetadata" and not hasattr(value, "read")}
        report = ParamValidator().validate(body, model.output_shape)
        wrong = [line for line in report.generate_report().splitlines() if "Invalid length" not in line]
        if wrong:
            raise AssertionError(f"{model.name}: {wrong}")


class Case(unittest.TestCase):
    region = "eu-west-1"

    def setUp(self):
        self.account = str(next(_accounts))

    def client(self, service, region=None, account=None):
        client = boto3.client(
            service,
            endpoint_url=endpoint(),
            region_name=region or self.region,
            aws_access_key_id=account or self.account,
            aws_secret_access_key="sandbox",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )
        client.meta.events.register("after-call", check_shape)
        return client

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"]["Message"]

    def eventually(self, condition):
        for _ in range(60):
            if condition():
                return
            time.sleep(0.05)
        self.fail("it never came true")

    def zone(self):
        return self.client("route53").list_hosted_zones_by_name(DNSName="example.com")["HostedZones"][0]["Id"].rsplit("/", 1)[1]

    def change(self, action, name, kind="CNAME", value="there.example.net.", zone=None):
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        return self.client("route53").change_resource_record_sets(
            HostedZoneId=zone or self.zone(), ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        )

    def certificate(self, name="shop.example.com", region=None, issued=True, **more):
        """A certificate, validated through the sandbox's zone if it is to be issued."""
        acm = self.client("acm", region)
        arn = acm.request_certificate(DomainName=name, ValidationMethod="DNS", **more)["CertificateArn"]
        if issued:
            for option in acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]:
                record = option["ResourceRecord"]
                self.change("UPSERT", record["Name"], "CNAME", record["Value"])
            self.eventually(lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED")
        return arn

    def subnets(self):
        return [subnet["SubnetId"] for subnet in self.client("ec2").describe_subnets()["Subnets"]]

    def vpc(self):
        return self.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
