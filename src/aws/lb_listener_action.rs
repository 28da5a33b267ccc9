//! Actions of a listener and of its rules, between AWS's form and the schema's.
//!
//! *Invariant*: a forward to one group, without stickiness, is `target_group_arn` and no
//! block, as people write it.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateCognitoActionConfig, FixedResponseActionConfig, ForwardActionConfig,
    RedirectActionConfig, RedirectActionStatusCodeEnum, TargetGroupStickinessConfig,
    TargetGroupTuple,
};

use super::values::{given, number, text, truth, word};
use crate::value::{Attributes, Value};

/// The blocks `default_action` or `action`. The order of a single action goes without saying.
pub(super) fn from_aws(actions: &[Action]) -> Value {
    let alone = actions.len() == 1;
    let mut actions: Vec<&Action> = actions.iter().collect();
    actions.sort_by_key(|action| action.order);
    Value::List(
        actions
            .into_iter()
            .map(|action| Value::Map(block(action, alone)))
            .collect(),
    )
}

/// The actions of such blocks. Of several each needs its order: that of the blocks, where
/// none is given.
pub(super) fn to_aws(blocks: &Value) -> Vec<Action> {
    let several = blocks.items().len() > 1;
    blocks
        .items()
        .iter()
        .filter_map(Value::as_map)
        .zip(1..)
        .map(|(block, place)| {
            let order = number(block, "order").or(several.then_some(place));
            action(block, order)
        })
        .collect()
}

fn block(action: &Action, alone: bool) -> Attributes {
    let (target_group_arn, forward) = forwards_to(action);
    given([
        ("type", word(action.r#type())),
        ("order", action.order().filter(|_| !alone).into()),
        ("target_group_arn", target_group_arn.into()),
        ("forward", forward),
        (
            "redirect",
            action.redirect_config().map_or(Value::Null, redirect),
        ),
        (
            "fixed_response",
            action
                .fixed_response_config()
                .map_or(Value::Null, fixed_response),
        ),
        (
            "authenticate_cognito",
            action
                .authenticate_cognito_config()
                .map_or(Value::Null, authenticate_cognito),
        ),
    ])
}

/// AWS reports a forward to one group both ways.
fn forwards_to(action: &Action) -> (Option<&str>, Value) {
    let Some(config) = action.forward_config() else {
        return (action.target_group_arn(), Value::Null);
    };
    let stickiness = config.target_group_stickiness_config();
    let sticky = stickiness.is_some_and(|of| of.enabled == Some(true));
    if let ([group], false) = (config.target_groups(), sticky) {
        return (group.target_group_arn(), Value::Null);
    }
    let groups = config.target_groups().iter().map(|group| {
        Value::Map(given([
            ("arn", group.target_group_arn().into()),
            ("weight", group.weight().into()),
        ]))
    });
    let stickiness = stickiness.filter(|_| sticky).map_or(Value::Null, |of| {
        Value::List(vec![Value::Map(given([
            ("enabled", of.enabled().into()),
            ("duration", of.duration_seconds().into()),
        ]))])
    });
    let forward = given([
        ("target_group", Value::List(groups.collect())),
        ("stickiness", stickiness),
    ]);
    (None, Value::List(vec![Value::Map(forward)]))
}

fn redirect(config: &RedirectActionConfig) -> Value {
    Value::List(vec![Value::Map(given([
        ("host", config.host().into()),
        ("path", config.path().into()),
        ("port", config.port().into()),
        ("protocol", config.protocol().into()),
        ("query", config.query().into()),
        ("status_code", word(config.status_code())),
    ]))])
}

fn fixed_response(config: &FixedResponseActionConfig) -> Value {
    Value::List(vec![Value::Map(given([
        ("content_type", config.content_type().into()),
        ("message_body", config.message_body().into()),
        ("status_code", config.status_code().into()),
    ]))])
}

fn authenticate_cognito(config: &AuthenticateCognitoActionConfig) -> Value {
    let extra = config.authentication_request_extra_params();
    let extra = extra.filter(|extra| !extra.is_empty()).map(|extra| {
        Value::map(
            extra
                .iter()
                .map(|(key, value)| (key, Value::text(value.clone()))),
        )
    });
    Value::List(vec![Value::Map(given([
        ("authentication_request_extra_params", extra.into()),
        (
            "on_unauthenticated_request",
            word(config.on_unauthenticated_request()),
        ),
        ("scope", config.scope().into()),
        ("session_cookie_name", config.session_cookie_name().into()),
        ("session_timeout", config.session_timeout().into()),
        ("user_pool_arn", config.user_pool_arn().into()),
        ("user_pool_client_id", config.user_pool_client_id().into()),
        ("user_pool_domain", config.user_pool_domain().into()),
    ]))])
}

fn to_cognito(block: &Attributes) -> Option<AuthenticateCognitoActionConfig> {
    let config = block.get("authenticate_cognito")?;
    let config = config.items().first()?.as_map()?;
    let owned = |name: &str| text(config, name).map(str::to_owned);
    let extra = config
        .get("authentication_request_extra_params")
        .and_then(Value::as_map)
        .map(|extra| {
            let text = |value: &Value| value.scalar_text().unwrap_or_default();
            let pairs = extra.iter().map(|(key, value)| (key.clone(), text(value)));
            pairs.collect()
        });
    let behaviour = text(config, "on_unauthenticated_request");
    Some(
        AuthenticateCognitoActionConfig::builder()
            .set_user_pool_arn(owned("user_pool_arn"))
            .set_user_pool_client_id(owned("user_pool_client_id"))
            .set_user_pool_domain(owned("user_pool_domain"))
            .set_session_cookie_name(owned("session_cookie_name"))
            .set_scope(owned("scope"))
            .set_session_timeout(number(config, "session_timeout").map(i64::from))
            .set_authentication_request_extra_params(extra)
            .set_on_unauthenticated_request(
                behaviour.map(AuthenticateCognitoActionConditionalBehaviorEnum::from),
            )
            .build(),
    )
}

fn action(block: &Attributes, order: Option<i32>) -> Action {
    let owned = |path: &str| text(block, path).map(str::to_owned);
    let redirect = text(block, "redirect.status_code").map(|status| {
        RedirectActionConfig::builder()
            .set_host(owned("redirect.host"))
            .set_path(owned("redirect.path"))
            .set_port(owned("redirect.port"))
            .set_protocol(owned("redirect.protocol"))
            .set_query(owned("redirect.query"))
            .status_code(RedirectActionStatusCodeEnum::from(status))
            .build()
    });
    let fixed_response = text(block, "fixed_response.content_type").map(|content_type| {
        FixedResponseActionConfig::builder()
            .content_type(content_type)
            .set_message_body(owned("fixed_response.message_body"))
            .set_status_code(owned("fixed_response.status_code"))
            .build()
    });
    Action::builder()
        .set_type(text(block, "type").map(ActionTypeEnum::from))
        .set_order(order)
        .set_authenticate_cognito_config(to_cognito(block))
        .set_target_group_arn(owned("target_group_arn"))
        .set_forward_config(forward(block))
        .set_redirect_config(redirect)
        .set_fixed_response_config(fixed_response)
        .build()
}

fn forward(block: &Attributes) -> Option<ForwardActionConfig> {
    let forward = block.get("forward")?.items().first()?.as_map()?;
    let groups = forward
        .get("target_group")?
        .items()
        .iter()
        .filter_map(Value::as_map)
        .map(|group| {
            TargetGroupTuple::builder()
                .set_target_group_arn(text(group, "arn").map(str::to_owned))
                .set_weight(number(group, "weight"))
                .build()
        })
        .collect();
    let stickiness = number(forward, "stickiness.duration").map(|seconds| {
        TargetGroupStickinessConfig::builder()
            .duration_seconds(seconds)
            .set_enabled(truth(forward, "stickiness.enabled"))
            .build()
    });
    Some(
        ForwardActionConfig::builder()
            .set_target_groups(Some(groups))
            .set_target_group_stickiness_config(stickiness)
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        Action, ActionTypeEnum, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
    };

    use super::{from_aws, to_aws};
    use crate::value::Value;

    #[test]
    fn a_forward_to_one_group_reads_as_people_write_it() {
        let as_aws_reports = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .order(1)
            .target_group_arn("arn:tg")
            .forward_config(
                ForwardActionConfig::builder()
                    .target_groups(
                        TargetGroupTuple::builder()
                            .target_group_arn("arn:tg")
                            .weight(1)
                            .build(),
                    )
                    .target_group_stickiness_config(
                        TargetGroupStickinessConfig::builder()
                            .enabled(false)
                            .build(),
                    )
                    .build(),
            )
            .build();
        assert_eq!(
            from_aws(&[as_aws_reports]),
            Value::block([
                ("type", Value::text("forward")),
                ("target_group_arn", "arn:tg".into())
            ])
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let check = |block: Value| assert_eq!(from_aws(&to_aws(&block)), block);
        check(Value::block([
            ("type", Value::text("redirect")),
            (
                "redirect",
                Value::block([
                    ("host", Value::text("#{host}")),
                    ("path", "/#{path}".into()),
                    ("port", "443".into()),
                    ("protocol", "HTTPS".into()),
                    ("query", "#{query}".into()),
                    ("status_code", "HTTP_301".into()),
                ]),
            ),
        ]));
        check(Value::block([
            ("type", Value::text("fixed-response")),
            (
                "fixed_response",
                Value::block([
                    ("content_type", Value::text("text/plain")),
                    ("message_body", "not here".into()),
                    ("status_code", "404".into()),
                ]),
            ),
        ]));
        let group = |arn: &str, weight: i64| {
            Value::map([("arn", arn.into()), ("weight", Value::Int(weight))])
        };
        check(Value::block([
            ("type", Value::text("forward")),
            (
                "forward",
                Value::block([
                    (
                        "target_group",
                        Value::List(vec![group("arn:a", 1), group("arn:b", 9)]),
                    ),
                    (
                        "stickiness",
                        Value::block([("enabled", Value::Bool(true)), ("duration", 600.into())]),
                    ),
                ]),
            ),
        ]));
    }
}
