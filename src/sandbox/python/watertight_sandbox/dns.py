"""Public DNS as the sandbox's world sees it: a server on a loopback port that answers from the
public zones of Route 53 as if each were delegated to its name servers, and from records that stand
elsewhere: those are put with the sandbox's own call, in the words of a zone file, and go before a
zone's of the same name and type.

    curl -X PUT --data '_a1.shop.example.net. 60 IN CNAME _b2.acm-validations.aws.' ENDPOINT/sandbox-api/dns

GET lists them, DELETE with a body takes these away, without one all.

Facts: https://www.rfc-editor.org/rfc/rfc1035 (zone files), https://www.rfc-editor.org/rfc/rfc8659
(CAA: the closest name that has any; `issuewild` before `issue` for a wildcard),
https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html (who ACM answers to).
"""

from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from .front import LOCK

# Records that stand elsewhere: (name, type) -> lines of a zone file.
_elsewhere = {}

# Who has to be named where a CAA record is.
AMAZON = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}

# More CNAMEs in a row than anybody has.
LONGEST_CHAIN = 8


def start():
    """The server, at work on a free port; returns its address."""
    quiet = DNSLogger(logf=lambda line: None)
    server = DNSServer(Resolver(), port=0, address="127.0.0.1", logger=quiet)
    server.start_thread()
    return f"udp://127.0.0.1:{server.server.server_address[1]}"


class Resolver(BaseResolver):
    def resolve(self, request, handler):
        reply = request.reply()
        name, kind = str(request.q.qname).lower(), QTYPE[request.q.qtype]
        with LOCK:
            for _ in range(LONGEST_CHAIN):
                found = records(name, kind)
                aliases = records(name, "CNAME") if not found and kind != "CNAME" else []
                for line in found + aliases:
                    reply.add_answer(*RR.fromZone(line))
                if not aliases:
                    break
                name = values(aliases)[0]
            if not reply.rr and not any(is_at_or_below(known, name) for known in every_name()):
                reply.header.rcode = RCODE.NXDOMAIN
        return reply


def records(name, kind):
    """The records of a name, as lines of a zone file."""
    lines = _elsewhere.get((name, kind)) or [
        f"{name} {record_set.ttl or 60} IN {kind} {value}"
        for zone in public_zones()
        for record_set in zone.rrsets
        if (plain(record_set.name), record_set.type) == (name, kind)
        for value in flat(record_set.records)
    ]
    # Each account has a zone example.com, with the same name servers; said once, they fit into a
    # datagram.
    return list(dict.fromkeys(lines))


def values(lines):
    return [line.split(None, 4)[4].strip().lower() for line in lines]


def excludes_amazon(name):
    """Whether a CAA record keeps ACM from issuing a certificate for this name."""
    wild, labels = name.startswith("*."), name.removeprefix("*.").rstrip(".").split(".")
    for at in range(len(labels)):
        found = [value.split(None, 2) for value in values(records(".".join(labels[at:]) + ".", "CAA"))]
        if not found:
            continue
        tags = {tag for _, tag, _ in found}
        deciding = "issuewild" if wild and "issuewild" in tags else "issue"
        allowed = {issuer.strip('"').split(";")[0].strip() for _, tag, issuer in found if tag == deciding}
        return deciding in tags and not allowed & AMAZON
    return False


def serve(method, body):
    """The sandbox's own call: status and text."""
    try:
        given = [line for line in body.decode().splitlines() if line.strip() and not line.lstrip().startswith(";")]
        parsed = [(str(rr.rname).lower(), QTYPE[rr.rtype], f"{str(rr.rname).lower()} {rr.ttl} IN {QTYPE[rr.rtype]} {rr.rdata.toZone()}") for line in given for rr in RR.fromZone(line)]
    except Exception as error:
        return "400 Bad Request", f"these are no lines of a zone file: {error}\n"
    keys = {(name, kind) for name, kind, _ in parsed}
    if method == "PUT":
        for key in keys:
            _elsewhere[key] = [line for name, kind, line in parsed if (name, kind) == key]
    elif method == "DELETE":
        for key in keys or list(_elsewhere):
            _elsewhere.pop(key, None)
    elif method != "GET":
        return "405 Method Not Allowed", "GET, PUT or DELETE\n"
    return "200 OK", "".join(f"{line}\n" for key in sorted(_elsewhere) for line in _elsewhere[key])


def forget():
    _elsewhere.clear()


def elsewhere(name, kind):
    """The values of a record that stands elsewhere."""
    return values(_elsewhere.get((name, kind), []))


def public_zones():
    from moto.route53.models import route53_backends

    return [zone for account in list(route53_backends.values()) for zone in account["aws"].zones.values() if not zone.private_zone]


def every_name():
    yield from (name for name, _ in _elsewhere)
    for zone in public_zones():
        yield from (plain(record_set.name) for record_set in zone.rrsets)


def is_at_or_below(name, top):
    return name == top or name.endswith("." + top)


def plain(name):
    return name.lower().replace("\\052", "*")


def flat(found):
    # moto keeps a zone's own SOA as a dictionary.
    return [record["Value"] if isinstance(record, dict) else record for record in found or []]
