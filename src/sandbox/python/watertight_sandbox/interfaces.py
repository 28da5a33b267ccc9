"""The network interfaces of load balancers, as DescribeNetworkInterfaces shows them.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html: one a subnet,
managed by the service, described as `ELB app/NAME/ID`; they stay a while after the load balancer.
"""

import time

from moto.ec2.utils import random_public_ip

from . import settings


def attach(balancer, backend):
    """Gives a load balancer its interfaces, with its security groups."""
    ec2 = backend.ec2_backend
    for interface in of(balancer, ec2):
        ec2.enis.pop(interface.id, None)
    for subnet in balancer.subnets:
        interface = ec2.create_network_interface(subnet, None, group_ids=list(balancer.security_groups), description=description(balancer))
        interface.requester_id, interface.requester_managed, interface.status = "amazon-elb", True, "in-use"
        if balancer.scheme == "internet-facing":
            interface.public_ip = random_public_ip()


def detach(balancer, backend):
    """Lets them go, in AWS's time."""
    for interface in of(balancer, backend.ec2_backend):
        interface.gone_at = time.monotonic() + settings.LOAD_BALANCER_DELAY


def sweep(ec2):
    """Removes the interfaces whose time has come."""
    for interface in list(ec2.enis.values()):
        if getattr(interface, "gone_at", None) is not None and time.monotonic() >= interface.gone_at:
            ec2.enis.pop(interface.id, None)


def of(balancer, ec2):
    return [interface for interface in list(ec2.enis.values()) if interface.description == description(balancer)]


def description(balancer):
    return "ELB " + balancer.arn.split(":loadbalancer/")[1]
