//! Who one is: profiles whose roles want an external id or a code, sessions that ended, and
//! the account that a spec or a state expects.

use crate::support::Sandbox;
use crate::support::cli::Project;
use crate::support::user::User;

const SPEC: &str = "app = \"shop\"\nenvironment = \"test\"\nregion = \"eu-west-1\"\nephemeral = true\n\
                    [components.data]\nblueprint = \"private-bucket\"\nlogs = false\n";

#[tokio::test]
async fn a_role_wants_its_external_id() {
    let sandbox = Sandbox::new();
    let user = User::new(&sandbox).await;
    let condition = serde_json::json!({"StringEquals": {"sts:ExternalId": "acme-4711"}});
    let role = user.role("deploy", condition).await;
    let profile = |id: &str| {
        format!("[profile deploy]\nrole_arn = {role}\nsource_profile = base\nexternal_id = {id}\n")
    };
    let project = user.project(&sandbox.endpoint, &profile("acme-4711"));
    project.write("watertight.toml", SPEC);
    project.apply("watertight.toml").says(&format!(
        "identity: arn:aws:sts::{}:assumed-role/deploy/",
        sandbox.account
    ));
    project.nothing_to_do("watertight.toml");
    project.run(&["destroy", "--yes"]).code(0);

    let project = user.project(&sandbox.endpoint, &profile("acme-4712"));
    project.write("watertight.toml", SPEC);
    project
        .run(&["plan"])
        .code(1)
        .says("error: sts:GetCallerIdentity: ")
        .says("AccessDenied")
        .says(&format!(
            "if it is role {role} that says no, look at its trust policy, and at external_id"
        ));
}

#[tokio::test]
async fn a_role_wants_a_code() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let user = User::new(&sandbox).await;
    let condition = serde_json::json!({
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:ExternalId": "acme-4711", "sts:RoleSessionName": "jo-at-work"},
    });
    let role = user.role("deploy", condition).await;
    let profile = format!(
        "[profile deploy]\nrole_arn = {role}\nsource_profile = base\nmfa_serial = {}\n\
         external_id = acme-4711\nrole_session_name = jo-at-work\n",
        user.serial
    );
    let project = user.project(proxy.endpoint(), &profile);
    project.write("watertight.toml", SPEC);

    // Nobody can be asked: nothing is sent, and it says what else there is.
    project
        .run(&["plan"])
        .code(1)
        .says(&format!(
            "error: profile deploy wants the code of {}, and there is no terminal to ask at",
            user.serial
        ))
        .says("aws configure export-credentials --profile deploy --format env")
        .says("AWS_WEB_IDENTITY_TOKEN_FILE")
        .says("aws sso login");
    assert_eq!(proxy.calls(), Vec::<String>::new());

    project
        .at_a_terminal(&user.seed, 0, &["apply", "--yes"])
        .code(0)
        .says(&format!("Code of {}", user.serial))
        .says(&format!(
            "arn:aws:sts::{}:assumed-role/deploy/jo-at-work",
            sandbox.account
        ));
    let roles = proxy
        .calls()
        .iter()
        .filter(|call| *call == "sts:AssumeRole")
        .count();
    assert_eq!(roles, 1, "the role is taken once a run");
    project
        .at_a_terminal(&user.seed, 0, &["plan", "--detailed-exitcode"])
        .code(0)
        .says("No changes.");

    project
        .at_a_terminal(&user.seed, 1, &["plan"])
        .code(1)
        .says("invalid MFA one time pass code")
        .says(&format!("role {role} says no: the code may be wrong"));
    project
        .at_a_terminal(&user.seed, 0, &["destroy", "--yes"])
        .code(0);
    // Nothing of the session was kept.
    assert!(!project.path().join(".aws").exists());
}

#[test]
fn a_session_that_ended_names_its_login() {
    let profile = "[profile deploy]\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = Deploy\n\
                   [sso-session acme]\nsso_region = eu-west-1\nsso_start_url = https://acme.awsapps.com/start\n";
    let project = Project::offline();
    project.write("watertight.toml", SPEC);
    let file = project.write("aws-config", profile);
    project
        .with("AWS_CONFIG_FILE", file.to_str().unwrap())
        .with("AWS_PROFILE", "deploy")
        .run(&["plan"])
        .code(1)
        .says("help: sign in again: `aws sso login --sso-session acme`");
}

#[test]
fn a_profile_that_is_not_there_names_those_that_are() {
    let project = Project::offline();
    project.write("watertight.toml", SPEC);
    let file = project.write("aws-config", "[profile prod]\nregion = eu-west-1\n");
    project
        .with("AWS_CONFIG_FILE", file.to_str().unwrap())
        .with("AWS_PROFILE", "prdo")
        .run(&["plan"])
        .code(1)
        .says("help: profile prdo does not exist, or has no credentials; there are prod");
}

#[tokio::test]
async fn another_account_names_the_profile() {
    let sandbox = Sandbox::new();
    let user = User::new(&sandbox).await;
    let project = user.project(&sandbox.endpoint, "");
    let project = project.with("AWS_PROFILE", "base");
    project.write(
        "watertight.toml",
        &format!("account = \"999999999999\"\n{SPEC}"),
    );
    project
        .run(&["plan"])
        .code(1)
        .says(&format!(
            "the spec's account is 999999999999, but the credentials are for account {0} (arn:aws:iam::{0}:user/jo, from profile base (keys))",
            sandbox.account
        ))
        .says("choose a profile or a role of account 999999999999 (AWS_PROFILE)");

    // The state remembers the account, too.
    project.write("watertight.toml", SPEC);
    project.apply("watertight.toml");
    let other = Sandbox::new();
    let stranger = Project::on(&other);
    stranger.write("watertight.toml", SPEC);
    let state = std::fs::read_to_string(project.state_file("shop/test")).unwrap();
    stranger.write(".watertight/shop/test/state.json", &state);
    stranger
        .run(&["destroy", "--yes"])
        .code(1)
        .says(&format!(
            "the state's account is {}, but the credentials are for account {}",
            sandbox.account, other.account
        ))
        .says("nothing was touched");
    project.run(&["destroy", "--yes"]).code(0);
}
