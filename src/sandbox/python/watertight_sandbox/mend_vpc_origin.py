"""VPC origins of CloudFront, which moto has not.

AWS: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
(an internet gateway, an active load balancer, the service-managed group, what can't be done while
a distribution uses one)
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateVpcOrigin.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateVpcOrigin.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteVpcOrigin.html
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudFrontVPCOriginServiceRolePolicy.html
(the tag of what CloudFront makes in a VPC)
"""

import time

from moto.cloudfront import urls
from moto.cloudfront.models import CloudFrontBackend, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from . import settings, usage
from .mend_cloudfront import check_version, one, pages, refuse
from .whole import plain

GROUP = "CloudFront-VPCOrigins-Service-SG"


class VpcOrigin:
    def __init__(self, account, config, network):
        self.account, self.id, self.network = account, "vo_" + random_id(length=16), network
        self.arn = f"arn:aws:cloudfront::{account}:vpcorigin/{self.id}"
        self.created, self.gone_at = utcnow(), None
        self.change(config)

    def change(self, config):
        self.config, self.etag, self.modified = config, "E" + random_id(length=13), utcnow()
        self.deployed_at = time.monotonic() + settings.DISTRIBUTION_DELAY

    @property
    def status(self):
        is_on_its_way = self.gone_at is not None or time.monotonic() < self.deployed_at
        return "Deploying" if is_on_its_way else "Deployed"

    def times(self):
        return {"CreatedTime": self.created, "LastModifiedTime": self.modified}

    def shown(self):
        return {"Id": self.id, "Arn": self.arn, "AccountId": self.account, "Status": self.status, **self.times(), "VpcOriginEndpointConfig": self.config}

    def summary(self):
        return {
            "Id": self.id, "Name": self.config["Name"], "Status": self.status, **self.times(), "Arn": self.arn, "AccountId": self.account,
            "OriginEndpointArn": self.config["Arn"],
        }


def apply():
    initialise = CloudFrontBackend.__init__

    def initialised(self, region_name, account_id):
        initialise(self, region_name, account_id)
        self.vpc_origins = {}

    CloudFrontBackend.__init__ = initialised
    for method in (create_vpc_origin, get_vpc_origin, list_vpc_origins, update_vpc_origin, delete_vpc_origin):
        setattr(CloudFrontResponse, method.__name__, method)
    urls.url_paths["{0}/2020-05-31/vpc-origin$"] = CloudFrontResponse.dispatch
    urls.url_paths["{0}/2020-05-31/vpc-origin/(?P<vpc_origin_id>[^/]+)$"] = CloudFrontResponse.dispatch


def sweep(backend):
    """Removes those whose time has come, and the group of a VPC that has none any more."""
    from moto.ec2.models import ec2_backends

    for origin in list(backend.vpc_origins.values()):
        if origin.gone_at is None or time.monotonic() < origin.gone_at:
            continue
        del backend.vpc_origins[origin.id]
        if all(other.network != origin.network for other in backend.vpc_origins.values()):
            region, vpc = origin.network
            ec2 = ec2_backends[backend.account_id][region]
            group = ec2.get_security_group_from_name(GROUP, vpc)
            if group is not None:
                ec2.delete_security_group(group_id=group.id)


def origin_of(self):
    sweep(self.backend)
    return one(self.backend.vpc_origins, self._get_param("Id"), "EntityNotFound", "The specified VPC origin does not exist.")


def usable(backend, id_):
    """What a distribution may be given."""
    sweep(backend)
    origin = one(backend.vpc_origins, id_, "EntityNotFound", "The specified VPC origin does not exist.")
    if origin.status != "Deployed":
        refuse("InvalidArgument", "The VPC origin is not deployed.")
    return origin


def is_used(backend, origin):
    origins = [given for distribution in backend.distributions.values() for given in distribution.config["Origins"]["Items"]]
    return any((given.get("VpcOriginConfig") or {}).get("VpcOriginId") == origin.id for given in origins)


def network_of(account, config):
    """The region and the VPC of the load balancer, if a VPC origin can be made of it."""
    from moto.ec2.models import ec2_backends

    arn = config["Arn"]
    region = arn.split(":")[3] if arn.startswith("arn:aws:elasticloadbalancing:") else refuse("InvalidArgument", "The ARN is not valid for a VPC origin.")
    balancers = [balancer for balancer in usage.load_balancers(account, region) if balancer.arn == arn]
    if not balancers:
        refuse("InvalidArgument", "The load balancer of the VPC origin does not exist.")
    balancers[0].activate()
    if balancers[0].state != "active":
        refuse("InvalidArgument", "The load balancer of the VPC origin is not active.")
    ec2, vpc = ec2_backends[account][region], balancers[0].vpc_id
    gateways = [gateway for gateway in ec2.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc]
    # A default VPC has one from the start:
    # https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
    if not gateways and str(ec2.vpcs[vpc].is_default).lower() != "true":
        refuse("InvalidArgument", f"The VPC {vpc} has no internet gateway.")
    return region, vpc


def whole(config):
    config = plain(config)
    config.setdefault("OriginSslProtocols", {"Quantity": 1, "Items": ["TLSv1.2"]})
    return config


def check(self, config, itself=None):
    for other in self.backend.vpc_origins.values():
        if other is not itself and other.config["Name"] == config["Name"]:
            refuse("EntityAlreadyExists", "The entity already exists. You must provide a unique entity.")


def answer(origin, location=False):
    result = {"VpcOrigin": origin.shown(), "ETag": origin.etag}
    if location:
        result["Location"] = f"https://cloudfront.amazonaws.com/2020-05-31/vpc-origin/{origin.id}"
    return ActionResult(result)


def create_vpc_origin(self):
    from moto.ec2.models import ec2_backends

    sweep(self.backend)
    config = whole(self._get_param("VpcOriginEndpointConfig"))
    check(self, config)
    region, vpc = network_of(self.current_account, config)
    origin = VpcOrigin(self.current_account, config, (region, vpc))
    self.backend.vpc_origins[origin.id] = origin
    ec2 = ec2_backends[self.current_account][region]
    if ec2.get_security_group_from_name(GROUP, vpc) is None:
        ec2.create_security_group(GROUP, "Managed by CloudFront", vpc, tags={"aws.cloudfront.vpcorigin": "enabled"})
    tags = (self._get_param("Tags") or {}).get("Items") or []
    self.backend.tagger.tag_resource(origin.arn, [{"Key": tag["Key"], "Value": tag.get("Value") or ""} for tag in tags])
    return answer(origin, location=True)


def get_vpc_origin(self):
    return answer(origin_of(self))


def list_vpc_origins(self):
    sweep(self.backend)
    shown, rest = pages(self, list(self.backend.vpc_origins.values()), lambda origin: origin.id)
    return ActionResult({"VpcOriginList": {**rest, "Items": [origin.summary() for origin in shown] or None}})


def update_vpc_origin(self):
    origin = origin_of(self)
    check_version(self, origin)
    if is_used(self.backend, origin):
        refuse("CannotUpdateEntityWhileInUse", "The entity cannot be updated while it is in use.")
    config = whole(self._get_param("VpcOriginEndpointConfig"))
    check(self, config, origin)
    network_of(self.current_account, config)
    origin.change(config)
    return answer(origin)


def delete_vpc_origin(self):
    origin = origin_of(self)
    check_version(self, origin)
    if is_used(self.backend, origin):
        refuse("CannotDeleteEntityWhileInUse", "The entity cannot be deleted while it is in use.")
    self.backend.tagger.delete_all_tags_for_resource(origin.arn)
    origin.gone_at = time.monotonic() + settings.DISTRIBUTION_DELAY
    return answer(origin)
