"""Configurations of CloudFront with what AWS fills in, so that what is read back is whole.

AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
"""

import copy


def whole_distribution(config):
    config = plain(config)
    for key, value in {
        "Aliases": {"Quantity": 0}, "DefaultRootObject": "", "OriginGroups": {"Quantity": 0}, "CacheBehaviors": {"Quantity": 0}, "CustomErrorResponses": {"Quantity": 0},
        "Comment": "", "PriceClass": "PriceClass_All", "WebACLId": "", "HttpVersion": "http2", "IsIPV6Enabled": False, "Staging": False, "ContinuousDeploymentPolicyId": "",
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    }.items():
        if config.get(key) is None:
            config[key] = copy.deepcopy(value)
    config["ViewerCertificate"] = whole_certificate(config.get("ViewerCertificate") or {})
    for behavior in [config["DefaultCacheBehavior"], *(config["CacheBehaviors"].get("Items") or [])]:
        fill_behavior(behavior)
    for origin in config["Origins"]["Items"]:
        fill_origin(origin)
    for response in config["CustomErrorResponses"].get("Items") or []:
        response.setdefault("ResponsePagePath", "")
        response.setdefault("ResponseCode", "")
        response.setdefault("ErrorCachingMinTTL", 10)
    count(config)
    return config


def plain(value):
    """A copy in plain dictionaries and lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner is not None}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def count(value):
    """Every list says how long it is; an empty one has no items."""
    if isinstance(value, dict):
        if "Quantity" in value or "Items" in value:
            value["Quantity"] = len(value.get("Items") or [])
            if not value.get("Items"):
                value.pop("Items", None)
        for inner in value.values():
            count(inner)
    elif isinstance(value, list):
        for inner in value:
            count(inner)


def whole_certificate(viewer):
    viewer = dict(viewer)
    arn, iam = viewer.get("ACMCertificateArn"), viewer.get("IAMCertificateId")
    if arn or iam:
        # The two older fields that say the same.
        viewer.update({"CloudFrontDefaultCertificate": False, "Certificate": arn or iam, "CertificateSource": "acm" if arn else "iam"})
        viewer.setdefault("MinimumProtocolVersion", "TLSv1")
        return viewer
    return {"CloudFrontDefaultCertificate": True, "SSLSupportMethod": "vip", "MinimumProtocolVersion": "TLSv1", "CertificateSource": "cloudfront"}


def fill_behavior(behavior):
    off = {"Enabled": False, "Quantity": 0}
    methods = behavior.setdefault("AllowedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
    methods.setdefault("CachedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
    for key, value in {
        "TrustedSigners": off, "TrustedKeyGroups": off, "SmoothStreaming": False, "Compress": False, "LambdaFunctionAssociations": {"Quantity": 0},
        "FunctionAssociations": {"Quantity": 0}, "FieldLevelEncryptionId": "", "GrpcConfig": {"Enabled": False},
    }.items():
        behavior.setdefault(key, copy.deepcopy(value))
    if behavior.get("CachePolicyId"):
        behavior.pop("ForwardedValues", None)
    elif behavior.get("ForwardedValues"):
        behavior["ForwardedValues"].setdefault("Headers", {"Quantity": 0})
        behavior["ForwardedValues"].setdefault("QueryStringCacheKeys", {"Quantity": 0})
        for key, value in {"MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000}.items():
            behavior.setdefault(key, value)


def fill_origin(origin):
    for key, value in {"OriginPath": "", "CustomHeaders": {"Quantity": 0}, "ConnectionAttempts": 3, "ConnectionTimeout": 10, "OriginShield": {"Enabled": False}, "OriginAccessControlId": ""}.items():
        if origin.get(key) is None:
            origin[key] = copy.deepcopy(value)
    custom = origin.get("CustomOriginConfig")
    if custom is not None:
        custom.setdefault("OriginSslProtocols", {"Quantity": 3, "Items": ["TLSv1", "TLSv1.1", "TLSv1.2"]})
        custom.setdefault("OriginReadTimeout", 30)
        custom.setdefault("OriginKeepaliveTimeout", 5)
    vpc = origin.get("VpcOriginConfig")
    if vpc is not None:
        vpc.setdefault("OriginReadTimeout", 30)
        vpc.setdefault("OriginKeepaliveTimeout", 5)
    if origin.get("S3OriginConfig") is not None:
        origin["S3OriginConfig"].setdefault("OriginAccessIdentity", "")


def whole_headers_policy(config):
    config = plain(config)
    config.setdefault("Comment", "")
    security = config.get("SecurityHeadersConfig") or {}
    if "StrictTransportSecurity" in security:
        security["StrictTransportSecurity"].setdefault("IncludeSubdomains", False)
        security["StrictTransportSecurity"].setdefault("Preload", False)
    count(config)
    return config
