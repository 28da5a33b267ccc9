"""Bucket policies: which are refused, and what one says of a call.

The sandbox stands for AWS's TLS endpoints, so that a call counts as made over TLS 1.3.

AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
"""

import fnmatch
import json
import re

from .refusal import S3Refusal

CONTEXT = {"aws:securetransport": "true", "s3:tlsversion": "1.3"}


def listed(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def like(pattern, text):
    return fnmatch.fnmatchcase(text, str(pattern).replace("[", "[[]"))


def statements(policy):
    return listed(json.loads(policy).get("Statement")) if policy else []


def permission(bucket, action, resource):
    """What the policy says of a call by its own account."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    applicable = [
        statement for statement in statements(bucket.policy) if names(statement, bucket.account_id) and holds(statement.get("Condition"), bucket.account_id)
    ]
    if not applicable:
        return PermissionResult.NEUTRAL
    # Principals and conditions are dealt with.
    bare = [{key: value for key, value in statement.items() if key not in ("Condition", "Principal", "NotPrincipal")} for statement in applicable]
    return IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": bare})).is_action_permitted(action, resource)


def names(statement, account):
    """Whether a statement is about the account's own users."""
    if "NotPrincipal" in statement:
        return not names({"Principal": statement["NotPrincipal"]}, account)
    principal = statement.get("Principal")
    if principal == "*":
        return True
    own = {"*", account, f"arn:aws:iam::{account}:root"}
    return isinstance(principal, dict) and any(name in own for name in listed(principal.get("AWS")))


def holds(conditions, account):
    context = {**CONTEXT, "aws:principalaccount": account, "aws:resourceaccount": account, "aws:sourceaccount": None}
    return all(
        one_holds(operator, context.get(key.lower()), [str(value).lower() if isinstance(value, bool) else str(value) for value in listed(values)])
        for operator, pairs in (conditions or {}).items()
        for key, values in pairs.items()
    )


def one_holds(operator, actual, values):
    operator = operator.split(":")[-1]
    if operator == "Null":
        return (actual is None) == (values[0].lower() == "true")
    base = operator.removesuffix("IfExists")
    is_negated = "Not" in base and not base.startswith("Numeric") or base == "NumericNotEquals"
    if actual is None:
        return is_negated or operator != base
    return is_negated != any(compare(base.replace("Not", ""), actual, value) for value in values)


def compare(operator, actual, value):
    if operator.startswith("Numeric"):
        left, right = float(actual), float(value)
        return {
            "NumericEquals": left == right,
            "NumericLessThan": left < right,
            "NumericLessThanEquals": left <= right,
            "NumericGreaterThan": left > right,
            "NumericGreaterThanEquals": left >= right,
        }[operator]
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return like(value, actual)
    if operator in ("Bool", "StringEqualsIgnoreCase"):
        return value.lower() == actual.lower()
    return value == actual


OPERATOR = re.compile(
    r"((ForAllValues|ForAnyValue):)?((String(Not)?(Equals|EqualsIgnoreCase|Like)|Numeric(Equals|NotEquals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals)"
    r"|Date(Equals|NotEquals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?|Null)"
)
PRINCIPAL = re.compile(r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::(\d{12}|cloudfront):.+|A[A-Z0-9]{15,}|[0-9a-f]{64}")


def check(policy, bucket):
    """Refuses what S3 refuses."""

    def malformed(why):
        raise S3Refusal("MalformedPolicy", why)

    try:
        document = json.loads(policy)
    except ValueError:
        malformed("This policy contains invalid Json")
    if not isinstance(document, dict):
        malformed("Policies must be valid JSON and the first byte must be '{'")
    if set(document) - {"Version", "Id", "Statement"}:
        malformed("Unknown field " + sorted(set(document) - {"Version", "Id", "Statement"})[0])
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        malformed("The policy must contain a valid version string")
    if not listed(document.get("Statement")):
        malformed("Missing required field Statement")
    seen = set()
    for statement in listed(document["Statement"]):
        if not isinstance(statement, dict):
            malformed("Invalid policy syntax.")
        known = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
        if set(statement) - known:
            malformed("Unknown field " + sorted(set(statement) - known)[0])
        if statement.get("Effect") not in ("Allow", "Deny"):
            malformed("Invalid effect: " + str(statement.get("Effect")))
        for one, other in (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")):
            if (one in statement) == (other in statement):
                malformed(f"Missing required field {one} cannot be empty!")
        sid = statement.get("Sid")
        if sid and sid in seen:
            malformed("Duplicate Sid in policy")
        seen.add(sid)
        actions = listed(statement.get("Action", statement.get("NotAction")))
        if not actions or not all(isinstance(action, str) and re.fullmatch(r"\*|[sS]3:[A-Za-z*?]+", action) for action in actions):
            malformed("Policy has invalid action")
        resources = listed(statement.get("Resource", statement.get("NotResource")))
        own = re.compile(rf"arn:aws[a-z-]*:s3:::(\*|{re.escape(bucket)}(/.*)?|{re.escape(bucket)}\*)")
        if not resources or not all(isinstance(resource, str) and own.fullmatch(resource) for resource in resources):
            malformed("Policy has invalid resource")
        check_principal(statement.get("Principal", statement.get("NotPrincipal")), malformed)
        for operator in statement.get("Condition") or {}:
            if not OPERATOR.fullmatch(operator):
                malformed(f"Invalid Condition type : {operator}")


def check_principal(principal, malformed):
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - {"AWS", "Service", "Federated", "CanonicalUser"}:
        malformed("Invalid principal in policy")
    for name in listed(principal.get("AWS")) + listed(principal.get("CanonicalUser")):
        if not isinstance(name, str) or not PRINCIPAL.fullmatch(name):
            malformed("Invalid principal in policy")
    for name in listed(principal.get("Service")):
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", name):
            malformed("Invalid principal in policy")
