"""EC2: VPCs, subnets, internet gateways and flow logs: what stands in the way of a delete, what is read back.

AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachInternetGateway.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html (MapPublicIpOnLaunch is a default subnet's alone)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html (LogDestination, DestinationOptions, ClientToken)
https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
"""

from moto.core.responses import EmptyResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.flow_logs import FlowLogs
from moto.ec2.responses import EC2Response

from .refusal import Refusal

# Attributes of a subnet that moto does not change, and where they are kept.
SUBNET = {
    "EnableDns64": "enable_dns64",
    "EnableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecord",
    "EnableResourceNameDnsAAAARecordOnLaunch": "EnableResourceNameDnsAAAARecord",
}


def apply():
    EC2Backend.delete_vpc = delete_vpc(EC2Backend.delete_vpc)
    EC2Backend.delete_subnet = delete_subnet(EC2Backend.delete_subnet)
    EC2Backend.create_subnet = create_subnet(EC2Backend.create_subnet)
    EC2Backend.create_security_group = create_security_group(EC2Backend.create_security_group)
    EC2Backend.attach_internet_gateway = attach_internet_gateway(EC2Backend.attach_internet_gateway)
    EC2Backend.detach_internet_gateway = detach_internet_gateway(EC2Backend.detach_internet_gateway)
    EC2Response.modify_subnet_attribute = modify_subnet_attribute(EC2Response.modify_subnet_attribute)
    EC2Response.create_flow_logs = create_flow_logs(EC2Response.create_flow_logs)
    EC2Backend.create_flow_logs = create_flow_logs_in(EC2Backend.create_flow_logs)
    FlowLogs.destination_options = None


def delete_vpc(delete):
    def deleted(self, vpc_id):
        self.get_vpc(vpc_id)
        gateways = [gateway for gateway in self.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc_id]
        groups = [group for group in self.groups[vpc_id].values() if not group.is_default]
        endpoints = [endpoint for endpoint in self.vpc_end_points.values() if endpoint.vpc_id == vpc_id and endpoint.state != "deleted"]
        if gateways or groups or endpoints:
            raise Refusal("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        vpc = delete(self, vpc_id)
        for log in [log for log in self.flow_logs.values() if log.resource_id == vpc_id]:
            self.flow_logs.pop(log.id)
        return vpc

    return deleted


def delete_subnet(delete):
    def deleted(self, subnet_id):
        if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
            raise Refusal("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return delete(self, subnet_id)

    return deleted


def create_subnet(create):
    def created(self, vpc_id, *arguments, **more):
        subnet = create(self, vpc_id, *arguments, **more)
        if not self.get_vpc(vpc_id).is_default:
            subnet.default_for_az = subnet.map_public_ip_on_launch = False
        subnet.enable_dns64 = False
        return subnet

    return created


def create_security_group(create):
    """A default group lets its own members in."""

    def created(self, *arguments, **more):
        group = create(self, *arguments, **more)
        if group.is_default and not group.ingress_rules:
            own = [{"GroupId": group.id}]
            self.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=own, vpc_id=group.vpc_id)
        return group

    return created


def attach_internet_gateway(attach):
    def attached(self, internet_gateway_id, vpc_id):
        if any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in self.internet_gateways.values() if gateway.id != internet_gateway_id):
            raise Refusal("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")
        return attach(self, internet_gateway_id, vpc_id)

    return attached


def detach_internet_gateway(detach):
    def detached(self, internet_gateway_id, vpc_id):
        if any(interface.public_ip and interface.vpc_id == vpc_id for interface in self.enis.values()):
            raise Refusal("DependencyViolation", f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.")
        return detach(self, internet_gateway_id, vpc_id)

    return detached


def modify_subnet_attribute(modify):
    def modified(self):
        subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
        names = subnet.private_dns_name_options_on_launch
        for attribute, kept in SUBNET.items():
            value = self._get_param(f"{attribute}.Value")
            if value is None:
                continue
            if attribute == "EnableDns64":
                subnet.enable_dns64 = value
            else:
                names[kept] = value
            return EmptyResult()
        kind = self._get_param("PrivateDnsHostnameTypeOnLaunch")
        if kind:
            names["HostnameType"] = kind
            return EmptyResult()
        return modify(self)

    return modified


def create_flow_logs(create):
    def created(self):
        backend, token = self.ec2_backend, self._get_param("ClientToken")
        known = backend.__dict__.setdefault("flow_log_tokens", {})
        if token in known and all(id_ in backend.flow_logs for id_ in known[token].result["FlowLogIds"]):
            return known[token]
        answer = create(self)
        for id_ in answer.result["FlowLogIds"]:
            options = self._get_param("DestinationOptions")
            if options:
                backend.flow_logs[id_].destination_options = options
        if token and answer.result["FlowLogIds"]:
            known[token] = answer
        return answer

    return created


def create_flow_logs_in(create):
    """A bucket's ARN may have a folder behind it."""

    def created(self, **given):
        destination = given["log_destination"]
        if given["log_destination_type"] != "s3" or not destination:
            return create(self, **given)
        taken = [log for log in self.flow_logs.values() if log.log_destination == destination]
        if any(log.resource_id in given["resource_ids"] for log in taken):
            raise Refusal("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.")
        # moto knows other logs of the bucket by its bare ARN.
        logs, errors = create(self, **{**given, "log_destination": destination.split("/")[0]})
        for log in logs:
            log.log_destination = destination
        return logs, errors

    return created
