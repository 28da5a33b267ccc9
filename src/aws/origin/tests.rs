//! Profile files, and what is made of them.

use aws_config::profile::{self, ProfileSet, profile_file};

use super::{Origin, follow, usual};

#[expect(deprecated, reason = "the crate that it moved to is not ours to name")]
async fn set(text: &str, selected: &str) -> ProfileSet {
    let files = profile_file::Builder::new()
        .with_contents(profile_file::ProfileFileKind::Config, text)
        .build();
    let selected = selected.to_owned().into();
    profile::load(&usual(), &usual(), &files, Some(selected))
        .await
        .unwrap()
}

/// Where a profile's credentials come from, and what helps when they are not taken.
async fn told(text: &str, selected: &str) -> String {
    match follow(&set(text, selected).await) {
        Ok(profile) => {
            let devices: Vec<String> = profile.devices().map(str::to_owned).collect();
            let origin = Origin::Profile(Box::new(profile));
            assert_eq!(origin.wants_codes().is_some(), !devices.is_empty());
            format!(
                "{}\n{}\ncodes of: {devices:?}",
                origin.describe(),
                origin.hint()
            )
        }
        Err(error) => format!("{error}\n{}", error.hint.clone().unwrap_or_default()),
    }
}

const FILES: &str = "
[profile base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY

[profile hub]
role_arn = arn:aws:iam::111111111111:role/hub
source_profile = base
mfa_serial = arn:aws:iam::111111111111:mfa/jo

[profile deploy]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = hub
external_id = acme-4711
duration_seconds = 7200

[profile office]
sso_session = acme
sso_account_id = 111111111111
sso_role_name = Deploy

[sso-session acme]
sso_region = eu-west-1
sso_start_url = https://acme.awsapps.com/start

[profile old-office]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111111111111
sso_role_name = Deploy

[profile one]
role_arn = arn:aws:iam::111111111111:role/one
source_profile = two

[profile two]
role_arn = arn:aws:iam::111111111111:role/two
source_profile = one

[profile job]
role_arn = arn:aws:iam::111111111111:role/job
credential_source = Environment

[profile alone]
role_arn = arn:aws:iam::111111111111:role/alone
";

#[tokio::test]
async fn roles_are_followed_to_the_keys() {
    insta::assert_snapshot!(told(FILES, "deploy").await, @r#"
    profile deploy (the keys of profile base, then role arn:aws:iam::111111111111:role/hub with a code, then role arn:aws:iam::222222222222:role/deploy)
    the keys of profile base are not taken: make new ones, or choose another profile with AWS_PROFILE; if it is role arn:aws:iam::222222222222:role/deploy that says no, look at its trust policy, and at external_id and mfa_serial in the profile
    codes of: ["arn:aws:iam::111111111111:mfa/jo"]
    "#);
}

#[tokio::test]
async fn a_secret_is_not_shown() {
    let profile = follow(&set(FILES, "deploy").await).unwrap();
    let shown = format!("{profile:?}");
    assert!(shown.contains("AKIAIOSFODNN7EXAMPLE"), "{shown}");
    assert!(!shown.contains("wJalr"), "{shown}");
}

#[tokio::test]
async fn a_session_that_ended_names_its_login() {
    insta::assert_snapshot!(told(FILES, "office").await, @r#"
    profile office (IAM Identity Center)
    sign in again: `aws sso login --sso-session acme`
    codes of: []
    "#);
    insta::assert_snapshot!(told(FILES, "old-office").await, @r#"
    profile old-office (IAM Identity Center)
    sign in again: `aws sso login --profile old-office`
    codes of: []
    "#);
}

#[tokio::test]
async fn what_leads_nowhere_says_so() {
    insta::assert_snapshot!(told(FILES, "one").await, @r#"
    profile files: the profiles lead in a circle: one, two, one
    give one of them keys, or a source_profile outside of the circle
    "#);
    insta::assert_snapshot!(told(FILES, "alone").await, @r#"
    profile files: profile alone has a role_arn and no source_profile
    write whose credentials take the role: source_profile = "…"
    "#);
    insta::assert_snapshot!(told(FILES, "offise").await, @r#"
    profile offise
    profile offise does not exist, or has no credentials; there are alone, base, deploy, hub, job, office, old-office, one, two
    codes of: []
    "#);
    insta::assert_snapshot!(told(FILES, "job").await, @r#"
    profile job (Environment, then role arn:aws:iam::111111111111:role/job)
    Environment gives no credentials; if it is role arn:aws:iam::111111111111:role/job that says no, look at its trust policy, and at external_id and mfa_serial in the profile
    codes of: []
    "#);
}
