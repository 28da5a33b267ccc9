"""Elastic Load Balancing: target groups, their defaults and their targets.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
"""

from moto.core.responses import ActionResult
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from .refusal import Refusal

ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


# Health by id of the target, where somebody said that it is another than "healthy": nothing runs
# behind the sandbox's load balancers.
HEALTH = {}


def tell_health(told):
    """{"target": "10.0.1.10", "state": "unhealthy", "reason": "Target.Timeout", "description": "..."}"""
    HEALTH[told["target"]] = {"State": told["state"], "Reason": told.get("reason"), "Description": told.get("description")}


def apply():
    create = ELBv2Backend.create_target_group

    def create_target_group(self, name, **settings):
        asked = {key: value for key, value in settings.items() if value is not None}
        for other in self.target_groups.values():
            if other.name == name:
                if other.asked == asked:
                    return other
                raise Refusal("DuplicateTargetGroupName", f"A target group with the same name '{name}' exists, but with different settings")
        group = create(self, name, **settings)
        group.asked = asked
        if group.protocol in ("HTTP", "HTTPS"):
            group.attributes = dict(ATTRIBUTES)
        return group

    modify = ELBV2Response.modify_target_group_attributes

    def modify_attributes(self):
        group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
        for attribute in self._get_param("Attributes") or []:
            if group is not None and group.protocol in ("HTTP", "HTTPS") and attribute["Key"] not in ATTRIBUTES:
                raise Refusal("ValidationError", f"Target group attribute key '{attribute['Key']}' is not recognized")
        modify(self)
        return ActionResult({"Attributes": group.attributes})

    ELBv2Backend.create_target_group = create_target_group
    ELBV2Response.modify_target_group_attributes = modify_attributes
    ELBV2Response.describe_target_groups = describe_target_groups
    ELBV2Response.describe_target_health = describe_target_health
    # Kept by moto when a listener is made and never taken away; here it is looked up.
    FakeTargetGroup.load_balancer_arns = property(load_balancer_arns, lambda self, _: None)
    FakeTargetGroup.register = register
    FakeTargetGroup.deregister = deregister


def users(backend, arn):
    """The load balancers whose listeners or rules forward to a target group."""
    found = []
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            actions = [action for rule in listener.rules.values() for action in rule.actions]
            if any(arn in backend._get_target_group_arns_from(action_data=action.data) for action in actions):
                found.append(balancer.arn)
                break
    return found


def load_balancer_arns(self):
    from moto.elbv2.models import elbv2_backends

    return users(elbv2_backends[self.account_id][self.region_name], self.arn)


def describe_target_groups(self):
    from .mend_elbv2 import page

    groups = list(
        self.elbv2_backend.describe_target_groups(
            self._get_param("LoadBalancerArn"), self._get_param("TargetGroupArns") or [], self._get_param("Names") or []
        )
    )
    groups, marker = page(self, groups, lambda group: group.arn)
    return ActionResult({"TargetGroups": groups, "NextMarker": marker})


def key_of(self, target):
    # One target may be registered with several ports.
    return target["Id"], int(target.get("Port") or self.port or 0)


def register(self, targets):
    for target in targets:
        if target["Id"].startswith("i-") and self.ec2_backend.get_instance_by_id(target["Id"]) is None:
            raise Refusal("InvalidTarget", f"The following targets are not in a running state and cannot be registered: '{target['Id']}'")
    for target in targets:
        id_, port = key_of(self, target)
        self.targets[(id_, port)] = {"Id": id_, "Port": port}
        if target.get("AvailabilityZone"):
            self.targets[(id_, port)]["AvailabilityZone"] = target["AvailabilityZone"]


def deregister(self, targets):
    for target in targets:
        if "Port" in target and target["Port"]:
            self.targets.pop(key_of(self, target), None)
        else:
            for key in [key for key in self.targets if key[0] == target["Id"]]:
                del self.targets[key]


def describe_target_health(self):
    group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
    if group is None:
        raise Refusal("TargetGroupNotFound", "One or more target groups not found")
    asked = self._get_param("Targets") or []
    targets = [group.targets.get(key_of(group, target), dict(target)) for target in asked] if asked else list(group.targets.values())
    descriptions = []
    for target in targets:
        if key_of(group, target) not in group.targets:
            health = {"State": "unused", "Reason": "Target.NotRegistered", "Description": "Target is not registered to the target group"}
        elif not group.load_balancer_arns:
            health = {"State": "unused", "Reason": "Target.NotInUse", "Description": "Target group is not configured to receive traffic from the load balancer"}
        else:
            health = HEALTH.get(target["Id"], {"State": "healthy"})
        port = group.health_check_port
        port = str(target.get("Port") or group.port) if port in (None, "traffic-port") else str(port)
        descriptions.append({"Target": target, "HealthCheckPort": port, "TargetHealth": health})
    return ActionResult({"TargetHealthDescriptions": descriptions})
