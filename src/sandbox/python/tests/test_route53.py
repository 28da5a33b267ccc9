from .support import Case


class Route53(Case):
    def test_the_two_seeded_zones(self):
        zones = self.client("route53").list_hosted_zones()["HostedZones"]
        self.assertEqual(sorted(zone["Name"] for zone in zones), ["example.com.", "example.org."])

    def test_ids_of_zones_begin_with_z(self):
        zones = self.client("route53").list_hosted_zones()["HostedZones"]
        self.assertEqual({zone["Id"][:13] for zone in zones}, {"/hostedzone/Z"})

    def test_create_of_what_exists_is_refused(self):
        self.change("CREATE", "a.example.com")
        message = self.refused("InvalidChangeBatch", self.change, action="CREATE", name="a.example.com")
        self.assertEqual(message, "[Tried to create resource record set [name='a.example.com.', type='CNAME'] but it already exists]")
        self.change("UPSERT", "a.example.com", value="elsewhere.example.net.")

    def test_delete_needs_the_values(self):
        message = self.refused("InvalidChangeBatch", self.change, action="DELETE", name="b.example.com")
        self.assertIn("but it was not found", message)
        self.change("CREATE", "b.example.com")
        message = self.refused("InvalidChangeBatch", self.change, action="DELETE", name="b.example.com", value="other.example.net.")
        self.assertIn("but the values provided do not match the current values", message)
        self.change("DELETE", "b.example.com")

    def test_a_batch_is_made_whole_or_not_at_all(self):
        record = lambda name: {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        changes = [{"Action": "CREATE", "ResourceRecordSet": record("good.example.com")}, {"Action": "DELETE", "ResourceRecordSet": record("absent.example.com")}]
        route53 = self.client("route53")
        self.refused("InvalidChangeBatch", route53.change_resource_record_sets, HostedZoneId=self.zone(), ChangeBatch={"Changes": changes})
        records = route53.list_resource_record_sets(HostedZoneId=self.zone())["ResourceRecordSets"]
        self.assertEqual({r["Type"] for r in records}, {"NS", "SOA"})

    def test_a_cname_stands_alone_and_never_at_the_apex(self):
        self.change("CREATE", "c.example.com", "A", "192.0.2.1")
        self.refused("InvalidChangeBatch", self.change, action="CREATE", name="c.example.com")
        self.refused("InvalidChangeBatch", self.change, action="CREATE", name="example.com")
        self.refused("InvalidChangeBatch", self.change, action="CREATE", name="elsewhere.test")

    def test_wildcards_are_stored_escaped(self):
        self.change("CREATE", "*.example.com")
        found = self.client("route53").list_resource_record_sets(HostedZoneId=self.zone(), StartRecordName="*.example.com", MaxItems="1")["ResourceRecordSets"]
        self.assertEqual(found[0]["Name"], "\\052.example.com.")

    def test_aliases_are_read_back(self):
        target = {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": "dualstack.lb-1.eu-west-1.elb.amazonaws.com", "EvaluateTargetHealth": True}
        change = lambda action: self.client("route53").change_resource_record_sets(
            HostedZoneId=self.zone(), ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": {"Name": "shop.example.com", "Type": "A", "AliasTarget": target}}]}
        )
        change("CREATE")
        found = self.client("route53").list_resource_record_sets(HostedZoneId=self.zone(), StartRecordName="shop.example.com", StartRecordType="A")["ResourceRecordSets"][0]
        self.assertEqual(found, {"Name": "shop.example.com.", "Type": "A", "AliasTarget": {**target, "DNSName": target["DNSName"] + "."}})
        change("DELETE")

    def test_zones_by_name_start_at_a_name(self):
        route53 = self.client("route53")
        route53.create_hosted_zone(Name="sub.example.com", CallerReference="one")
        self.refused("HostedZoneAlreadyExists", route53.create_hosted_zone, Name="other.example.com", CallerReference="one")
        names = [zone["Name"] for zone in route53.list_hosted_zones_by_name(DNSName="sub.example.com")["HostedZones"]]
        self.assertEqual(names, ["sub.example.com.", "example.org."])
        first = route53.list_hosted_zones_by_name(MaxItems="1")
        self.assertEqual((first["IsTruncated"], first["NextDNSName"]), (True, "sub.example.com."))
