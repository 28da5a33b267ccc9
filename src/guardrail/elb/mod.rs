//! Load balancers, their listeners and their targets.
//!
//! *Invariant*: names of security policies, protocols and modes are compared whole, never
//! by how they start.

use crate::resource::Resource;
use crate::value::Value;

use super::scope::{Link, Scope};

pub(super) mod balancer;
pub(super) mod listener;
pub(super) mod redirect;
pub(super) mod target;

/// What AWS calls any of them, under both names that the provider has for it.
pub(super) const ARN: &[&str] = &["arn", "id"];

/// The load balancer of a listener, if it is one of the resources.
pub(super) fn balancer_of<'a>(scope: &Scope<'a>, listener: &'a Resource) -> Option<&'a Resource> {
    let arn = listener.attributes.get("load_balancer_arn")?;
    scope.target(arn, "aws_lb", ARN)
}

/// The listeners of a load balancer.
pub(super) fn listeners_of<'a>(scope: &Scope<'a>, balancer: &Resource) -> Vec<&'a Resource> {
    let link = Link {
        from: "aws_lb_listener",
        at: &["load_balancer_arn"],
        to: "aws_lb",
        by: ARN,
    };
    scope.linked(link, balancer)
}

/// What else names a listener: its rules, or its other certificates.
pub(super) fn of_listener<'a>(
    scope: &Scope<'a>,
    from: &'static str,
    listener: &Resource,
) -> Vec<&'a Resource> {
    scope.linked(to_listener(from), listener)
}

/// How they name it.
fn to_listener(from: &'static str) -> Link {
    Link {
        from,
        at: &["listener_arn"],
        to: "aws_lb_listener",
        by: ARN,
    }
}

/// The attachments of a target group.
pub(super) fn attachments_of<'a>(scope: &Scope<'a>, group: &Resource) -> Vec<&'a Resource> {
    let link = Link {
        from: "aws_lb_target_group_attachment",
        at: &["target_group_arn"],
        to: "aws_lb_target_group",
        by: ARN,
    };
    scope.linked(link, group)
}

/// Whether a load balancer is of a type. The provider makes an application load balancer
/// where none is given; what is not known is of every type.
pub(super) fn may_be<'a>(scope: &Scope<'a>, balancer: &'a Resource, of: &str) -> bool {
    match &*scope.read(balancer, "load_balancer_type") {
        Value::Null => of == "application",
        Value::String(given) => given == of,
        _ => true,
    }
}

/// Whether a listener speaks plain HTTP.
pub(super) fn is_http<'a>(scope: &Scope<'a>, listener: &'a Resource) -> bool {
    scope
        .read(listener, "protocol")
        .as_str()
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("HTTP"))
}

/// Whether a listener has no TLS to be judged: plain HTTP, or a gateway load balancer's.
fn is_without_tls<'a>(scope: &Scope<'a>, listener: &'a Resource) -> bool {
    is_http(scope, listener) || is_gateway(scope, listener)
}

fn is_gateway<'a>(scope: &Scope<'a>, listener: &'a Resource) -> bool {
    balancer_of(scope, listener).is_some_and(|balancer| {
        scope.read(balancer, "load_balancer_type").as_str() == Some("gateway")
    })
}
