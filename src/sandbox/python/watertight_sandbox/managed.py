"""The policies that every account finds in CloudFront.

AWS: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

import datetime


class Managed:
    def __init__(self, id_, config):
        self.id, self.config, self.etag = id_, config, "E23ZP02F085DFQ"
        self.modified = datetime.datetime(2021, 11, 2)


def cache(id_, name, comment, ttl, headers=(), cookies="none", queries="none", compress=True):
    minimum, default, maximum = ttl
    header_config = {"HeaderBehavior": "whitelist", "Headers": {"Quantity": len(headers), "Items": list(headers)}} if headers else {"HeaderBehavior": "none"}
    return Managed(
        id_,
        {
            "Comment": comment,
            "Name": name,
            "DefaultTTL": default,
            "MaxTTL": maximum,
            "MinTTL": minimum,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": compress,
                "EnableAcceptEncodingBrotli": compress,
                "HeadersConfig": header_config,
                "CookiesConfig": {"CookieBehavior": cookies},
                "QueryStringsConfig": {"QueryStringBehavior": queries},
            },
        },
    )


def request(id_, name, headers, cookies, queries):
    config = {"HeaderBehavior": headers} if isinstance(headers, str) else {"HeaderBehavior": headers[0], "Headers": {"Quantity": len(headers) - 1, "Items": headers[1:]}}
    return Managed(id_, {"Comment": "", "Name": name, "HeadersConfig": config, "CookiesConfig": {"CookieBehavior": cookies}, "QueryStringsConfig": {"QueryStringBehavior": queries}})


SECURITY = {
    "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
    "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
    "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "strict-origin-when-cross-origin"},
    "ContentTypeOptions": {"Override": True},
    "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": 31536000},
}


def cors(methods):
    config = {
        "AccessControlAllowOrigins": {"Quantity": 1, "Items": ["*"]},
        "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["*"]},
        "AccessControlAllowMethods": {"Quantity": len(methods), "Items": methods},
        "AccessControlAllowCredentials": False,
        "OriginOverride": False,
    }
    if len(methods) > 2:
        config["AccessControlExposeHeaders"] = {"Quantity": 1, "Items": ["*"]}
    return config


SIMPLE, EVERY = ["GET", "HEAD"], ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]


def headers(id_, name, **config):
    return Managed(id_, {"Comment": "", "Name": name, **config})


CACHE = {
    policy.id: policy
    for policy in (
        cache("658327ea-f89d-4fab-a63d-7e88639e58f6", "Managed-CachingOptimized", "Policy with caching enabled. Supports Gzip and Brotli compression.", (1, 86400, 31536000)),
        cache("b2884449-e4de-46a7-ac36-70bc7f1ddd6d", "Managed-CachingOptimizedForUncompressedObjects", "Policy with caching enabled. Does not support Gzip and Brotli compression.", (1, 86400, 31536000), compress=False),
        cache("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingDisabled", "Policy with caching disabled", (0, 0, 0), compress=False),
        cache("08627262-05a9-4f76-9ded-b50ca2e3a84f", "Managed-Elemental-MediaPackage", "Policy for Elemental MediaPackage Origin", (0, 86400, 31536000), headers=("origin",), queries="all"),
        cache("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "UseOriginCacheControlHeaders", "Policy for origins that return Cache-Control headers", (0, 0, 31536000), headers=("host", "origin", "x-http-method", "x-http-method-override", "x-method-override"), cookies="all"),
        cache("4cc15a8a-d715-48a4-82b8-cc0b614638fe", "UseOriginCacheControlHeaders-QueryStrings", "Policy for origins that return Cache-Control headers", (0, 0, 31536000), headers=("host", "origin", "x-http-method", "x-http-method-override", "x-method-override"), cookies="all", queries="all"),
    )
}
REQUEST = {
    policy.id: policy
    for policy in (
        request("acba4595-bd28-49b8-b9fe-13317c0390fa", "Managed-UserAgentRefererHeaders", ["whitelist", "user-agent", "referer"], "none", "none"),
        request("59781a5b-3903-41f3-afcb-af62929ccde1", "Managed-CORS-CustomOrigin", ["whitelist", "origin"], "none", "none"),
        request("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "Managed-CORS-S3Origin", ["whitelist", "origin", "access-control-request-headers", "access-control-request-method"], "none", "none"),
        request("216adef6-5c7f-47e4-b989-5492eafa07d3", "Managed-AllViewer", "allViewer", "all", "all"),
        request("b689b0a8-53d0-40ab-baf2-68738e2966ac", "Managed-AllViewerExceptHostHeader", ["allExcept", "host"], "all", "all"),
    )
}
HEADERS = {
    policy.id: policy
    for policy in (
        headers("60669652-455b-4ae9-85a4-c4c02393f86c", "Managed-SimpleCORS", CorsConfig=cors(SIMPLE)),
        headers("67f7725c-6f97-4210-82d7-5512b31e9d03", "Managed-SecurityHeadersPolicy", SecurityHeadersConfig=SECURITY),
        headers("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "Managed-CORS-With-Preflight", CorsConfig=cors(EVERY)),
        headers("e61eb60c-9c35-4d20-a928-2b84e02af89c", "Managed-CORS-and-SecurityHeadersPolicy", CorsConfig=cors(SIMPLE), SecurityHeadersConfig=SECURITY),
        headers("eaab4381-ed33-4a86-88ca-d9558dc6cd63", "Managed-CORS-with-preflight-and-SecurityHeadersPolicy", CorsConfig=cors(EVERY), SecurityHeadersConfig=SECURITY),
    )
}
ALL = {*CACHE, *REQUEST, *HEADERS}
