import copy

from .support import Case

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


class CloudFront(Case):
    def setUp(self):
        super().setUp()
        self.cloudfront = self.client("cloudfront")

    def control(self, name="site"):
        config = {"Name": name, "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
        return self.cloudfront.create_origin_access_control(OriginAccessControlConfig=config)

    def headers(self, name="hsts"):
        hsts = {"Override": True, "AccessControlMaxAgeSec": 31536000, "IncludeSubdomains": False, "Preload": False}
        config = {"Name": name, "Comment": "", "SecurityHeadersConfig": {"StrictTransportSecurity": hsts}}
        return self.cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=config)

    def config(self, **changes):
        behavior = {"TargetOriginId": "bucket", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": OPTIMIZED, "Compress": True}
        origin = {"Id": "bucket", "DomainName": "b.s3.eu-west-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        return {
            "CallerReference": changes.pop("reference", "one"), "Comment": "", "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": behavior, **changes,
        }

    def distribution(self, config, tags=()):
        given = {"DistributionConfig": config, "Tags": {"Items": list(tags)}}
        return self.cloudfront.create_distribution_with_tags(DistributionConfigWithTags=given)

    def alias(self, name="shop.example.com", region="us-east-1"):
        certificate = self.certificate(name, region=region)
        viewer = {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
        return {"Aliases": {"Quantity": 1, "Items": [name]}, "ViewerCertificate": viewer}

    def test_a_distribution_is_read_back_whole(self):
        control, policy = self.control(), self.headers()
        config = self.config(**self.alias(), HttpVersion="http2and3", DefaultRootObject="index.html")
        config["Origins"]["Items"][0]["OriginAccessControlId"] = control["OriginAccessControl"]["Id"]
        config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = policy["ResponseHeadersPolicy"]["Id"]
        config["CustomErrorResponses"] = {"Quantity": 1, "Items": [{"ErrorCode": 404, "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 0}]}
        config["CacheBehaviors"] = {"Quantity": 1, "Items": [{**config["DefaultCacheBehavior"], "PathPattern": "/api/*"}]}
        made = self.distribution(config, [{"Key": "owner", "Value": "payments"}])
        answer = self.cloudfront.get_distribution(Id=made["Distribution"]["Id"])
        self.assertEqual((answer["Distribution"]["Status"], answer["ETag"]), ("InProgress", made["ETag"]))
        self.assert_within(config, answer["Distribution"]["DistributionConfig"])
        arn = made["Distribution"]["ARN"]
        self.assertEqual(self.cloudfront.list_tags_for_resource(Resource=arn)["Tags"]["Items"], [{"Key": "owner", "Value": "payments"}])
        self.cloudfront.tag_resource(Resource=arn, Tags={"Items": [{"Key": "more", "Value": "1"}]})
        self.cloudfront.untag_resource(Resource=arn, TagKeys={"Items": ["owner"]})
        self.assertEqual(self.cloudfront.list_tags_for_resource(Resource=arn)["Tags"]["Items"], [{"Key": "more", "Value": "1"}])
        acm = self.client("acm", "us-east-1")
        self.assertEqual(acm.describe_certificate(CertificateArn=config["ViewerCertificate"]["ACMCertificateArn"])["Certificate"]["InUseBy"], [arn])
        listed = self.cloudfront.list_distributions()["DistributionList"]["Items"]
        self.assertEqual([item["Aliases"]["Items"] for item in listed], [["shop.example.com"]])
        in_use = lambda: self.cloudfront.delete_origin_access_control(Id=control["OriginAccessControl"]["Id"], IfMatch=control["ETag"])
        self.refused("OriginAccessControlInUse", in_use)
        in_use = lambda: self.cloudfront.delete_response_headers_policy(Id=policy["ResponseHeadersPolicy"]["Id"], IfMatch=policy["ETag"])
        self.refused("ResponseHeadersPolicyInUse", in_use)
        other = self.config(reference="two", Aliases=config["Aliases"], ViewerCertificate=config["ViewerCertificate"])
        self.refused("CNAMEAlreadyExists", self.distribution, config=other)

    def assert_within(self, given, shown, path=""):
        """Everything that was given is there."""
        if isinstance(given, dict):
            for key, value in given.items():
                self.assertIn(key, shown, path)
                self.assert_within(value, shown[key], f"{path}.{key}")
        elif isinstance(given, list):
            self.assertEqual(len(given), len(shown), path)
            for one, other in zip(given, shown):
                self.assert_within(one, other, path + "[]")
        else:
            self.assertEqual(given, shown, path)

    def test_versions_and_deletion(self):
        made = self.distribution(self.config())
        id_, first = made["Distribution"]["Id"], made["ETag"]
        config = made["Distribution"]["DistributionConfig"]
        self.refused("DistributionAlreadyExists", self.distribution, config=self.config())
        changed = {**copy.deepcopy(config), "Comment": "changed"}
        second = self.cloudfront.update_distribution(Id=id_, IfMatch=first, DistributionConfig=changed)["ETag"]
        self.assertNotEqual(first, second)
        self.refused("PreconditionFailed", self.cloudfront.update_distribution, Id=id_, IfMatch=first, DistributionConfig=changed)
        self.refused("InvalidIfMatchVersion", self.cloudfront.delete_distribution, Id=id_)
        self.refused("DistributionNotDisabled", self.cloudfront.delete_distribution, Id=id_, IfMatch=second)
        third = self.cloudfront.update_distribution(Id=id_, IfMatch=second, DistributionConfig={**changed, "Enabled": False})["ETag"]
        self.refused("DistributionNotDisabled", self.cloudfront.delete_distribution, Id=id_, IfMatch=third)
        self.eventually(lambda: self.cloudfront.get_distribution(Id=id_)["Distribution"]["Status"] == "Deployed")
        self.cloudfront.delete_distribution(Id=id_, IfMatch=third)
        self.refused("NoSuchDistribution", self.cloudfront.get_distribution, Id=id_)

    def test_certificates(self):
        wrong_region = self.alias(region="eu-west-1")
        self.refused("InvalidViewerCertificate", self.distribution, config=self.config(**wrong_region))
        pending = self.certificate("pending.example.com", region="us-east-1", issued=False)
        viewer = {"ACMCertificateArn": pending, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
        self.refused("InvalidViewerCertificate", self.distribution, config=self.config(ViewerCertificate=viewer))
        self.refused("InvalidViewerCertificate", self.distribution, config=self.config(Aliases={"Quantity": 1, "Items": ["shop.example.com"]}))

    def test_controls_and_policies(self):
        control = self.control()
        self.refused("OriginAccessControlAlreadyExists", self.control)
        id_ = control["OriginAccessControl"]["Id"]
        config = {**control["OriginAccessControl"]["OriginAccessControlConfig"], "Description": "changed"}
        after = self.cloudfront.update_origin_access_control(Id=id_, IfMatch=control["ETag"], OriginAccessControlConfig=config)["ETag"]
        self.assertEqual(self.cloudfront.get_origin_access_control_config(Id=id_)["OriginAccessControlConfig"]["Description"], "changed")
        self.refused("PreconditionFailed", self.cloudfront.delete_origin_access_control, Id=id_, IfMatch=control["ETag"])
        self.cloudfront.delete_origin_access_control(Id=id_, IfMatch=after)
        self.assertEqual(self.cloudfront.list_origin_access_controls()["OriginAccessControlList"]["Quantity"], 0)

        policy = self.headers()
        self.refused("ResponseHeadersPolicyAlreadyExists", self.headers)
        id_ = policy["ResponseHeadersPolicy"]["Id"]
        own = self.cloudfront.list_response_headers_policies(Type="custom")["ResponseHeadersPolicyList"]["Items"]
        self.assertEqual([item["ResponseHeadersPolicy"]["Id"] for item in own], [id_])
        config = self.cloudfront.get_response_headers_policy(Id=id_)["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
        self.assertEqual(config["SecurityHeadersConfig"]["StrictTransportSecurity"]["AccessControlMaxAgeSec"], 31536000)
        updated = self.cloudfront.update_response_headers_policy(Id=id_, IfMatch=policy["ETag"], ResponseHeadersPolicyConfig={**config, "Comment": "changed"})
        self.cloudfront.delete_response_headers_policy(Id=id_, IfMatch=updated["ETag"])
        self.refused("NoSuchResponseHeadersPolicy", self.cloudfront.get_response_headers_policy, Id=id_)

    def test_managed_policies(self):
        cache = self.cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]["Items"]
        names = {item["CachePolicy"]["CachePolicyConfig"]["Name"]: item["CachePolicy"]["Id"] for item in cache}
        self.assertEqual(names["Managed-CachingOptimized"], OPTIMIZED)
        self.cloudfront.get_cache_policy(Id=OPTIMIZED)
        self.assertTrue(self.cloudfront.list_origin_request_policies(Type="managed")["OriginRequestPolicyList"]["Items"])
        self.assertTrue(self.cloudfront.list_response_headers_policies(Type="managed")["ResponseHeadersPolicyList"]["Items"])
        self.refused("IllegalDelete", self.cloudfront.delete_response_headers_policy, Id="67f7725c-6f97-4210-82d7-5512b31e9d03", IfMatch="E1")
