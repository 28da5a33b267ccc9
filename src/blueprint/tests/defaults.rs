//! `[defaults]` through the embedded blueprints.

use super::{Library, expanded, lines};

/// The values of an attribute wherever there is one, each with the line it came from.
#[track_caller]
fn check(text: &str, attribute: &str, expected: &str) {
    let desired = expanded(text).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    let told: Vec<String> = desired
        .resources
        .values()
        .filter_map(|resource| {
            let value = resource.attributes.get(attribute)?;
            let line = resource.origin_of(attribute).spec.as_ref()?;
            let (line, _) = line.line_and_column();
            Some(format!(
                "{} {} line {line}",
                resource.address,
                value.to_json()
            ))
        })
        .collect();
    assert_eq!(told.join("\n"), expected);
}

#[track_caller]
fn check_wrong(text: &str, expected: &str) {
    match expanded(text) {
        Ok(_) => panic!("it is right:\n{text}"),
        Err(problems) => assert_eq!(lines(&problems), expected),
    }
}

const APP: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"
[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
logs = false
[components.admin]
blueprint = "https-service"
domain = "admin.example.com"
port = 9443
logs = false
idle_timeout = 30
[components.files]
blueprint = "private-bucket"
logs = false
"#;

#[test]
fn a_default_is_for_those_that_take_it_and_do_not_say_otherwise() {
    check(
        &format!("{APP}[defaults]\nidle_timeout = 300\n"),
        "idle_timeout",
        "admin.aws_lb.main 30 line 14\nweb.aws_lb.main 300 line 19",
    );
}

#[test]
fn a_default_may_be_a_reference_which_nobody_has_to_itself() {
    check(
        &format!(
            "{APP}[defaults]\nvpc = {{ from = \"web.vpc_id\" }}\nsubnets = {{ from = \"web.subnet_ids\" }}\n"
        ),
        "vpc_id",
        "\
admin.aws_lb_target_group.app \"${web.data.aws_vpc.main.id}\" line 19
admin.aws_security_group.app \"${web.data.aws_vpc.main.id}\" line 19
admin.aws_security_group.lb \"${web.data.aws_vpc.main.id}\" line 19
web.aws_lb_target_group.app \"${web.data.aws_vpc.main.id}\" line 4
web.aws_security_group.app \"${web.data.aws_vpc.main.id}\" line 4
web.aws_security_group.lb \"${web.data.aws_vpc.main.id}\" line 4",
    );
}

#[test]
fn a_default_that_fits_nobody_is_said_where_it_stands() {
    check_wrong(
        &format!("{APP}[defaults]\nidle_timout = 300\nfoo = 1\ntls_policy = \"old\"\n"),
        "\
spec.toml:19:1: no component takes an input `idle_timout`
  Did you mean `idle_timeout`?
spec.toml:20:1: no component takes an input `foo`
  Take it out, or add a component whose blueprint takes it.
spec.toml:21:14: `tls_policy` of `admin`: `old` is not one of `modern`, `tls13`, `fips`
spec.toml:21:14: `tls_policy` of `web`: `old` is not one of `modern`, `tls13`, `fips`
",
    );
}

#[test]
fn what_a_user_gave_is_known_of_each_resource() {
    let desired = expanded(&format!("{APP}[defaults]\nidle_timeout = 300\n")).unwrap();
    let given = |address: &str| {
        let resources = desired.resources.iter();
        let mut found = resources.filter(|(other, _)| other.to_string() == address);
        let maker = found.next().unwrap().1.maker.clone().unwrap();
        let given: Vec<String> = maker.given.into_iter().collect();
        assert_eq!(maker.version, desired.blueprints[&maker.blueprint]);
        format!("{}: {}", maker.blueprint, given.join(" "))
    };
    assert_eq!(
        given("web.aws_lb.main"),
        "https-service: access_logs connection_logs idle_timeout"
    );
    assert_eq!(given("web.aws_lb_target_group.app"), "https-service: port");
    let library = Library::embedded();
    let names: Vec<&str> = desired.blueprints.keys().map(String::as_str).collect();
    assert_eq!(names, ["https-service", "private-bucket"]);
    for (name, version) in &desired.blueprints {
        assert_eq!(library.manifest(name).unwrap().version, *version);
    }
}
