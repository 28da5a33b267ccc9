//! The record that proves a name is one for all certificates of an account.

use crate::support::Sandbox;
use crate::support::cli::Project;

fn spec(app: &str, component: &str) -> String {
    format!(
        "app = \"{app}\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\nephemeral = true\n\n{component}"
    )
}

/// The service has shop.example.com; the pages only have it in their certificate, beside their
/// own name, until they take over.
#[tokio::test]
async fn it_stays_until_the_last_certificate_goes() {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let one = Project::on(&sandbox);
    let other = Project::on(&sandbox);
    let certificate = |app| {
        spec(
            app,
            &format!(
                "[components.{app}]\nblueprint = \"certified\"\ndomain = \"shop.example.com\"\n"
            ),
        )
    };
    for (project, app) in [(&one, "first"), (&other, "second")] {
        project.write("blueprints/certified/blueprint.toml", MANIFEST);
        project.write("blueprints/certified/main.toml.tera", TEMPLATE);
        project.write("app.toml", &certificate(app));
    }
    let run = |project: &Project, verb: &str| {
        project
            .run(&[verb, "app.toml", "--yes", "--blueprints", "blueprints"])
            .code(0)
    };
    let planned = |project: &Project| {
        project
            .run(&["plan", "app.toml", "--blueprints", "blueprints"])
            .code(0)
    };

    run(&one, "apply");
    let with_one = sandbox.holds().await;
    assert_eq!(
        with_one["DNS records"],
        empty.get("DNS records").unwrap_or(&0) + 1
    );
    run(&other, "apply");
    let with_both = sandbox.holds().await;
    assert_eq!(with_both["DNS records"], with_one["DNS records"]);
    assert_eq!(with_both["certificates"], 2);
    planned(&one).says("No changes.");
    planned(&other).says("No changes.");

    run(&one, "destroy").says("kept");
    assert_eq!(sandbox.holds().await, with_one);
    planned(&other).says("No changes.");

    run(&other, "destroy");
    assert_eq!(sandbox.holds().await, empty);
}

const MANIFEST: &str = r#"
summary = "A certificate that a record proves, and nothing else"
version = "1.0.0"

[inputs.domain]
summary = "Its name"
type = "hostname"
required = true
"#;

const TEMPLATE: &str = r#"
{% set certificate_region = none %}
{% set zone = "example.com" %}
{% set aliases = [] %}
{% set key_algorithm = "EC_prime256v1" %}
{% set zone_id = none %}
{% set dns = "route53" %}
{% set certificate_arn = none %}
{% set is_public = true %}
{% include "_shared/certificate.toml.tera" %}
"#;
