//! Which calls were answered while something was done.
//!
//! *Invariant*: what others do at the same time is never among them.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::lock::lock;
use crate::aws::{Error, ErrorKind};

tokio::task_local! {
    static HEARD: Arc<Mutex<Vec<Answer>>>;
}

/// An answer of AWS, by which its support finds the call again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `s3:HeadBucket`, in IAM's words.
    pub operation: String,
    /// For AWS support.
    pub request_id: Option<String>,
    /// Whether AWS said no.
    is_refusal: bool,
}

impl Answer {
    /// That AWS has no such thing, as this answer says.
    #[must_use]
    pub fn not_found(&self, message: impl Into<String>) -> Error {
        Error {
            request_id: self.request_id.clone(),
            ..Error::new(ErrorKind::NotFound, &self.operation, message)
        }
    }
}

/// Does it, and tells the answer that decided that there is nothing: the first refusal, else
/// the last. None where AWS was not asked.
pub async fn deciding<T>(what: impl Future<Output = T>) -> (T, Option<Answer>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let done = HEARD.scope(Arc::clone(&heard), what).await;
    let mut heard = std::mem::take(&mut *lock(&heard));
    let refusal = heard.iter().position(|answer| answer.is_refusal);
    let decides = match refusal {
        Some(index) => Some(heard.swap_remove(index)),
        None => heard.pop(),
    };
    (done, decides)
}

/// Keeps an answer for whoever listens.
pub(super) fn hear(operation: &str, response: &HttpResponse) {
    let keep = |heard: &Arc<Mutex<Vec<Answer>>>| {
        lock(heard).push(Answer {
            operation: operation.to_owned(),
            request_id: request_id(response).map(str::to_owned),
            is_refusal: !response.status().is_success(),
        });
    };
    // Nearly always nobody does.
    HEARD.try_with(keep).ok();
}

/// What AWS calls the request, under one of its names for that.
pub(in crate::aws) fn request_id(response: &HttpResponse) -> Option<&str> {
    const NAMES: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amz-cf-id"];
    let headers = response.headers();
    NAMES.iter().find_map(|name| headers.get(*name))
}
