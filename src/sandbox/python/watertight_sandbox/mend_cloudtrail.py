"""CloudTrail: the event history, every call that changes something, and LookupEvents over it.

AWS: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html (one attribute,
50 events a page, the newest first, two requests per second, account and region)
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html (90 days, by region)
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html (events of global services
are us-east-1's)
https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html (bucketName; what is done to
objects is not in the history)
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-with-cloudtrail.html (lists are {"items": [..]})
https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/cloudtrail-logs.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/logging-using-cloudtrail.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/logging_using_cloudtrail.html

Which things AWS lists as the resources of an event it does not document call by call. Here they are those of
`RESOURCES`; Route 53 and CloudFront list none, so that whoever asks must find theirs by the call, too. Reads are
not kept at all. A call is in the history `settings.TRAIL_DELAY` seconds after it was made.
"""

import json
import re
import time
import traceback
import uuid
from collections import defaultdict, deque
from functools import lru_cache
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from moto.cloudtrail.responses import CloudTrailResponse
from moto.iam import models as iam_models
from moto.sts.models import sts_backends

from . import settings
from .mend_accounts import KEY
from .refusal import Refusal

DAYS = 90
GLOBAL = ("cloudfront", "iam", "route53")
# S3's own event names where they are not those of the API.
S3_NAMES = {
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
READS = re.compile(r"(Get|List|Describe|Head|Lookup|Search|Simulate|Select|Test)")
OBJECTS = re.compile(r"(.*Object.*|.*Upload.*|.*UploadPart.*)")
RESOURCES = {
    "allocationId": "AWS::EC2::EIP",
    "bucketName": "AWS::S3::Bucket",
    "certificateArn": "AWS::ACM::Certificate",
    "groupId": "AWS::EC2::SecurityGroup",
    "internetGatewayId": "AWS::EC2::InternetGateway",
    "listenerArn": "AWS::ElasticLoadBalancingV2::Listener",
    "loadBalancerArn": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "natGatewayId": "AWS::EC2::NatGateway",
    "resourceArns": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "resourceId": "AWS::EC2::SecurityGroup",
    "routeTableId": "AWS::EC2::RouteTable",
    "ruleArn": "AWS::ElasticLoadBalancingV2::ListenerRule",
    "subnetId": "AWS::EC2::Subnet",
    "targetGroupArn": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "vpcId": "AWS::EC2::VPC",
}
ATTRIBUTES = {
    "AccessKeyId": lambda event: [event["AccessKeyId"]],
    "EventId": lambda event: [event["EventId"]],
    "EventName": lambda event: [event["EventName"]],
    "EventSource": lambda event: [event["EventSource"]],
    "ReadOnly": lambda event: [event["ReadOnly"]],
    "ResourceName": lambda event: [resource["ResourceName"] for resource in event["Resources"]],
    "ResourceType": lambda event: [resource["ResourceType"] for resource in event["Resources"]],
    "Username": lambda event: [event["Username"]],
}

# By account and region: events, the newest last; when the last lookups were.
_history = defaultdict(list)
_lookups = defaultdict(lambda: deque(maxlen=2))


def apply():
    CloudTrailResponse.lookup_events = lookup_events


def forget():
    _history.clear()
    _lookups.clear()


def record(environ, body, status, content):
    """Keeps a call that was answered. Whatever is wrong with it, the call itself went well."""
    try:
        keep(environ, body, status, content)
    except Exception:
        traceback.print_exc()


def keep(environ, body, status, content):
    scope = re.search(r"Credential=[^/]+/\d+/([^/]*)/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    key = KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None or key is None:
        return
    region, service = scope.groups()
    name, request = called(environ, body, service)
    if name is None or READS.match(name) or service == "s3" and OBJECTS.fullmatch(name) or service == "sts":
        return
    if service in GLOBAL:
        region = "us-east-1"
    account = iam_models.get_account_id_from(key[1])
    identity = identity_of(account, key[1], region)
    answer = answered(environ, content) if status < 400 else None
    now = time.time()
    detail = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": environ.get("REMOTE_ADDR", ""),
        "userAgent": environ.get("HTTP_USER_AGENT", ""),
        "requestParameters": request,
        # S3 keeps no answers.
        "responseElements": None if service == "s3" else answer,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    if status >= 400:
        detail["errorCode"], detail["errorMessage"] = error_of(content), "refused"
    if environ.get("HTTP_X_SANDBOX_CONSOLE"):
        detail["sessionCredentialFromConsole"] = "true"
    resources = [] if service in GLOBAL else sorted(set(named(request)) | set(named(answer)))
    _history[account, region].append({
        "EventId": detail["eventID"],
        "EventName": name,
        "ReadOnly": "false",
        "AccessKeyId": key[1],
        "EventTime": now,
        "EventSource": detail["eventSource"],
        "Username": identity.get("userName") or identity["arn"].rsplit("/", 1)[-1],
        "Resources": [{"ResourceType": kind, "ResourceName": resource} for kind, resource in resources],
        "CloudTrailEvent": json.dumps(detail),
    })


def identity_of(account, key, region):
    user_id, arn, _ = sts_backends[account]["aws"].get_caller_identity(key, region)
    identity = {"principalId": user_id, "arn": arn, "accountId": account, "accessKeyId": key}
    if ":assumed-role/" in arn:
        return {"type": "AssumedRole"} | identity
    if arn.endswith(":root"):
        return {"type": "Root"} | identity
    return {"type": "IAMUser"} | identity | {"userName": arn.rsplit("/", 1)[-1]}


def called(environ, body, service):
    """The name of the call and its parameters in the trail's words; none if it is not known."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.rsplit(".", 1)[-1], lowered(json.loads(body or b"{}"))
    if re.match(rb"(.*&)?Action=", body):
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        name = given.pop("Action")
        given.pop("Version", None)
        return name, nested(given, service)
    return rest(environ, body, service)


def nested(flat, service):
    """`A.member.1.B=x` -> {"a": [{"b": "x"}]}; EC2's lists are `A.1.B=x` and stand in `items`."""
    tree = {}
    for path, value in flat.items():
        steps = [step for step in path.split(".") if step != "member"]
        place = tree
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        place[steps[-1]] = value

    def listed(value):
        if not isinstance(value, dict):
            return value
        if value and all(key.isdigit() for key in value):
            items = [listed(value[key]) for key in sorted(value, key=int)]
            return {"items": items} if service == "ec2" else items
        return {lower(key): listed(inner) for key, inner in value.items()}

    return listed(tree)


@lru_cache
def operations(service):
    """What a REST service can be asked: the method, the path as a pattern, what the query must have, the name."""
    from botocore.session import Session

    model = Session().get_service_model(service)
    known = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        http = operation.http
        members = operation.input_shape.members if operation.input_shape else {}
        # A place in the path has a name of its own: `Id` is the `HostedZoneId`.
        names = {shape.serialization.get("name", member): member for member, shape in members.items() if shape.serialization.get("location") in ("uri", "querystring")}
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda match: f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})", re.escape(path.rstrip("/") or "/"))
        wanted = [part.partition("=") for part in query.split("&") if part and "{" not in part]
        known.append((http["method"], re.compile(pattern + "/?"), [(key, value) for key, _, value in wanted], names, name))
    # The most special first: with more in its query, and with more of its path given.
    return sorted(known, key=lambda one: (-len(one[2]), one[1].pattern.count("(?P<"), one[4]))


def rest(environ, body, service):
    if service not in ("cloudfront", "route53", "s3"):
        return None, None
    path = unquote(environ.get("PATH_INFO", ""))
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    for method, pattern, wanted, names, name in operations(service):
        found = pattern.fullmatch(path)
        fits = all(key in query and (not value or query[key] == value) for key, value in wanted)
        if method != environ.get("REQUEST_METHOD") or found is None or not fits:
            continue
        given = found.groupdict() | {key: value for key, value in query.items() if key not in dict(wanted)}
        given = {lower(names.get(key, key)): value for key, value in given.items()}
        if service == "s3":
            given["bucketName"] = given.pop("bucket", None)
            name = S3_NAMES.get(name, name)
        if body.lstrip().startswith(b"<"):
            root = ElementTree.fromstring(body)
            inner = plain(root)
            # A request that is all body is its members; one with a document of its own has it by name.
            given |= inner if tag(root).endswith("Request") else {lower(tag(root)): inner}
        elif body.lstrip().startswith(b"{"):
            given["bucketPolicy"] = json.loads(body)
        return name, given
    return None, None


def answered(environ, content):
    text = content.lstrip()
    if text.startswith(b"{"):
        return lowered(json.loads(text))
    if text.startswith(b"<"):
        found = plain(ElementTree.fromstring(text))
        if isinstance(found, dict):
            result = [value for key, value in found.items() if key.endswith("Result")]
            return result[0] if result else found
    return None


def error_of(content):
    found = re.search(rb"<Code>([^<]+)</Code>", content) or re.search(rb'"__type": ?"(?:[^"]*#)?([^"]+)"', content)
    return found[1].decode() if found else "InternalFailure"


def lower(name):
    return name[:1].lower() + name[1:]


def lowered(value):
    if isinstance(value, dict):
        return {lower(key): lowered(inner) for key, inner in value.items()}
    return [lowered(inner) for inner in value] if isinstance(value, list) else value


def tag(element):
    return element.tag.rsplit("}", 1)[-1]


def plain(element):
    """An element of XML as the trail has it: `member` and `item` are lists."""
    children = list(element)
    if not children:
        return element.text or ""
    names = [tag(child) for child in children]
    if set(names) <= {"member"}:
        return [plain(child) for child in children]
    if set(names) <= {"item"}:
        return {"items": [plain(child) for child in children]}
    return {
        lower(name): plain(next(child for child in children if tag(child) == name)) if names.count(name) == 1
        else [plain(child) for child in children if tag(child) == name]
        for name in dict.fromkeys(names)
    }


def named(value, key=None):
    """The things that parameters name, as (type, name)."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from named(inner, key if name == "items" else name)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner, key)
    elif isinstance(value, str) and value:
        kind = RESOURCES.get(key) or RESOURCES.get(f"{key}s")
        if kind:
            yield kind, value


def lookup_events(self):
    asked = json.loads(self.body or "{}")
    scope = self.current_account, self.region
    now = time.time()
    last = _lookups[scope]
    if len(last) == 2 and now - last[0] < 1:
        raise Refusal("ThrottlingException", "Rate exceeded")
    last.append(now)
    wanted = asked.get("LookupAttributes") or []
    if len(wanted) > 1 or any(one.get("AttributeKey") not in ATTRIBUTES for one in wanted):
        raise Refusal("InvalidLookupAttributesException", "One lookup attribute may be given, and it must be a known one.")
    most = asked.get("MaxResults", 50)
    if not 1 <= most <= 50:
        raise Refusal("InvalidMaxResultsException", "MaxResults must be from 1 to 50.")
    since = max(asked.get("StartTime") or 0, now - DAYS * 86400)
    until = min(asked.get("EndTime") or now, now - settings.TRAIL_DELAY)
    found = [
        event for event in reversed(_history[scope])
        if since <= event["EventTime"] <= until
        and all(one["AttributeValue"] in ATTRIBUTES[one["AttributeKey"]](event) for one in wanted)
    ]
    start = int(asked.get("NextToken") or 0)
    answer = {"Events": found[start : start + most]}
    if start + most < len(found):
        answer["NextToken"] = str(start + most)
    return json.dumps(answer)
