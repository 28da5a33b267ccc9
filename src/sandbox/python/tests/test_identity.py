import json

import boto3

from watertight_sandbox.mend_identity import codes

from .support import Case, endpoint


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Identity(Case):
    def with_keys(self, service, keys):
        more = {"aws_session_token": keys["SessionToken"]} if "SessionToken" in keys else {}
        return boto3.client(
            service,
            endpoint_url=endpoint(),
            region_name=self.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            **more,
        )

    def user(self, name="jo"):
        iam = self.client("iam")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        return arn, iam.create_access_key(UserName=name)["AccessKey"]

    def device(self, name="jo"):
        iam = self.client("iam")
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        seed = device["Base32StringSeed"]
        iam.enable_mfa_device(UserName=name, SerialNumber=device["SerialNumber"], AuthenticationCode1=codes(seed)[0], AuthenticationCode2=codes(seed)[1])
        return device["SerialNumber"], seed

    def role(self, condition=None, name="deploy", principal=None, **more):
        statement = {"Effect": "Allow", "Principal": {"AWS": principal or f"arn:aws:iam::{self.account}:root"}, "Action": "sts:AssumeRole"}
        if condition:
            statement["Condition"] = condition
        # boto3 reads a policy in an answer before its shape could be checked.
        iam = self.with_keys("iam", {"AccessKeyId": self.account, "SecretAccessKey": "sandbox"})
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement), **more)["Role"]["Arn"]

    def test_the_account_s_own_key_is_a_user_who_may_do_everything(self):
        arn = self.client("sts").get_caller_identity()["Arn"]
        self.assertEqual(arn, f"arn:aws:iam::{self.account}:user/sandbox")
        answer = self.client("iam").simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:CreateBucket", "ec2:DescribeVpcs"])
        self.assertEqual([result["EvalDecision"] for result in answer["EvaluationResults"]], ["allowed", "allowed"])

    def test_a_role_wants_its_external_id(self):
        arn = self.role({"StringEquals": {"sts:ExternalId": "acme-4711"}})
        sts = self.client("sts")
        self.refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="me")
        self.refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="me", ExternalId="acme-4712")
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="me", ExternalId="acme-4711")["Credentials"]
        identity = self.with_keys("sts", keys).get_caller_identity()
        self.assertEqual(identity["Arn"], f"arn:aws:sts::{self.account}:assumed-role/deploy/me")

    def test_a_role_wants_a_code(self):
        arn = self.role({"Bool": {"aws:MultiFactorAuthPresent": "true"}})
        _, keys = self.user()
        serial, seed = self.device()
        sts = self.with_keys("sts", keys)
        self.refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="me")
        wrong = f"{(int(codes(seed)[1]) + 1) % 1000000:06}"
        said = self.refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="me", SerialNumber=serial, TokenCode=wrong)
        self.assertIn("invalid MFA one time pass code", said)
        said = self.refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="me", SerialNumber=serial + "x", TokenCode=codes(seed)[1])
        self.assertIn("unable to validate MFA code", said)
        sts.assume_role(RoleArn=arn, RoleSessionName="me", SerialNumber=serial, TokenCode=codes(seed)[1])

    def test_a_role_trusts_whom_it_names_and_lasts_as_long_as_it_says(self):
        user, keys = self.user()
        arn = self.role(principal=user, MaxSessionDuration=7200)
        self.refused("AccessDenied", self.client("sts").assume_role, RoleArn=arn, RoleSessionName="me")
        self.refused("AccessDenied", self.client("sts").assume_role, RoleArn=arn + "x", RoleSessionName="me")
        sts = self.with_keys("sts", keys)
        sts.assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=7200)
        self.refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName="me", DurationSeconds=7201)

    def test_a_simulation_reads_the_policies(self):
        arn, _ = self.user()
        iam = self.client("iam")
        iam.put_user_policy(
            UserName="jo",
            PolicyName="some",
            PolicyDocument=document(
                {"Effect": "Allow", "Action": ["s3:*", "ec2:Describe*"], "Resource": "*"},
                {"Effect": "Deny", "Action": "S3:DeleteBucket", "Resource": "arn:aws:s3:::precious*"},
                {"Effect": "Allow", "Action": "acm:*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
            ),
        )
        iam.create_group(GroupName="admins")
        iam.put_group_policy(GroupName="admins", PolicyName="more", PolicyDocument=document({"Effect": "Allow", "Action": "route53:*", "Resource": "*"}))
        iam.add_user_to_group(GroupName="admins", UserName="jo")

        def decisions(actions, **more):
            answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, **more)
            return [result["EvalDecision"] for result in answer["EvaluationResults"]]

        self.assertEqual(decisions(["ec2:DescribeVpcs", "ec2:CreateVpc", "route53:ListHostedZones"]), ["allowed", "implicitDeny", "allowed"])
        self.assertEqual(decisions(["s3:DeleteBucket"], ResourceArns=["arn:aws:s3:::precious-1"]), ["explicitDeny"])
        self.assertEqual(decisions(["acm:DescribeCertificate"]), ["implicitDeny"])
        region = [{"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string", "ContextKeyValues": ["eu-west-1"]}]
        self.assertEqual(decisions(["acm:DescribeCertificate"], ContextEntries=region), ["allowed"])
        pages = iam.get_paginator("simulate_principal_policy").paginate(PolicySourceArn=arn, ActionNames=[f"s3:Action{n}" for n in range(230)])
        self.assertEqual([len(page["EvaluationResults"]) for page in pages], [100, 100, 30])
        self.refused("NoSuchEntity", iam.simulate_principal_policy, PolicySourceArn=arn + "x", ActionNames=["s3:CreateBucket"])
