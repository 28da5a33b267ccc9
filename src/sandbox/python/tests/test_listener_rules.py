from .support import Case


class ListenerRules(Case):
    def setUp(self):
        super().setUp()
        self.elb = self.client("elbv2")
        balancer = self.elb.create_load_balancer(Name="shop", Subnets=self.subnets()[:2])["LoadBalancers"][0]
        self.group = self.elb.create_target_group(Name="app", Protocol="HTTPS", Port=8443, VpcId=self.vpc(), TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        redirect = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
        self.listener = self.elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=redirect)["Listeners"][0]["ListenerArn"]

    def rule(self, priority=10, path="/api/*", **more):
        condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}
        settings = {"Conditions": [condition], "Actions": [{"Type": "forward", "TargetGroupArn": self.group}], **more}
        return self.elb.create_rule(ListenerArn=self.listener, Priority=priority, **settings)["Rules"][0]

    def test_a_rule_is_read_as_it_is_written(self):
        arn = self.rule(Tags=[{"Key": "owner", "Value": "payments"}])["RuleArn"]
        rule = self.elb.describe_rules(RuleArns=[arn])["Rules"][0]
        self.assertEqual(rule["Priority"], "10")
        self.assertEqual(rule["Conditions"], [{"Field": "path-pattern", "Values": ["/api/*"], "PathPatternConfig": {"Values": ["/api/*"]}}])
        action = rule["Actions"][0]
        self.assertEqual((action["Order"], action["TargetGroupArn"]), (1, self.group))
        self.assertEqual(action["ForwardConfig"]["TargetGroups"], [{"TargetGroupArn": self.group, "Weight": 1}])
        tags = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
        self.assertEqual(tags, [{"Key": "owner", "Value": "payments"}])
        rules = self.elb.describe_rules(ListenerArn=self.listener)["Rules"]
        self.assertEqual([rule["Priority"] for rule in rules], ["10", "default"])

    def test_a_priority_is_one_rules(self):
        first, second = self.rule()["RuleArn"], self.rule(20)["RuleArn"]
        self.refused("PriorityInUse", self.rule)
        self.refused("ValidationError", self.rule, priority=50001)
        pairs = lambda *pairs: {"RulePriorities": [{"RuleArn": arn, "Priority": priority} for arn, priority in pairs]}
        self.refused("PriorityInUse", self.elb.set_rule_priorities, **pairs((first, 20)))
        self.elb.set_rule_priorities(**pairs((first, 20), (second, 10)))
        rules = self.elb.describe_rules(ListenerArn=self.listener)["Rules"]
        self.assertEqual([rule["RuleArn"] for rule in rules[:2]], [second, first])

    def test_what_is_modified_and_what_is_not(self):
        arn = self.rule()["RuleArn"]
        answer = [{"Type": "fixed-response", "FixedResponseConfig": {"ContentType": "text/plain", "StatusCode": "404"}}]
        self.elb.modify_rule(RuleArn=arn, Actions=answer)
        rule = self.elb.describe_rules(RuleArns=[arn])["Rules"][0]
        self.assertEqual(rule["Actions"][0]["Type"], "fixed-response")
        self.assertEqual(rule["Conditions"][0]["Values"], ["/api/*"])
        self.elb.modify_rule(RuleArn=arn, Conditions=[{"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^a"]}}])
        rule = self.elb.describe_rules(RuleArns=[arn])["Rules"][0]
        self.assertEqual(rule["Conditions"], [{"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^a"]}}])

    def test_what_is_gone_is_not_found(self):
        arn = self.rule()["RuleArn"]
        self.refused("ResourceInUse", self.elb.delete_target_group, TargetGroupArn=self.group)
        self.elb.delete_rule(RuleArn=arn)
        self.refused("RuleNotFound", self.elb.delete_rule, RuleArn=arn)
        self.refused("RuleNotFound", self.elb.describe_rules, RuleArns=[arn])
        default = self.elb.describe_rules(ListenerArn=self.listener)["Rules"][0]["RuleArn"]
        self.refused("OperationNotPermitted", self.elb.delete_rule, RuleArn=default)
        self.elb.delete_target_group(TargetGroupArn=self.group)
