from .support import Case


class SecurityGroups(Case):
    def setUp(self):
        super().setUp()
        self.ec2 = self.client("ec2")

    def group(self, name, **more):
        return self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc(), **more)

    def test_create_answers_tags(self):
        tags = [{"Key": "owner", "Value": "payments"}]
        answer = self.group("a", TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}])
        self.assertEqual(answer["Tags"], tags)
        self.refused("InvalidGroup.Duplicate", self.group, name="a")

    def test_descriptions_of_rules_are_kept(self):
        web, app = self.group("web")["GroupId"], self.group("app")["GroupId"]
        lists = self.ec2.describe_managed_prefix_lists()["PrefixLists"]
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        permissions = [
            {**rule, "UserIdGroupPairs": [{"GroupId": web, "Description": "from web"}]},
            {**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "v4"}], "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "v6"}]},
            {**rule, "PrefixListIds": [{"PrefixListId": lists[0]["PrefixListId"], "Description": "list"}]},
        ]
        made = self.ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=permissions)["SecurityGroupRules"]
        self.assertEqual([rule["Description"] for rule in made], ["from web", "v4", "v6", "list"])
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [app]}])["SecurityGroupRules"]
        self.assertEqual(sorted(rule["Description"] for rule in rules if not rule["IsEgress"]), ["from web", "list", "v4", "v6"])
        shown = self.ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"][0]["IpPermissions"][0]
        self.assertEqual(shown["UserIdGroupPairs"][0]["Description"], "from web")
        self.assertEqual(shown["PrefixListIds"][0]["Description"], "list")
        self.refused("InvalidPermission.Duplicate", self.ec2.authorize_security_group_ingress, GroupId=app, IpPermissions=permissions[:1])
        changed = {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "ReferencedGroupId": web, "Description": "changed"}
        self.ec2.modify_security_group_rules(GroupId=app, SecurityGroupRules=[{"SecurityGroupRuleId": made[0]["SecurityGroupRuleId"], "SecurityGroupRule": changed}])
        after = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])["SecurityGroupRules"][0]
        self.assertEqual((after["FromPort"], after["Description"], after["ReferencedGroupInfo"]["GroupId"]), (8443, "changed", web))

        update = self.ec2.update_security_group_rule_descriptions_ingress
        text = lambda number: self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[made[number]["SecurityGroupRuleId"]])["SecurityGroupRules"][0].get("Description")
        self.assertTrue(update(GroupId=app, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": made[0]["SecurityGroupRuleId"], "Description": "again"}])["Return"])
        update(GroupId=app, IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
        self.assertEqual((text(0), text(1), text(3)), ("again", None, "list"))

    def test_a_referenced_group_stays(self):
        web, app = self.group("web")["GroupId"], self.group("app")["GroupId"]
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": web}]}
        self.ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[permission])
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=web)
        self.ec2.delete_security_group(GroupId=app)
        self.ec2.delete_security_group(GroupId=web)
        self.refused("InvalidGroup.NotFound", self.ec2.delete_security_group, GroupId=web)

    def test_pages_and_dry_runs(self):
        for number in range(7):
            self.group(f"g{number}")
        first = self.ec2.describe_security_groups(MaxResults=5)
        second = self.ec2.describe_security_groups(MaxResults=5, NextToken=first["NextToken"])
        self.assertEqual((len(first["SecurityGroups"]), len(second["SecurityGroups"])), (5, 3))
        self.refused("DryRunOperation", self.ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
        self.assertEqual(len(self.ec2.describe_vpcs()["Vpcs"]), 1)
        self.refused("InvalidParameterValue", self.ec2.describe_security_groups, Filters=[{"Name": "no-such", "Values": ["a"]}])
