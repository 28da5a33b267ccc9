//! What a request to AWS is: service, operation, protocol; and how AWS refuses one.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Response, Uri};

/// A call, as far as the proxy understands it.
pub(crate) struct Call {
    service: String,
    operation: String,
    protocol: Protocol,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    Ec2,
    S3,
    Rest,
}

impl Call {
    pub(crate) fn of(parts: &hyper::http::request::Parts, body: &Bytes) -> Self {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        // Credential=KEY/20260101/eu-west-1/acm/aws4_request
        let scope =
            header(AUTHORIZATION.as_str()).and_then(|value| value.split("Credential=").nth(1));
        let service = scope
            .and_then(|scope| scope.split('/').nth(3))
            .unwrap_or("s3")
            .to_owned();
        let form = String::from_utf8_lossy(body);
        let action = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="));
        let (protocol, operation) = match (header("x-amz-target"), action, service.as_str()) {
            (Some(target), _, _) => {
                let operation = target.rsplit('.').next().unwrap_or(target);
                (Protocol::Json, operation.to_owned())
            }
            (None, Some(action), "ec2") => (Protocol::Ec2, action.to_owned()),
            (None, Some(action), _) => (Protocol::Query, action.to_owned()),
            (None, None, "s3") => (Protocol::S3, s3_operation(&parts.method, &parts.uri)),
            (None, None, _) => (Protocol::Rest, rest_operation(&parts.method, &parts.uri)),
        };
        Self {
            service,
            operation,
            protocol,
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    pub(crate) fn is_mutation(&self) -> bool {
        let reads = ["Describe", "Get", "Head", "List", "Lookup"];
        !reads.iter().any(|verb| self.operation.starts_with(verb))
    }

    pub(crate) fn throttled(&self) -> Response<Full<Bytes>> {
        match self.protocol {
            Protocol::Json => self.refusal(400, "ThrottlingException"),
            Protocol::Query | Protocol::Rest => self.refusal(400, "Throttling"),
            Protocol::Ec2 => self.refusal(503, "RequestLimitExceeded"),
            Protocol::S3 => self.refusal(503, "SlowDown"),
        }
    }

    /// A list of EC2's with nothing in it.
    pub(crate) fn nothing(&self) -> Response<Full<Bytes>> {
        let name = format!("{}Response", self.operation);
        let body = format!("<{name}><requestId>proxy</requestId></{name}>");
        let answer = Response::builder().header(CONTENT_TYPE, "text/xml");
        let answer = answer.body(Full::new(Bytes::from(body)));
        answer.unwrap_or_default()
    }

    /// An error in the shape of the service's protocol.
    pub(crate) fn refusal(&self, status: u16, code: &str) -> Response<Full<Bytes>> {
        let message = format!("the fault proxy answers {code} to {}", self.name());
        let inner = format!("<Code>{code}</Code><Message>{message}</Message>");
        let body = match self.protocol {
            Protocol::Json => format!(r#"{{"__type":"{code}","message":"{message}"}}"#),
            Protocol::Ec2 => {
                format!(
                    "<Response><Errors><Error>{inner}</Error></Errors><RequestID>proxy</RequestID></Response>"
                )
            }
            Protocol::S3 => format!("<Error>{inner}<RequestId>proxy</RequestId></Error>"),
            Protocol::Query | Protocol::Rest => format!(
                "<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>proxy</RequestId></ErrorResponse>"
            ),
        };
        let kind = if self.protocol == Protocol::Json {
            "application/x-amz-json-1.1"
        } else {
            "text/xml"
        };
        let answer = Response::builder()
            .status(status)
            .header(CONTENT_TYPE, kind)
            .header("x-amzn-requestid", "proxy")
            .body(Full::new(Bytes::from(body)));
        answer.unwrap_or_default()
    }
}

fn s3_operation(method: &Method, uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let keys: Vec<&str> = query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .collect();
    if let Some(name) = query.split('&').find_map(|pair| pair.strip_prefix("x-id=")) {
        return name.to_owned();
    }
    let verb = match method.as_str() {
        "PUT" => "Put",
        "DELETE" => "Delete",
        "HEAD" => "Head",
        _ => "Get",
    };
    let parts = [
        ("policyStatus", "BucketPolicyStatus"),
        ("policy", "BucketPolicy"),
        ("tagging", "BucketTagging"),
        ("versioning", "BucketVersioning"),
        ("publicAccessBlock", "PublicAccessBlock"),
        ("encryption", "BucketEncryption"),
        ("ownershipControls", "BucketOwnershipControls"),
        ("lifecycle", "BucketLifecycleConfiguration"),
        ("logging", "BucketLogging"),
        ("location", "BucketLocation"),
        ("acl", "BucketAcl"),
    ];
    if let Some((_, name)) = parts.iter().find(|(key, _)| keys.contains(key)) {
        return format!("{verb}{name}");
    }
    let has_key = uri
        .path()
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(_, key)| !key.is_empty());
    match (verb, has_key) {
        (_, true) => format!("{verb}Object"),
        ("Put", false) => "CreateBucket".to_owned(),
        ("Get", false) if method == Method::POST => "DeleteObjects".to_owned(),
        ("Get", false) if keys.contains(&"versions") => "ListObjectVersions".to_owned(),
        ("Get", false) if uri.path() == "/" => "ListBuckets".to_owned(),
        ("Get", false) => "ListObjectsV2".to_owned(),
        (verb, false) => format!("{verb}Bucket"),
    }
}

/// CloudFront's and Route 53's operations, from `/2020-05-31/distribution/E1/config`.
fn rest_operation(method: &Method, uri: &Uri) -> String {
    let path: Vec<&str> = uri
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .skip(1)
        .collect();
    let query = uri.query().unwrap_or_default();
    let noun = |text: &str| -> String {
        let words = text
            .split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        words
            .collect::<String>()
            .replace("Hostedzone", "HostedZone")
    };
    match (method.as_str(), path.as_slice()) {
        ("POST", ["hostedzone", _, "rrset"]) => "ChangeResourceRecordSets".to_owned(),
        ("GET", ["hostedzone", _, "rrset"]) => "ListResourceRecordSets".to_owned(),
        ("GET", ["hostedzonesbyname"]) => "ListHostedZonesByName".to_owned(),
        ("GET", ["tagging"] | ["tags", ..]) => "ListTagsForResource".to_owned(),
        ("POST", ["tagging"]) if query.contains("Operation=Untag") => "UntagResource".to_owned(),
        ("POST", ["tagging"]) => "TagResource".to_owned(),
        ("POST", ["distribution"]) if query.contains("WithTags") => {
            "CreateDistributionWithTags".to_owned()
        }
        ("POST", [thing]) => format!("Create{}", noun(thing)),
        ("GET", [thing]) if thing.ends_with('y') => {
            format!("List{}ies", noun(&thing[..thing.len() - 1]))
        }
        ("GET", [thing]) => format!("List{}s", noun(thing)),
        ("GET", [thing, _, "config"]) => format!("Get{}Config", noun(thing)),
        ("GET", [thing, ..]) => format!("Get{}", noun(thing)),
        ("DELETE", [thing, ..]) => format!("Delete{}", noun(thing)),
        (_, [thing, ..]) => format!("Update{}", noun(thing)),
        _ => format!("{method} {}", uri.path()),
    }
}

#[test]
fn operations_are_named_as_aws_names_them() {
    let check = |method: &str, path: &'static str, expected: &str| {
        let (method, uri) = (method.parse().unwrap(), Uri::from_static(path));
        assert_eq!(rest_operation(&method, &uri), expected);
    };
    check(
        "POST",
        "/2020-05-31/distribution?WithTags",
        "CreateDistributionWithTags",
    );
    check(
        "PUT",
        "/2020-05-31/distribution/E1/config",
        "UpdateDistribution",
    );
    check(
        "GET",
        "/2020-05-31/origin-access-control/E1",
        "GetOriginAccessControl",
    );
    check(
        "GET",
        "/2020-05-31/response-headers-policy?Type=custom",
        "ListResponseHeadersPolicies",
    );
    check(
        "POST",
        "/2013-04-01/hostedzone/Z1/rrset/",
        "ChangeResourceRecordSets",
    );
    check("GET", "/2013-04-01/hostedzone/Z1", "GetHostedZone");
    let s3 = |method: &str, path: &'static str| {
        s3_operation(
            &method.parse::<Method>().unwrap_or_default(),
            &Uri::from_static(path),
        )
    };
    assert_eq!(s3("PUT", "/bucket"), "CreateBucket");
    assert_eq!(s3("PUT", "/bucket?policy"), "PutBucketPolicy");
    assert_eq!(s3("DELETE", "/bucket/"), "DeleteBucket");
    assert_eq!(s3("PUT", "/bucket/key?x-id=PutObject"), "PutObject");
}
