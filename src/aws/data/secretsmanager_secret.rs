//! `data.aws_secretsmanager_secret`: what a secret of Secrets Manager is called, and where it
//! is.
//!
//! Facts: *AWS Secrets Manager API Reference*, `DescribeSecret` ("doesn't include the
//! encrypted secret value"; `DeletedDate` is set for one that is scheduled for deletion),
//! `ListSecrets` (the filter `name` matches beginnings).
//!
//! *Invariant*: `GetSecretValue` is never called.

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::{listed, near};
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::value::{Attributes, Value};

const OPERATION: &str = "secretsmanager:DescribeSecret";

/// The lookup of `aws_secretsmanager_secret`.
pub(in crate::aws) struct SecretsmanagerSecret;

#[async_trait]
impl Ask for SecretsmanagerSecret {
    fn permissions(&self) -> &'static [&'static str] {
        &["secretsmanager:DescribeSecret"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let given = |argument: &str| arguments.get(argument).and_then(Value::as_str);
        let name = given("arn").or_else(|| given("name")).unwrap_or_default();
        let answer = aws
            .secrets_manager(region)
            .describe_secret()
            .secret_id(name)
            .send()
            .await
            .map_err(|error| Error::of(OPERATION, &error));
        match answer {
            Ok(secret) => attributes(name, &secret),
            Err(error) if error.code.as_deref() == Some("ResourceNotFoundException") => {
                let others = names(aws, region, name).await;
                Err(none(region, name, others))
            }
            Err(error) => Err(error),
        }
    }
}

/// Secrets whose path begins as this one's does. That they can't be listed is no news.
async fn names(aws: &Aws, region: &str, name: &str) -> Vec<String> {
    let filter = name.rsplit_once('/').map(|(path, _)| {
        Filter::builder()
            .key(FilterNameStringType::Name)
            .values(format!("{path}/"))
            .build()
    });
    let answer = aws
        .secrets_manager(region)
        .list_secrets()
        .set_filters(filter.map(|filter| vec![filter]))
        .max_results(50)
        .send()
        .await;
    let secrets = answer.ok().and_then(|answer| answer.secret_list);
    let secrets = secrets.unwrap_or_default().into_iter();
    secrets.filter_map(|secret| secret.name).collect()
}

fn none(region: &str, name: &str, others: Vec<String>) -> Error {
    let message = format!("there is no secret `{name}` in {region}");
    let hint = match near(name, &others) {
        Some(near) => format!("did you mean `{{ from = \"secret:{near}\" }}`?"),
        None if others.is_empty() => {
            "make it (`aws secretsmanager create-secret`), or name one of another region by its ARN"
                .to_owned()
        }
        None => format!("there are {}", listed(others)),
    };
    Error::new(ErrorKind::NotFound, OPERATION, message).hint(hint)
}

fn attributes(name: &str, secret: &DescribeSecretOutput) -> Result<Attributes, Error> {
    if secret.deleted_date.is_some() {
        let message = format!("the secret `{name}` is scheduled for deletion");
        return Err(Error::new(ErrorKind::Refused, OPERATION, message)
            .hint("restore it (`aws secretsmanager restore-secret`), or name another"));
    }
    let tags = secret.tags().iter().map(|tag| {
        (
            tag.key.clone().unwrap_or_default(),
            Value::from(tag.value.clone().unwrap_or_default()),
        )
    });
    Ok([
        ("arn", Value::from(secret.arn.clone())),
        ("id", secret.arn.clone().into()),
        ("name", secret.name.clone().into()),
        ("description", secret.description.clone().into()),
        ("kms_key_id", secret.kms_key_id.clone().into()),
        ("created_date", date(secret.created_date.as_ref())),
        ("last_changed_date", date(secret.last_changed_date.as_ref())),
        ("tags", Value::map(tags)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_null())
    .map(|(name, value)| (name.to_owned(), value))
    .collect())
}

fn date(date: Option<&DateTime>) -> Value {
    date.and_then(|date| date.fmt(Format::DateTime).ok()).into()
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
    use aws_smithy_types::DateTime;

    use super::{attributes, none};
    use crate::value::Value;

    #[test]
    fn a_secret_gives_its_arn() {
        let secret = DescribeSecretOutput::builder()
            .arn("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-a1b2c3")
            .name("shop/db")
            .created_date(DateTime::from_secs(0))
            .build();
        let found = attributes("shop/db", &secret).unwrap();
        assert_eq!(
            found["arn"],
            Value::from("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-a1b2c3")
        );
        assert_eq!(found["created_date"], Value::from("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_gone_or_going_is_refused() {
        let secret = DescribeSecretOutput::builder()
            .deleted_date(DateTime::from_secs(0))
            .build();
        let error = attributes("shop/db", &secret).unwrap_err();
        assert_eq!(
            error.message,
            "the secret `shop/db` is scheduled for deletion"
        );
        let error = none("eu-west-1", "shop/bd", vec!["shop/db".to_owned()]);
        assert_eq!(
            error.hint.unwrap(),
            "did you mean `{ from = \"secret:shop/db\" }`?"
        );
    }
}
