import json
import urllib.request

from .support import Case, endpoint


class S3(Case):
    def setUp(self):
        super().setUp()
        self.s3, self.name = self.client("s3"), f"bucket-{self.account}"
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": self.region, "Tags": [{"Key": "owner", "Value": "payments"}]})

    def policy(self, **changes):
        statement = {"Sid": "TLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"]}
        statement.update({key: value for key, value in changes.items()})
        return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})

    def test_a_new_bucket(self):
        self.assertEqual(self.s3.get_bucket_tagging(Bucket=self.name)["TagSet"], [{"Key": "owner", "Value": "payments"}])
        block = self.s3.get_public_access_block(Bucket=self.name)["PublicAccessBlockConfiguration"]
        self.assertEqual(set(block.values()), {True})
        rule = self.s3.get_bucket_encryption(Bucket=self.name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        self.assertEqual(rule["BlockedEncryptionTypes"], {"EncryptionType": ["SSE-C"]})
        controls = self.s3.get_bucket_ownership_controls(Bucket=self.name)["OwnershipControls"]["Rules"]
        self.assertEqual(controls, [{"ObjectOwnership": "BucketOwnerEnforced"}])

    def test_somebody_elses(self):
        other = self.client("s3", account="999999999999")
        where = {"LocationConstraint": self.region}
        self.refused("BucketAlreadyExists", other.create_bucket, Bucket=self.name, CreateBucketConfiguration=where)
        self.refused("BucketAlreadyOwnedByYou", self.s3.create_bucket, Bucket=self.name, CreateBucketConfiguration=where)
        self.refused("403", other.head_bucket, Bucket=self.name)
        self.refused("AccessDenied", other.get_bucket_tagging, Bucket=self.name)
        self.refused("NoSuchBucket", other.get_bucket_tagging, Bucket="absent-" + self.account)

    def test_the_root_element_of_versioning(self):
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=self.name)["Status"], "Enabled")
        url = self.s3.generate_presigned_url("list_buckets").split("?", 1)[0]
        request = urllib.request.Request(f"{endpoint()}/{self.name}?versioning")
        request.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential={self.account}/20260101/{self.region}/s3/aws4_request, SignedHeaders=host, Signature=0")
        with urllib.request.urlopen(request) as answer:
            self.assertIn(b"<VersioningConfiguration xmlns", answer.read())
        self.assertTrue(url)

    def test_a_deny_whose_condition_is_false_denies_nothing(self):
        put = lambda: self.s3.put_object(Bucket=self.name, Key="a", Body=b"1")
        self.s3.put_bucket_policy(Bucket=self.name, Policy=self.policy(Condition={"Bool": {"aws:SecureTransport": "false"}}))
        put()
        self.s3.put_bucket_policy(Bucket=self.name, Policy=self.policy(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}))
        put()
        self.s3.put_bucket_policy(Bucket=self.name, Policy=self.policy(Condition={"NumericLessThan": {"s3:TlsVersion": 1.4}}))
        self.refused("AccessDenied", put)
        self.s3.delete_bucket_policy(Bucket=self.name)
        put()

    def test_policies_that_are_refused(self):
        put = lambda policy: self.s3.put_bucket_policy(Bucket=self.name, Policy=policy)
        for policy in (
            "no json",
            "{}",
            self.policy(Effect="Perhaps"),
            self.policy(Action="ec2:RunInstances"),
            self.policy(Resource="arn:aws:s3:::somebody-elses/*"),
            self.policy(Principal={"AWS": "somebody"}),
            self.policy(Condition={"Boolean": {"aws:SecureTransport": "false"}}),
            self.policy(Unknown=1),
        ):
            with self.subTest(policy):
                self.refused("MalformedPolicy", put, policy=policy)
        self.refused("AccessDenied", put, policy=self.policy(Effect="Allow", Action="s3:GetObject"))
        put(self.policy(Effect="Allow", Principal={"Service": "cloudfront.amazonaws.com"}, Action="s3:GetObject"))

    def test_logging_with_a_policy(self):
        enabled = {"TargetBucket": self.name, "TargetPrefix": "s3/", "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}
        put = lambda: self.s3.put_bucket_logging(Bucket=self.name, BucketLoggingStatus={"LoggingEnabled": enabled})
        self.refused("InvalidTargetBucketForLogging", put)
        principal = {"Service": ["logging.s3.amazonaws.com", "delivery.logs.amazonaws.com"]}
        self.s3.put_bucket_policy(Bucket=self.name, Policy=self.policy(Effect="Allow", Principal=principal, Action=["s3:PutObject"], Resource=f"arn:aws:s3:::{self.name}/s3/*"))
        put()
        self.assertEqual(self.s3.get_bucket_logging(Bucket=self.name)["LoggingEnabled"], enabled)

    def test_encryption_is_read_back(self):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False, "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
        self.s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        self.assertEqual(self.s3.get_bucket_encryption(Bucket=self.name)["ServerSideEncryptionConfiguration"]["Rules"], [rule])
        self.s3.delete_bucket_encryption(Bucket=self.name)
        self.s3.get_bucket_encryption(Bucket=self.name)
