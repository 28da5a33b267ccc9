//! A user of an account, and the roles that trust it.

use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};

use super::Sandbox;
use super::cli::Project;

/// A user of the account, with keys and a device.
pub(crate) struct User {
    iam: aws_sdk_iam::Client,
    account: String,
    key: String,
    secret: String,
    /// Its device.
    pub(crate) serial: String,
    /// What the device's codes are made of.
    pub(crate) seed: String,
}

impl User {
    pub(crate) async fn new(sandbox: &Sandbox) -> Self {
        let config = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&sandbox.endpoint)
            .credentials_provider(Credentials::new(
                &sandbox.account,
                "sandbox",
                None,
                None,
                "test",
            ))
            .build();
        let iam = aws_sdk_iam::Client::from_conf(config);
        iam.create_user().user_name("jo").send().await.unwrap();
        let keys = iam
            .create_access_key()
            .user_name("jo")
            .send()
            .await
            .unwrap();
        let keys = keys.access_key.unwrap();
        let device = iam.create_virtual_mfa_device();
        let device = device.virtual_mfa_device_name("jo").send().await.unwrap();
        let device = device.virtual_mfa_device.unwrap();
        let seed = device.base32_string_seed.unwrap().into_inner();
        iam.enable_mfa_device()
            .user_name("jo")
            .serial_number(&device.serial_number)
            .authentication_code1("000000")
            .authentication_code2("000001")
            .send()
            .await
            .unwrap();
        Self {
            iam,
            account: sandbox.account.clone(),
            key: keys.access_key_id,
            secret: keys.secret_access_key,
            serial: device.serial_number,
            seed: String::from_utf8(seed).unwrap(),
        }
    }

    /// A role that trusts the account, on this condition.
    pub(crate) async fn role(&self, name: &str, condition: serde_json::Value) -> String {
        let trust = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{}:root", self.account)},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }],
        });
        let create = self.iam.create_role().role_name(name);
        let create = create.assume_role_policy_document(trust.to_string());
        create.send().await.unwrap().role.unwrap().arn
    }

    /// A project that has this user's keys in a profile, and this profile besides.
    pub(crate) fn project(&self, endpoint: &str, profile: &str) -> Project {
        let project = Project::offline();

        let file = project.write(
            "aws-config",
            &format!(
                "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n\n{profile}",
                self.key, self.secret
            ),
        );
        project
            .with("AWS_ENDPOINT_URL", endpoint)
            .with("AWS_CONFIG_FILE", file.to_str().unwrap())
            .with("AWS_PROFILE", "deploy")
    }

    /// From now on this is all that the user may do.
    pub(crate) async fn may(&self, policy: &str) {
        let put = self.iam.put_user_policy().user_name("jo");
        let put = put.policy_name("all").policy_document(policy);
        put.send().await.unwrap();
    }
}
