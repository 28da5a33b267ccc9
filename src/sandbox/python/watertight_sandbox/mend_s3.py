"""S3: what a new bucket is like, what policies say and when they are refused, what is read back.

AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html (root element)
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html (tags, BucketAlreadyExists)
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html (BlockedEncryptionTypes)
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (of two at once, one succeeds)
"""

import os
import re
import threading

import xmltodict

from moto.core.responses import ActionResult
from moto.core.utils import ensure_boolean
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.s3.utils import bucket_policy_is_public

from . import policies
from .refusal import S3Refusal

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def default_encryption():
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false", "BlockedEncryptionTypes": {"EncryptionType": "SSE-C"}}}


def apply():
    # Somebody else's bucket is not ours to read.
    os.environ["MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS"] = "false"
    initialise = FakeBucket.__init__
    create_bucket = S3Backend.create_bucket
    put = S3Response._bucket_response_put
    get_bucket_logging = S3Response.get_bucket_logging
    put_object, one_at_a_time = S3Response.put_object, threading.Lock()

    def initialised(self, *args, **kwargs):
        initialise(self, *args, **kwargs)
        self.encryption = default_encryption()
        self.ownership_rule = "BucketOwnerEnforced"
        self.public_access_block = PublicAccessBlock("true", "true", "true", "true")

    def created(self, bucket_name, region_name, **rest):
        if not is_valid_name(bucket_name):
            raise S3Refusal("InvalidBucketName", "The specified bucket is not valid.")
        owner = s3_backends.bucket_accounts.get(bucket_name)
        if owner and owner[1] != self.account_id:
            raise S3Refusal(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Select a different name and try again.",
            )
        return create_bucket(self, bucket_name, region_name, **rest)

    def put_bucket(self, request, bucket_name, querystring):
        is_new = bucket_name not in s3_backends.bucket_accounts
        answer = put(self, request, bucket_name, querystring)
        if is_new and bucket_name in s3_backends.bucket_accounts and self.body:
            tags = tags_of(xmltodict.parse(self.body))
            if tags:
                self.backend.put_bucket_tagging(bucket_name, tags)
        return (204, {}, "") if "policy" in querystring else answer

    def put_bucket_policy(self, bucket_name, policy):
        bucket = self.get_bucket(bucket_name)
        policies.check(policy, bucket_name)
        block = bucket.public_access_block
        if block and block.block_public_policy and bucket_policy_is_public(policy):
            raise S3Refusal(
                "AccessDenied", f"User: arn:aws:iam::{self.account_id}:root is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::{bucket_name}\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
            )
        bucket.policy = policy

    def put_one(self):
        # moto looks at the condition and writes later: two at once would both hold.
        with one_at_a_time:
            return put_object(self)

    def logging(self):
        # moto keeps the format of the keys and does not answer it.
        enabled = self.backend.get_bucket_logging(self.bucket_name) or {}
        if "TargetObjectKeyFormat" not in enabled:
            return get_bucket_logging(self)
        kept = enabled["TargetObjectKeyFormat"] or {}
        shown = {"PartitionedPrefix": kept["PartitionedPrefix"] or {}} if "PartitionedPrefix" in kept else {"SimplePrefix": {}}
        self.data["Action"] = "GetBucketLogging"
        return self.serialized(ActionResult({"LoggingEnabled": {"TargetBucket": enabled["TargetBucket"], "TargetPrefix": enabled["TargetPrefix"], "TargetObjectKeyFormat": shown}}))

    FakeBucket.__init__ = initialised
    FakeBucket.get_permission = lambda self, action, resource: policies.permission(self, action, resource)
    FakeBucket._log_permissions_enabled_policy = staticmethod(may_receive_logs)
    S3Backend.create_bucket = created
    S3Backend.put_bucket_policy = put_bucket_policy
    S3Backend.delete_bucket_encryption = lambda self, name: setattr(self.get_bucket(name), "encryption", default_encryption())
    S3Response._bucket_response_put = put_bucket
    S3Response.put_object = put_one
    S3Response.get_bucket_versioning = get_bucket_versioning
    S3Response.get_bucket_encryption = get_bucket_encryption
    S3Response.get_bucket_logging = logging


def is_valid_name(name):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    return bool(re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name)) and ".." not in name and not re.fullmatch(r"[0-9.]+", name) and not name.startswith(("xn--", "sthree-")) and not name.endswith(("-s3alias", "--ol-s3"))


def tags_of(document):
    tags = ((document.get("CreateBucketConfiguration") or {}).get("Tags") or {}).get("Tag") or []
    return {tag["Key"]: tag["Value"] or "" for tag in (tags if isinstance(tags, list) else [tags])}


def get_bucket_versioning(self):
    status = self.backend.get_bucket_versioning(self.bucket_name)
    inner = f"<Status>{status}</Status>" if status else ""
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<VersioningConfiguration xmlns="{NAMESPACE}">{inner}</VersioningConfiguration>'
    return 200, {"Content-Type": "application/xml"}, xml


def get_bucket_encryption(self):
    rule = (self.backend.get_bucket_encryption(self.bucket_name) or default_encryption())["Rule"]
    shown = {"ApplyServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"], "BucketKeyEnabled": ensure_boolean(rule.get("BucketKeyEnabled"))}
    blocked = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType")
    if blocked:
        shown["BlockedEncryptionTypes"] = {"EncryptionType": blocked if isinstance(blocked, list) else [blocked]}
    self.data["Action"] = "GetBucketEncryption"
    return self.serialized(ActionResult({"ServerSideEncryptionConfiguration": {"Rules": [shown]}}))


def may_receive_logs(target_bucket, target_prefix):
    """Whether the policy lets the logging service write below the prefix."""
    arn = f"arn:aws:s3:::{target_bucket.name}/{target_prefix or ''}"
    for statement in policies.statements(target_bucket.policy):
        services = policies.listed((statement.get("Principal") or {}).get("Service")) if isinstance(statement.get("Principal"), dict) else []
        if statement.get("Effect") == "Allow" and "logging.s3.amazonaws.com" in services:
            may_put = any(policies.like(action.lower(), "s3:putobject") for action in policies.listed(statement.get("Action")))
            covers = any(policies.like(resource, arn + "x") for resource in policies.listed(statement.get("Resource")))
            if may_put and covers:
                return True
    return False
