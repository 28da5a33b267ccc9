//! The forms of texts that inputs take: host names, networks, paths, names and ids of AWS.
//!
//! In: a text. Out: nothing, or a phrase that says what is wrong and, where it is known,
//! what to write.
//!
//! *Invariant*: what passes is in the form in which AWS returns it, so that it compares
//! equal with what is read back.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diagnostic::did_you_mean;

/// RFC 1123's form of a name, as ACM and Route 53 return it: lower case, no dot at the end.
pub(super) fn hostname(text: &str) -> Result<(), String> {
    let bare = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    if let Some(bare) = bare {
        let bare = bare.split('/').next().unwrap_or_default();
        return Err(format!("a hostname has no scheme; write `{bare}`"));
    }
    if let Some(bare) = text.strip_suffix('.') {
        return Err(format!(
            "a hostname here has no dot at the end; write `{bare}`"
        ));
    }
    if text.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(format!(
            "a hostname is written in lower case: `{}`",
            text.to_ascii_lowercase()
        ));
    }
    if text.len() > 253 {
        return Err(format!(
            "the hostname has {} characters, 253 is the most",
            text.len()
        ));
    }
    if !text.contains('.') {
        return Err(format!(
            "`{text}` is not a whole hostname, as in `shop.example.com`"
        ));
    }
    for label in text.split('.') {
        let stray = label
            .chars()
            .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'));
        if label.is_empty() {
            return Err(format!("`{text}` has an empty label"));
        }
        if let Some(stray) = stray {
            return Err(format!("`{}` can't be in a hostname", stray.escape_debug()));
        }
        if label.len() > 63 {
            return Err(format!("the label `{label}` has more than 63 characters"));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(format!("the label `{label}` starts or ends with `-`"));
        }
    }
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("`{text}` is an address, not a hostname"));
    }
    Ok(())
}

/// A network in its canonical form.
pub(super) fn cidr(text: &str) -> Result<(), String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return Err(format!(
            "`{text}` is an address; for it alone write `{text}/{bits}`"
        ));
    }
    let net: IpNet = text
        .parse()
        .map_err(|_| format!("`{text}` is not a network, as in `10.0.0.0/16`"))?;
    let whole = net.trunc();
    if whole != net {
        return Err(format!(
            "`{text}` has host bits set; the network is `{whole}`"
        ));
    }
    // AWS returns the canonical form; any other would never compare equal.
    if whole.to_string() != text {
        return Err(format!("`{text}` is written `{whole}`"));
    }
    Ok(())
}

/// A path as ELB's health checks and CloudFront take it.
pub(super) fn path(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err(format!(
            "a path starts with `/`: `/{}`",
            text.escape_debug()
        ));
    }
    if text.len() > 1024 {
        return Err("the path has more than 1024 characters".to_owned());
    }
    match text.chars().find(|c| !c.is_ascii_graphic()) {
        Some(stray) => Err(format!("`{}` can't be in a path", stray.escape_debug())),
        None => Ok(()),
    }
}

/// S3's "General purpose bucket naming rules", without dots: with one in its name a bucket
/// has no valid certificate under its virtual-hosted address.
pub(super) fn bucket_name(text: &str) -> Result<(), String> {
    const PREFIXES: &[&str] = &["xn--", "sthree-", "amzn-s3-demo-"];
    const SUFFIXES: &[&str] = &["-s3alias", "--ol-s3", "--x-s3", "--table-s3", "-an"];
    if !(3..=63).contains(&text.chars().count()) {
        return Err(format!(
            "a bucket's name has 3 to 63 characters, this has {}",
            text.chars().count()
        ));
    }
    if text.contains('.') {
        return Err("with a dot in its name TLS to the bucket fails; use `-`".to_owned());
    }
    let stray = text
        .chars()
        .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'));
    if let Some(stray) = stray {
        return Err(format!(
            "`{}` can't be in a bucket's name: lower case, digits and `-`",
            stray.escape_debug()
        ));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("a bucket's name starts and ends with a letter or digit".to_owned());
    }
    let reserved = PREFIXES
        .iter()
        .find(|prefix| text.starts_with(**prefix))
        .or_else(|| SUFFIXES.iter().find(|suffix| text.ends_with(**suffix)));
    match reserved {
        Some(reserved) => Err(format!("S3 keeps `{reserved}` for itself")),
        None => Ok(()),
    }
}

/// What AWS calls a thing.
pub(super) fn id(text: &str, prefix: &str) -> Result<(), String> {
    let form = || {
        Err(format!(
            "`{}` is not an id that starts with `{prefix}`",
            text.escape_debug()
        ))
    };
    match text.strip_prefix(prefix) {
        Some(rest) if rest.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.is_empty() => Ok(()),
        _ => form(),
    }
}

/// The ARN of a certificate in ACM:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html>.
pub(super) fn certificate(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_word = |word: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !word.is_empty() && word.chars().all(ok)
    };
    match parts.as_slice() {
        ["arn", _, "iam", ..] => Err(
            "it is a certificate of IAM; only those of ACM are taken: import it there".to_owned(),
        ),
        ["arn", partition, "acm", region, account, name]
            if partition.starts_with("aws")
                && is_word(region)
                && account.len() == 12
                && account.chars().all(|c| c.is_ascii_digit())
                && name.strip_prefix("certificate/").is_some_and(is_word) =>
        {
            Ok(())
        }
        _ => Err(format!(
            "`{}` is not the ARN of a certificate, as in `arn:aws:acm:eu-west-1:123456789012:certificate/0a1b`",
            text.escape_debug()
        )),
    }
}

/// One of these words.
pub(super) fn enumerated(text: &str, values: &[String]) -> Result<(), String> {
    if values.iter().any(|value| value == text) {
        return Ok(());
    }
    let hint = did_you_mean(text, values.iter().map(String::as_str))
        .map(|value| format!("; did you mean `{value}`?"))
        .unwrap_or_default();
    Err(format!(
        "`{}` is not one of `{}`{hint}",
        text.escape_debug(),
        values.join("`, `")
    ))
}

#[cfg(test)]
mod tests {
    use crate::blueprint::{InputSpec, InputType};
    use crate::spec::Input;

    #[track_caller]
    fn check(of: &str, prefix: Option<&str>, text: &str, expected: &str) {
        let values = ["modern".to_owned(), "fips".to_owned()];
        let spec = InputSpec {
            summary: String::new(),
            of: InputType::parse(of, &values).unwrap(),
            default: None,
            derived: None,
            default_in_words: None,
            required: false,
            example: None,
            min: None,
            max: None,
            prefix: prefix.map(str::to_owned),
            from: false,
            takes: Vec::new(),
            may_take: Vec::new(),
        };
        let result = match spec.check(&Input::Text(text.to_owned())) {
            Ok(()) => "fine".to_owned(),
            Err(problem) => problem,
        };
        assert_eq!(result, expected, "{of}: {text}");
    }

    #[test]
    fn hostnames() {
        check("hostname", None, "shop.example.com", "fine");
        check("hostname", None, "shop.xn--p1ai", "fine");
        check(
            "hostname",
            None,
            "Shop.example.com",
            "a hostname is written in lower case: `shop.example.com`",
        );
        check(
            "hostname",
            None,
            "shop.example.com.",
            "a hostname here has no dot at the end; write `shop.example.com`",
        );
        check(
            "hostname",
            None,
            "https://shop.example.com/x",
            "a hostname has no scheme; write `shop.example.com`",
        );
        check(
            "hostname",
            None,
            "shop",
            "`shop` is not a whole hostname, as in `shop.example.com`",
        );
        check(
            "hostname",
            None,
            "*.example.com",
            "`*` can't be in a hostname",
        );
        check("hostname", None, "a..b", "`a..b` has an empty label");
        check(
            "hostname",
            None,
            "-a.b",
            "the label `-a` starts or ends with `-`",
        );
        check(
            "hostname",
            None,
            "10.0.0.1",
            "`10.0.0.1` is an address, not a hostname",
        );
    }

    #[test]
    fn networks() {
        check("cidr", None, "10.0.0.0/16", "fine");
        check("cidr", None, "::/0", "fine");
        check(
            "cidr",
            None,
            "10.0.0.1/8",
            "`10.0.0.1/8` has host bits set; the network is `10.0.0.0/8`",
        );
        check(
            "cidr",
            None,
            "2001:DB8::/32",
            "`2001:DB8::/32` is written `2001:db8::/32`",
        );
        check(
            "cidr",
            None,
            "10.0.0.1",
            "`10.0.0.1` is an address; for it alone write `10.0.0.1/32`",
        );
        check(
            "cidr",
            None,
            "10.0.0.0/40",
            "`10.0.0.0/40` is not a network, as in `10.0.0.0/16`",
        );
        check("source", None, "sg-0a1b2c3d", "fine");
        check(
            "source",
            None,
            "pl-",
            "`pl-` is not an id that starts with `pl-`",
        );
        check(
            "source",
            None,
            "any",
            "`any` is not a network, as in `10.0.0.0/16`",
        );
    }

    #[test]
    fn names_and_words() {
        check("bucket name", None, "acme-logs", "fine");
        check(
            "bucket name",
            None,
            "acme.logs",
            "with a dot in its name TLS to the bucket fails; use `-`",
        );
        check(
            "bucket name",
            None,
            "ab",
            "a bucket's name has 3 to 63 characters, this has 2",
        );
        check("bucket name", None, "xn--a", "S3 keeps `xn--` for itself");
        check(
            "enum",
            None,
            "moderm",
            "`moderm` is not one of `modern`, `fips`; did you mean `modern`?",
        );
        check(
            "path",
            None,
            "healthz",
            "a path starts with `/`: `/healthz`",
        );
        check("id or tag", Some("vpc-"), "vpc-0a1b", "fine");
        check(
            "id or tag",
            Some("vpc-"),
            "shared",
            "`shared` is not an id or a tag, as in `{ tag = \"Name=shared\" }`; an id starts with `vpc-`",
        );
        check(
            "list of id or tag",
            Some("subnet-"),
            "subnet-1",
            "`subnet-1` is not a list of ids or a tag, as in `{ tag = \"Name=shared\" }`; an id starts with `subnet-`",
        );
        check("port", None, "443", "it is a text, not a port");
    }
}
