"""Elastic Load Balancing: the rules of listeners.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
"""

from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2.responses import ELBV2Response

from .refusal import Refusal

# The member of a condition that holds what `Values` held before, by field.
CONFIGS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}


def apply():
    for method in (create_rule, modify_rule, set_rule_priorities, describe_rules, delete_rule):
        setattr(ELBV2Response, method.__name__, method)


def rule_of(backend, arn):
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                if rule.arn == arn:
                    return balancer, listener, rule
    raise Refusal("RuleNotFound", f"Rule '{arn}' not found")


def whole_condition(condition):
    """A condition in both of AWS's forms: `Values`, and the member named after the field."""
    condition, member = dict(condition), CONFIGS.get(condition.get("Field"))
    if member is None:
        return condition
    if condition.get("Values") and not condition.get(member):
        condition[member] = {"Values": condition["Values"]}
    elif (condition.get(member) or {}).get("Values"):
        condition["Values"] = condition[member]["Values"]
    return condition


def check_conditions(backend, conditions):
    # moto takes each of the two forms alone, and knows no regular expressions.
    known = []
    for condition in conditions:
        condition, member = dict(condition), CONFIGS.get(condition.get("Field"))
        if member and condition.get(member):
            condition.pop("Values", None)
        if not any((config or {}).get("RegexValues") for config in condition.values() if isinstance(config, dict)):
            known.append(condition)
    backend._validate_conditions(known)


def check_priority(priority):
    if not 1 <= int(priority) <= 50000:
        raise Refusal("ValidationError", f"Priority '{priority}' must be in the range 1-50000")


def create_rule(self):
    from .mend_elbv2 import check_targets, listener_of, whole_action

    params, backend = self._get_params(), self.elbv2_backend
    balancer, listener = listener_of(backend, params.get("ListenerArn"))
    check_priority(params["Priority"])
    if any(rule.priority == int(params["Priority"]) for rule in listener.rules.values()):
        raise Refusal("PriorityInUse", f"Priority '{params['Priority']}' is currently in use")
    actions = [whole_action(action) for action in params["Actions"]]
    check_targets(backend, balancer, actions)
    check_conditions(backend, params["Conditions"])
    rule = backend.create_rule(
        listener_arn=listener.arn, conditions=[], priority=int(params["Priority"]), actions=actions, tags=params.get("Tags")
    )
    rule.conditions = [whole_condition(condition) for condition in params["Conditions"]]
    return ActionResult({"Rules": [rule]})


def modify_rule(self):
    from .mend_elbv2 import check_targets, whole_action

    params, backend = self._get_params(), self.elbv2_backend
    balancer, _, rule = rule_of(backend, params.get("RuleArn"))
    if rule.is_default:
        raise Refusal("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be modified")
    conditions = params.get("Conditions") or []
    actions = [whole_action(action) for action in params.get("Actions") or []]
    check_targets(backend, balancer, actions)
    check_conditions(backend, conditions)
    if actions:
        backend.modify_rule(rule_arn=rule.arn, conditions=[], actions=actions)
    if conditions:
        rule.conditions = [whole_condition(condition) for condition in conditions]
    return ActionResult({"Rules": [rule]})


def set_rule_priorities(self):
    backend = self.elbv2_backend
    wanted = {}
    for pair in self._get_param("RulePriorities") or []:
        check_priority(pair["Priority"])
        wanted[pair["RuleArn"]] = int(pair["Priority"])
    rules = [rule_of(backend, arn) for arn in wanted]
    # No conflict in the new order, whatever the old one was.
    for _, listener, _ in rules:
        after = [wanted.get(rule.arn, rule.priority) for rule in listener.rules.values()]
        if len(after) != len(set(after)):
            raise Refusal("PriorityInUse", "One or more of the priorities are currently in use")
    for _, _, rule in rules:
        rule.priority = wanted[rule.arn]
    return ActionResult({"Rules": [rule for _, _, rule in rules]})


def describe_rules(self):
    from .mend_elbv2 import listener_of, page

    backend, listener, arns = self.elbv2_backend, self._get_param("ListenerArn"), self._get_param("RuleArns") or []
    if bool(listener) == bool(arns):
        raise Refusal("ValidationError", "You must specify either listener rule ARNs or a listener ARN")
    if listener:
        rules = list(listener_of(backend, listener)[1].rules.values())
    else:
        rules = [rule_of(backend, arn)[2] for arn in dict.fromkeys(arns)]
    rules.sort(key=lambda rule: (rule.is_default, rule.priority))
    rules, marker = page(self, rules, lambda rule: rule.arn)
    return ActionResult({"Rules": rules, "NextMarker": marker})


def delete_rule(self):
    backend = self.elbv2_backend
    _, listener, rule = rule_of(backend, self._get_param("RuleArn"))
    if rule.is_default:
        raise Refusal("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be deleted")
    listener.remove_rule(rule.arn)
    backend.tagging_service.delete_all_tags_for_resource(rule.arn)
    return EmptyResult()
