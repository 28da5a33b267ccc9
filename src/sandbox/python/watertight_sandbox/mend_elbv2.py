"""Elastic Load Balancing: load balancers and listeners. Target groups are in `mend_target_groups`.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
https://docs.aws.amazon.com/general/latest/gr/elb.html (hosted zones)
"""

import json
import re
import time

from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer
from moto.elbv2.responses import ELBV2Response
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.moto_api._internal import mock_random

from . import interfaces, mend_acm, mend_target_groups, settings
from .refusal import Refusal

HOSTED_ZONES = {
    "us-east-1": "Z35SXDOTRQ7X7K", "us-east-2": "Z3AADJGX6KTTL2", "us-west-1": "Z368ELLRRE2KJ0", "us-west-2": "Z1H1FL5HABSF5",
    "ca-central-1": "ZQSVJUPU6J1EY", "sa-east-1": "Z2P70J7HTTTPLU", "eu-west-1": "Z32O12XQLNTSW2", "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4", "eu-central-1": "Z215JYRZR1TBD5", "eu-north-1": "Z23TAZ6LKFMNIO", "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5", "ap-southeast-2": "Z1GM3OXH4ZPM65", "ap-northeast-1": "Z14GRHDCWA56QT", "ap-northeast-2": "ZWKZPGTI48KDX",
}

LOGS = {f"{kind}_logs.s3.{key}": "false" if key == "enabled" else "" for kind in ("access", "connection", "health_check") for key in ("enabled", "bucket", "prefix")}
LOAD_BALANCER_ATTRIBUTES = {
    **LOGS,
    "client_keep_alive.seconds": "3600",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

RESPONSE = "routing.http.response."
LISTENER_ATTRIBUTES = {
    RESPONSE + "server.enabled": "true",
    **{
        f"{RESPONSE}{name}.header_value": ""
        for name in (
            "strict_transport_security", "access_control_allow_origin", "access_control_allow_methods", "access_control_allow_headers",
            "access_control_allow_credentials", "access_control_expose_headers", "access_control_max_age", "content_security_policy",
            "x_content_type_options", "x_frame_options",
        )
    },
}
REQUEST_HEADERS = (
    "X-Amzn-Mtls-Clientcert-Serial-Number", "X-Amzn-Mtls-Clientcert-Issuer", "X-Amzn-Mtls-Clientcert-Subject", "X-Amzn-Mtls-Clientcert-Validity",
    "X-Amzn-Mtls-Clientcert-Leaf", "X-Amzn-Mtls-Clientcert", "X-Amzn-Tls-Version", "X-Amzn-Tls-Cipher-Suite",
)
HTTPS_ATTRIBUTES = {**LISTENER_ATTRIBUTES, **{f"routing.http.request.{name.lower().replace('-', '_')}.header_name": name for name in REQUEST_HEADERS}}


def apply():
    for family in ("1-3", "1-2-Res", "1-2", "1-2-Ext0", "1-2-Ext1", "1-2-Ext2", "1-1", "1-0"):
        protocols = ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"][: {"1-3": 1, "1-1": 3, "1-0": 4}.get(family, 2)]
        ciphers = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]
        if family != "1-3":
            ciphers += ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"]
        for date in ("FIPS-2023-04", "FIPS-PQ-2025-09"):
            name = f"ELBSecurityPolicy-TLS13-{family}-{date}"
            SSL_POLICIES.setdefault(name, {"name": name, "ciphers": ciphers, "ssl_protocols": protocols})
    FakeLoadBalancer.VALID_ATTRS = FakeLoadBalancer.VALID_ATTRS | set(LOAD_BALANCER_ATTRIBUTES)
    FakeLoadBalancer.activate = activate
    for method in (
        create_load_balancer, describe_load_balancers, delete_load_balancer, modify_load_balancer_attributes, set_security_groups,
        create_listener, modify_listener, describe_listeners, modify_listener_attributes, describe_tags,
    ):
        setattr(ELBV2Response, method.__name__, method)
    ELBv2Backend.add_tags = add_tags
    mend_target_groups.apply()


def page(self, items, key):
    """One page of a Describe call: AWS's PageSize is at most, and by default, 400."""
    size, marker = self._get_int_param("PageSize", 400), self._get_param("Marker")
    keys = [key(item) for item in items]
    if marker and marker not in keys:
        raise Refusal("ValidationError", "Invalid marker")
    start = keys.index(marker) if marker else 0
    rest = items[start + size :]
    return items[start : start + size], key(rest[0]) if rest else None


def activate(self):
    if self.state == "provisioning" and time.monotonic() >= self.ready_at:
        self.state = "active"


def create_load_balancer(self):
    params, backend = self._get_params(), self.elbv2_backend
    name, kind = params.get("Name") or "", params.get("Type") or "application"
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", name) or name.startswith("internal-"):
        raise Refusal("ValidationError", f"The load balancer name '{name}' is not valid: up to 32 letters, digits and hyphens, not beginning or ending with a hyphen, nor beginning with 'internal-'")
    scheme, ip_type = params.get("Scheme") or "internet-facing", params.get("IpAddressType") or "ipv4"
    subnet_ids = list(params.get("Subnets") or []) + [mapping["SubnetId"] for mapping in params.get("SubnetMappings") or []]
    if not subnet_ids:
        raise Refusal("ValidationError", "At least one subnet must be specified")
    subnets = [subnet_of(backend, subnet_id) for subnet_id in subnet_ids]
    zones = [subnet.availability_zone for subnet in subnets]
    if len(set(subnet.vpc_id for subnet in subnets)) > 1:
        raise Refusal("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
    if len(zones) != len(set(zones)):
        raise Refusal("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if kind == "application" and len(zones) < 2:
        raise Refusal("ValidationError", "At least two subnets in two different Availability Zones must be specified")
    groups = list(params.get("SecurityGroups") or [])
    if kind == "application" and not groups:
        groups = [backend.ec2_backend.get_default_security_group(subnets[0].vpc_id).id]
    check_groups(backend, groups, subnets[0].vpc_id)
    tags = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or []}
    asked = (kind, scheme, ip_type, sorted(subnet_ids), sorted(groups), tags)
    for other in backend.load_balancers.values():
        if other.name == name:
            if other.asked == asked:
                return ActionResult({"LoadBalancers": [other]})
            raise Refusal("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists, but with different settings")
    balancer = backend.create_load_balancer(
        name=name, security_groups=groups, subnet_ids=subnet_ids, scheme=scheme, loadbalancer_type=kind, ip_address_type=ip_type, tags=params.get("Tags")
    )
    balancer.asked, balancer.ready_at = asked, time.monotonic() + settings.LOAD_BALANCER_DELAY
    if kind == "application":
        balancer.attrs = dict(LOAD_BALANCER_ATTRIBUTES)
    region = self.region
    number = int(mock_random.get_random_hex(8), 16)
    balancer.dns_name = f"{'internal-' if scheme == 'internal' else ''}{name}-{number}.{region}.elb.amazonaws.com"
    balancer.canonical_hosted_zone_id = HOSTED_ZONES.get(region, "Z2P70J7EXAMPLE")
    interfaces.attach(balancer, backend)
    return ActionResult({"LoadBalancers": [balancer]})


def subnet_of(backend, subnet_id):
    try:
        return backend.ec2_backend.get_subnet(subnet_id)
    except Exception:
        raise Refusal("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")


def check_groups(backend, groups, vpc):
    for group_id in groups:
        group = backend.ec2_backend.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != vpc:
            raise Refusal("InvalidSecurityGroup", f"One or more security groups are invalid: {group_id}")


def set_security_groups(self):
    backend, arn, groups = self.elbv2_backend, self._get_param("LoadBalancerArn"), self._get_param("SecurityGroups") or []
    balancer = balancer_of(backend, arn)
    check_groups(backend, groups, balancer.vpc_id)
    balancer.security_groups = groups
    interfaces.attach(balancer, backend)
    return ActionResult({"SecurityGroupIds": groups})


def balancer_of(backend, arn):
    if arn not in backend.load_balancers:
        raise Refusal("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
    return backend.load_balancers[arn]


def describe_load_balancers(self):
    balancers = list(self.elbv2_backend.load_balancers.values())
    for parameter, key in (("LoadBalancerArns", lambda b: b.arn), ("Names", lambda b: b.name)):
        wanted = self._get_param(parameter) or []
        missing = sorted(set(wanted) - {key(balancer) for balancer in balancers})
        if missing:
            raise Refusal("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
        if wanted:
            balancers = [balancer for balancer in balancers if key(balancer) in wanted]
    for balancer in balancers:
        balancer.activate()
    balancers, marker = page(self, balancers, lambda balancer: balancer.arn)
    return ActionResult({"LoadBalancers": balancers, "NextMarker": marker})


def delete_load_balancer(self):
    backend, arn = self.elbv2_backend, self._get_param("LoadBalancerArn")
    balancer = backend.load_balancers.get(arn)
    if balancer is not None:
        if balancer.attrs.get("deletion_protection.enabled") == "true":
            raise Refusal("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
        for listener in balancer.listeners.values():
            backend.tagging_service.delete_all_tags_for_resource(listener.arn)
        backend.tagging_service.delete_all_tags_for_resource(arn)
        interfaces.detach(balancer, backend)
        del backend.load_balancers[arn]
    return EmptyResult()


def modify_load_balancer_attributes(self):
    backend, arn = self.elbv2_backend, self._get_param("LoadBalancerArn")
    attributes = {attribute["Key"]: attribute.get("Value") or "" for attribute in self._get_param("Attributes") or []}
    balancer = balancer_of(backend, arn)
    unknown = [key for key in attributes if key not in FakeLoadBalancer.VALID_ATTRS]
    if unknown:
        raise Refusal("ValidationError", f"Load balancer attribute key '{unknown[0]}' is not recognized")
    after = {**balancer.attrs, **attributes}
    for kind in ("access", "connection", "health_check"):
        touched = any(key.startswith(f"{kind}_logs.s3.") for key in attributes)
        if touched and after.get(f"{kind}_logs.s3.enabled") == "true":
            check_log_bucket(self.current_account, self.region, after[f"{kind}_logs.s3.bucket"])
    balancer.attrs = after
    return ActionResult({"Attributes": after})


def check_log_bucket(account, region, name):
    """Elastic Load Balancing writes a test file into a bucket before it accepts it:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""
    from moto.s3.models import s3_backends

    bucket = s3_backends[account]["aws"].buckets.get(name)
    if bucket is None:
        raise Refusal("InvalidConfigurationRequest", f"S3Bucket: {name} does not exist" if name else "An S3 bucket must be specified")
    if bucket.region_name != region:
        raise Refusal("InvalidConfigurationRequest", f"The S3 bucket {name} must be in the region of the load balancer")
    policy = json.loads(bucket.policy) if bucket.policy else {"Statement": []}
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    for statement in statements:
        principal = statement.get("Principal")
        # The service's own name, or the account of Elastic Load Balancing in older regions.
        names = json.dumps(principal)
        actions = statement.get("Action") or []
        actions = [actions] if isinstance(actions, str) else actions
        may_write = any(action.lower() in ("s3:putobject", "s3:put*", "s3:*", "*") for action in actions)
        if statement.get("Effect") == "Allow" and may_write and ("logdelivery.elasticloadbalancing" in names or ":root" in names or "elasticloadbalancing" in names):
            return
    raise Refusal("InvalidConfigurationRequest", f"Access Denied for bucket: {name}. Please check S3bucket permission")


def create_listener(self):
    params, backend = self._get_params(), self.elbv2_backend
    balancer = balancer_of(backend, params.get("LoadBalancerArn"))
    protocol, port = params.get("Protocol"), params.get("Port")
    certificates = [certificate["CertificateArn"] for certificate in params.get("Certificates") or []]
    policy = check_tls(self, protocol, params.get("SslPolicy"), certificates)
    actions = [whole_action(action) for action in params.get("DefaultActions") or []]
    check_targets(backend, balancer, actions)
    asked = (protocol, policy, certificates, actions, params.get("MutualAuthentication"), params.get("Tags"))
    for other in balancer.listeners.values():
        if int(other.port) == int(port):
            if getattr(other, "asked", None) == asked:
                return ActionResult({"Listeners": [other]})
            raise Refusal("DuplicateListener", "A listener already exists on this port for this load balancer '%s'" % balancer.arn)
    listener = backend.create_listener(
        load_balancer_arn=balancer.arn, protocol=protocol, port=port, ssl_policy=policy, certificate=certificates[0] if certificates else None,
        actions=actions, alpn_policy=params.get("AlpnPolicy") or [], tags=params.get("Tags"),
    )
    listener.asked = asked
    listener.mutual_authentication = params.get("MutualAuthentication") or ({"Mode": "off"} if protocol == "HTTPS" else None)
    if balancer.type == "application":
        listener.attributes = dict(HTTPS_ATTRIBUTES if protocol == "HTTPS" else LISTENER_ATTRIBUTES)
    return ActionResult({"Listeners": [listener]})


def check_tls(self, protocol, policy, certificates):
    """The policy that the listener has, if certificates and policy fit the protocol."""
    if protocol not in ("HTTPS", "TLS"):
        if certificates or policy:
            raise Refusal("InvalidConfigurationRequest", f"A certificate or security policy cannot be specified for {protocol} listeners")
        return None
    if not certificates:
        raise Refusal("ValidationError", f"A certificate must be specified for {protocol} listeners")
    if len(certificates) > 1:
        raise Refusal("TooManyCertificates", "You can specify only one default certificate")
    if policy is not None and policy not in SSL_POLICIES:
        raise Refusal("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    check_certificate(self, certificates[0])
    return policy or "ELBSecurityPolicy-2016-08"


def check_certificate(self, arn):
    certificate = mend_acm.find(arn)
    if ":iam:" in arn and self.elbv2_backend._certificate_exists(arn):
        return
    if certificate is None or arn.split(":")[3] != self.region:
        raise Refusal("CertificateNotFound", f"Certificate '{arn}' not found")
    if certificate.status != "ISSUED":
        raise Refusal(
            "UnsupportedCertificate", f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key size."
        )


def whole_action(action):
    """An action with what AWS fills in."""
    action = dict(action, Order=action.get("Order") or 1)
    if action.get("Type") == "forward":
        if action.get("TargetGroupArn") and not action.get("ForwardConfig"):
            action["ForwardConfig"] = {"TargetGroups": [{"TargetGroupArn": action["TargetGroupArn"]}]}
        config = dict(action.get("ForwardConfig") or {})
        config["TargetGroups"] = [dict(group, Weight=group.get("Weight", 1)) for group in config.get("TargetGroups") or []]
        config.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
        action["ForwardConfig"] = config
        if len(config["TargetGroups"]) == 1:
            action["TargetGroupArn"] = config["TargetGroups"][0]["TargetGroupArn"]
    if action.get("Type") == "redirect":
        defaults = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
        action["RedirectConfig"] = {**defaults, **(action.get("RedirectConfig") or {})}
    return action


def check_targets(backend, balancer, actions):
    for action in actions:
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or []:
            arn = group["TargetGroupArn"]
            if arn not in backend.target_groups:
                raise Refusal("TargetGroupNotFound", f"Target groups '{arn}' not found")
            if any(user != balancer.arn for user in mend_target_groups.users(backend, arn)):
                raise Refusal("TargetGroupAssociationLimit", f"The following target groups cannot be associated with more than one load balancer: {arn}")


def listener_of(backend, arn):
    for balancer in backend.load_balancers.values():
        if arn in balancer.listeners:
            return balancer, balancer.listeners[arn]
    raise Refusal("ListenerNotFound", "One or more listeners not found")


def modify_listener(self):
    params, backend = self._get_params(), self.elbv2_backend
    balancer, listener = listener_of(backend, params.get("ListenerArn"))
    protocol, port = params.get("Protocol") or listener.protocol, params.get("Port") or listener.port
    certificates = [certificate["CertificateArn"] for certificate in params.get("Certificates") or []]
    stays_tls = protocol in ("HTTPS", "TLS") and listener.protocol == protocol
    default = certificates or (listener.certificates[:1] if stays_tls else [])
    policy = check_tls(self, protocol, params.get("SslPolicy") or (listener.ssl_policy if stays_tls else None), default)
    if any(int(other.port) == int(port) for other in balancer.listeners.values() if other is not listener):
        raise Refusal("DuplicateListener", f"A listener already exists on this port for this load balancer '{balancer.arn}'")
    if params.get("DefaultActions"):
        actions = [whole_action(action) for action in params["DefaultActions"]]
        check_targets(backend, balancer, actions)
        # Those that it has are kept below; moto takes none for a list of them.
        backend.modify_listener(listener.arn, actions=actions, certificates=[])
    listener.certificates = default + (listener.certificates[1:] if stays_tls else [])
    listener.certificate = default[0] if default else None
    listener.protocol, listener.port, listener.ssl_policy = protocol, port, policy
    if params.get("MutualAuthentication"):
        listener.mutual_authentication = params["MutualAuthentication"]
    elif not stays_tls:
        listener.mutual_authentication = {"Mode": "off"} if protocol == "HTTPS" else None
    if not stays_tls:
        known = HTTPS_ATTRIBUTES if protocol == "HTTPS" else LISTENER_ATTRIBUTES
        listener.attributes = {key: listener.attributes.get(key, value) for key, value in known.items()}
    listener.asked = None
    return ActionResult({"Listeners": [listener]})


def describe_listeners(self):
    backend, arn, arns = self.elbv2_backend, self._get_param("LoadBalancerArn"), self._get_param("ListenerArns") or []
    if bool(arn) == bool(arns):
        raise Refusal("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
    listeners = list(balancer_of(backend, arn).listeners.values()) if arn else [listener_of(backend, one)[1] for one in dict.fromkeys(arns)]
    listeners, marker = page(self, listeners, lambda listener: listener.arn)
    return ActionResult({"Listeners": listeners, "NextMarker": marker})


def modify_listener_attributes(self):
    _, listener = listener_of(self.elbv2_backend, self._get_param("ListenerArn"))
    attributes = {attribute["Key"]: attribute.get("Value") or "" for attribute in self._get_param("Attributes") or []}
    unknown = [key for key in attributes if key not in listener.attributes]
    if unknown:
        raise Refusal("InvalidConfigurationRequest", f"The listener attribute '{unknown[0]}' is not valid for {listener.protocol} listeners")
    listener.attributes.update(attributes)
    return ActionResult({"Attributes": listener.attributes})


def describe_tags(self):
    arns = self._get_param("ResourceArns") or []
    if len(arns) > 20:
        raise Refusal("ValidationError", "Cannot have more than 20 resources described")
    for arn in arns:
        if ":listener-rule/" not in arn:
            self.elbv2_backend._get_resource_by_arn(arn)
    tags = self.elbv2_backend.describe_tags(arns)
    return ActionResult({"TagDescriptions": [{"ResourceArn": arn, "Tags": tags[arn]} for arn in tags]})


def add_tags(self, resource_arns, tags):
    new = self.tagging_service.flatten_tag_list(tags)
    for arn in resource_arns:
        self._get_resource_by_arn(arn)
        if len({**self.tagging_service.get_tag_dict_for_resource(arn), **new}) > 50:
            raise Refusal("TooManyTags", "The quota for the number of tags that can be assigned to a load balancer has been reached")
        self.tagging_service.tag_resource(arn, tags)
