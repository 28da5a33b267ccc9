from .support import Case


class LoadBalancers(Case):
    def setUp(self):
        super().setUp()
        self.elb, self.ec2 = self.client("elbv2"), self.client("ec2")
        self.group = self.ec2.create_security_group(GroupName="lb", Description="lb", VpcId=self.vpc())["GroupId"]

    def balancer(self, name="shop", **more):
        settings = {"Subnets": self.subnets()[:2], "SecurityGroups": [self.group], **more}
        return self.elb.create_load_balancer(Name=name, **settings)["LoadBalancers"][0]

    def target_group(self, name="app", **more):
        settings = {"Protocol": "HTTPS", "Port": 8443, "VpcId": self.vpc(), "TargetType": "ip", **more}
        return self.elb.create_target_group(Name=name, **settings)["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, balancer, port=443, **more):
        action = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
        settings = {"Protocol": "HTTPS", "DefaultActions": action, **more}
        return self.elb.create_listener(LoadBalancerArn=balancer, Port=port, **settings)["Listeners"][0]

    def test_names_and_zones(self):
        balancer = self.balancer()
        self.assertEqual(balancer["State"]["Code"], "provisioning")
        self.assertEqual(balancer["CanonicalHostedZoneId"], "Z32O12XQLNTSW2")
        self.assertEqual(self.balancer()["LoadBalancerArn"], balancer["LoadBalancerArn"])
        self.refused("DuplicateLoadBalancerName", self.balancer, Scheme="internal")
        self.refused("ValidationError", self.balancer, name="one", Subnets=self.subnets()[:1])
        state = lambda: self.elb.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["State"]["Code"]
        self.eventually(lambda: state() == "active")
        self.refused("LoadBalancerNotFound", self.elb.describe_load_balancers, Names=["shop", "absent"])

    def test_attributes(self):
        arn = self.balancer()["LoadBalancerArn"]
        attributes = {a["Key"]: a["Value"] for a in self.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]}
        self.assertGreaterEqual(len(attributes), 20)
        self.assertEqual(attributes["routing.http.desync_mitigation_mode"], "defensive")
        modify = lambda key, value: self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])
        modify("deletion_protection.enabled", "true")
        self.refused("OperationNotPermitted", self.elb.delete_load_balancer, LoadBalancerArn=arn)
        modify("deletion_protection.enabled", "false")
        self.refused("InvalidConfigurationRequest", modify, key="access_logs.s3.enabled", value="true")
        self.elb.delete_load_balancer(LoadBalancerArn=arn)
        self.elb.delete_load_balancer(LoadBalancerArn=arn)

    def test_interfaces_hold_the_group(self):
        balancer = self.balancer()
        interfaces = lambda: self.ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [self.group]}])["NetworkInterfaces"]
        self.assertEqual(interfaces()[0]["Description"], "ELB " + balancer["LoadBalancerArn"].split("loadbalancer/")[1])
        self.assertEqual(len(interfaces()), 2)
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=self.group)
        self.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        self.eventually(lambda: not interfaces())
        self.ec2.delete_security_group(GroupId=self.group)

    def test_what_a_listener_needs(self):
        arn = self.balancer()["LoadBalancerArn"]
        pending, issued = self.certificate("pending.example.com", issued=False), self.certificate()
        certificates = [{"CertificateArn": issued}]
        self.refused("ValidationError", self.listener, balancer=arn)
        self.refused("UnsupportedCertificate", self.listener, balancer=arn, Certificates=[{"CertificateArn": pending}])
        self.refused("CertificateNotFound", self.listener, balancer=arn, Certificates=[{"CertificateArn": issued[:-4] + "0000"}])
        self.refused("SSLPolicyNotFound", self.listener, balancer=arn, Certificates=certificates, SslPolicy="ELBSecurityPolicy-Nonsense")
        policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
        made = self.listener(arn, Certificates=certificates, SslPolicy=policy, MutualAuthentication={"Mode": "passthrough"})
        self.assertEqual((made["SslPolicy"], made["MutualAuthentication"]["Mode"]), (policy, "passthrough"))
        self.refused("DuplicateListener", self.listener, balancer=arn, Certificates=certificates)
        plain = self.listener(arn, 80, Protocol="HTTP")
        self.assertNotIn("SslPolicy", plain)
        shown = self.elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        self.assertEqual([listener["Certificates"] for listener in shown if listener["Port"] == 443], [certificates])
        acm = self.client("acm")
        self.assertEqual(acm.describe_certificate(CertificateArn=issued)["Certificate"]["InUseBy"], [arn])
        self.refused("ResourceInUseException", acm.delete_certificate, CertificateArn=issued)
        self.elb.modify_listener(ListenerArn=made["ListenerArn"], SslPolicy="ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04")
        again = self.elb.modify_listener(ListenerArn=made["ListenerArn"], DefaultActions=made["DefaultActions"])["Listeners"][0]
        self.assertEqual(again["Certificates"], certificates)
        self.elb.delete_listener(ListenerArn=made["ListenerArn"])
        acm.delete_certificate(CertificateArn=issued)

    def test_listener_attributes(self):
        listener = self.listener(self.balancer()["LoadBalancerArn"], Certificates=[{"CertificateArn": self.certificate()}])["ListenerArn"]
        attributes = {a["Key"]: a.get("Value", "") for a in self.elb.describe_listener_attributes(ListenerArn=listener)["Attributes"]}
        key = "routing.http.response.strict_transport_security.header_value"
        self.assertEqual((attributes[key], attributes["routing.http.response.server.enabled"]), ("", "true"))
        self.elb.modify_listener_attributes(ListenerArn=listener, Attributes=[{"Key": key, "Value": "max-age=31536000"}])
        self.refused("InvalidConfigurationRequest", self.elb.modify_listener_attributes, ListenerArn=listener, Attributes=[{"Key": "no.such", "Value": "1"}])

    def test_target_groups(self):
        arn = self.target_group()
        self.assertEqual(self.target_group(), arn)
        self.refused("DuplicateTargetGroupName", self.target_group, Port=9443)
        self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.9"}, {"Id": "172.31.0.9", "Port": 9443}])
        health = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        self.assertEqual([h["Target"]["Port"] for h in health], [8443, 9443])
        self.assertEqual({h["TargetHealth"]["State"] for h in health}, {"unused"})
        balancer = self.balancer()["LoadBalancerArn"]
        listener = self.listener(balancer, Certificates=[{"CertificateArn": self.certificate()}], DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])
        self.assertEqual(listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"], [{"TargetGroupArn": arn, "Weight": 1}])
        self.assertEqual(self.elb.describe_target_groups(Names=["app"])["TargetGroups"][0]["LoadBalancerArns"], [balancer])
        self.refused("ResourceInUse", self.elb.delete_target_group, TargetGroupArn=arn)
        self.elb.delete_listener(ListenerArn=listener["ListenerArn"])
        self.assertEqual(self.elb.describe_target_groups(Names=["app"])["TargetGroups"][0]["LoadBalancerArns"], [])
        self.elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.9", "Port": 9443}])
        self.assertEqual(len(self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]), 1)
        self.elb.delete_target_group(TargetGroupArn=arn)

    def test_pages_and_tags(self):
        arns = [self.target_group(f"g{n}") for n in range(7)]
        first = self.elb.describe_target_groups(PageSize=5)
        second = self.elb.describe_target_groups(PageSize=5, Marker=first["NextMarker"])
        self.assertEqual((len(first["TargetGroups"]), len(second["TargetGroups"])), (5, 2))
        self.elb.add_tags(ResourceArns=arns[:1], Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(20)])
        self.assertEqual(len(self.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]), 7)
        self.refused("ValidationError", self.elb.describe_tags, ResourceArns=arns[:1] * 21)
