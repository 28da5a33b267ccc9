//! What `export terraform` writes: Terraform that the real command line takes, that says all
//! that was approved, and that is a person's once a person has changed it.

use std::fs;
use std::path::Path;

use hcl_edit::expr::Expression;
use proptest::prelude::*;

use crate::blueprints::least_and_most;
use crate::readme::today;
use crate::support::Sandbox;
use crate::support::cli::{Project, Ran};
use crate::support::terraform::{Line, against_the_schema, by_the_command_line, digests, stand_in};

pub(crate) fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut specs: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_stem().unwrap() != "broken")
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    specs.sort();
    specs
}

/// Somebody answers for what provider 5 can't say.
pub(crate) fn waived(text: &str) -> String {
    let expires = today().saturating_add(jiff::ToSpan::days(30));
    format!(
        "{text}\n[[waivers]]\nrule = \"WT-TF-001\"\naddress = \"*\"\nowner = \"platform\"\n\
         reason = \"we are on provider 5\"\nexpires = {expires}\n"
    )
}

fn export(project: &Project, line: Line, more: &[&str]) -> Ran {
    let mut arguments = vec!["export", "terraform", "app.toml", "--out", "tf"];
    arguments.extend(["--provider-version", line.major()]);
    arguments.extend(more);
    project.run(&arguments)
}

fn exported(text: &str, line: Line) -> Project {
    let project = Project::offline();
    let text = match line {
        Line::Five => waived(text),
        Line::Six => text.to_owned(),
    };
    project.write("app.toml", &text);
    export(&project, line, &[]).code(0);
    project
}

/// The stand-in for the provider makes the text of a parameter up, and then finds that it is no
/// ARN of a certificate.
const MADE_UP: &str = "existing-account";

fn held(name: &str, text: &str, line: Line) {
    let project = exported(text, line);
    let folder = project.path().join("tf");
    let wrong = against_the_schema(&folder, line);
    assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
    // Of provider 5 the largest will do: what the others have is in it.
    let is_tried = line == Line::Six || name == "platform" || name.ends_with("full");
    let told = is_tried.then(|| by_the_command_line(&folder, line, false));
    let by = match told.flatten() {
        None => "the schema alone",
        Some((true, _)) => "terraform",
        Some((false, told)) if name == MADE_UP && told.contains("is not an\nARN") => {
            "terraform, to the plan"
        }
        Some((false, told)) => panic!("{name}, provider {}:\n{told}", line.major()),
    };
    say(&format!(
        "{name:24} provider {}  held by {by}",
        line.major()
    ));
}

#[expect(clippy::print_stdout, reason = "the table is for whoever looks")]
fn say(text: &str) {
    println!("{text}");
}

fn all_are_held(line: Line) {
    let specs = examples().into_iter().chain(
        least_and_most()
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text)),
    );
    for (name, text) in specs {
        held(&name, &text, line);
    }
}

#[test]
fn provider_6_takes_every_example_and_every_blueprint() {
    all_are_held(Line::Six);
}

#[test]
fn provider_5_takes_every_example_and_every_blueprint() {
    all_are_held(Line::Five);
}

/// Applied, planned again without a change, and destroyed, where nothing is protected.
#[test]
fn what_is_exported_can_be_applied() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/platform.toml");
    let text = fs::read_to_string(folder).unwrap();
    let text = text.replacen("region =", "ephemeral = true\nregion =", 1);
    let project = exported(&text, Line::Six);
    let folder = project.path().join("tf");
    if let Some((fine, told)) = by_the_command_line(&folder, Line::Six, true) {
        assert!(fine, "{told}");
    }
    assert_eq!(against_the_schema(&folder, Line::Six), [""; 0]);
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    for (_, text) in examples() {
        let once = exported(&text, Line::Six);
        export(&once, Line::Six, &["--check"])
            .code(0)
            .says("tf is up to date");
    }
}

const BUCKET: &str = r#"app = "billing"
environment = "prod"
region = "eu-west-1"

[components.invoices]
blueprint = "private-bucket"
"#;

#[test]
fn what_provider_5_cannot_say_needs_a_waiver_and_is_told() {
    let project = Project::offline();
    project.write("app.toml", BUCKET);
    export(&project, Line::Five, &[])
        .code(3)
        .says("error[WT-TF-001]: invoices.aws_s3_bucket_server_side_encryption_configuration.main")
        .says("provider 5 has no words for rule.blocked_encryption_types: it is left out")
        .says("export for provider 6");
    assert!(!project.path().join("tf").exists());
    // A plan is whole, so nothing is to be said there.
    project.write("app.toml", &waived(BUCKET));
    project
        .run(&["check", "app.toml"])
        .code(0)
        .never_says("WT-TF-001");
    export(&project, Line::Five, &[])
        .code(0)
        .says("WT-TF-001 invoices.aws_s3_bucket_server_side_encryption_configuration.main");
    let file = fs::read_to_string(project.path().join("tf/invoices.tf")).unwrap();
    assert!(file.contains(
        "# Not here: provider 5 has no words for rule.blocked_encryption_types: it is left out"
    ));
    assert!(file.contains("by platform: we are on provider 5"));
}

/// A zone of which is asked, and told, what provider 5 knows nothing of.
const LOOKUP: &str = r#"[data.aws_route53_zone.main]
name = "example.com"
enable_accelerated_recovery = true

[aws_route53_record.main]
zone_id = "${data.aws_route53_zone.main.zone_id}"
name = "www.example.com"
type = "CNAME"
ttl = 60
records = ["www.example.org"]

[aws_eip.main]
domain = "vpc"
tags = { fast = "${data.aws_route53_zone.main.enable_accelerated_recovery}" }
"#;

#[test]
fn what_provider_5_cannot_ask_needs_a_waiver_and_is_told() {
    let project = Project::offline();
    let blueprint = "summary = \"Ours\"\nversion = \"1.0.0\"\n";
    project.write("library/mine/blueprint.toml", blueprint);
    project.write("library/mine/main.toml.tera", LOOKUP);
    let spec = BUCKET.replace("private-bucket", "mine");
    project.write("app.toml", &spec);
    let library = ["--blueprints", "library"];
    let asks = "provider 5 has no words for enable_accelerated_recovery: it is left out";
    export(&project, Line::Five, &library)
        .code(3)
        .says("error[WT-TF-001]: invoices.data.aws_route53_zone.main can't be exported whole")
        .says(asks)
        .says("mine/main.toml.tera:1")
        .says("invoices.aws_eip.main can't be exported whole: provider 5 has no words for tags");
    project.write("app.toml", &waived(&spec));
    export(&project, Line::Five, &library)
        .code(0)
        .says("WT-TF-001 invoices.data.aws_route53_zone.main");
    let text = fs::read_to_string(project.path().join("tf/invoices.tf")).unwrap();
    assert!(
        text.contains(&format!("# Not here: {asks}\ndata \"aws_route53_zone\"")),
        "{text}"
    );
    let folder = project.path().join("tf");
    assert_eq!(against_the_schema(&folder, Line::Five), [""; 0]);
    export(&project, Line::Six, &library).code(0);
    let text = fs::read_to_string(folder.join("invoices.tf")).unwrap();
    assert!(
        text.contains("enable_accelerated_recovery = true"),
        "{text}"
    );
}

const POLICY: &str = r#"
# app.toml:5, blueprints/_shared/bucket.toml.tera:59
# WT-S3-001: a bucket denies plaintext
# WT-S3-002: a bucket denies old TLS
# WT-S3-007: what CloudFront may do is granted to one distribution
resource "aws_s3_bucket_policy" "invoices_main" {
  bucket = aws_s3_bucket.invoices_main.bucket

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RestrictToTLSRequestsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.invoices_main.arn, "${aws_s3_bucket.invoices_main.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
"#;

#[test]
fn a_resource_says_what_it_satisfies_and_who_asked_for_it() {
    let project = exported(BUCKET, Line::Six);
    let file = fs::read_to_string(project.path().join("tf/invoices.tf")).unwrap();
    assert!(file.contains(POLICY), "{file}");
}

#[test]
fn what_a_person_wrote_or_changed_stays() {
    let project = exported(BUCKET, Line::Six);
    let ours = project.path().join("tf/invoices.tf");
    let text = fs::read_to_string(&ours).unwrap();
    project.write("tf/alarms.tf", "# by hand\n");
    export(&project, Line::Six, &["--check"]).code(0);

    fs::write(&ours, text.replace("Enabled", "Suspended")).unwrap();
    export(&project, Line::Six, &["--check"])
        .code(1)
        .says("tf is not what would be written: invoices.tf");
    export(&project, Line::Six, &[])
        .code(1)
        .says("in tf a person wrote or changed invoices.tf, so nothing was written")
        .says("`--force` writes over them");
    assert!(fs::read_to_string(&ours).unwrap().contains("Suspended"));
    export(&project, Line::Six, &["--force"]).code(0);
    assert_eq!(fs::read_to_string(&ours).unwrap(), text);

    // A component that left the spec takes its file with it; a person's stays.
    project.write("app.toml", &BUCKET.replace("invoices", "receipts"));
    export(&project, Line::Six, &[])
        .code(0)
        .says("removed invoices.tf");
    assert!(!ours.exists());
    assert!(project.path().join("tf/alarms.tf").exists());
}

/// After an apply: an import block for all that stands, with the ids that the provider takes,
/// under the names that stand.
#[tokio::test]
async fn what_stands_is_taken_over() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/https-service.toml"),
    );
    let text = text.unwrap();
    project.write("app.toml", &text);
    project.apply("app.toml");
    let holds = sandbox.holds().await;
    let ran = export(&project, Line::Six, &["--import"]).code(0);
    let ran = ran.says("The provider can't import these");
    ran.says("web.aws_acm_certificate_validation.site");
    assert_eq!(sandbox.holds().await, holds);

    let app = text.lines().find(|line| line.starts_with("app =")).unwrap();
    let app = format!("{}/prod", app.split('"').nth(1).unwrap());
    let imports = fs::read_to_string(project.path().join("tf/imports.tf")).unwrap();
    for address in project.records(&app) {
        // Its id is the certificate's, which can be imported.
        if !address.contains("aws_acm_certificate_validation") {
            let id = project.id(&app, &address);
            assert!(imports.contains(&format!("id = \"{id}\"")), "{address}");
        }
    }
    assert!(!imports.contains("aws_acm_certificate_validation"));
    let bucket = project.id(&app, "web.aws_s3_bucket.logs");
    let file = fs::read_to_string(project.path().join("tf/web.tf")).unwrap();
    assert!(file.contains(&format!("bucket = \"{bucket}\"")), "{file}");
    assert!(!file.contains("allow_overwrite"));
    let providers = fs::read_to_string(project.path().join("tf/providers.tf")).unwrap();
    assert!(providers.contains("\"watertight:lineage\""), "{providers}");

    let folder = project.path().join("tf");
    assert_eq!(against_the_schema(&folder, Line::Six), [""; 0]);
    if let Some((fine, told)) = by_the_command_line(&folder, Line::Six, false) {
        let count = project.records(&app).len() - 1;
        assert!(fine, "{told}");
        assert!(
            told.contains(&format!("{count} to import, 1 to add")),
            "{told}"
        );
        assert!(told.contains("0 to destroy"), "{told}");
    }
    // Not every release of provider 5 takes a forward that is said both ways.
    project.write("app.toml", &waived(&text));
    export(&project, Line::Five, &["--import"]).code(0).says(
        "Terraform plans to drop one, which changes nothing in AWS:\n  web.aws_lb_listener.https",
    );
    let file = fs::read_to_string(project.path().join("tf/web.tf")).unwrap();
    assert!(
        file.contains("target_group_arn = aws_lb_target_group.web_app.arn"),
        "{file}"
    );
    assert!(!file.contains("forward {"), "{file}");
    if let Some((fine, told)) = by_the_command_line(&folder, Line::Five, false) {
        assert!(fine, "{told}");
    }
}

#[tokio::test]
async fn what_is_not_done_is_not_handed_over() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let file = project.state_file("billing/prod");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"applied\"", "\"updating\"", 1)).unwrap();
    export(&project, Line::Six, &["--import"])
        .code(1)
        .says("not everything is done: ")
        .says("`watertight apply` goes on where it stopped; export then");
}

/// A blueprint that places a text as it is given.
fn hostile(texts: &[String]) -> Project {
    let project = Project::offline();
    project.write(
        "library/mine/blueprint.toml",
        "summary = \"Ours\"\nversion = \"1.0.0\"\n[inputs.text]\nsummary = \"Any\"\ntype = \"string\"\n",
    );
    project.write(
        "library/mine/main.toml.tera",
        "[aws_cloudfront_origin_access_control.main]\ndescription = \"{{ text }}\"\n\
         origin_access_control_origin_type = \"s3\"\nsigning_behavior = \"always\"\nsigning_protocol = \"sigv4\"\n",
    );
    let mut spec = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n".to_owned();
    for (index, text) in texts.iter().enumerate() {
        let text = toml::Value::String(text.clone());
        let index = index.to_string();
        let text = text.to_string();
        let lines = [
            "[components.c",
            &index,
            "]\nblueprint = \"mine\"\ntext = ",
            &text,
            "\n",
        ];
        spec.extend(lines);
    }
    project.write("app.toml", &spec);
    project
}

/// Each text as it stands in the file, as an expression.
fn written(project: &Project, count: usize) -> Vec<String> {
    let read = |index: usize| {
        let file = project.path().join(format!("tf/c{index}.tf"));
        let file = fs::read_to_string(file).unwrap();
        let line = file
            .lines()
            .find(|line| line.trim_start().starts_with("description "));
        let line = line.unwrap_or_else(|| panic!("{file}"));
        line.split_once("= ").unwrap().1.to_owned()
    };
    (0..count).map(read).collect()
}

/// Whatever a value holds, Terraform reads it as it was given: it injects nothing. (Of letters
/// that Unicode writes in two ways Terraform always takes the composed one.)
fn survive(texts: &[String]) {
    let project = hostile(texts);
    export(&project, Line::Six, &["--blueprints", "library"]).code(0);
    assert_eq!(
        against_the_schema(&project.path().join("tf"), Line::Six),
        [""; 0]
    );
    let written = written(&project, texts.len());
    for (text, written) in texts.iter().zip(&written) {
        let read: Expression = written.parse().unwrap();
        assert_eq!(evaluated(&read), *text, "{written}");
    }
    if let Some(told) = digests(&written) {
        for ((text, written), told) in texts.iter().zip(&written).zip(told) {
            assert_eq!(told, digest(text), "{written}");
        }
    }
}

/// The text of an expression that is nothing but text.
fn evaluated(value: &Expression) -> String {
    match value {
        Expression::String(text) => text.to_string(),
        Expression::StringTemplate(template) => template
            .iter()
            .map(
                |element| match (element.as_literal(), element.as_interpolation()) {
                    (Some(text), _) => text.to_string(),
                    (_, Some(inside)) => evaluated(&inside.expr),
                    _ => panic!("{template:?}"),
                },
            )
            .collect(),
        other => panic!("{other}"),
    }
}

/// What Terraform prints of a text's `base64sha256`.
fn digest(text: &str) -> String {
    use sha2::Digest as _;
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes = sha2::Sha256::digest(text.as_bytes());
    let mut coded = String::new();
    for three in bytes.chunks(3) {
        let mut bits = 0_usize;
        for index in 0..3 {
            bits = bits << 8 | usize::from(three.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let letter = LETTERS[bits >> (18 - 6 * index) & 63];
            coded.push(if index > three.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    coded
}

#[test]
fn hostile_values_are_text() {
    let texts = [
        "${file(\"/etc/passwd\")}",
        "$${a}",
        "$$${a}",
        "%${a}",
        "$%{a}",
        "$$%%$${a}",
        "$${a}$${b}$",
        "$$$$${",
        "%{ if true }x%{ endif }",
        "%%{x}",
        "a$",
        "a%",
        "\" } resource \"x\" \"y\" {",
        "\\${a}",
        "\\",
        "ünïcödé \u{2028} \u{1f512}",
        "{{ 7 * 7 }}",
        "<<EOT x EOT",
        "# not a comment // nor /* this */",
    ];
    let mut texts = texts.map(str::to_owned).to_vec();
    texts.push("${".repeat(1000));
    texts.push("x\"\\$".repeat(16 * 1024));
    survive(&texts);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_text(texts in prop::collection::vec("x([$%{}\"\\\\]|[ -~ü漢🔒]){0,40}", 24)) {
        survive(&texts);
    }
}

/// Whether the command line is there is no matter of chance: the table above says so.
#[test]
fn the_stand_in_is_found_where_it_is_named() {
    if std::env::var_os("WATERTIGHT_TERRAFORM_CHECK").is_some() {
        assert!(stand_in().is_some());
    }
}
