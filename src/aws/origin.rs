//! Where credentials come from, read before anything is sent: so that an error can say which
//! of them to mend, and a role that wants a code is seen in time.
//!
//! Facts: *AWS SDKs and Tools Reference Guide*, "Standardized credential providers" (the
//! order), "Assume role credential provider settings" (`role_arn`, `source_profile`,
//! `credential_source`, `external_id`, `mfa_serial`, `duration_seconds`,
//! `role_session_name`) and "IAM Identity Center credential provider settings". The SDK for
//! Rust follows them but for `mfa_serial` and `duration_seconds`, which it does not know
//! (its `profile::credentials`).
//!
//! *Invariant*: nothing is asked of AWS here, and a secret never leaves [`Base::Keys`].

use std::collections::BTreeMap;

use aws_config::profile::{self, Profile as Section, ProfileSet};
use aws_sdk_sts::config::Credentials;

use super::{Error, ErrorKind};

const OPERATION: &str = "profile files";

/// Where the credentials of a run come from, in the SDK's order.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The caller brought them: the sandbox's.
    Given,
    /// Keys in the environment's variables.
    Environment,
    /// A profile of the configuration files.
    Profile(Box<Profile>),
    /// A token file that the environment names, of a job or a pod.
    WebIdentity,
    /// The container's role.
    Container,
    /// The machine's role, if it has one: nothing else was found.
    Machine,
}

/// A profile and what it leads to.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where its credentials begin.
    pub base: Base,
    /// The roles that are taken with them, in order.
    pub roles: Vec<Role>,
}

/// What a profile's chain of roles begins with.
#[derive(Clone, Debug)]
pub enum Base {
    /// Long-lived keys in a file.
    Keys {
        /// The profile that has them.
        profile: String,
        /// The keys; their secret is not shown.
        keys: Credentials,
    },
    /// IAM Identity Center.
    Sso {
        /// The profile.
        profile: String,
        /// Its `sso_session`, where it has one.
        session: Option<String>,
    },
    /// A program that prints them.
    Process {
        /// The profile.
        profile: String,
    },
    /// A token file.
    WebIdentity {
        /// The profile.
        profile: String,
    },
    /// `credential_source`: `Environment`, `Ec2InstanceMetadata` or `EcsContainer`.
    Named(String),
    /// A profile that is not there, or has none.
    Nothing {
        /// The profile.
        profile: String,
        /// The profiles that there are.
        others: Vec<String>,
    },
}

/// A role that a profile takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role.
    pub arn: String,
    /// What its owner wants to hear from those of other accounts.
    pub external_id: Option<String>,
    /// The device whose code it wants.
    pub mfa_serial: Option<String>,
    /// How the session is called in logs.
    pub session_name: Option<String>,
    /// How long the session lasts.
    pub seconds: Option<i32>,
}

impl Origin {
    /// Finds out from these variables of the environment and the profile files.
    ///
    /// # Errors
    /// A profile file that can't be read, or profiles that lead in a circle.
    pub async fn find(environment: &BTreeMap<String, String>) -> Result<Self, Error> {
        let has = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
        if has("AWS_ACCESS_KEY_ID") && has("AWS_SECRET_ACCESS_KEY") {
            return Ok(Self::Environment);
        }
        let set = profile::load(&usual(), &usual(), &usual(), None)
            .await
            .map_err(|error| wrong(super::error::chain(&error)))?;
        if has("AWS_PROFILE") || set.get_profile(set.selected_profile()).is_some() {
            let profile = follow(&set)?;
            // A profile that only sets a region has no say in this.
            if has("AWS_PROFILE") || !matches!(profile.base, Base::Nothing { .. }) {
                return Ok(Self::Profile(Box::new(profile)));
            }
        }
        Ok(if has("AWS_WEB_IDENTITY_TOKEN_FILE") {
            Self::WebIdentity
        } else if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
            || has("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        {
            Self::Container
        } else {
            Self::Machine
        })
    }

    /// The profile whose roles the SDK can't take, as one of them wants a code.
    #[must_use]
    pub fn wants_codes(&self) -> Option<&Profile> {
        match self {
            Self::Profile(profile) if profile.devices().next().is_some() => Some(profile),
            _ => None,
        }
    }

    /// The same for people: `profile deploy (the keys of profile base, then role …)`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Given => "the sandbox".to_owned(),
            Self::Environment => "the environment (AWS_ACCESS_KEY_ID)".to_owned(),
            Self::Profile(profile) => profile.describe(),
            Self::WebIdentity => "the token that AWS_WEB_IDENTITY_TOKEN_FILE names".to_owned(),
            Self::Container => "the container's role".to_owned(),
            Self::Machine => "the machine's role".to_owned(),
        }
    }

    /// What to do where AWS takes no credentials from here, or there are none.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Given => "start the sandbox anew: `watertight sandbox stop`".to_owned(),
            Self::Environment => "the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, for temporary ones) are not taken: sign in again for new ones, or unset them and choose a profile with AWS_PROFILE".to_owned(),
            Self::Profile(profile) => profile.hint(),
            Self::WebIdentity => "the token in the file that AWS_WEB_IDENTITY_TOKEN_FILE names is not taken, or has expired: let the job ask for a new one, and look at the trust policy of AWS_ROLE_ARN".to_owned(),
            Self::Container => "the container's role gives no credentials: look at the task's or pod's role".to_owned(),
            Self::Machine => "sign in one of three ways: a profile (`aws configure sso`, `aws sso login`, then AWS_PROFILE), keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role of the job, container or machine; `--sandbox` needs no account".to_owned(),
        }
    }
}

impl Profile {
    /// The devices whose codes its roles want, in order.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.roles
            .iter()
            .filter_map(|role| role.mfa_serial.as_deref())
    }

    fn describe(&self) -> String {
        let mut steps = Vec::new();
        match &self.base {
            Base::Keys { profile, .. } if *profile == self.name => steps.push("keys".to_owned()),
            Base::Keys { profile, .. } => steps.push(format!("the keys of profile {profile}")),
            Base::Sso { .. } => steps.push("IAM Identity Center".to_owned()),
            Base::Process { .. } => steps.push("its credential_process".to_owned()),
            Base::WebIdentity { .. } => steps.push("its web identity token".to_owned()),
            Base::Named(source) => steps.push(source.clone()),
            Base::Nothing { .. } => {}
        }
        steps.extend(self.roles.iter().map(|role| {
            let code = match role.mfa_serial {
                Some(_) => " with a code",
                None => "",
            };
            format!("then role {}{code}", role.arn)
        }));
        if steps.is_empty() {
            return format!("profile {}", self.name);
        }
        format!("profile {} ({})", self.name, steps.join(", "))
    }

    fn hint(&self) -> String {
        let role = match self.roles.last() {
            Some(role) => format!(
                "; if it is role {} that says no, look at its trust policy, and at external_id and mfa_serial in the profile",
                role.arn
            ),
            None => String::new(),
        };
        match &self.base {
            Base::Keys { profile, .. } => format!(
                "the keys of profile {profile} are not taken: make new ones, or choose another profile with AWS_PROFILE{role}"
            ),
            Base::Sso { profile, session } => {
                let login = match session {
                    Some(session) => format!("aws sso login --sso-session {session}"),
                    None => format!("aws sso login --profile {profile}"),
                };
                format!("sign in again: `{login}`{role}")
            }
            Base::Process { profile } => format!(
                "run the credential_process of profile {profile} by hand and see what it says{role}"
            ),
            Base::WebIdentity { profile } => format!(
                "the token in the web_identity_token_file of profile {profile} is not taken, or has expired{role}"
            ),
            Base::Named(source) => format!("{source} gives no credentials{role}"),
            Base::Nothing { profile, others } => {
                let others = match others.as_slice() {
                    [] => "there are none; `aws configure sso` writes one".to_owned(),
                    others => format!("there are {}", others.join(", ")),
                };
                format!("profile {profile} does not exist, or has no credentials; {others}")
            }
        }
    }
}

/// The SDK's usual file system, environment or files, whose crate is not ours to name.
fn usual<T: Default>() -> T {
    T::default()
}

/// Follows the selected profile to where its credentials begin, as the SDK does.
fn follow(set: &ProfileSet) -> Result<Profile, Error> {
    let first = set.selected_profile();
    let mut name = first;
    let mut seen = Vec::new();
    let mut roles = Vec::new();
    let base = loop {
        if seen.contains(&name) {
            return Err(wrong(format!(
                "the profiles lead in a circle: {}, {name}",
                seen.join(", ")
            ))
            .hint("give one of them keys, or a source_profile outside of the circle"));
        }
        let Some(section) = set.get_profile(name) else {
            break nothing(set, name);
        };
        // Keys of a source count before a role that it would take itself.
        if !seen.is_empty()
            && let Some(keys) = keys(section)
        {
            break keys;
        }
        seen.push(name);
        let Some(role) = role(section) else {
            break base(set, section);
        };
        roles.push(role);
        match (
            section.get("source_profile"),
            section.get("credential_source"),
        ) {
            (Some(source), _) if source == name => break base(set, section),
            (Some(source), _) => name = source,
            (None, Some(source)) => break Base::Named(source.to_owned()),
            (None, None) => {
                return Err(wrong(format!(
                    "profile {name} has a role_arn and no source_profile"
                ))
                .hint("write whose credentials take the role: source_profile = \"…\""));
            }
        }
    };
    roles.reverse();
    Ok(Profile {
        name: first.to_owned(),
        base,
        roles,
    })
}

fn role(section: &Section) -> Option<Role> {
    if section.get("web_identity_token_file").is_some() {
        return None;
    }
    let text = |name: &str| section.get(name).map(str::to_owned);
    Some(Role {
        arn: text("role_arn")?,
        external_id: text("external_id"),
        mfa_serial: text("mfa_serial"),
        session_name: text("role_session_name"),
        seconds: section
            .get("duration_seconds")
            .and_then(|seconds| seconds.parse().ok()),
    })
}

fn base(set: &ProfileSet, section: &Section) -> Base {
    let profile = section.name().to_owned();
    let session = section.get("sso_session").map(str::to_owned);
    if let Some(source) = section.get("credential_source") {
        Base::Named(source.to_owned())
    } else if section.get("web_identity_token_file").is_some() {
        Base::WebIdentity { profile }
    } else if session.is_some() || section.get("sso_start_url").is_some() {
        Base::Sso { profile, session }
    } else if section.get("credential_process").is_some() {
        Base::Process { profile }
    } else {
        keys(section).unwrap_or_else(|| nothing(set, section.name()))
    }
}

fn keys(section: &Section) -> Option<Base> {
    let keys = Credentials::new(
        section.get("aws_access_key_id")?,
        section.get("aws_secret_access_key")?,
        section.get("aws_session_token").map(str::to_owned),
        None,
        "profile",
    );
    Some(Base::Keys {
        profile: section.name().to_owned(),
        keys,
    })
}

fn nothing(set: &ProfileSet, profile: &str) -> Base {
    let mut others: Vec<String> = set
        .profiles()
        .filter(|other| *other != profile)
        .map(str::to_owned)
        .collect();
    others.sort();
    Base::Nothing {
        profile: profile.to_owned(),
        others,
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, OPERATION, message)
}

#[cfg(test)]
mod tests;
