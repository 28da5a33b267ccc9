//! `data.aws_ssm_parameter`: the value of a parameter of Systems Manager.
//!
//! Facts: *AWS Systems Manager API Reference*, `GetParameter` (`WithDecryption`: without it,
//! the value of a `SecureString` comes encrypted), `DescribeParameters`.
//!
//! *Invariant*: nothing is ever decrypted, and a `SecureString` is refused, so that no secret
//! reaches a plan, a state or an export.

use async_trait::async_trait;
use aws_sdk_ssm::types::{Parameter, ParameterStringFilter, ParameterType};

use super::{listed, near};
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::value::{Attributes, Value};

const OPERATION: &str = "ssm:GetParameter";

/// The lookup of `aws_ssm_parameter`.
pub(in crate::aws) struct SsmParameter;

#[async_trait]
impl Ask for SsmParameter {
    fn permissions(&self) -> &'static [&'static str] {
        &["ssm:GetParameter"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let name = arguments.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let answer = aws
            .ssm(region)
            .get_parameter()
            .name(name)
            .with_decryption(false)
            .send()
            .await
            .map_err(|error| Error::of(OPERATION, &error));
        match answer {
            Ok(answer) => attributes(name, &answer.parameter.unwrap_or_else(nothing)),
            Err(error) if error.code.as_deref() == Some("ParameterNotFound") => {
                let others = names(aws, region, name).await;
                Err(none(region, name, others))
            }
            Err(error) => Err(error),
        }
    }
}

fn nothing() -> Parameter {
    Parameter::builder().build()
}

/// Parameters whose path begins as this one's does. That they can't be listed is no news.
async fn names(aws: &Aws, region: &str, name: &str) -> Vec<String> {
    let filter = name
        .rsplit_once('/')
        .filter(|(path, _)| !path.is_empty())
        .map(|(path, _)| {
            ParameterStringFilter::builder()
                .key("Name")
                .option("BeginsWith")
                .values(format!("{path}/"))
                .build()
        });
    let filters = filter.and_then(Result::ok).map(|filter| vec![filter]);
    let answer = aws
        .ssm(region)
        .describe_parameters()
        .set_parameter_filters(filters)
        .max_results(50)
        .send()
        .await;
    let parameters = answer.ok().and_then(|answer| answer.parameters);
    let parameters = parameters.unwrap_or_default().into_iter();
    parameters.filter_map(|parameter| parameter.name).collect()
}

fn none(region: &str, name: &str, others: Vec<String>) -> Error {
    let message = format!("there is no parameter `{name}` in {region}");
    let hint = match near(name, &others) {
        Some(near) => format!("did you mean `{{ from = \"ssm:{near}\" }}`?"),
        None if others.is_empty() => {
            "make it (`aws ssm put-parameter --type String`), or write the value in the spec"
                .to_owned()
        }
        None => format!("there are {}", listed(others)),
    };
    Error::new(ErrorKind::NotFound, OPERATION, message).hint(hint)
}

fn attributes(name: &str, parameter: &Parameter) -> Result<Attributes, Error> {
    if parameter.r#type == Some(ParameterType::SecureString) {
        return Err(Error::new(
            ErrorKind::Refused,
            OPERATION,
            format!("the parameter `{name}` is a SecureString, and values of secrets must not reach a plan or the state"),
        )
        .hint("give the parameter's name as text to what reads it at run time; or keep the secret in Secrets Manager and pass its ARN, `{ from = \"secret:NAME\" }`"));
    }
    let of = parameter.r#type.as_ref().map(AsRef::as_ref);
    Ok([
        ("id", Value::from(name)),
        ("name", name.into()),
        ("arn", parameter.arn.clone().into()),
        ("type", of.into()),
        ("value", parameter.value.clone().into()),
        ("insecure_value", parameter.value.clone().into()),
        ("version", Value::Int(parameter.version)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_null())
    .map(|(name, value)| (name.to_owned(), value))
    .collect())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::types::{Parameter, ParameterType};

    use super::{attributes, none};
    use crate::value::Value;

    fn parameter(of: ParameterType) -> Parameter {
        Parameter::builder()
            .r#type(of)
            .value("subnet-1,subnet-2")
            .version(3)
            .build()
    }

    #[test]
    fn a_plain_parameter_gives_its_value() {
        let found = attributes("/shop/subnets", &parameter(ParameterType::StringList)).unwrap();
        assert_eq!(found["insecure_value"], Value::from("subnet-1,subnet-2"));
        assert_eq!(found["type"], Value::from("StringList"));
        assert_eq!(found["version"], Value::Int(3));
    }

    #[test]
    fn a_secret_is_refused_with_what_to_pass_instead() {
        let error = attributes("/shop/key", &parameter(ParameterType::SecureString)).unwrap_err();
        assert!(error.message.contains("`/shop/key` is a SecureString"));
        assert!(!error.message.contains("subnet-1"));
        assert!(error.hint.unwrap().contains("secret:NAME"));
    }

    #[test]
    fn a_missing_one_says_what_may_have_been_meant() {
        let others = ["/shop/vpc_id", "/shop/zone"].map(str::to_owned).to_vec();
        let error = none("eu-west-1", "/shop/vpc-id", others.clone());
        assert_eq!(
            error.message,
            "there is no parameter `/shop/vpc-id` in eu-west-1"
        );
        assert_eq!(
            error.hint.unwrap(),
            "did you mean `{ from = \"ssm:/shop/vpc_id\" }`?"
        );
        let error = none("eu-west-1", "/shop/something-else", others);
        assert_eq!(error.hint.unwrap(), "there are /shop/vpc_id, /shop/zone");
    }
}
