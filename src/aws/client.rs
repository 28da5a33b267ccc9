//! The SDK's clients, one a service and region.
//!
//! *Invariant*: every client has a [`Watch`], so that what it sends is counted, guarded and
//! never in clear.

mod answers;
mod attempts;
mod lock;
mod transport;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::{OnceCell, Semaphore};

pub(super) use answers::request_id;
pub use answers::{Answer, deciding};
pub use attempts::may_have_acted;
use lock::lock;
use transport::{Limit, Limited, Transport};
pub use watch::Guard;
use watch::{Calls, Watch};
pub(super) use watch::{InClear, MARK, Unsent};

use super::{Base, Error, ErrorKind, Origin, Profile};
use crate::dns;

/// Our name in what a request says of its sender.
const NAME: &str = "watertight";

/// What the caller decides about the connection to AWS.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The spec's region.
    pub region: String,
    /// Endpoint of every service, in place of AWS's own; the sandbox's.
    pub endpoint: Option<String>,
    /// Key id and secret, in place of what the environment gives; the sandbox's.
    pub credentials: Option<(String, String)>,
    /// Who is asked what public DNS shows.
    pub dns: dns::Servers,
    /// Where credentials come from otherwise, as far as it was found out.
    pub origin: Option<Origin>,
}

/// AWS, as one run sees it.
#[derive(Debug)]
pub struct Aws {
    config: SdkConfig,
    calls: Arc<Calls>,
    /// Without a limit.
    transport: SharedHttpClient,
    limit: Limit,
    clients: Mutex<BTreeMap<String, Arc<Clients>>>,
    identity: OnceCell<Identity>,
    dns: Box<dns::Resolver>,
    origin: Option<Origin>,
}

/// Who the credentials say we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's number, 12 digits.
    pub account: String,
    /// ARN of the user or role.
    pub arn: String,
}

#[derive(Debug)]
struct Clients {
    acm: aws_sdk_acm::Client,
    cloudfront: aws_sdk_cloudfront::Client,
    ec2: aws_sdk_ec2::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    route53: aws_sdk_route53::Client,
    s3: aws_sdk_s3::Client,
    secrets_manager: aws_sdk_secretsmanager::Client,
    servicequotas: aws_sdk_servicequotas::Client,
    ssm: aws_sdk_ssm::Client,
    tagging: aws_sdk_resourcegroupstagging::Client,
}

impl Aws {
    /// Connects nothing yet: reads profiles and environment as the SDK does.
    pub async fn new(settings: &Settings) -> Self {
        let calls = Arc::new(Calls::default());
        let transport = SharedHttpClient::new(Transport::default());
        let limit = Limit::default();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Limited {
                transport: transport.clone(),
                limit: Arc::clone(&limit),
            })
            .region(Region::new(settings.region.clone()))
            .retry_config(patience())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(std::time::Duration::from_secs(5))
                    .operation_attempt_timeout(std::time::Duration::from_mins(1))
                    .build(),
            );
        if let Ok(name) = AppName::new(NAME) {
            loader = loader.app_name(name);
        }
        if let Some(endpoint) = &settings.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some((key, secret)) = &settings.credentials {
            loader =
                loader.credentials_provider(Credentials::new(key, secret, None, None, "sandbox"));
        }
        Self {
            config: loader.load().await,
            calls,
            transport,
            limit,
            clients: Mutex::default(),
            identity: OnceCell::new(),
            dns: Box::new(dns::Resolver::new(settings.dns.clone())),
            origin: match settings.credentials {
                Some(_) => Some(Origin::Given),
                None => settings.origin.clone(),
            },
        }
    }

    /// The same with the roles of a profile, taken here and now with these codes, one for
    /// each device in order: the SDK takes roles itself, but knows no codes. The session is
    /// kept in memory alone and is not renewed, as that would take a new code.
    ///
    /// # Errors
    /// The profile's own credentials are missing or not taken, or a role says no.
    pub async fn with_codes(mut self, profile: &Profile, codes: &[String]) -> Result<Self, Error> {
        let mut codes = codes.iter();
        let mut provider = base_of(profile).await?;
        for role in &profile.roles {
            let config = aws_sdk_sts::config::Builder::from(&self.config)
                .credentials_provider(provider)
                .interceptor(Watch::new(&self.calls))
                .build();
            let code = role.mfa_serial.as_ref().and_then(|_| codes.next());
            let answer = aws_sdk_sts::Client::from_conf(config)
                .assume_role()
                .role_arn(&role.arn)
                .role_session_name(role.session_name.as_deref().unwrap_or("watertight"))
                .set_external_id(role.external_id.clone())
                .set_serial_number(role.mfa_serial.clone())
                .set_token_code(code.cloned())
                .set_duration_seconds(role.seconds)
                .send()
                .await
                .map_err(|error| {
                    let error = Error::of("sts:AssumeRole", &error);
                    match error.kind {
                        ErrorKind::AccessDenied => error.hint(format!(
                            "role {} says no: the code may be wrong, used already or too old, or the role's trust policy wants another user, device or external_id",
                            role.arn
                        )),
                        ErrorKind::Credentials => {
                            error.hint(Origin::Profile(Box::new(profile.clone())).hint())
                        }
                        _ => error,
                    }
                })?;
            let session = answer.credentials.ok_or_else(|| {
                Error::new(
                    ErrorKind::Uncertain,
                    "sts:AssumeRole",
                    "no session was answered",
                )
            })?;
            let until = std::time::SystemTime::try_from(session.expiration).ok();
            provider = SharedCredentialsProvider::new(Credentials::new(
                session.access_key_id,
                session.secret_access_key,
                Some(session.session_token),
                until,
                "role",
            ));
        }
        self.config = self
            .config
            .into_builder()
            .credentials_provider(provider)
            .build();
        Ok(self)
    }

    /// The first time that AWS told in an answer, in seconds since 1970, and when it came.
    #[must_use]
    pub fn clock(&self) -> Option<(i64, Instant)> {
        *self.calls.clock.get()?
    }

    /// Where the credentials come from, as far as it was found out.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Calls made so far, retries not counted, by operation in IAM's words.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.calls.counts).clone()
    }

    /// What the rest of the world sees; AWS looks there before it issues a certificate.
    #[must_use]
    pub fn dns(&self) -> &dns::Resolver {
        &self.dns
    }

    /// The client of AWS Certificate Manager.
    #[must_use]
    pub fn acm(&self, region: &str) -> aws_sdk_acm::Client {
        self.clients(region).acm.clone()
    }

    /// The client of CloudFront, a global service.
    #[must_use]
    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        self.clients("us-east-1").cloudfront.clone()
    }

    /// The client of EC2.
    #[must_use]
    pub fn ec2(&self, region: &str) -> aws_sdk_ec2::Client {
        self.clients(region).ec2.clone()
    }

    /// The client of Elastic Load Balancing.
    #[must_use]
    pub fn elb(&self, region: &str) -> aws_sdk_elasticloadbalancingv2::Client {
        self.clients(region).elb.clone()
    }

    /// The client of `CloudWatch` Logs.
    #[must_use]
    pub fn logs(&self, region: &str) -> aws_sdk_cloudwatchlogs::Client {
        self.clients(region).logs.clone()
    }

    /// The client of Route 53, a global service.
    #[must_use]
    pub fn route53(&self) -> aws_sdk_route53::Client {
        self.clients("us-east-1").route53.clone()
    }

    /// The client of S3.
    #[must_use]
    pub fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        self.clients(region).s3.clone()
    }

    /// The client of S3 for what renews the guard, which waits neither for it nor for a turn.
    #[must_use]
    pub(super) fn unguarded_s3(&self, region: &str) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .http_client(self.transport.clone())
            .interceptor(Watch {
                calls: Arc::clone(&self.calls),
                is_guarded: false,
            })
            .force_path_style(self.config.endpoint_url().is_some())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// From now on `guard` is asked before every attempt of every call that changes something,
    /// the SDK's own repeats included; what it refuses is not sent, and fails as
    /// [`ErrorKind::Unsent`].
    pub fn guard(&self, guard: Arc<dyn Guard>) {
        *lock(&self.calls.guard) = Some(guard);
    }

    /// From now on at most so many requests are under way at once, reads too; those that
    /// renew the guard aside. It can be set once.
    pub fn limit(&self, at_once: usize) {
        self.limit.get_or_init(|| Semaphore::new(at_once));
    }

    /// The client of Service Quotas.
    #[must_use]
    pub fn servicequotas(&self, region: &str) -> aws_sdk_servicequotas::Client {
        self.clients(region).servicequotas.clone()
    }

    /// The client of IAM, a global service.
    #[must_use]
    pub fn iam(&self) -> aws_sdk_iam::Client {
        let config = aws_sdk_iam::config::Builder::from(&self.config)
            .interceptor(Watch::new(&self.calls))
            .build();
        aws_sdk_iam::Client::from_conf(config)
    }

    /// The client of CloudTrail.
    #[must_use]
    pub fn cloudtrail(&self, region: &str) -> aws_sdk_cloudtrail::Client {
        let config = aws_sdk_cloudtrail::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .interceptor(Watch::new(&self.calls))
            .build();
        aws_sdk_cloudtrail::Client::from_conf(config)
    }

    /// The client of Secrets Manager.
    #[must_use]
    pub fn secrets_manager(&self, region: &str) -> aws_sdk_secretsmanager::Client {
        self.clients(region).secrets_manager.clone()
    }

    /// The client of Systems Manager.
    #[must_use]
    pub fn ssm(&self, region: &str) -> aws_sdk_ssm::Client {
        self.clients(region).ssm.clone()
    }

    /// The client of the Resource Groups Tagging API.
    #[must_use]
    pub(super) fn tagging(&self, region: &str) -> aws_sdk_resourcegroupstagging::Client {
        self.clients(region).tagging.clone()
    }

    /// Who we are; asked once a run.
    ///
    /// # Errors
    /// Missing or expired credentials, first of all.
    pub async fn identity(&self) -> Result<&Identity, Error> {
        self.identity
            .get_or_try_init(|| async {
                // It is the first call of every run: where there is no way to AWS, that is
                // said soon.
                let config = aws_sdk_sts::config::Builder::from(&self.config)
                    .retry_config(RetryConfig::standard().with_max_attempts(3))
                    .interceptor(Watch::new(&self.calls))
                    .build();
                let answer = aws_sdk_sts::Client::from_conf(config)
                    .get_caller_identity()
                    .send()
                    .await
                    .map_err(|error| {
                        let error = Error::of("sts:GetCallerIdentity", &error);
                        match (&self.origin, error.kind, &error.hint) {
                            (Some(origin), ErrorKind::Credentials, None) => {
                                error.hint(origin.hint())
                            }
                            _ => error,
                        }
                    })?;
                Ok(Identity {
                    account: answer.account.unwrap_or_default(),
                    arn: answer.arn.unwrap_or_default(),
                })
            })
            .await
    }

    /// The account's alias, if it has one and we may ask.
    pub async fn alias(&self) -> Option<String> {
        let answer = self.iam().list_account_aliases().send().await.ok()?;
        answer.account_aliases.into_iter().next()
    }

    fn clients(&self, region: &str) -> Arc<Clients> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            clients
                .entry(region.to_owned())
                .or_insert_with(|| Arc::new(Clients::new(&self.config, &self.calls, region))),
        )
    }
}

/// The credentials with which a profile takes its first role.
async fn base_of(profile: &Profile) -> Result<SharedCredentialsProvider, Error> {
    let of_profile = match &profile.base {
        Base::Keys { keys, .. } => return Ok(SharedCredentialsProvider::new(keys.clone())),
        Base::Named(source) if source == "Environment" => {
            return Ok(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ));
        }
        Base::Named(_) => {
            return Err(Error::new(
                ErrorKind::Credentials,
                "sts:AssumeRole",
                format!(
                    "profile {} has an mfa_serial, but its credentials are a machine's, which has no device",
                    profile.name
                ),
            )
            .hint("take mfa_serial out of the profile, or give it a source_profile"));
        }
        Base::Sso { profile, .. }
        | Base::Process { profile }
        | Base::WebIdentity { profile }
        | Base::Nothing { profile, .. } => profile,
    };
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&ProviderConfig::with_default_region().await)
        .profile_name(of_profile)
        .build();
    Ok(SharedCredentialsProvider::new(provider))
}

impl Clients {
    fn new(config: &SdkConfig, calls: &Arc<Calls>, region: &str) -> Self {
        let config = config
            .to_builder()
            .region(Region::new(region.to_owned()))
            .build();
        let watch = || Watch::new(calls);
        Self {
            acm: aws_sdk_acm::Client::from_conf(
                aws_sdk_acm::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            cloudfront: aws_sdk_cloudfront::Client::from_conf(
                aws_sdk_cloudfront::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            ec2: aws_sdk_ec2::Client::from_conf(
                aws_sdk_ec2::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(
                aws_sdk_elasticloadbalancingv2::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(
                aws_sdk_cloudwatchlogs::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            route53: aws_sdk_route53::Client::from_conf(
                aws_sdk_route53::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(&config)
                    .interceptor(watch())
                    // Another endpoint than AWS's own rarely has a name for every bucket.
                    .force_path_style(config.endpoint_url().is_some())
                    .build(),
            ),
            servicequotas: aws_sdk_servicequotas::Client::from_conf(
                aws_sdk_servicequotas::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            secrets_manager: aws_sdk_secretsmanager::Client::from_conf(
                aws_sdk_secretsmanager::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            ssm: aws_sdk_ssm::Client::from_conf(
                aws_sdk_ssm::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
            tagging: aws_sdk_resourcegroupstagging::Client::from_conf(
                aws_sdk_resourcegroupstagging::config::Builder::from(&config)
                    .interceptor(watch())
                    .build(),
            ),
        }
    }
}

/// How calls are repeated that failed for a reason that passes: up to eight attempts, with
/// pauses that double, by chance shorter, up to 20 seconds.
///
/// This is the SDK's standard mode on purpose, not the adaptive one, which holds back every
/// call of a service, reads included, after the first that was throttled: its limiter takes
/// the rate at that moment, seven tenths of it and not less than half a call a second, and a
/// repeat costs ten calls (the SDK's `client_rate_limiter`). Fifty calls by ten workers at 50 ms each took,
/// measured: without throttling 0.8 and 0.6 seconds (standard, adaptive), with one throttled
/// 0.5 and 1.4, with twenty throttled 3.9 and 339 (one run each). A plan of an https-service
/// with one throttled call of each of four operations took 1.1 seconds, and 48 to 69 in the
/// adaptive mode (three runs each; tests/faults.rs). A plan or an apply is a burst of some
/// dozens of calls, whose rate `--parallelism` limits already, and AWS's buckets refill
/// within seconds: pauses with chance in them serve it, a lasting brake does not. Where they
/// are not enough the executor pauses and repeats, holding no turn.
fn patience() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(8)
}
