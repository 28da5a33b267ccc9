//! What every request passes on its way out: the count, the guard, and our name on it.
//!
//! *Invariant*: no request leaves over plain http but to a loopback address.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format as DateTimeFormat;

use super::answers::hear;
use super::attempts::{is_answered, leaves};
use super::lock::lock;

/// How requests of ours are known in CloudTrail, which keeps the header `User-Agent`.
pub(in crate::aws) const MARK: &str = "app/watertight";

/// Says whether calls that change something may leave now.
pub trait Guard: Send + Sync + std::fmt::Debug {
    /// Asked before each attempt; must not wait.
    ///
    /// # Errors
    /// Why it may not, a phrase.
    fn may_send(&self) -> Result<(), String>;
}

/// The count of calls, by operation, AWS's clock, and who is asked before a change.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) counts: Mutex<BTreeMap<String, u64>>,
    pub(super) guard: Mutex<Option<Arc<dyn Guard>>>,
    pub(super) clock: OnceLock<Option<(i64, Instant)>>,
}

/// Sees every request before it leaves.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) calls: Arc<Calls>,
    pub(super) is_guarded: bool,
}

impl Watch {
    pub(super) fn new(calls: &Arc<Calls>) -> Self {
        Self {
            calls: Arc::clone(calls),
            is_guarded: true,
        }
    }

    /// Whether the guard, if there is one, lets this call go.
    fn ask(&self, operation: &str) -> Result<(), Unsent> {
        if !self.is_guarded || reads(operation) {
            return Ok(());
        }
        match lock(&self.calls.guard)
            .as_ref()
            .map(|guard| guard.may_send())
        {
            Some(Err(why)) => Err(Unsent { why }),
            _ => Ok(()),
        }
    }
}

/// Whether the operation of this name changes nothing.
fn reads(operation: &str) -> bool {
    READS.iter().any(|verb| operation.starts_with(verb))
}

/// How the names of operations begin that change nothing: of all that are called here, those
/// of IAM's simulation and of STS too.
const READS: &[&str] = &[
    "Assume", "Describe", "Get", "Head", "List", "Lookup", "Simulate",
];

/// A call that changes something may not leave any more.
#[derive(Debug, thiserror::Error)]
#[error("not sent: {why}")]
pub(in crate::aws) struct Unsent {
    why: String,
}

/// A request would have left in clear.
#[derive(Debug, thiserror::Error)]
#[error(
    "{uri} is plain http and not a loopback address; watertight talks TLS only, so nothing was sent"
)]
pub(in crate::aws) struct InClear {
    uri: String,
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "watertight"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = context.request().uri();
        if !is_private(uri) {
            return Err(Box::new(InClear {
                uri: uri.to_owned(),
            }));
        }
        if let Some(metadata) = config.load::<Metadata>() {
            let operation = in_iam_words(metadata);
            self.ask(metadata.name())?;
            *lock(&self.calls.counts).entry(operation).or_default() += 1;
            if !reads(metadata.name()) {
                leaves();
            }
        }
        Ok(())
    }

    /// The SDK puts the app's name into `x-amz-user-agent` alone. `User-Agent` is not among
    /// what is signed.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let sender = headers.get("user-agent").unwrap_or_default();
        if !sender.contains(MARK) {
            let sender = format!("{sender} {MARK}");
            headers.try_insert("user-agent", sender.trim().to_owned())?;
        }
        Ok(())
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = config.load::<Metadata>() {
            hear(&in_iam_words(metadata), context.response());
            if !reads(metadata.name()) {
                is_answered(context.response().status().as_u16());
            }
        }
        self.calls.clock.get_or_init(|| {
            let date = context.response().headers().get("date")?;
            let date = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?;
            Some((date.secs(), Instant::now()))
        });
        Ok(())
    }
}

/// `elasticloadbalancing:DescribeRules`: the SDK has the services' full names.
fn in_iam_words(metadata: &Metadata) -> String {
    let service = match metadata.service() {
        "Elastic Load Balancing v2" => "elasticloadbalancing".to_owned(),
        "CloudWatch Logs" => "logs".to_owned(),
        "Resource Groups Tagging API" => "tag".to_owned(),
        other => other.replace(' ', "").to_lowercase(),
    };
    format!("{service}:{}", metadata.name())
}

/// Whether nobody between here and there can read what is sent: TLS, or this machine.
fn is_private(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else {
        return uri.starts_with("https://");
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::orchestrator::Metadata;

    use super::{in_iam_words, is_private};

    #[test]
    fn calls_have_the_names_that_policies_know() {
        for (service, prefix) in [
            ("ACM", "acm"),
            ("CloudWatch Logs", "logs"),
            ("Elastic Load Balancing v2", "elasticloadbalancing"),
            ("Resource Groups Tagging API", "tag"),
            ("Route 53", "route53"),
            ("Secrets Manager", "secretsmanager"),
        ] {
            let said = in_iam_words(&Metadata::new("List", service));
            assert_eq!(said, format!("{prefix}:List"));
        }
    }

    #[test]
    fn plain_http_goes_to_loopback_only() {
        assert!(is_private("https://s3.eu-west-1.amazonaws.com/"));
        assert!(is_private("http://127.0.0.1:5000/bucket"));
        assert!(is_private("http://[::1]:5000"));
        assert!(is_private("http://localhost:4566/"));
        assert!(!is_private("http://s3.amazonaws.com/"));
        assert!(!is_private("http://127.0.0.1.example.com/"));
        assert!(!is_private("http://localhost.example.com"));
    }
}
