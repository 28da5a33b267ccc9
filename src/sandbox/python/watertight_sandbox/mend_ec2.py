"""EC2: security groups and their rules, network interfaces, dry runs, pages.

AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (DryRunOperation, DependencyViolation)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html (MaxResults and NextToken)
"""

import base64
import re

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response

from . import interfaces
from .refusal import Refusal

# Lists that AWS gives out in pages when asked to, by operation.
PAGED = {
    "describe_security_groups": "SecurityGroups",
    "describe_security_group_rules": "SecurityGroupRules",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_subnets": "Subnets",
    "describe_vpcs": "Vpcs",
}
TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def apply():
    for name, key in PAGED.items():
        setattr(EC2Response, name, paged(getattr(EC2Response, name), key))
    EC2Response.call_action = call_action(EC2Response.call_action)
    for direction in ("ingress", "egress"):
        setattr(EC2Response, f"authorize_security_group_{direction}", authorize(direction))
        name = f"update_security_group_rule_descriptions_{direction}"
        setattr(EC2Response, name, describe_rules(direction, getattr(EC2Response, name)))
    EC2Response.create_security_group = create_security_group
    EC2Response.delete_security_group = delete_security_group
    EC2Backend.modify_security_group_rules = modify_security_group_rules
    for model in (SecurityGroup, SecurityGroupRule):
        model.matches_filter = known_filter(model.matches_filter)
    mend_rules()
    mend_interfaces()


def call_action(call):
    def called(self):
        interfaces.sweep(self.ec2_backend)
        if self._get_param("DryRun"):
            error = Refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            _, headers, body = self.serialized(ActionResult(error))
            headers, body = self._enrich_response(headers, body)
            return 412, headers, body
        return call(self)

    return called


def paged(describe, key):
    def described(self):
        result = describe(self)
        limit, token = self._get_int_param("MaxResults"), self._get_param("NextToken")
        if limit is None and token is None:
            return result
        if limit is not None and not 5 <= limit <= 1000:
            raise Refusal("InvalidParameterValue", f"Value ( {limit} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.")
        items = list(result.result[key])
        start = int(base64.b64decode(token)) if token else 0
        end = start + (limit or 1000)
        result.result[key] = items[start:end]
        if end < len(items):
            result.result["NextToken"] = base64.b64encode(str(end).encode()).decode()
        return result

    return described


def known_filter(matches):
    def matched(self, key, value):
        try:
            return matches(self, key, value)
        except KeyError:
            raise Refusal("InvalidParameterValue", f"The filter '{key}' is invalid")

    return matched


def check_text(what, text):
    if text and not TEXT.fullmatch(text):
        raise Refusal("InvalidParameterValue", f"Invalid {what}. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*")


def create_security_group(self):
    name, description, vpc = self._get_param("GroupName"), self._get_param("Description"), self._get_param("VpcId")
    tags = self._parse_tag_specification().get("security-group", {})
    check_text("security group description", description)
    if (name or "").startswith("sg-"):
        raise Refusal("InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*")
    if vpc:
        self.ec2_backend.get_vpc(vpc)
    group = self.ec2_backend.create_security_group(name, description, vpc_id=vpc, tags=tags)
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    return ActionResult({"GroupId": group.id, "SecurityGroupArn": group.arn, "Tags": tag_set})


def delete_security_group(self):
    backend, name, id_ = self.ec2_backend, self._get_param("GroupName"), self._get_param("GroupId")
    group = backend.get_security_group_from_id(id_) if id_ else backend.get_security_group_from_name(name)
    if group is None:
        raise Refusal("InvalidGroup.NotFound", f"The security group '{id_ or name}' does not exist")
    if group.is_default:
        raise Refusal("CannotDelete", f'the specified group: "{group.id}" name: "{group.name}" cannot be deleted by a user')
    others = [other for groups in backend.groups.values() for other in groups.values() if other is not group]
    is_referenced = any(rule.source_group.get("GroupId") == group.id for other in others for rule in other.ingress_rules + other.egress_rules)
    is_used = any(group in interface.group_set for interface in backend.enis.values())
    if is_referenced or is_used:
        raise Refusal("DependencyViolation", f"resource {group.id} has a dependent object")
    backend.delete_security_group(group_id=group.id)
    return EmptyResult()


def authorize(direction):
    """Adds every rule of a request or none, and answers all of them."""

    def authorized(self):
        backend = self.ec2_backend
        requests = list(self._process_rules_from_querystring())
        group = backend.get_security_group_by_name_or_id(requests[0]["group_name_or_id"])
        if group is None:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{requests[0]['group_name_or_id']}' does not exist")
        before = list(getattr(group, f"{direction}_rules"))
        added = []
        try:
            for request in requests:
                for source in [*request["ip_ranges"], *request["source_groups"], *request["prefix_list_ids"]]:
                    check_text("rule description", source.get("Description"))
                for source in request["source_groups"]:
                    named = source.get("GroupId")
                    if named and backend.get_security_group_from_id(named) is None:
                        raise Refusal("InvalidGroup.NotFound", f"The security group '{named}' does not exist")
                rules, _ = getattr(backend, f"authorize_security_group_{direction}")(**request)
                added += rules
        except Exception:
            setattr(group, f"{direction}_rules", before)
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": added})

    return authorized


def describe_rules(direction, update):
    """Changes descriptions, by the rules' ids or by what the rules say."""

    def described(self):
        given = self._get_param("SecurityGroupRuleDescriptions") or []
        if not given:
            update(self)
            return ActionResult({"Return": True})
        group = self.ec2_backend.get_security_group_from_id(self._get_param("GroupId"))
        if group is None:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{self._get_param('GroupId')}' does not exist")
        rules = {rule.id: rule for rule in getattr(group, f"{direction}_rules")}
        for wanted in given:
            check_text("rule description", wanted.get("Description"))
            if wanted["SecurityGroupRuleId"] not in rules:
                raise Refusal("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{wanted['SecurityGroupRuleId']}' does not exist")
        for wanted in given:
            set_text(rules[wanted["SecurityGroupRuleId"]], wanted.get("Description"))
        return ActionResult({"Return": True})

    return described


def set_text(rule, text):
    rule.ip_range = {key: value for key, value in rule.ip_range.items() if key != "Description"}
    if text:
        rule.ip_range["Description"] = text


def mend_rules():
    """Descriptions of rules that name a group or a prefix list are kept, too."""
    initialise = SecurityGroupRule.__init__
    add_source_group = EC2Backend._add_source_group

    def initialised(self, ec2_backend, ip_protocol, group_id, from_port, to_port, ip_range, source_group=None, prefix_list_id=None, **rest):
        source_group = dict(source_group or {})
        text = source_group.pop("Description", None) or (prefix_list_id or {}).get("Description")
        initialise(self, ec2_backend, ip_protocol, group_id, from_port, to_port, ip_range, source_group, prefix_list_id, **rest)
        if text:
            # A rule has one source; where that is no address range this is where moto looks for the text.
            self.ip_range = {"Description": text}

    def sources(self, source_groups, vpc_id):
        added = add_source_group(self, source_groups, vpc_id)
        for source, asked in zip(added, source_groups or []):
            if asked.get("Description"):
                source["Description"] = asked["Description"]
        return added

    flattened = SecurityGroup._flattened_rules

    def views(self, rules):
        views = flattened(self, rules)
        for view in views:
            of_view = [rule for rule in rules if (rule.from_port, rule.to_port, rule.ip_protocol) == (view.from_port, view.to_port, view.ip_protocol)]
            view.source_groups = [with_text(rule.source_group, rule) for rule in of_view if rule.source_group]
            view.prefix_list_ids = [with_text({"PrefixListId": rule.prefix_list_id}, rule) for rule in of_view if rule.prefix_list_id]
        return views

    SecurityGroupRule.__init__ = initialised
    EC2Backend._sg_update_description = lambda self, wanted, rule: set_text(rule, wanted.description)
    EC2Backend._add_source_group = sources
    SecurityGroup._flattened_rules = views


def with_text(source, rule):
    return dict(source, Description=rule.description) if rule.description else source


def modify_security_group_rules(self, group_id, rules):
    group = self.get_security_group_by_name_or_id(group_id)
    if group is None:
        raise Refusal("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    for rule_id, wanted in rules.items():
        rule = group.get_rule(rule_id)
        if rule is None:
            raise Refusal("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule_id}' does not exist")
        given = [key for key in ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId") if wanted.get(key)]
        if len(given) != 1:
            raise Refusal("InvalidParameterCombination" if given else "MissingParameter", "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId")
        kind = "CidrIpv4" if rule.cidr_ipv4 else "CidrIpv6" if rule.cidr_ipv6 else "PrefixListId" if rule.prefix_list_id else "ReferencedGroupId"
        if given != [kind]:
            raise Refusal("InvalidParameterValue", f"Invalid rule type for security group rule '{rule_id}'. You may not specify {given[0]} for an existing {kind} rule.")
        if not wanted.get("IpProtocol"):
            raise Refusal("InvalidParameterValue", "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")
        check_text("rule description", wanted.get("Description"))
        source = {"CidrIpv4": "CidrIp", "CidrIpv6": "CidrIpv6"}.get(kind)
        changed = SecurityGroupRule(
            self,
            wanted["IpProtocol"],
            group.id,
            wanted.get("FromPort"),
            wanted.get("ToPort"),
            {source: wanted[kind]} if source else None,
            dict(rule.source_group, GroupId=wanted[kind]) if kind == "ReferencedGroupId" else None,
            {"PrefixListId": wanted[kind]} if kind == "PrefixListId" else None,
            is_egress=rule.is_egress,
        )
        siblings = group.egress_rules if rule.is_egress else group.ingress_rules
        if any(other is not rule and other == changed for other in siblings):
            raise Refusal("InvalidPermission.Duplicate", "the specified rule already exists")
        # The rule keeps its id and its tags; a text that is not given is taken away.
        for field in ("ip_protocol", "from_port", "to_port", "ip_range", "source_group", "prefix_list_id"):
            setattr(rule, field, getattr(changed, field))
        if wanted.get("Description"):
            rule.ip_range["Description"] = wanted["Description"]


def mend_interfaces():
    """Those of load balancers are in use by the service, and are not the user's to delete."""
    attachment = NetworkInterface.attachment.fget
    get_filter_value = NetworkInterface.get_filter_value
    delete_network_interface = EC2Backend.delete_network_interface

    def attached(self):
        if self.requester_managed:
            return {"AttachmentId": f"ela-attach-{self.id[4:]}", "DeviceIndex": 1, "InstanceOwnerId": "amazon-elb", "Status": "attached", "DeleteOnTermination": False}
        return attachment(self)

    def value(self, filter_name, method_name=None):
        if filter_name in ("status", "interface-type", "requester-id"):
            return getattr(self, filter_name.replace("-", "_"))
        if filter_name == "requester-managed":
            return str(self.requester_managed).lower()
        if filter_name == "attachment.instance-owner-id" and self.requester_managed:
            return "amazon-elb"
        return get_filter_value(self, filter_name, method_name)

    def delete(self, eni_id):
        if eni_id in self.enis and self.enis[eni_id].requester_managed:
            raise Refusal("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
        delete_network_interface(self, eni_id)

    NetworkInterface.attachment = property(attached)
    NetworkInterface.get_filter_value = value
    EC2Backend.delete_network_interface = delete
