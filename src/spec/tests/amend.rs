//! What a component says beside its inputs.

use super::check_input;

#[test]
fn what_a_component_amends_has_a_form() {
    check_input(
        "override = 3\nignore = \"aws_lb.main.idle_timeout\"",
        r#"8:12 `override` must be a table (this is a whole number)
    Write `[components.web.override.aws_lb.main]` on a line of its own, and its keys below.
9:10 `ignore` must be a list of attributes
    Write `ignore = ["aws_lb_target_group.app.stickiness"]`.
"#,
    );
    check_input(
        "ignore = [[]]\nresource.aws_lb = true\ndata.aws_vpc.main = \"x\"",
        "8:11 `ignore` must be text (this is a list)
9:19 `resource.aws_lb` must be a table (this is true or false)
    Write `[components.web.resource.aws_lb.main]` on a line of its own, and its keys below.
10:21 `data.aws_vpc.main` must be a table (this is text)
    Write `[components.web.data.aws_vpc.main]` on a line of its own, and its keys below.
",
    );
    check_input(
        r#"override.aws_lb.main.subnets = { from = "nit.subnet_ids" }"#,
        "8:41 there is no component `nit`
    Did you mean `net.subnet_ids`?
",
    );
}
