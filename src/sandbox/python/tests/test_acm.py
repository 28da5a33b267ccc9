from .support import Case


class Acm(Case):
    def test_it_waits_for_its_record(self):
        acm = self.client("acm")
        arn = self.certificate(issued=False, KeyAlgorithm="EC_prime256v1", SubjectAlternativeNames=["*.shop.example.com", "shop.example.com"])
        certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        self.assertEqual((certificate["Status"], certificate["KeyAlgorithm"]), ("PENDING_VALIDATION", "EC_prime256v1"))
        self.assertEqual([option["DomainName"] for option in certificate["DomainValidationOptions"]], ["shop.example.com", "*.shop.example.com"])
        records = {option["ResourceRecord"]["Name"] for option in certificate["DomainValidationOptions"]}
        self.assertEqual(len(records), 1)
        self.assertEqual(self.certificate_status(arn), "PENDING_VALIDATION")
        self.certificate("shop.example.com")
        # The record is the same for every certificate of the name, in every region.
        self.eventually(lambda: self.certificate_status(arn) == "ISSUED")
        self.certificate("shop.example.com", region="us-east-1")

    def certificate_status(self, arn):
        return self.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"]

    def test_lists_show_rsa_unless_asked(self):
        acm = self.client("acm")
        ec = self.certificate("ec.example.com", issued=False, KeyAlgorithm="EC_prime256v1")
        rsa = [self.certificate(f"r{n}.example.com", issued=False) for n in range(3)]
        arns = lambda answer: [certificate["CertificateArn"] for certificate in answer["CertificateSummaryList"]]
        self.assertEqual(sorted(arns(acm.list_certificates())), sorted(rsa))
        self.assertEqual(arns(acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})), [ec])
        first = acm.list_certificates(MaxItems=2)
        second = acm.list_certificates(MaxItems=2, NextToken=first["NextToken"])
        self.assertEqual(sorted(arns(first) + arns(second)), sorted(rsa))

    def test_options_and_tokens(self):
        acm = self.client("acm")
        arn = self.certificate(IdempotencyToken="one")
        self.assertEqual(self.certificate(issued=False, IdempotencyToken="one"), arn)
        acm.update_certificate_options(CertificateArn=arn, Options={"CertificateTransparencyLoggingPreference": "DISABLED"})
        options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["Options"]
        self.assertEqual(options["CertificateTransparencyLoggingPreference"], "DISABLED")
        acm.delete_certificate(CertificateArn=arn)
        self.refused("ResourceNotFoundException", acm.describe_certificate, CertificateArn=arn)
        self.assertNotEqual(self.certificate(issued=False, IdempotencyToken="one"), arn)
