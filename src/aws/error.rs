//! A call that AWS (or the way to it) did not answer as hoped.
//!
//! *Invariant*: the kind is AWS's own code or the lack of an answer, never a guess by the
//! text of a message.

use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::client::{InClear, Unsent, request_id};

/// What kind of failure it is, which decides what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The thing is not there.
    NotFound,
    /// A thing of this name is there already.
    AlreadyExists,
    /// Something still uses it.
    InUse,
    /// Somebody else changes it just now, or a stale `ETag` was sent; try again.
    Conflict,
    /// The caller may not.
    AccessDenied,
    /// Missing, wrong or expired credentials.
    Credentials,
    /// Too many calls, after all retries.
    Throttled,
    /// Nobody knows whether the call was carried out: a timeout, a broken connection, a
    /// server's error.
    Uncertain,
    /// This attempt was held back by the guard of the run, which lost its hold on the state.
    /// An earlier attempt of the same call may have been carried out.
    Unsent,
    /// AWS refused the input, or anything else.
    Refused,
}

impl ErrorKind {
    /// What to do next, where the failure itself says no better.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Credentials => Some(
                "sign in again (`aws sso login`, or new keys), or choose a profile with AWS_PROFILE; `--sandbox` needs no account",
            ),
            Self::AccessDenied => Some(
                "let an administrator allow this action for the identity in use, then run again; everything else is kept as it is",
            ),
            Self::Throttled => Some("run again in a minute, with a smaller --parallelism"),
            Self::Uncertain => Some(
                "run again: what was begun is found by its name and tags, and nothing is made twice",
            ),
            Self::Conflict => Some("somebody else changes it just now; run again in a minute"),
            Self::Unsent => Some(
                "another run may go on with this by now; when it has ended, run again: what was begun is found by its name and tags",
            ),
            Self::NotFound | Self::AlreadyExists | Self::InUse | Self::Refused => None,
        }
    }
}

/// One failed call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}: {}{message}{}", code_prefix(code.as_deref()), request_suffix(request_id.as_deref()))]
pub struct Error {
    /// What it means.
    pub kind: ErrorKind,
    /// `elasticloadbalancing:CreateListener`, in IAM's words.
    pub operation: String,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's message.
    pub message: String,
    /// For AWS support.
    pub request_id: Option<String>,
    /// What to do next, where it is known.
    pub hint: Option<String>,
}

fn code_prefix(code: Option<&str>) -> String {
    code.map(|code| format!("{code}: ")).unwrap_or_default()
}

fn request_suffix(request_id: Option<&str>) -> String {
    request_id
        .map(|id| format!(" (request {id})"))
        .unwrap_or_default()
}

impl Error {
    /// A failure that no call reported, such as a list without the thing just made.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation: operation.to_owned(),
            code: None,
            message: message.into(),
            request_id: None,
            hint: None,
        }
    }

    /// What an answer reports of one of the things that a call was about.
    #[must_use]
    pub fn reported(operation: &str, code: Option<&str>, message: &str) -> Self {
        Self {
            code: code.map(str::to_owned),
            ..Self::new(kind_of(code, None), operation, message)
        }
    }

    /// What the SDK reports of a call; `operation` in IAM's words.
    pub fn of<E>(operation: &str, error: &SdkError<E, Response>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let request_id = error.raw_response().and_then(request_id);
        let request_id = request_id.map(str::to_owned);
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let code = error.code().map(str::to_owned);
        let (kind, message, hint) = match error {
            SdkError::ServiceError(failed) => {
                let message = error.message().map_or_else(
                    || {
                        let status = status.unwrap_or_default();
                        format!("answered {status}: {}", chain(failed.err()))
                    },
                    str::to_owned,
                );
                let code = code.as_deref();
                (kind_of(code, status), message, hint_of(code))
            }
            error => unanswered(error),
        };
        Self {
            kind,
            operation: operation.to_owned(),
            code,
            message,
            request_id,
            hint: hint.map(str::to_owned),
        }
    }

    /// Whether the cause may be that one service does not see yet what another has just
    /// made. That a thing is not found is one; so are a policy whose principal is unknown
    /// (S3 user guide, "Troubleshoot: invalid principal"), a log bucket that a load balancer
    /// may not write to (ELB user guide, "Access logs": bucket permissions), or a flow log
    /// (VPC user guide, "Troubleshoot VPC Flow Logs": Access Denied for `LogDestination`),
    /// and a certificate that `CloudFront` does not find (`CreateDistribution`, Errors).
    #[must_use]
    pub fn may_be_propagation(&self) -> bool {
        match self.code.as_deref() {
            Some("MalformedPolicy") => self.message.contains("principal"),
            Some("InvalidConfigurationRequest") => self.message.to_lowercase().contains("bucket"),
            Some("InvalidViewerCertificate" | "CertificateNotFound") => true,
            _ => {
                self.kind == ErrorKind::NotFound
                    || self.message.contains("Access Denied for LogDestination")
            }
        }
    }

    /// What to do next: the call's own hint, else what helps against its kind of failure.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref().or_else(|| self.kind.hint())
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What became of a call to which no answer came: what it means, in words, and what helps
/// where that is special.
fn unanswered<E>(error: &SdkError<E, Response>) -> (ErrorKind, String, Option<&'static str>)
where
    E: std::error::Error + Send + Sync + 'static,
{
    if let Some(refused) = cause::<InClear>(error) {
        return (ErrorKind::Refused, refused.to_string(), Some(ENDPOINT));
    }
    if let Some(unsent) = cause::<Unsent>(error) {
        return (ErrorKind::Unsent, unsent.to_string(), None);
    }
    let text = chain(error);
    if let Some(refused) = no_endpoint(&text) {
        return (ErrorKind::Refused, refused, Some(ENDPOINT));
    }
    let connector = match error {
        SdkError::DispatchFailure(failure) => failure.as_connector_error(),
        _ => None,
    };
    let before_sending = matches!(error, SdkError::ConstructionFailure(_))
        || connector.is_some_and(ConnectorError::is_other);
    if before_sending && text.contains("credential") {
        let reason = text.strip_prefix("dispatch failure: other: ");
        let reason = reason.unwrap_or(&text);
        let reason = reason
            .rsplit("loading credentials: ")
            .next()
            .unwrap_or(reason);
        let message = format!(
            "no credentials were found: {}",
            reason.trim_end_matches('.')
        );
        return (ErrorKind::Credentials, message, None);
    }
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return (ErrorKind::Refused, text, None);
    }
    // A connection that never came about carried nothing; but which of several attempts
    // this was, nobody says. So it is uncertain all the same.
    if text.contains("(Connect)") || text.contains("connect timeout") {
        let reason = text.rsplit("(Connect): ").next().unwrap_or(&text);
        let hint = "check the network, its proxy, and AWS_ENDPOINT_URL if it is set; then run again: nothing is made twice";
        let message = format!("no connection to AWS: {reason}");
        return (ErrorKind::Uncertain, message, Some(hint));
    }
    (ErrorKind::Uncertain, format!("no answer: {text}"), None)
}

/// Where to say which endpoint is meant.
const ENDPOINT: &str = "give an https endpoint in AWS_ENDPOINT_URL (or the profile's endpoint_url); plain http is for this machine alone";

/// That an endpoint is no URL, of an error whose text holds the whole request besides.
fn no_endpoint(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("failed to apply endpoint `")?;
    let (endpoint, rest) = rest.split_once("` to request `")?;
    let (_, reason) = rest.rsplit_once("`: ")?;
    Some(format!("the endpoint `{endpoint}` is no URL: {reason}"))
}

/// The cause of this type, however deep.
fn cause<'a, C: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a C> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The message of an error and of all that caused it, each once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// What to do about an error whose code tells more than its kind does.
fn hint_of(code: Option<&str>) -> Option<&'static str> {
    match code? {
        "RequestTimeTooSkewed" | "RequestExpired" => {
            Some("this machine's clock is minutes off: set it, then run again")
        }
        "OptInRequired" => {
            Some("enable the region, or the service, for this account, then run again")
        }
        _ => None,
    }
}

/// Sorts a service's error code. Codes as the services' API references list them, under
/// "Errors" of each call and "Common errors".
fn kind_of(code: Option<&str>, status: Option<u16>) -> ErrorKind {
    let code = code.unwrap_or_default();
    match code {
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "AuthFailure"
        | "RequestExpired"
        | "TokenRefreshRequired"
        | "InvalidToken"
        | "IncompleteSignature"
        | "MissingAuthenticationToken" => ErrorKind::Credentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AllAccessDisabled"
        | "OperationNotPermittedException" => ErrorKind::AccessDenied,
        "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "PriorRequestNotComplete"
        | "SlowDown"
        | "RequestThrottled" => ErrorKind::Throttled,
        "DependencyViolation"
        | "ResourceInUse"
        | "ResourceInUseException"
        | "BucketNotEmpty"
        | "CannotDeleteEntityWhileInUse"
        | "OriginAccessControlInUse"
        | "ResponseHeadersPolicyInUse"
        | "DistributionNotDisabled"
        | "InvalidIPAddress.InUse" => ErrorKind::InUse,
        "OperationAborted"
        | "PreconditionFailed"
        | "InvalidIfMatchVersion"
        | "ConditionalRequestConflict"
        | "ConflictException" => ErrorKind::Conflict,
        code if code.starts_with("NoSuch")
            || code.ends_with("NotFound")
            || code.ends_with("NotFoundException")
            || code.ends_with("NotFoundError") =>
        {
            ErrorKind::NotFound
        }
        "PriorityInUse" => ErrorKind::AlreadyExists,
        code if code.starts_with("Duplicate")
            || code.ends_with("AlreadyExists")
            || code.ends_with(".Duplicate")
            || code == "InvalidSubnet.Conflict"
            || code.ends_with("AlreadyOwnedByYou")
            || code.ends_with("AlreadyAssociated")
            || code.ends_with("AlreadyExistsException") =>
        {
            ErrorKind::AlreadyExists
        }
        _ if status.is_some_and(|status| status >= 500) => ErrorKind::Uncertain,
        _ if status == Some(404) => ErrorKind::NotFound,
        _ if status == Some(403) => ErrorKind::AccessDenied,
        _ => ErrorKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, hint_of, kind_of};

    #[test]
    fn a_wrong_clock_is_named() {
        let hint = hint_of(Some("RequestTimeTooSkewed")).unwrap();
        assert!(hint.contains("clock"), "{hint}");
        assert_eq!(hint_of(Some("AccessDenied")), None);
    }

    #[test]
    fn codes_are_sorted() {
        assert_eq!(
            kind_of(Some("NoSuchBucketPolicy"), Some(404)),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind_of(Some("InvalidGroup.Duplicate"), Some(400)),
            ErrorKind::AlreadyExists
        );
        assert_eq!(
            kind_of(Some("InvalidGroup.NotFound"), Some(400)),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind_of(Some("InternalFailure"), Some(500)),
            ErrorKind::Uncertain
        );
        assert_eq!(
            kind_of(Some("ValidationError"), Some(400)),
            ErrorKind::Refused
        );
        assert_eq!(kind_of(None, Some(403)), ErrorKind::AccessDenied);
    }
}
