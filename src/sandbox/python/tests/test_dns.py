import urllib.request

from dnslib import DNSRecord
from watertight_sandbox import dns

from .support import Case, endpoint

_address = None


def ask(name, kind):
    global _address
    if _address is None:
        _address = dns.start()
    port = int(_address.rsplit(":", 1)[1])
    reply = DNSRecord.parse(DNSRecord.question(name, kind).send("127.0.0.1", port, timeout=5))
    return [rr.rdata.toZone() for rr in reply.rr], reply.header.rcode


def elsewhere(method, lines=""):
    request = urllib.request.Request(f"{endpoint()}/sandbox-api/dns", data=lines.encode(), method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


class Dns(Case):
    def zone_of(self, name):
        return self.client("route53").create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"].rsplit("/", 1)[1]

    def test_it_answers_from_public_zones(self):
        zone = self.zone_of("answers.test")
        self.change("CREATE", "www.answers.test", zone=zone)
        self.assertEqual(ask("WWW.answers.test", "CNAME"), (["there.example.net."], 0))
        servers = self.client("route53").get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
        self.assertEqual(sorted(ask("answers.test", "NS")[0]), sorted(f"{server}." for server in servers))
        self.assertEqual(ask("www.answers.test", "TXT"), (["there.example.net."], 0))
        self.assertEqual(ask("none.answers.test", "A"), ([], 3))

    def test_records_that_stand_elsewhere(self):
        line = "a.elsewhere.test. 60 IN CNAME b.elsewhere.test.\n"
        self.assertIn(line, elsewhere("PUT", "; a comment\n" + line))
        self.assertEqual(ask("a.elsewhere.test", "CNAME"), (["b.elsewhere.test."], 0))
        self.assertNotIn(line, elsewhere("DELETE", line))
        self.assertEqual(ask("a.elsewhere.test", "CNAME"), ([], 3))
        with self.assertRaises(urllib.error.HTTPError):
            elsewhere("PUT", "this is none")

    def certificate_of(self, arn):
        return self.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]

    def test_a_certificate_is_proven_by_a_record_elsewhere(self):
        arn = self.certificate("shop.elsewhere.test", issued=False)
        record = self.certificate_of(arn)["DomainValidationOptions"][0]["ResourceRecord"]
        line = f"{record['Name']} 60 IN CNAME {record['Value']}"
        elsewhere("PUT", f"{record['Name']} 60 IN CNAME other.test.")
        self.assertEqual(self.certificate_of(arn)["Status"], "PENDING_VALIDATION")
        elsewhere("PUT", line)
        self.eventually(lambda: self.certificate_of(arn)["Status"] == "ISSUED")

    def test_a_caa_record_may_exclude_amazon(self):
        zone = self.zone_of("caa.test")
        for name, value, excluded in [
            ("a.caa.test", '0 issue "letsencrypt.org"', True),
            ("b.caa.test", '0 issue "amazon.com; policy=ev"', False),
            ("c.caa.test", '0 issue ";"', True),
            ("d.caa.test", '0 issuewild ";"', False),
        ]:
            self.change("CREATE", name, "CAA", value, zone)
            self.assertEqual((dns.excludes_amazon("www." + name), name), (excluded, name))
        self.assertTrue(dns.excludes_amazon("*.d.caa.test"))
        self.assertFalse(dns.excludes_amazon("caa.test"))
        arn = self.certificate("www.a.caa.test", issued=False)
        record = self.certificate_of(arn)["DomainValidationOptions"][0]["ResourceRecord"]
        self.change("CREATE", record["Name"], "CNAME", record["Value"], zone)
        self.eventually(lambda: self.certificate_of(arn)["Status"] == "FAILED")
        self.assertEqual(self.certificate_of(arn)["FailureReason"], "CAA_ERROR")
