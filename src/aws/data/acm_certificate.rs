//! `data.aws_acm_certificate`: a certificate that exists already, by its ARN.
//!
//! The provider's data source has no argument for an ARN: whoever has it needs no data
//! source in Terraform. Here it is the `id`, which is the ARN there too. The answer holds
//! what the provider shows of a certificate that is a resource, so that the same rules judge
//! both.
//!
//! Facts: *AWS Certificate Manager API Reference*, `DescribeCertificate`.
//!
//! *Invariant*: exactly the one that is named, whatever it is like; whether it will do is
//! judged by who asks.

use async_trait::async_trait;

use crate::aws::acm_certificate::read_one;
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::resource::Id;
use crate::value::{Attributes, Value};

const DESCRIBE: &str = "acm:DescribeCertificate";

/// The lookup of `aws_acm_certificate`.
pub(in crate::aws) struct AcmCertificate;

#[async_trait]
impl Ask for AcmCertificate {
    fn permissions(&self) -> &'static [&'static str] {
        &[DESCRIBE, "acm:ListTagsForCertificate"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let Some(arn) = arguments.get("id").and_then(Value::as_str) else {
            let message = "a certificate is looked up by its `id`, the ARN";
            return Err(Error::new(ErrorKind::Refused, DESCRIBE, message));
        };
        let id = Id {
            region: region.to_owned(),
            text: arn.to_owned(),
        };
        match read_one(aws, &id).await? {
            Some(found) => Ok(found),
            None => Err(Error::new(
                ErrorKind::NotFound,
                DESCRIBE,
                format!("there is no certificate {arn}"),
            )
            .hint(format!(
                "`aws acm list-certificates --region {region}` shows those of this account; leave `certificate_arn` out for a new one"
            ))),
        }
    }
}
