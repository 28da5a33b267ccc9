"""Deliveries of vended logs: what moto lets pass, and the call that it has not.

AWS: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliverySource.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliveryDestination.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UpdateDeliveryConfiguration.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
(us-east-1 only, one source a distribution, the path that CloudFront puts before a suffix)
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
(the statement that AWS adds to a bucket's policy that lacks it)
"""

import json

from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from .refusal import Refusal

SERVICE = "delivery.logs.amazonaws.com"
ADDED = "AWSLogs/{account-id}/CloudFront/"


def apply():
    put_source, create = LogsBackend.put_delivery_source, LogsBackend.create_delivery
    delete_source, delete_destination, delete_delivery = LogsBackend.delete_delivery_source, LogsBackend.delete_delivery_destination, LogsBackend.delete_delivery

    def put_delivery_source(self, name, resource_arn, log_type, tags):
        if ":cloudfront:" in resource_arn:
            check_distribution(self, resource_arn)
        for other in self.delivery_sources.values():
            if other.name != name and resource_arn in other.resource_arns and other.log_type == log_type:
                raise Refusal("ConflictException", "This ResourceId has already been used in another Delivery Source in this account")
        return put_source(self, name=name, resource_arn=resource_arn, log_type=log_type, tags=tags)

    def create_delivery(self, delivery_source_name, delivery_destination_arn, record_fields, field_delimiter, s3_delivery_configuration, tags):
        delivery = create(self, delivery_source_name, delivery_destination_arn, record_fields, field_delimiter, s3_delivery_configuration, tags)
        if delivery.destination_type == "S3":
            to = destination_of(self, delivery_destination_arn).delivery_destination_configuration["destinationResourceArn"]
            bucket, _, prefix = to.split(":::", 1)[1].partition("/")
            given = s3_delivery_configuration or {}
            suffix = given.get("suffixPath") or ""
            delivery.s3_delivery_configuration = {
                "suffixPath": suffix if prefix else ADDED + suffix, "enableHiveCompatiblePath": bool(given.get("enableHiveCompatiblePath")),
            }
            grant(self, bucket, prefix)
        return delivery

    def delete_delivery_source(self, name):
        if any(delivery.delivery_source_name == name for delivery in self.deliveries.values()):
            raise Refusal("ConflictException", "Cannot delete this Delivery Source because it is still used by a Delivery.")
        forget(self, self.delivery_sources.get(name))
        return delete_source(self, name)

    def delete_delivery_destination(self, name):
        destination = self.delivery_destinations.get(name)
        if destination and any(delivery.delivery_destination_arn == destination.arn for delivery in self.deliveries.values()):
            raise Refusal("ConflictException", "Cannot delete this Delivery Destination because it is still used by a Delivery.")
        forget(self, destination)
        return delete_destination(self, name)

    def deleted_delivery(self, id):
        forget(self, self.deliveries.get(id))
        return delete_delivery(self, id)

    for method in (put_delivery_source, create_delivery, delete_delivery_source, delete_delivery_destination):
        setattr(LogsBackend, method.__name__, method)
    LogsBackend.delete_delivery = deleted_delivery
    LogsResponse.update_delivery_configuration = update_delivery_configuration


def check_distribution(backend, arn):
    from .mend_cloudfront import distributions

    if backend.region_name != "us-east-1":
        raise Refusal("ValidationException", "CloudFront delivers its logs from us-east-1 only.")
    if all(distribution.arn != arn for distribution in distributions(backend.account_id)):
        raise Refusal("ResourceNotFoundException", "The resource of the Delivery Source does not exist.")


def destination_of(backend, arn):
    return next(destination for destination in backend.delivery_destinations.values() if destination.arn == arn)


def forget(backend, thing):
    """What is made anew under a name does not have the tags of the one before."""
    if thing is not None:
        backend.tagger.delete_all_tags_for_resource(thing.arn)


def grant(backend, name, prefix):
    from moto.s3.models import s3_backends

    bucket = s3_backends[backend.account_id]["aws"].buckets.get(name)
    if bucket is None:
        raise Refusal("ResourceNotFoundException", f"The bucket {name} does not exist.")
    policy = json.loads(bucket.policy) if bucket.policy else {"Version": "2012-10-17", "Id": "AWSLogDeliveryWrite20150319", "Statement": []}
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    if any(statement["Effect"] == "Allow" and SERVICE in json.dumps(statement.get("Principal")) and "s3:PutObject" in json.dumps(statement["Action"]) for statement in statements):
        return
    account = backend.account_id
    statements.append({
        "Sid": "AWSLogDeliveryWrite", "Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/{prefix or f'AWSLogs/{account}'}/*",
        "Condition": {
            "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": [account]},
            "ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{backend.region_name}:{account}:delivery-source:*"]},
        },
    })
    bucket.policy = json.dumps({**policy, "Statement": statements}).encode()


def update_delivery_configuration(self):
    delivery = self.logs_backend.get_delivery(self._get_param("id"))
    for parameter, attribute in (("recordFields", "record_fields"), ("fieldDelimiter", "field_delimiter")):
        if self._get_param(parameter) is not None:
            setattr(delivery, attribute, self._get_param(parameter))
    given = self._get_param("s3DeliveryConfiguration")
    if given is not None:
        delivery.s3_delivery_configuration = {**delivery.s3_delivery_configuration, **given}
    return "{}"
