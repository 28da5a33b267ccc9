"""Service Quotas: the quotas of every service that the sandbox has, and requests for more.

AWS: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
(a request is granted here at once), and for the defaults
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
https://docs.aws.amazon.com/general/latest/gr/s3.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZoneLimit.html
"""

import json

from moto.core.responses import ActionResult
from moto.route53 import urls
from moto.route53.responses import Route53
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from .refusal import Refusal

DEFAULTS = {
    ("acm", "L-F141DD1D"): ("ACM certificates", 2500),
    ("acm", "L-FB94F0B0"): ("Domain names per ACM certificate", 10),
    ("cloudfront", "L-24B04930"): ("Web distributions per AWS account", 200),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50),
    ("elasticloadbalancing", "L-7EED9B64"): ("Rules per Application Load Balancer", 100),
    ("elasticloadbalancing", "L-9365A611"): ("Certificates per Application Load Balancer", 25),
    ("elasticloadbalancing", "L-B22855CB"): ("Target Groups per Region", 3000),
    ("elasticloadbalancing", "L-B6DF7632"): ("Listeners per Application Load Balancer", 50),
    ("s3", "L-DC2B2D3D"): ("General purpose buckets", 10000),
}


def apply():
    get_service_quota = ServiceQuotasBackend.get_service_quota

    def get(self, service_code, quota_code):
        known = DEFAULTS.get((service_code, quota_code))
        quota = {"ServiceCode": service_code, "QuotaCode": quota_code, "QuotaName": known[0], "Value": known[1]} if known else dict(get_service_quota(self, service_code, quota_code))
        return quota | {"Value": float(granted(self).get((service_code, quota_code), quota["Value"])), "Unit": "None", "Adjustable": True}

    def request_service_quota_increase(self):
        asked = json.loads(self.body)
        quota = self.backend.get_service_quota(asked["ServiceCode"], asked["QuotaCode"])
        if asked["DesiredValue"] <= quota["Value"]:
            raise Refusal("IllegalArgumentException", f"Increased Service Quota value must be greater than the current value of {quota['Value']}")
        granted(self.backend)[asked["ServiceCode"], asked["QuotaCode"]] = asked["DesiredValue"]
        return json.dumps({"RequestedQuota": asked | {"Status": "APPROVED"}})

    def get_hosted_zone_limit(self):
        zone = self.backend.get_hosted_zone(self.parsed_url.path.rstrip("/").split("/")[-2])
        kind = self.parsed_url.path.rstrip("/").split("/")[-1]
        if kind != "MAX_RRSETS_BY_ZONE":
            raise Refusal("InvalidInput", f"{kind} is not a limit of this zone")
        return ActionResult({"Limit": {"Type": kind, "Value": 10000}, "Count": len(zone.rrsets)})

    ServiceQuotasBackend.get_service_quota = get
    ServiceQuotasResponse.request_service_quota_increase = request_service_quota_increase
    Route53.get_hosted_zone_limit = get_hosted_zone_limit
    urls.url_paths[r"{0}/(?P<api_version>[\d_-]+)/hostedzonelimit/(?P<zone_id>[^/]+)/(?P<limit>[^/]+)$"] = Route53.dispatch


def granted(backend):
    if not hasattr(backend, "granted"):
        backend.granted = {}
    return backend.granted
