"""The event history has what changes something, in the words of the trail, and nothing else."""

import json
import time

from watertight_sandbox import settings

from .support import Case


class Trail(Case):
    def events(self, key=None, value=None, region=None, **more):
        """The events of a lookup; the pace is AWS's own, two a second."""
        time.sleep(0.51)
        wanted = {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]} if key else {}
        return self.client("cloudtrail", region).lookup_events(**wanted, **more)["Events"]

    def detail(self, *arguments, **more):
        return [json.loads(event["CloudTrailEvent"]) for event in self.events(*arguments, **more)]

    def test_a_rule_that_was_opened(self):
        ec2 = self.client("ec2")
        group = ec2.create_security_group(GroupName="g", Description="g")["GroupId"]
        permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"][0]
        ec2.describe_security_groups()
        last, first = self.detail("ResourceName", group)
        self.assertEqual((last["eventName"], first["eventName"]), ("AuthorizeSecurityGroupIngress", "CreateSecurityGroup"))
        self.assertEqual(last["eventSource"], "ec2.amazonaws.com")
        self.assertEqual(last["requestParameters"]["groupId"], group)
        item = last["requestParameters"]["ipPermissions"]["items"][0]
        self.assertEqual(item["ipRanges"]["items"][0]["cidrIp"], "0.0.0.0/0")
        self.assertIn(rule["SecurityGroupRuleId"], json.dumps(last["responseElements"]))
        self.assertEqual(last["userIdentity"]["arn"], f"arn:aws:iam::{self.account}:user/sandbox")
        self.assertIn("boto", last["userAgent"].lower())
        self.assertEqual(self.events("EventName", "DescribeSecurityGroups"), [])

    def test_what_is_done_to_buckets(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="trailed", CreateBucketConfiguration={"LocationConstraint": self.region})
        block = {"BlockPublicAcls": True, "BlockPublicPolicy": False, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
        s3.put_public_access_block(Bucket="trailed", PublicAccessBlockConfiguration=block)
        statement = {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::trailed/*"}
        s3.put_object(Bucket="trailed", Key="a", Body=b"a")
        s3.put_bucket_policy(Bucket="trailed", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        names = [event["EventName"] for event in self.events("ResourceName", "trailed")]
        self.assertEqual(names, ["PutBucketPolicy", "PutBucketPublicAccessBlock", "CreateBucket"])
        parameters = self.detail("EventName", "PutBucketPublicAccessBlock")[0]["requestParameters"]
        self.assertEqual(parameters["bucketName"], "trailed")
        self.assertEqual(parameters["publicAccessBlockConfiguration"]["blockPublicPolicy"], "false")

    def test_global_services_are_in_one_region(self):
        self.change("UPSERT", "a.example.com.")
        self.assertEqual(self.events("EventName", "ChangeResourceRecordSets"), [])
        parameters = self.detail("EventName", "ChangeResourceRecordSets", region="us-east-1")[0]["requestParameters"]
        self.assertEqual(parameters["hostedZoneId"], self.zone())
        self.assertIn("a.example.com.", json.dumps(parameters["changeBatch"]))

    def test_json_and_query_calls(self):
        arn = self.certificate()
        group = self.client("elbv2").create_target_group(Name="t", Protocol="HTTPS", Port=443, VpcId=self.vpc())
        group = group["TargetGroups"][0]["TargetGroupArn"]
        self.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
        )
        last = self.detail("ResourceName", group)[0]
        self.assertEqual(last["eventName"], "ModifyTargetGroupAttributes")
        self.assertEqual(last["requestParameters"]["attributes"], [{"key": "deregistration_delay.timeout_seconds", "value": "5"}])
        self.assertEqual(self.detail("ResourceName", arn)[-1]["requestParameters"]["domainName"], "shop.example.com")

    def test_a_refused_call_is_kept_with_its_error(self):
        self.refused("InvalidGroup.NotFound", self.client("ec2").delete_security_group, GroupId="sg-00000000000000000")
        self.assertEqual(self.detail("EventName", "DeleteSecurityGroup")[0]["errorCode"], "InvalidGroup.NotFound")

    def test_pages_and_limits(self):
        ec2 = self.client("ec2")
        for number in range(3):
            ec2.create_security_group(GroupName=f"g{number}", Description="g")
        trail = self.client("cloudtrail")
        page = trail.lookup_events(MaxResults=2)
        time.sleep(0.51)
        rest = trail.lookup_events(MaxResults=2, NextToken=page["NextToken"])
        self.assertEqual(len({event["EventId"] for event in page["Events"] + rest["Events"]}), 3)
        self.assertNotIn("NextToken", rest)
        self.refused("ThrottlingException", lambda: [trail.lookup_events() for _ in range(3)])
        time.sleep(1.01)
        both = [{"AttributeKey": "EventName", "AttributeValue": "A"}, {"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
        self.refused("InvalidLookupAttributesException", trail.lookup_events, LookupAttributes=both)

    def test_a_call_takes_its_time_to_show(self):
        settings.TRAIL_DELAY = 4.0
        try:
            self.client("ec2").create_security_group(GroupName="late", Description="g")
            self.assertEqual(self.events("EventName", "CreateSecurityGroup"), [])
            time.sleep(3.6)
            self.assertEqual(len(self.events("EventName", "CreateSecurityGroup")), 1)
        finally:
            settings.TRAIL_DELAY = 0.0
