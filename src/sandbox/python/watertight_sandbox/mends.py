"""The table of mends. Each is applied once, before the server starts."""

from . import mend_accounts, mend_acm, mend_cloudfront, mend_cloudtrail, mend_ec2, mend_elbv2, mend_identity, mend_listener_rules, mend_log_deliveries, mend_lookups, mend_quotas, mend_route53, mend_routing, mend_s3, mend_ssm, mend_vpc, mend_vpc_origin, refusal

MENDS = (refusal, mend_accounts, mend_acm, mend_cloudfront, mend_cloudtrail, mend_ec2, mend_elbv2, mend_identity, mend_listener_rules, mend_log_deliveries, mend_lookups, mend_quotas, mend_route53, mend_routing, mend_s3, mend_ssm, mend_vpc, mend_vpc_origin)

_applied = False


def apply():
    global _applied
    if not _applied:
        for mend in MENDS:
            mend.apply()
        _applied = True
