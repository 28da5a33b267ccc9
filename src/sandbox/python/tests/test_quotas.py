from .support import Case


class Quotas(Case):
    def value(self, service, code):
        return self.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]

    def test_defaults_and_more_on_request(self):
        self.assertEqual(self.value("vpc", "L-0EA8095F"), 60)
        self.assertEqual(self.value("elasticloadbalancing", "L-B6DF7632"), 50)
        quotas = self.client("service-quotas")
        self.refused("NoSuchResourceException", quotas.get_service_quota, ServiceCode="vpc", QuotaCode="L-00000000")
        quotas.request_service_quota_increase(ServiceCode="vpc", QuotaCode="L-0EA8095F", DesiredValue=120)
        self.assertEqual(self.value("vpc", "L-0EA8095F"), 120)
        self.refused("IllegalArgumentException", quotas.request_service_quota_increase, ServiceCode="vpc", QuotaCode="L-0EA8095F", DesiredValue=100)

    def test_a_zone_s_limit_counts_its_records(self):
        limit = lambda: self.client("route53").get_hosted_zone_limit(HostedZoneId=self.zone(), Type="MAX_RRSETS_BY_ZONE")
        before = limit()
        self.assertEqual(before["Limit"], {"Type": "MAX_RRSETS_BY_ZONE", "Value": 10000})
        self.change("CREATE", "a.example.com")
        self.assertEqual(limit()["Count"], before["Count"] + 1)
