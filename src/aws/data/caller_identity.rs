//! `data.aws_caller_identity`: who we are.
//!
//! *Invariant*: AWS is asked once a run, whoever asks.

use async_trait::async_trait;

use crate::aws::{Ask, Aws, Error};
use crate::value::Attributes;

/// The lookup of `aws_caller_identity`.
pub(in crate::aws) struct CallerIdentity;

#[async_trait]
impl Ask for CallerIdentity {
    async fn ask(
        &self,
        aws: &Aws,
        _region: &str,
        _arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let identity = aws.identity().await?;
        Ok([
            ("account_id", identity.account.clone()),
            ("arn", identity.arn.clone()),
            ("id", identity.account.clone()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect())
    }
}
