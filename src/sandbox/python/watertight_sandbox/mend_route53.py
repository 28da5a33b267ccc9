"""Route 53: what ChangeResourceRecordSets refuses, batches that are atomic, zones in AWS's order.

AWS: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html (a zone's id begins with Z)
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html (`*` is stored as \\052)
"""

from moto.core.responses import ActionResult
from moto.route53 import models
from moto.route53.models import RecordSet, Route53Backend, reverse_domain_name, validate_domain_name
from moto.route53.responses import Route53

from . import settings
from .refusal import Refusal

# The zone that every CloudFront distribution's name is in.
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


def apply():
    initialise = Route53Backend.__init__
    create_hosted_zone = Route53Backend.create_hosted_zone
    list_resource_record_sets = Route53Backend.list_resource_record_sets
    create_id = models.create_route53_zone_id

    def zone_id(**of):
        return "Z" + create_id(**of)[1:]

    def seeded(self, region_name, account_id):
        initialise(self, region_name, account_id)
        if region_name == "aws":
            for name in settings.ZONES:
                create_hosted_zone(self, name, private_zone=False, comment="made by the sandbox")

    def create(self, name, private_zone, caller_reference=None, **rest):
        if caller_reference and any(zone.caller_reference == caller_reference for zone in self.zones.values()):
            raise Refusal(
                "HostedZoneAlreadyExists", f"A hosted zone has already been created with the specified caller reference: {caller_reference}"
            )
        return create_hosted_zone(self, name.lower(), private_zone, caller_reference, **rest)

    list_hosted_zones = Route53.list_hosted_zones

    def list_zones(self):
        answer = list_hosted_zones(self)
        # AWS's model requires it, on the first page too.
        answer.result["Marker"] = answer.result["Marker"] or ""
        return answer

    def list_records(self, zone_id, start_type, start_name, max_items):
        return list_resource_record_sets(self, zone_id, start_type, full(start_name) if start_name else start_name, max_items)

    models.create_route53_zone_id = zone_id
    Route53Backend.__init__ = seeded
    Route53Backend.create_hosted_zone = create
    Route53Backend.list_resource_record_sets = list_records
    Route53Backend.change_resource_record_sets = change_resource_record_sets
    Route53.list_hosted_zones = list_zones
    Route53.list_hosted_zones_by_name = list_hosted_zones_by_name


def full(name):
    """A name as Route 53 stores it."""
    name = name.lower()
    if not name.endswith("."):
        name += "."
    return name.replace("*", "\\052")


def change_resource_record_sets(self, zoneid, change_list):
    zone = self.get_hosted_zone(zoneid)
    # Either every change is made or none is.
    records = list(zone.rrsets)
    problems = []
    for change in change_list:
        problem = make_change(records, zone, change["Action"], dict(change["ResourceRecordSet"]))
        if problem:
            problems.append(problem)
    if problems:
        raise Refusal("InvalidChangeBatch", f"[{', '.join(problems)}]")
    zone.rrsets = records


def make_change(records, zone, action, wanted):
    """Changes the list of records, or says why not."""
    if action not in ("CREATE", "DELETE", "UPSERT"):
        raise Refusal("InvalidInput", f"Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.")
    validate_domain_name(wanted["Name"], code="InvalidChangeBatch")
    name, kind = full(wanted["Name"]), wanted["Type"]
    has_records = wanted.get("TTL") is not None and bool(wanted.get("ResourceRecords"))
    if bool(wanted.get("AliasTarget")) == has_records:
        found = "more than one" if has_records else "none"
        raise Refusal(
            "InvalidInput",
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], "
            f"but found {found} in Change with [Action={action}, Name={wanted['Name']}, Type={kind}, SetIdentifier={wanted.get('SetIdentifier', 'null')}]",
        )
    if name != zone.name and not name.endswith("." + zone.name):
        return f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
    record = make_record(wanted, name)
    at = next((i for i, r in enumerate(records) if (r.name, r.type, r.set_identifier) == (name, kind, record.set_identifier)), None)
    described = f"resource record set [name='{name}', type='{kind}'" + (f", set identifier='{record.set_identifier}'" if record.set_identifier else "") + "]"
    if action == "DELETE":
        if at is None:
            return f"Tried to delete {described} but it was not found"
        if value_of(records[at]) != value_of(record):
            return f"Tried to delete {described} but the values provided do not match the current values"
        if name == zone.name and kind in ("NS", "SOA"):
            return f"A HostedZone must contain at least one {kind} record for the zone itself."
        del records[at]
        return None
    if action == "CREATE" and at is not None:
        return f"Tried to create {described} but it already exists"
    if kind == "CNAME" and name == zone.name:
        return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone.name}"
    if any(r.name == name and r.type != kind and "CNAME" in (kind, r.type) for r in records):
        return f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {zone.name}"
    target = record.alias_target
    if target and target["DNSName"].endswith(".cloudfront.net.") and target["HostedZoneId"] != CLOUDFRONT_ZONE:
        return f"Tried to create an alias that targets {target['DNSName']}, type {kind} in zone {target['HostedZoneId']}, but the alias target name does not lie within the target zone"
    if at is None:
        records.append(record)
    else:
        records[at] = record
    return None


def make_record(wanted, name):
    wanted["Name"] = name
    if wanted.get("ResourceRecords"):
        wanted["ResourceRecords"] = [record["Value"] for record in wanted["ResourceRecords"]]
    if wanted.get("AliasTarget"):
        wanted["AliasTarget"] = dict(wanted["AliasTarget"], DNSName=full(wanted["AliasTarget"]["DNSName"]))
    return RecordSet(wanted)


def value_of(record):
    """What a DELETE has to repeat."""
    alias = record.alias_target and (record.alias_target["HostedZoneId"], record.alias_target["DNSName"], str(record.alias_target.get("EvaluateTargetHealth")).lower())
    return sorted(flat(record.records)), int(record.ttl or 0), alias, record.weight, record.region, record.failover


def flat(records):
    # moto keeps a zone's own SOA as a dictionary.
    return [record["Value"] if isinstance(record, dict) else record for record in records or []]


def list_hosted_zones_by_name(self):
    """Every zone from the given name on, ordered by the labels from the last to the first."""
    name, zone_id = self._get_param("DNSName"), self._get_param("HostedZoneId")
    limit = self._get_int_param("MaxItems", 100)
    key = lambda zone: (reverse_domain_name(zone.name), zone.resource_id)
    zones = sorted(self.backend.zones.values(), key=key)
    if name:
        start = (reverse_domain_name(full(name)), (zone_id or "").replace("/hostedzone/", ""))
        zones = [zone for zone in zones if key(zone) >= start]
    page, rest = zones[:limit], zones[limit:]
    result = {"HostedZones": page, "DNSName": name, "HostedZoneId": zone_id, "MaxItems": str(limit), "IsTruncated": bool(rest)}
    if rest:
        result["NextDNSName"], result["NextHostedZoneId"] = rest[0].name, rest[0].resource_id
    return ActionResult(result)
