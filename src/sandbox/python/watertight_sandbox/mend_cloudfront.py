"""CloudFront: distributions, origin access controls, response headers policies, cache policies.

moto's own are replaced whole: a configuration is kept as it was given and answered with what AWS
fills in. Other operations (functions, key groups, invalidations) stay moto's.

AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteDistribution.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateResponseHeadersPolicy.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
"""

import copy
import re
import time

from moto.cloudfront import urls
from moto.cloudfront.models import CloudFrontBackend, cloudfront_backends, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from . import mend_acm, managed, settings
from .refusal import Refusal
from .whole import whole_distribution, whole_headers_policy


class Distribution:
    def __init__(self, account, config):
        self.id = self.distribution_id = random_id()
        self.arn = f"arn:aws:cloudfront::{account}:distribution/{self.id}"
        self.domain_name = f"d{random_id(uppercase=False, length=13)}.cloudfront.net"
        self.change(config)

    def change(self, config):
        self.config = config
        self.etag = "E" + random_id(length=13)
        self.modified = utcnow()
        self.deployed_at = time.monotonic() + settings.DISTRIBUTION_DELAY

    @property
    def status(self):
        return "Deployed" if time.monotonic() >= self.deployed_at else "InProgress"

    @property
    def location(self):
        return f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{self.id}"

    def shown(self):
        return {
            "Id": self.id,
            "ARN": self.arn,
            "Status": self.status,
            "LastModifiedTime": self.modified,
            "InProgressInvalidationBatches": 0,
            "DomainName": self.domain_name,
            "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
            "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
            "DistributionConfig": self.config,
            "AliasICPRecordals": [{"CNAME": name, "ICPRecordalStatus": "APPROVED"} for name in aliases(self.config)],
        }

    def summary(self):
        kept = ("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "Comment", "PriceClass",
                "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging")
        shown = {**self.shown(), **{key: self.config[key] for key in kept}, "ETag": self.etag}
        del shown["DistributionConfig"]
        return shown


class Kept:
    """An origin access control or a policy: a configuration with an id and a version."""

    def __init__(self, config):
        self.id = random_id() if "SigningBehavior" in config else uuid()
        self.change(config)

    def change(self, config):
        self.config, self.etag, self.modified = config, "E" + random_id(length=13), utcnow()


def uuid():
    from moto.moto_api._internal import mock_random

    return str(mock_random.uuid4())


def apply():
    initialise = CloudFrontBackend.__init__
    route = CloudFrontResponse._get_action

    def initialised(self, region_name, account_id):
        initialise(self, region_name, account_id)
        self.headers_policies = {}
        self.cache_policies = {}

    def action(self):
        # moto finds operations by their path alone.
        if self.parsed_url.path.endswith("/tagging"):
            operation = self.querystring.get("Operation", [""])[0]
            return {"Tag": "TagResource", "Untag": "UntagResource"}.get(operation, "ListTagsForResource")
        return route(self)

    CloudFrontBackend.__init__ = initialised
    CloudFrontBackend.get_distribution = lambda self, id_: (one(self.distributions, id_, "NoSuchDistribution", "The specified distribution does not exist."), None)
    CloudFrontResponse._get_action = action
    for method in (
        create_distribution, create_distribution_with_tags, get_distribution, get_distribution_config, update_distribution, delete_distribution, list_distributions,
        create_origin_access_control, get_origin_access_control, get_origin_access_control_config, update_origin_access_control, delete_origin_access_control, list_origin_access_controls,
        create_response_headers_policy, get_response_headers_policy, get_response_headers_policy_config, update_response_headers_policy, delete_response_headers_policy, list_response_headers_policies,
        create_cache_policy, get_cache_policy, get_cache_policy_config, update_cache_policy, delete_cache_policy, list_cache_policies, list_origin_request_policies, get_origin_request_policy,
        list_tags_for_resource,
    ):
        setattr(CloudFrontResponse, method.__name__, method)
    dispatch = CloudFrontResponse.dispatch
    for path in ("response-headers-policy", "cache-policy", "origin-request-policy"):
        urls.url_paths["{0}/2020-05-31/%s$" % path] = dispatch
        urls.url_paths["{0}/2020-05-31/%s/(?P<policy_id>[^/]+)$" % path] = dispatch
        urls.url_paths["{0}/2020-05-31/%s/(?P<policy_id>[^/]+)/config$" % path] = dispatch


def distributions(account):
    return list(cloudfront_backends[account]["aws"].distributions.values())


def refuse(code, message):
    raise Refusal(code, message)


def one(store, id_, code, message):
    return store[id_] if id_ in store else refuse(code, message)


def check_version(self, kept):
    version = (self._get_param("IfMatch") or "").strip('"')
    if not version:
        refuse("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
    if version != kept.etag:
        refuse("PreconditionFailed", "The request failed because it didn't meet the preconditions in one or more request-header fields.")


def pages(self, items, key):
    """One page, with the fields that every list of CloudFront has."""
    limit, marker = self._get_int_param("MaxItems", 100), self._get_param("Marker") or ""
    keys = [key(item) for item in items]
    start = keys.index(marker) + 1 if marker in keys else 0
    shown = items[start : start + limit]
    is_truncated = start + limit < len(items)
    return shown, {
        "Marker": marker,
        "NextMarker": key(shown[-1]) if is_truncated and shown else None,
        "MaxItems": limit,
        "IsTruncated": is_truncated,
        "Quantity": len(shown),
    }


# --- distributions ---


def aliases(config):
    return (config.get("Aliases") or {}).get("Items") or []


def behaviors(config):
    return [config["DefaultCacheBehavior"], *((config.get("CacheBehaviors") or {}).get("Items") or [])]


def check_distribution(self, config, itself=None):
    backend = self.backend
    # At AWS a name is taken whoever has it; here each account is a world with its own example.com.
    for other in backend.distributions.values():
        taken = sorted(set(aliases(config)) & set(aliases(other.config)))
        if taken and other is not itself:
            refuse("CNAMEAlreadyExists", f"One or more of the CNAMEs you provided are already associated with a different resource: {', '.join(taken)}")
    origins = {origin["Id"]: origin for origin in config["Origins"]["Items"]}
    groups = {group["Id"] for group in (config.get("OriginGroups") or {}).get("Items") or []}
    for behavior in behaviors(config):
        if behavior["TargetOriginId"] not in origins and behavior["TargetOriginId"] not in groups:
            refuse("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
        headers, cache = behavior.get("ResponseHeadersPolicyId"), behavior.get("CachePolicyId")
        if headers and headers not in backend.headers_policies and headers not in managed.HEADERS:
            refuse("NoSuchResponseHeadersPolicy", "The specified response headers policy does not exist.")
        if cache and cache not in backend.cache_policies and cache not in managed.CACHE:
            refuse("NoSuchCachePolicy", "The specified cache policy does not exist.")
        if not cache and not behavior.get("ForwardedValues"):
            refuse("InvalidArgument", "The parameter ForwardedValues is required.")
    for origin in origins.values():
        control = origin.get("OriginAccessControlId")
        if control and control not in backend.origin_access_controls:
            refuse("NoSuchOriginAccessControl", "The specified origin access control does not exist.")
        if bool(origin.get("S3OriginConfig")) + bool(origin.get("CustomOriginConfig")) + bool(origin.get("VpcOriginConfig")) != 1:
            refuse("InvalidOrigin", "The origin needs exactly one of S3OriginConfig, CustomOriginConfig and VpcOriginConfig.")
        if origin.get("VpcOriginConfig"):
            from .mend_vpc_origin import usable

            usable(backend, origin["VpcOriginConfig"]["VpcOriginId"])
        if origin.get("S3OriginConfig") and not re.search(r"\.s3[.-].*amazonaws\.com(\.cn)?$", origin["DomainName"]):
            refuse("InvalidArgument", "The parameter Origin DomainName does not refer to a valid S3 bucket.")
    check_certificate(config)


def check_certificate(config):
    viewer = config["ViewerCertificate"]
    arn = viewer.get("ACMCertificateArn")
    if not arn:
        if aliases(config) and not viewer.get("IAMCertificateId"):
            refuse("InvalidViewerCertificate", "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name.")
        return
    certificate = mend_acm.find(arn)
    if arn.split(":")[3] != "us-east-1":
        refuse("InvalidViewerCertificate", "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.")
    if certificate is None or certificate.status != "ISSUED":
        refuse("InvalidViewerCertificate", "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.")
    for name in aliases(config):
        if not any(covers(san, name) for san in certificate.sans):
            refuse("InvalidViewerCertificate", "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that you're trying to add.")
    if not viewer.get("SSLSupportMethod"):
        refuse("InvalidArgument", "The parameter SSLSupportMethod is required.")


def covers(san, name):
    return san == name or (san.startswith("*.") and name.split(".", 1)[1:] == [san[2:]])


def make_distribution(self, config, tags):
    config = whole_distribution(config)
    for other in self.backend.distributions.values():
        if other.config["CallerReference"] == config["CallerReference"]:
            refuse("DistributionAlreadyExists", f"The caller reference that you are using to create a distribution is associated with another distribution. Already exists: {other.id}")
    check_distribution(self, config)
    distribution = Distribution(self.current_account, config)
    self.backend.distributions[distribution.id] = distribution
    self.backend.tagger.tag_resource(distribution.arn, [{"Key": tag["Key"], "Value": tag.get("Value") or ""} for tag in tags])
    return answer_distribution(distribution)


def answer_distribution(distribution):
    return ActionResult({"Distribution": distribution.shown(), "ETag": distribution.etag, "Location": distribution.location})


def create_distribution(self):
    return make_distribution(self, self._get_param("DistributionConfig"), [])


def create_distribution_with_tags(self):
    given = self._get_param("DistributionConfigWithTags")
    return make_distribution(self, given["DistributionConfig"], (given.get("Tags") or {}).get("Items") or [])


def distribution_of(self):
    return one(self.backend.distributions, self._get_param("Id"), "NoSuchDistribution", "The specified distribution does not exist.")


def get_distribution(self):
    distribution = distribution_of(self)
    return ActionResult({"Distribution": distribution.shown(), "ETag": distribution.etag})


def get_distribution_config(self):
    distribution = distribution_of(self)
    return ActionResult({"DistributionConfig": distribution.config, "ETag": distribution.etag})


def update_distribution(self):
    distribution = distribution_of(self)
    check_version(self, distribution)
    config = whole_distribution(self._get_param("DistributionConfig"))
    if config["CallerReference"] != distribution.config["CallerReference"]:
        refuse("IllegalUpdate", "The update contains modifications that are not allowed.")
    check_distribution(self, config, distribution)
    distribution.change(config)
    return answer_distribution(distribution)


def delete_distribution(self):
    distribution = distribution_of(self)
    check_version(self, distribution)
    if distribution.config["Enabled"] or distribution.status != "Deployed":
        refuse("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
    self.backend.tagger.delete_all_tags_for_resource(distribution.arn)
    del self.backend.distributions[distribution.id]
    return EmptyResult()


def list_distributions(self):
    shown, rest = pages(self, list(self.backend.distributions.values()), lambda distribution: distribution.id)
    return ActionResult({"DistributionList": {**rest, "Items": [distribution.summary() for distribution in shown] or None}})


def list_tags_for_resource(self):
    arn = self._get_param("Resource")
    if ":distribution/" in (arn or ""):
        one(self.backend.distributions, arn.rsplit("/", 1)[1], "NoSuchResource", f"Tagging resource {arn} is not valid")
    if ":vpcorigin/" in (arn or ""):
        one(self.backend.vpc_origins, arn.rsplit("/", 1)[1], "NoSuchResource", f"Tagging resource {arn} is not valid")
    return ActionResult({"Tags": {"Items": self.backend.list_tags_for_resource(resource=arn)["Tags"]}})


# --- origin access controls ---


def check_control(self, config, itself=None):
    for other in self.backend.origin_access_controls.values():
        if other is not itself and other.config["Name"] == config["Name"]:
            refuse("OriginAccessControlAlreadyExists", "An origin access control with the specified parameters already exists.")
    if len(config["Name"]) > 64:
        refuse("InvalidArgument", "The parameter Name is too long.")


def control_of(self):
    return one(self.backend.origin_access_controls, self._get_param("Id"), "NoSuchOriginAccessControl", "The specified origin access control does not exist.")


def answer_control(control, location=False):
    result = {"OriginAccessControl": {"Id": control.id, "OriginAccessControlConfig": control.config}, "ETag": control.etag}
    if location:
        result["Location"] = f"https://cloudfront.amazonaws.com/2020-05-31/origin-access-control/{control.id}"
    return ActionResult(result)


def create_origin_access_control(self):
    config = dict(self._get_param("OriginAccessControlConfig"))
    config.setdefault("Description", "")
    check_control(self, config)
    control = Kept(config)
    self.backend.origin_access_controls[control.id] = control
    return answer_control(control, location=True)


def get_origin_access_control(self):
    return answer_control(control_of(self))


def get_origin_access_control_config(self):
    control = control_of(self)
    return ActionResult({"OriginAccessControlConfig": control.config, "ETag": control.etag})


def update_origin_access_control(self):
    control = control_of(self)
    check_version(self, control)
    config = dict(self._get_param("OriginAccessControlConfig"))
    config.setdefault("Description", "")
    check_control(self, config, control)
    control.change(config)
    return answer_control(control)


def delete_origin_access_control(self):
    control = control_of(self)
    check_version(self, control)
    origins = [origin for distribution in self.backend.distributions.values() for origin in distribution.config["Origins"]["Items"]]
    if any(origin.get("OriginAccessControlId") == control.id for origin in origins):
        refuse("OriginAccessControlInUse", "Cannot delete the origin access control because it's in use by one or more distributions.")
    del self.backend.origin_access_controls[control.id]
    return EmptyResult()


def list_origin_access_controls(self):
    shown, rest = pages(self, list(self.backend.origin_access_controls.values()), lambda control: control.id)
    items = [{"Id": control.id, **control.config} for control in shown]
    return ActionResult({"OriginAccessControlList": {**rest, "Items": items or None}})


# --- response headers policies ---

NO_HEADERS_POLICY = ("NoSuchResponseHeadersPolicy", "The response headers policy does not exist.")


def headers_policy_of(self):
    id_ = self._get_param("Id")
    return managed.HEADERS.get(id_) or one(self.backend.headers_policies, id_, *NO_HEADERS_POLICY)


def check_headers_policy(self, config, itself=None):
    for other in self.backend.headers_policies.values():
        if other is not itself and other.config["Name"] == config["Name"]:
            refuse("ResponseHeadersPolicyAlreadyExists", "A response headers policy with this name already exists. You must provide a unique name.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", config["Name"]):
        refuse("InvalidArgument", "The parameter Name is not valid.")
    if not set(config) - {"Name", "Comment"}:
        refuse("InvalidArgument", "At least one of the headers configurations must be specified.")


def shown_headers_policy(policy):
    return {"Id": policy.id, "LastModifiedTime": policy.modified, "ResponseHeadersPolicyConfig": policy.config}


def answer_headers_policy(policy, location=False):
    result = {"ResponseHeadersPolicy": shown_headers_policy(policy), "ETag": policy.etag}
    if location:
        result["Location"] = f"https://cloudfront.amazonaws.com/2020-05-31/response-headers-policy/{policy.id}"
    return ActionResult(result)


def create_response_headers_policy(self):
    config = whole_headers_policy(self._get_param("ResponseHeadersPolicyConfig"))
    check_headers_policy(self, config)
    policy = Kept(config)
    self.backend.headers_policies[policy.id] = policy
    return answer_headers_policy(policy, location=True)


def get_response_headers_policy(self):
    return answer_headers_policy(headers_policy_of(self))


def get_response_headers_policy_config(self):
    policy = headers_policy_of(self)
    return ActionResult({"ResponseHeadersPolicyConfig": policy.config, "ETag": policy.etag})


def own(self, policy, code):
    if policy.id in managed.ALL:
        refuse(code, "A managed policy can't be changed or deleted.")
    return policy


def update_response_headers_policy(self):
    policy = own(self, headers_policy_of(self), "AccessDenied")
    check_version(self, policy)
    config = whole_headers_policy(self._get_param("ResponseHeadersPolicyConfig"))
    check_headers_policy(self, config, policy)
    policy.change(config)
    return answer_headers_policy(policy)


def delete_response_headers_policy(self):
    policy = own(self, headers_policy_of(self), "IllegalDelete")
    check_version(self, policy)
    if is_used(self, "ResponseHeadersPolicyId", policy.id):
        refuse("ResponseHeadersPolicyInUse", "Cannot delete the response headers policy because it is attached to one or more cache behaviors in a CloudFront distribution.")
    del self.backend.headers_policies[policy.id]
    return EmptyResult()


def is_used(self, field, id_):
    return any(behavior.get(field) == id_ for distribution in self.backend.distributions.values() for behavior in behaviors(distribution.config))


def list_policies(self, kind, managed_ones, own_ones, show):
    asked = self._get_param("Type")
    items = [("managed", policy) for policy in managed_ones.values() if asked in (None, "managed")]
    items += [("custom", policy) for policy in own_ones.values() if asked in (None, "custom")]
    shown, rest = pages(self, items, lambda item: item[1].id)
    rest.pop("Marker")
    rest.pop("IsTruncated")
    return ActionResult({f"{kind}List": {**rest, "Items": [{"Type": type_, kind: show(policy)} for type_, policy in shown] or None}})


def list_response_headers_policies(self):
    return list_policies(self, "ResponseHeadersPolicy", managed.HEADERS, self.backend.headers_policies, shown_headers_policy)


# --- cache policies and origin request policies ---


def shown_cache_policy(policy):
    return {"Id": policy.id, "LastModifiedTime": policy.modified, "CachePolicyConfig": policy.config}


def cache_policy_of(self):
    id_ = self._get_param("Id")
    return managed.CACHE.get(id_) or one(self.backend.cache_policies, id_, "NoSuchCachePolicy", "The cache policy does not exist.")


def create_cache_policy(self):
    config = copy.deepcopy(dict(self._get_param("CachePolicyConfig")))
    if any(other.config["Name"] == config["Name"] for other in self.backend.cache_policies.values()):
        refuse("CachePolicyAlreadyExists", "A cache policy with this name already exists. You must provide a unique name.")
    policy = Kept(config)
    self.backend.cache_policies[policy.id] = policy
    location = f"https://cloudfront.amazonaws.com/2020-05-31/cache-policy/{policy.id}"
    return ActionResult({"CachePolicy": shown_cache_policy(policy), "ETag": policy.etag, "Location": location})


def get_cache_policy(self):
    policy = cache_policy_of(self)
    return ActionResult({"CachePolicy": shown_cache_policy(policy), "ETag": policy.etag})


def get_cache_policy_config(self):
    policy = cache_policy_of(self)
    return ActionResult({"CachePolicyConfig": policy.config, "ETag": policy.etag})


def update_cache_policy(self):
    policy = own(self, cache_policy_of(self), "AccessDenied")
    check_version(self, policy)
    policy.change(copy.deepcopy(dict(self._get_param("CachePolicyConfig"))))
    return ActionResult({"CachePolicy": shown_cache_policy(policy), "ETag": policy.etag})


def delete_cache_policy(self):
    policy = own(self, cache_policy_of(self), "IllegalDelete")
    check_version(self, policy)
    if is_used(self, "CachePolicyId", policy.id):
        refuse("CachePolicyInUse", "Cannot delete the cache policy because it is attached to one or more cache behaviors.")
    del self.backend.cache_policies[policy.id]
    return EmptyResult()


def list_cache_policies(self):
    return list_policies(self, "CachePolicy", managed.CACHE, self.backend.cache_policies, shown_cache_policy)


def shown_request_policy(policy):
    return {"Id": policy.id, "LastModifiedTime": policy.modified, "OriginRequestPolicyConfig": policy.config}


def get_origin_request_policy(self):
    policy = one(managed.REQUEST, self._get_param("Id"), "NoSuchOriginRequestPolicy", "The origin request policy does not exist.")
    return ActionResult({"OriginRequestPolicy": shown_request_policy(policy), "ETag": policy.etag})


def list_origin_request_policies(self):
    return list_policies(self, "OriginRequestPolicy", managed.REQUEST, {}, shown_request_policy)
