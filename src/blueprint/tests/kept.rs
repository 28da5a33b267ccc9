//! Values that AWS keeps, as lookups and references.

use super::{HEAD, check, expanded, lines, parsed};
use crate::blueprint::{Library, expand};
use crate::diagnostic::Source;
use crate::value::Value;

#[test]
fn a_name_is_one_lookup_and_a_list_is_split() {
    let desired = expanded(&format!(
        r#"{HEAD}[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
vpc = {{ from = "ssm:/shared/vpc" }}
subnets = {{ from = "ssm:/shared/subnets" }}
zone = {{ from = "ssm:zone" }}
"#
    ))
    .unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    let lookups: Vec<String> = desired
        .lookups
        .values()
        .filter(|lookup| lookup.address.kind == "aws_ssm_parameter")
        .map(|lookup| format!("{} {}", lookup.address, lookup.arguments["name"].to_json()))
        .collect();
    assert_eq!(
        lookups,
        [
            "web.data.aws_ssm_parameter.r__shared_subnets_92f8c5 \"/shared/subnets\"",
            "web.data.aws_ssm_parameter.r__shared_vpc_e79f73 \"/shared/vpc\"",
            "web.data.aws_ssm_parameter.zone \"zone\"",
        ]
    );
    let at = |address: &str, attribute: &str| {
        let resource = &desired.resources[&address.parse().unwrap()];
        resource.get(attribute).to_json().to_string()
    };
    assert_eq!(
        at("web.aws_lb.main", "subnets"),
        r#""${web.data.aws_ssm_parameter.r__shared_subnets_92f8c5.insecure_value.split(\",\")}""#
    );
    assert_eq!(
        at("web.aws_security_group.lb", "vpc_id"),
        r#""${web.data.aws_ssm_parameter.r__shared_vpc_e79f73.insecure_value}""#
    );
    let demands: Vec<String> = desired
        .demands
        .iter()
        .map(|demand| {
            let wrong = demand.form.fits(&Value::from("x y"), &demand.span);
            format!("{} {}: {}", demand.input, demand.said, wrong.unwrap_err())
        })
        .collect();
    assert_eq!(demands.len(), 3);
    assert!(
        demands[1].starts_with("vpc ssm:/shared/vpc: `x y` is not"),
        "{demands:?}"
    );
}

#[test]
fn what_a_blueprint_decides_by_stands_in_the_spec() {
    check(
        r#"[components.a]
blueprint = "https-service"
domain = { from = "ssm:/domain" }
port = 8443
vpc = "vpc-1"
subnets = [{ from = "ssm:/a" }, "subnet-1"]
"#,
        r"
6:10: `domain`: the blueprint decides by it, so it must stand in the spec itself
9:12: `subnets`: an element can't come from elsewhere; the whole list can, as from a `StringList`
",
    );
}

#[test]
fn of_a_secret_only_the_arn_is_taken() {
    let source = |name: &str, text: &str| Source {
        name: format!("own/{name}"),
        text: text.to_owned(),
    };
    let manifest = "summary = \"s\"\n[inputs.key]\ntype = \"list of string\"\nfrom = true\n\
                    [inputs.same]\ntype = \"string\"\nfrom = true\n\
                    [outputs.key]\nvalue = \"{{ same }}\"\n";
    let library = Library::with(vec![source("blueprint.toml", manifest)]).unwrap();
    let spec = parsed(&format!(
        "{HEAD}[components.a]\nblueprint = \"own\"\n\
         key = {{ from = \"secret:shop/db\" }}\nsame = {{ from = \"secret:shop/db\" }}\n"
    ));
    let desired = expand(&spec, &library).unwrap();
    assert_eq!(desired.lookups.len(), 1);
    let output = &desired.outputs[&("a".to_owned(), "key".to_owned())];
    let text = output.to_json().to_string();
    assert!(
        text.starts_with("\"${a.data.aws_secretsmanager_secret.shop_db_"),
        "{text}"
    );
    assert!(text.ends_with(".arn}\""), "{text}");
}

#[test]
fn what_amends_a_resource_may_come_from_elsewhere_too() {
    let desired = expanded(&format!(
        r#"{HEAD}[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
[components.web.override.aws_security_group.app]
vpc_id = {{ from = "ssm:vpc" }}
"#
    ))
    .unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    let group = &desired.resources[&"web.aws_security_group.app".parse().unwrap()];
    assert_eq!(
        group.get("vpc_id").to_json().to_string(),
        r#""${web.data.aws_ssm_parameter.vpc.insecure_value}""#
    );
    let lookup = "web.data.aws_ssm_parameter.vpc".parse().unwrap();
    assert!(desired.lookups.contains_key(&lookup));
}
