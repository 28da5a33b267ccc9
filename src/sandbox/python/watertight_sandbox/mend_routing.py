"""EC2: route tables and their routes, NAT gateways, Elastic IP addresses.

AWS: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html (its states)
https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html (why one fails)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html (its filters)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html (ClientToken)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html (blackhole)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html (its filters)
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (Resource.AlreadyAssociated, RouteAlreadyExists)
"""

import ipaddress
import time

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route
from moto.ec2.responses import EC2Response
from moto.ec2.utils import random_private_ip

from . import settings
from .mend_ec2 import paged
from .refusal import Refusal


def apply():
    EC2Response.call_action = call_action(EC2Response.call_action)
    EC2Response.create_nat_gateway = by_token("NatGateway", "nat_gateways", EC2Response.create_nat_gateway)
    EC2Response.create_route_table = by_token("RouteTable", "route_tables", EC2Response.create_route_table)
    EC2Response.delete_route_table = delete_route_table(EC2Response.delete_route_table)
    EC2Response.describe_nat_gateways = paged(EC2Response.describe_nat_gateways, "NatGateways")
    EC2Response.describe_route_tables = paged(EC2Response.describe_route_tables, "RouteTables")
    EC2Backend.create_nat_gateway = create_nat_gateway(EC2Backend.create_nat_gateway)
    EC2Backend.delete_nat_gateway = delete_nat_gateway
    EC2Backend.describe_nat_gateways = describe_nat_gateways
    EC2Backend.release_address = release_address(EC2Backend.release_address)
    EC2Backend.describe_route_tables = describe_route_tables(EC2Backend.describe_route_tables)
    EC2Backend.associate_route_table = associate_route_table(EC2Backend.associate_route_table)
    EC2Backend.disassociate_route_table = disassociate_route_table(EC2Backend.disassociate_route_table)
    EC2Backend.delete_subnet = delete_subnet(EC2Backend.delete_subnet)
    EC2Backend.create_route = create_route(EC2Backend.create_route)
    EC2Backend.replace_route = replace_route(EC2Backend.replace_route)
    EC2Backend.delete_route = delete_route(EC2Backend.delete_route)
    Route.state = property(lambda route: "active" if leads_somewhere(route) else "blackhole")
    NatGateway.get_filter_value = filter_value(NatGateway.get_filter_value)


def call_action(call):
    def called(self):
        sweep(self.ec2_backend)
        return call(self)

    return called


def by_token(key, things, create):
    """A token that was seen before answers with what it made, as it is now."""

    def created(self):
        backend, token = self.ec2_backend, self._get_param("ClientToken")
        tokens = backend.__dict__.setdefault("tokens_of_" + things, {})
        known = getattr(backend, things).get(tokens.get(token))
        answer = create(self) if known is None else ActionResult({key: known})
        if token:
            tokens[token] = answer.result[key].id
            answer.result["ClientToken"] = token
        return answer

    return created


def create_nat_gateway(create):
    """It is pending for a while, with an interface of its own; what is wrong with it shows later."""

    def created(self, subnet_id, allocation_id, tags=None, connectivity_type="public"):
        connectivity_type = connectivity_type or "public"
        subnet = self.get_subnet(subnet_id)
        if connectivity_type == "public" and not allocation_id:
            raise Refusal("MissingParameter", "The request must contain the parameter AllocationId")
        address = self.address_by_allocation([allocation_id])[0] if allocation_id else None
        if address is not None and address.association_id:
            raise Refusal("Resource.AlreadyAssociated", f"Elastic IP address [{allocation_id}] is already associated")
        gateway = create(self, subnet_id, allocation_id, tags, connectivity_type)
        interface = gateway._eni
        interface.private_ip_address = gateway.private_ip = random_private_ip(subnet.cidr_block)
        interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": gateway.private_ip}]
        interface.description = f"Interface for NAT Gateway {gateway.id}"
        interface.interface_type, interface.status = "nat_gateway", "in-use"
        interface.requester_managed, interface.requester_id = True, "amazon-vpc"
        gateway.address_set[0].update({"privateIp": gateway.private_ip, "isPrimary": True})
        gateway.state, gateway.ready_at, gateway.gone_at = "pending", time.monotonic() + settings.LOAD_BALANCER_DELAY, None
        gateway.failure_code = gateway.failure_message = None
        return gateway

    return created


def delete_nat_gateway(self, nat_gateway_id):
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        raise Refusal("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
    if gateway.state not in ("deleted", "failed"):
        gateway.state, gateway.gone_at = "deleting", time.monotonic() + settings.LOAD_BALANCER_DELAY
    return gateway


def sweep(backend):
    """Brings the gateways on their way as far as they are by now."""
    now = time.monotonic()
    for gateway in list(backend.nat_gateways.values()):
        if gateway.state == "pending" and now >= gateway.ready_at:
            attached = any(other.vpc and other.vpc.id == gateway.vpc_id for other in backend.internet_gateways.values())
            if attached or gateway.connectivity_type == "private":
                gateway.state = "available"
            else:
                gateway.state, gateway.failure_code = "failed", "Gateway.NotAttached"
                gateway.failure_message = f"Network {gateway.vpc_id} has no Internet gateway attached"
                let_go(backend, gateway)
        elif gateway.state == "deleting" and now >= gateway.gone_at:
            gateway.state = "deleted"
            let_go(backend, gateway)


def let_go(backend, gateway):
    """Its address is free again, and its interface is gone."""
    for address in backend.addresses:
        if address.eni is gateway._eni:
            backend.disassociate_address(association_id=address.association_id)
    backend.enis.pop(gateway._eni.id, None)


def describe_nat_gateways(self, filters, nat_gateway_ids):
    found = list(self.nat_gateways.values())
    for id_ in nat_gateway_ids or []:
        if id_ not in self.nat_gateways:
            raise Refusal("NatGatewayNotFound", f"The Nat Gateway {id_} was not found")
    if nat_gateway_ids:
        found = [gateway for gateway in found if gateway.id in nat_gateway_ids]
    for name, values in (filters or {}).items():
        found = [gateway for gateway in found if passes(gateway, name, values)]
    return found


def passes(gateway, name, values):
    value = gateway.get_filter_value(name)
    return any(value in values for value in (value if isinstance(value, list) else [value]))


def filter_value(get):
    """DescribeNatGateways knows these filters and those by tag."""

    def value(self, filter_name, method_name=None):
        if filter_name == "nat-gateway-id":
            return self.id
        if filter_name in ("state", "subnet-id", "vpc-id"):
            return getattr(self, filter_name.replace("-", "_"))
        if filter_name.startswith("tag:") or filter_name == "tag-key":
            return get(self, filter_name, method_name)
        raise Refusal("InvalidParameterValue", f"The filter '{filter_name}' is invalid")

    return value


def release_address(release):
    def released(self, address=None, allocation_id=None):
        found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        interface = found[0].eni
        if interface is not None and (interface.requester_managed or not self.get_vpc(interface.subnet.vpc_id).is_default):
            raise Refusal("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        release(self, address=address, allocation_id=allocation_id)

    return released


def describe_route_tables(describe):
    """A table passes a filter by an association if any one of its associations does."""
    names = ("association.subnet-id", "association.gateway-id", "association.route-table-association-id")

    def described(self, route_table_ids=None, filters=None):
        filters = dict(filters or {})
        of_associations = {name: filters.pop(name) for name in names if name in filters}
        tables = describe(self, route_table_ids, filters)
        for name, values in of_associations.items():
            values = values if isinstance(values, (list, set, tuple)) else [values]
            tables = [table for table in tables if any(value in values for value in associated(table, name))]
        return tables

    return described


def associated(table, name):
    if name == "association.route-table-association-id":
        return table.all_associations_ids
    is_subnet = name == "association.subnet-id"
    return [id_ for id_ in table._associations.values() if id_.startswith("subnet-") == is_subnet]


def associate_route_table(associate):
    def done(self, route_table_id, gateway_id=None, subnet_id=None):
        self.get_route_table(route_table_id)
        name = "association.gateway-id" if gateway_id else "association.subnet-id"
        tables = self.describe_route_tables(filters={name: [gateway_id or subnet_id]})
        if any(table.id != route_table_id for table in tables):
            raise Refusal("Resource.AlreadyAssociated", f"the specified association for route table {route_table_id} conflicts with an existing association")
        for table in tables:
            return next(id_ for id_, target in table._associations.items() if target == (gateway_id or subnet_id))
        return associate(self, route_table_id, gateway_id, subnet_id)

    return done


def disassociate_route_table(disassociate):
    def done(self, association_id):
        if any(table.main_association_id == association_id for table in self.route_tables.values()):
            raise Refusal("InvalidParameterValue", f"cannot disassociate the main route table association {association_id}")
        return disassociate(self, association_id)

    return done


def delete_route_table(delete):
    def deleted(self):
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        if table.main_association_id:
            raise Refusal("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")
        return delete(self)

    return deleted


def delete_subnet(delete):
    """What a subnet goes by goes with it."""

    def deleted(self, subnet_id):
        subnet = delete(self, subnet_id)
        for table in self.route_tables.values():
            table._associations = {id_: target for id_, target in table._associations.items() if target != subnet_id}
        return subnet

    return deleted


def create_route(create):
    def created(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block=None, destination_prefix_list_id=None, **more):
        table = self.get_route_table(route_table_id)
        v4, v6 = whole(destination_cidr_block), whole(destination_ipv6_cidr_block)
        destination = v4 or v6 or destination_prefix_list_id
        if not more.get("local"):
            if destination_prefix_list_id and destination_prefix_list_id not in self.managed_prefix_lists:
                raise Refusal("InvalidPrefixListID.NotFound", f"The prefix list '{destination_prefix_list_id}' does not exist")
            if find(table, destination) is not None:
                raise Refusal("RouteAlreadyExists", f"The route identified by {destination} already exists.")
            check_target(self, table, more)
        return create(self, route_table_id, v4, v6, destination_prefix_list_id, **more)

    return created


def replace_route(replace):
    def replaced(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block=None, destination_prefix_list_id=None, nat_gateway_id=None, *arguments, **more):
        table = self.get_route_table(route_table_id)
        check_target(self, table, {**more, "nat_gateway_id": nat_gateway_id})
        v4, v6 = whole(destination_cidr_block), whole(destination_ipv6_cidr_block)
        return replace(self, route_table_id, v4, v6, destination_prefix_list_id, nat_gateway_id, *arguments, **more)

    return replaced


def delete_route(delete):
    def deleted(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block=None, destination_prefix_list_id=None):
        table = self.get_route_table(route_table_id)
        v4, v6 = whole(destination_cidr_block), whole(destination_ipv6_cidr_block)
        route = find(table, v4 or v6 or destination_prefix_list_id)
        if route is not None and route.local:
            raise Refusal("InvalidParameterValue", f"cannot remove local route {v4 or v6} in route table {route_table_id}")
        return delete(self, route_table_id, v4, v6, destination_prefix_list_id)

    return deleted


def whole(network):
    """The network without its host's bits, as EC2 keeps it."""
    try:
        return str(ipaddress.ip_network(network, strict=False)) if network else network
    except ValueError:
        return network


def find(table, destination):
    for route in table.routes:
        if destination in (route.destination_cidr_block, route.destination_ipv6_cidr_block, route.destination_prefix_list_id):
            return route
    return None


def check_target(backend, table, target):
    nat, gateway = target.get("nat_gateway_id"), target.get("gateway_id")
    if nat and (nat not in backend.nat_gateways or backend.nat_gateways[nat].state in ("deleted", "failed")):
        raise Refusal("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
    if gateway and gateway.startswith("igw-"):
        vpc = backend.get_internet_gateway(gateway).vpc
        if vpc is None or vpc.id != table.vpc_id:
            raise Refusal("InvalidParameterValue", f"route table {table.id} and network gateway {gateway} belong to different networks")


def leads_somewhere(route):
    backend = route.route_table.ec2_backend
    if route.nat_gateway is not None:
        return route.nat_gateway.state in ("pending", "available")
    if isinstance(route.gateway, InternetGateway):
        attached = route.gateway.id in backend.internet_gateways and route.gateway.vpc is not None
        return attached and route.gateway.vpc.id == route.route_table.vpc_id
    if route.interface is not None:
        return route.interface.id in backend.enis
    return True
