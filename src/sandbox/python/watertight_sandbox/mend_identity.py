"""Who calls, which role they may take, and what the policies of a user or role let them do.

A caller whose key is an account, or is not known, is the account's user `sandbox`, who may do
everything. Policies are judged where AWS is asked about them (AssumeRole, SimulatePrincipalPolicy);
the sandbox refuses no other call for want of a permission.

AWS: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (ExternalId, SerialNumber,
TokenCode, DurationSeconds; one hour where roles are chained)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
(aws:MultiFactorAuthPresent, sts:ExternalId)
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://datatracker.ietf.org/doc/html/rfc6238 (the codes of a device)
"""

import base64
import hashlib
import hmac
import json
import struct
import time
from urllib.parse import unquote

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse

from .policies import like, listed, one_holds
from .refusal import Refusal

USER = "sandbox"
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def apply():
    get_caller_identity = STSBackend.get_caller_identity
    assume_role = TokenResponse.assume_role

    def identity(self, access_key_id, region):
        user_id, arn, account = get_caller_identity(self, access_key_id, region)
        if arn.endswith(":user/moto"):
            user = own_user(account, self.partition)
            return user.id, user.arn, account
        return user_id, arn, account

    def assume(self):
        judge_role(self)
        return assume_role(self)

    STSBackend.get_caller_identity = identity
    TokenResponse.assume_role = assume
    IamResponse.simulate_principal_policy = simulate_principal_policy


def own_user(account, partition):
    backend = iam_backends[account][partition]
    if USER not in backend.users:
        backend.create_user(partition, USER, "/", [])
        backend.users[USER].put_policy("everything", EVERYTHING)
    return backend.users[USER]


def judge_role(response):
    """Refuses an AssumeRole as AWS does; returns nothing."""
    arn = response._get_param("RoleArn")
    key = response.get_access_key()
    caller = response.backend.get_caller_identity(key, response.region)[1]
    denied = Refusal("AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}")
    session = response.backend.get_assumed_role_from_access_key(key)
    context = {
        "sts:externalid": response._get_param("ExternalId"),
        "sts:rolesessionname": response._get_param("RoleSessionName"),
        "aws:principalarn": caller,
        # Keys of long life carry no such key at all.
        "aws:multifactorauthpresent": None,
    }
    if response._get_param("SerialNumber"):
        check_code(response, caller)
        context["aws:multifactorauthpresent"] = "true"
    account = arn.split(":")[4]
    try:
        role = iam_backends[account][response.partition].get_role_by_arn(arn)
    except Exception:
        raise denied from None
    duration = response._get_int_param("DurationSeconds", 3600)
    if session and duration > 3600:
        raise Refusal("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
    if duration > int(role.max_session_duration or 3600):
        raise Refusal("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    names = {"*", caller, caller.split(":")[4], f"arn:{response.partition}:iam::{caller.split(':')[4]}:root"}
    if session:
        names.add(session.role_arn)
    trust = json.loads(unquote(role.assume_role_policy_document))
    decisions = [
        statement["Effect"]
        for statement in listed(trust.get("Statement"))
        if any(like(action.lower(), "sts:assumerole") for action in listed(statement.get("Action")))
        and trusts(statement.get("Principal"), names)
        and holds(statement.get("Condition"), context)
    ]
    if "Allow" not in decisions or "Deny" in decisions:
        raise denied


def trusts(principal, names):
    return principal == "*" or isinstance(principal, dict) and any(name in names for name in listed(principal.get("AWS")))


def check_code(response, caller):
    serial, code = response._get_param("SerialNumber"), response._get_param("TokenCode") or ""
    backend = iam_backends[response.current_account][response.partition]
    user = backend.users.get(caller.rsplit("/", 1)[-1]) if ":user/" in caller else None
    device = backend.virtual_mfa_devices.get(serial)
    if user is None or device is None or serial not in user.mfa_devices:
        raise Refusal("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
    if code not in codes(device.base32_string_seed):
        raise Refusal("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")


def codes(seed, now=None):
    """The codes of a device at this moment, and the two beside it."""
    step = int((now or time.time()) / 30)
    return [code_at(seed, step + n) for n in (-1, 0, 1)]


def code_at(seed, step):
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def holds(conditions, context):
    return all(
        one_holds(operator, context.get(key.lower()), [str(value).lower() if isinstance(value, bool) else str(value) for value in listed(values)])
        for operator, pairs in (conditions or {}).items()
        for key, values in pairs.items()
    )


def simulate_principal_policy(self):
    arn = self._get_param("PolicySourceArn")
    documents = documents_of(self.backend, arn)
    documents += [json.loads(text) for text in self._get_param("PolicyInputList") or []]
    context = {entry["ContextKeyName"].lower(): (entry.get("ContextKeyValues") or [None])[0] for entry in self._get_param("ContextEntries") or []}
    resources = self._get_param("ResourceArns") or ["*"]
    worst = ("allowed", "implicitDeny", "explicitDeny")
    results = []
    for action in self._get_param("ActionNames"):
        decisions = [decide(documents, action, resource, context) for resource in resources]
        specific = [{"EvalResourceName": resource, "EvalResourceDecision": decision} for resource, decision in zip(resources, decisions)]
        results.append(
            {
                "EvalActionName": action,
                "EvalResourceName": "*",
                "EvalDecision": max(decisions, key=worst.index),
                "MatchedStatements": [],
                "MissingContextValues": [],
                "ResourceSpecificResults": [] if resources == ["*"] else specific,
            }
        )
    # A page has 100 results.
    start = int(self._get_param("Marker") or 0)
    size = min(self._get_int_param("MaxItems", 100), 100)
    page, rest = results[start : start + size], results[start + size :]
    answer = {"EvaluationResults": page, "IsTruncated": bool(rest)}
    if rest:
        answer["Marker"] = str(start + size)
    return ActionResult(answer)


def documents_of(backend, arn):
    """Every policy of a user, with those of its groups, or of a role."""
    name = arn.rsplit("/", 1)[-1]
    holders = []
    if ":user/" in arn and name in backend.users:
        holders = [backend.users[name], *backend.get_groups_for_user(name)]
    elif ":role/" in arn:
        holders = [role for role in backend.roles.values() if role.arn == arn]
    elif ":group/" in arn and name in backend.groups:
        holders = [backend.groups[name]]
    if not holders:
        raise Refusal("NoSuchEntity", f"The entity with name {name} cannot be found.")
    return [
        json.loads(text)
        for holder in holders
        for text in [
            *(unquote(text) for text in holder.policies.values()),
            *(version.document for policy in holder.managed_policies.values() for version in policy.versions if version.is_default),
        ]
    ]


def decide(documents, action, resource, context):
    effects = {
        statement["Effect"]
        for document in documents
        for statement in listed(document.get("Statement"))
        if concerns(statement, "Action", action.lower(), str.lower) and concerns(statement, "Resource", resource, str) and holds(statement.get("Condition"), context)
    }
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if "Allow" in effects else "implicitDeny"


def concerns(statement, element, text, form):
    if "Not" + element in statement:
        return not any(like(form(pattern), text) for pattern in listed(statement["Not" + element]))
    return any(like(form(pattern), text) for pattern in listed(statement.get(element)))
