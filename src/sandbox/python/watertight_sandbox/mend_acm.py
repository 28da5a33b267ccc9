"""ACM: key algorithms, validation through the sandbox's own Route 53, what a certificate is used by.

AWS: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html
https://docs.aws.amazon.com/acm/latest/APIReference/API_UpdateCertificateOptions.html
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html (one CNAME a name and account)
https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html (asked after a name is validated)
"""

import base64
import datetime
import hashlib
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from moto.acm.models import AWSCertificateManagerBackend, CertBundle, acm_backends
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.route53.models import route53_backends

from . import dns, settings, usage
from .mend_route53 import flat, full
from .refusal import Refusal

ALGORITHMS = {
    "RSA_2048": lambda: rsa.generate_private_key(65537, 2048),
    "RSA_3072": lambda: rsa.generate_private_key(65537, 3072),
    "RSA_4096": lambda: rsa.generate_private_key(65537, 4096),
    "EC_prime256v1": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EC_secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EC_secp521r1": lambda: ec.generate_private_key(ec.SECP521R1()),
}

# Making an RSA key takes long, and nobody can get at the keys of certificates that ACM issued.
_keys = {}


def apply():
    describe = CertBundle.describe
    import_certificate = AWSCertificateManagerBackend.import_certificate

    def described(self):
        self.check()
        return mend_description(self, describe(self))

    def imported(self, certificate, private_key, chain, arn, tags):
        arn = import_certificate(self, certificate, private_key, chain, arn, tags)
        self._certificates[arn].validation = "NONE"
        return arn

    CertBundle.describe = described
    CertBundle.check = check
    AWSCertificateManagerBackend.import_certificate = imported
    # Listeners and distributions are asked when somebody wants to know, see `usage`.
    AWSCertificateManagerBackend.set_certificate_in_use_by = lambda self, arn, _: self.get_certificate(arn)
    for method in (request_certificate, list_certificates, delete_certificate, update_certificate_options):
        setattr(AWSCertificateManagerResponse, method.__name__, method)


def request_certificate(self):
    domain = self._get_param("DomainName")
    token = self._get_param("IdempotencyToken")
    tags = self._get_param("Tags") or []
    algorithm = self._get_param("KeyAlgorithm") or "RSA_2048"
    if algorithm not in ALGORITHMS:
        raise Refusal("ValidationException", f"1 validation error detected: Value '{algorithm}' at 'keyAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: {sorted(ALGORITHMS)}")
    names = list(dict.fromkeys([domain.lower(), *(name.lower() for name in self._get_param("SubjectAlternativeNames") or [])]))
    if len(names) > 10:
        raise Refusal("LimitExceededException", "Maximum number of SANs allowed per certificate reached: 10")
    backend = self.acm_backend
    if token:
        arn = backend._get_arn_from_idempotency_token(token)
        if arn in backend._certificates and backend._certificates[arn].sans == names:
            return ActionResult({"CertificateArn": arn})
    certificate = issue(backend, names, algorithm)
    certificate.validation = self._get_param("ValidationMethod") or "EMAIL"
    certificate.cert_options.update(self._get_param("Options") or {})
    if tags:
        certificate.tags.add(tags)
    backend._certificates[certificate.arn] = certificate
    if token:
        backend._set_idempotency_token_arn(token, certificate.arn)
    return ActionResult({"CertificateArn": certificate.arn})


def issue(backend, names, algorithm):
    """A certificate that waits for its validation."""
    if algorithm not in _keys:
        _keys[algorithm] = ALGORITHMS[algorithm]()
    key, now = _keys[algorithm], utcnow()
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(names[0]))
        .issuer_name(name("Amazon"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=198))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    bundle = CertBundle(
        account_id=backend.account_id,
        region=backend.region_name,
        certificate=certificate.public_bytes(pem),
        private_key=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        cert_type="AMAZON_ISSUED",
        cert_status="PENDING_VALIDATION",
    )
    bundle.sans, bundle.common_name = names, names[0]
    return bundle


def record_of(account, name):
    """Name and value of the CNAME that proves a name: the same for all its certificates."""
    base = name[2:] if name.startswith("*.") else name
    digest = lambda text: hashlib.md5(f"{text} {account} {base}".encode(), usedforsecurity=False).hexdigest()
    return f"_{digest('name')}.{base}.", f"_{digest('value')}.{digest('zone')[:10]}.acm-validations.aws."


def is_proven(account, name):
    """Whether the world sees the CNAME: it stands in the account's public zone with the longest name,
    or in a zone elsewhere."""
    record, value = record_of(account, name)
    if dns.elsewhere(record, "CNAME"):
        return dns.elsewhere(record, "CNAME") == [value]
    zones = [zone for zone in route53_backends[account]["aws"].zones.values() if not zone.private_zone and full(record).endswith("." + zone.name)]
    longest = max((len(zone.name) for zone in zones), default=0)
    return any(
        record_set.name == full(record) and record_set.type == "CNAME" and [full(text) for text in flat(record_set.records)] == [full(value)]
        for zone in zones
        if len(zone.name) == longest
        for record_set in zone.rrsets
    )


def check(self):
    """Moves a certificate on, if its time has come."""
    if self.type != "AMAZON_ISSUED" or self.status != "PENDING_VALIDATION" or self.validation != "DNS":
        return
    account = self.arn.split(":")[4]
    seen = self.__dict__.setdefault("proven_since", {})
    for name in self.sans:
        if is_proven(account, name):
            seen.setdefault(name, time.monotonic())
        else:
            seen.pop(name, None)
    if all(name in seen for name in self.sans) and time.monotonic() - max(seen.values()) >= settings.CERTIFICATE_DELAY:
        if any(dns.excludes_amazon(name) for name in self.sans):
            self.status, self.failure = "FAILED", "CAA_ERROR"
            return
        self.status = "ISSUED"
        self.issued_at = utcnow()


def mend_description(self, description):
    certificate = description["Certificate"]
    in_use = usage.of_certificate(self.arn)
    certificate["InUseBy"] = in_use
    certificate["SignatureAlgorithm"] = "SHA256WITHRSA" if certificate["KeyAlgorithm"].startswith("RSA") else "SHA256WITHECDSA"
    certificate["SubjectAlternativeNames"] = self.sans
    if self.type != "AMAZON_ISSUED":
        return description
    certificate["RenewalEligibility"] = "ELIGIBLE" if in_use and self.status == "ISSUED" else "INELIGIBLE"
    account = self.arn.split(":")[4]
    options = []
    for name in self.sans:
        option = {
            "DomainName": name,
            "ValidationDomain": name,
            "ValidationMethod": self.validation,
            "ValidationStatus": "SUCCESS" if self.status == "ISSUED" else "PENDING_VALIDATION",
        }
        if self.validation == "DNS":
            record, value = record_of(account, name)
            option["ResourceRecord"] = {"Name": record, "Type": "CNAME", "Value": value}
        options.append(option)
    certificate["DomainValidationOptions"] = options
    if self.status == "FAILED":
        certificate["FailureReason"] = self.failure
    if self.status in ("PENDING_VALIDATION", "FAILED"):
        for absent in ("NotAfter", "NotBefore", "Serial", "IssuedAt"):
            certificate.pop(absent, None)
    else:
        certificate["KeyUsages"] = [{"Name": "DIGITAL_SIGNATURE"}]
        certificate["ExtendedKeyUsages"] = [{"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}]
    return description


def list_certificates(self):
    statuses = self._get_param("CertificateStatuses")
    includes = self._get_param("Includes") or {}
    # Without a word about key types only RSA keys of 1024 and 2048 bits are listed.
    key_types = includes.get("keyTypes") or ["RSA_1024", "RSA_2048"]
    summaries = []
    for bundle in self.acm_backend._certificates.values():
        certificate = bundle.describe()["Certificate"]
        if statuses and certificate["Status"] not in statuses:
            continue
        if certificate["KeyAlgorithm"] not in key_types:
            continue
        summary = {k: v for k, v in certificate.items() if k not in ("InUseBy", "SubjectAlternativeNames")}
        summary["SubjectAlternativeNameSummaries"] = certificate["SubjectAlternativeNames"][:100]
        summary["HasAdditionalSubjectAlternativeNames"] = len(certificate["SubjectAlternativeNames"]) > 100
        summary["KeyUsages"] = [usage["Name"] for usage in certificate.get("KeyUsages", [])]
        summary["ExtendedKeyUsages"] = [usage["Name"] for usage in certificate.get("ExtendedKeyUsages", [])]
        summary["InUse"] = bool(certificate["InUseBy"])
        summary["Exported"] = False
        summaries.append(summary)
    limit = int(self._get_param("MaxItems") or 1000)
    token = self._get_param("NextToken")
    start = int(base64.b64decode(token)) if token else 0
    result = {"CertificateSummaryList": summaries[start : start + limit]}
    if start + limit < len(summaries):
        result["NextToken"] = base64.b64encode(str(start + limit).encode()).decode()
    return ActionResult(result)


def delete_certificate(self):
    arn = self._get_param("CertificateArn")
    self.acm_backend.get_certificate(arn)
    if usage.of_certificate(arn):
        account = arn.split(":")[4]
        raise Refusal("ResourceInUseException", f"Certificate {arn} in account {account} is in use.")
    self.acm_backend.delete_certificate(arn)
    return EmptyResult()


def update_certificate_options(self):
    certificate = self.acm_backend.get_certificate(self._get_param("CertificateArn"))
    if certificate.status != "ISSUED":
        raise Refusal("InvalidStateException", f"The certificate {certificate.arn} is not in state ISSUED.")
    certificate.cert_options.update(self._get_param("Options") or {})
    return EmptyResult()


def find(arn):
    """The certificate of this ARN, up to date, or None."""
    parts = (arn or "").split(":")
    if len(parts) < 6 or parts[2] != "acm":
        return None
    try:
        certificate = acm_backends[parts[4]][parts[3]]._certificates.get(arn)
    except KeyError:
        return None
    if certificate:
        certificate.check()
    return certificate
