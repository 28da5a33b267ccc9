//! What an input of a blueprint may be, and whether what a user gave is that.
//!
//! *Invariant*: what passes here is well formed by itself; how inputs go together is said
//! by the blueprint, with `refuse`.

use std::fmt;
use std::net::IpAddr;

use super::form::{bucket_name, certificate, cidr, enumerated, hostname, id, path};
use crate::diagnostic::{Span, did_you_mean};
use crate::spec::{Input, Written, in_toml};

/// The type of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputType {
    /// Any text of one line.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
    /// A DNS name in lower case, without a wildcard.
    Hostname,
    /// An IPv4 or IPv6 network.
    Cidr,
    /// A TCP port.
    Port,
    /// The path of a URL.
    Path,
    /// The name of an S3 bucket.
    BucketName,
    /// What AWS calls a thing; it starts with the input's prefix.
    Id,
    /// `{ tag = "Name=shared" }`: everything with this tag.
    Tag,
    /// Where traffic comes from: a network, a security group or a prefix list.
    Source,
    /// Where traffic goes to: an instance or an IP address.
    Target,
    /// The ARN of a certificate in ACM.
    Certificate,
    /// One of these words.
    Enum(Vec<String>),
    /// `{ from = "network" }`: another component, for what it gives.
    Component,
    /// Any number of them, none twice.
    List(Box<InputType>),
    /// Any of them.
    OneOf(Vec<InputType>),
}

/// An input of a blueprint, as its manifest has it.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// What it is for, a sentence.
    pub summary: String,
    /// What it may be.
    pub of: InputType,
    /// Taken when it is not given.
    pub default: Option<Input>,
    /// The same where it depends on other inputs: a template that gives the text.
    pub derived: Option<String>,
    /// How the default is told where the value doesn't say it.
    pub default_in_words: Option<String>,
    /// Must be given.
    pub required: bool,
    /// A value to start from.
    pub example: Option<Input>,
    /// The least number, or the fewest elements.
    pub min: Option<i64>,
    /// The greatest number, or the most elements.
    pub max: Option<i64>,
    /// What an [`InputType::Id`] starts with.
    pub prefix: Option<String>,
    /// Whether it may be an output of another component, or a value that AWS keeps.
    pub from: bool,
    /// The outputs that an [`InputType::Component`] must give.
    pub takes: Vec<String>,
    /// Those that are used where they are given: templates find none in their place.
    pub may_take: Vec<String>,
}

/// What is wrong with a value, and where in it.
pub(super) type Problems<'a> = Vec<(Option<&'a Span>, String)>;

impl InputSpec {
    /// Whether the value is what this input may be.
    ///
    /// # Errors
    /// A phrase that says what is wrong, and what to write where that is known.
    pub fn check(&self, value: &Input) -> Result<(), String> {
        let mut found = Vec::new();
        self.problems(value, None, &mut found);
        match found.into_iter().next() {
            Some((_, problem)) => Err(problem),
            None => Ok(()),
        }
    }

    /// Its type for people: `list of hostname`.
    #[must_use]
    pub fn type_in_words(&self) -> String {
        self.of.to_string()
    }

    /// Its default for people: `required`, `none`, the value, or what it depends on.
    #[must_use]
    pub fn default_in_words(&self) -> String {
        if self.required {
            return "required".to_owned();
        }
        match (&self.default_in_words, &self.default) {
            (Some(words), _) => words.clone(),
            (None, Some(value)) => format!("`{}`", in_toml(value)),
            (None, None) => "none".to_owned(),
        }
    }

    /// Everything that is wrong with the value.
    pub(super) fn problems<'a>(
        &self,
        value: &'a Input,
        span: Option<&'a Span>,
        found: &mut Problems<'a>,
    ) {
        if let Input::From { component, .. } = value {
            // What the parser has complained about is nameless.
            if !self.from && !component.is_empty() {
                found.push((
                    span,
                    "the blueprint decides by it, so it can't come from another component"
                        .to_owned(),
                ));
            }
            return;
        }
        if let Input::Kept { .. } = value {
            if !self.from {
                found.push((
                    span,
                    "the blueprint decides by it, so it must stand in the spec itself".to_owned(),
                ));
            }
            return;
        }
        let before = found.len();
        self.of.problems(self, value, span, found);
        if found.len() > before {
            return;
        }
        let (size, what) = match value {
            Input::Int(number) => (*number, "is"),
            Input::List(items) => (i64::try_from(items.len()).unwrap_or(i64::MAX), "has"),
            _ => return,
        };
        if let Some(min) = self.min.filter(|min| size < *min) {
            found.push((span, format!("it {what} {size}, the least is {min}")));
        }
        if let Some(max) = self.max.filter(|max| size > *max) {
            found.push((span, format!("it {what} {size}, the most is {max}")));
        }
    }
}

impl InputType {
    /// Whether a list may be given.
    pub(super) fn takes_list(&self) -> bool {
        match self {
            Self::List(_) => true,
            Self::OneOf(types) => types.iter().any(Self::takes_list),
            _ => false,
        }
    }

    /// Reads the type as a manifest writes it: `list of id or tag`.
    pub(super) fn parse(text: &str, values: &[String]) -> Option<Self> {
        if text.contains(" or ") {
            let parts: Option<Vec<Self>> = text
                .split(" or ")
                .map(|part| Self::parse(part, values))
                .collect();
            return parts.map(Self::OneOf);
        }
        if let Some(of) = text.strip_prefix("list of ") {
            return Some(Self::List(Box::new(Self::parse(of, values)?)));
        }
        Some(match text {
            "string" => Self::Text,
            "integer" => Self::Integer,
            "bool" => Self::Bool,
            "hostname" => Self::Hostname,
            "cidr" => Self::Cidr,
            "port" => Self::Port,
            "path" => Self::Path,
            "bucket name" => Self::BucketName,
            "id" => Self::Id,
            "tag" => Self::Tag,
            "source" => Self::Source,
            "target" => Self::Target,
            "component" => Self::Component,
            "certificate" => Self::Certificate,
            "enum" if !values.is_empty() => Self::Enum(values.to_vec()),
            _ => return None,
        })
    }

    fn problems<'a>(
        &self,
        spec: &InputSpec,
        value: &'a Input,
        span: Option<&'a Span>,
        found: &mut Problems<'a>,
    ) {
        match (self, value) {
            (Self::Integer, Input::Int(_))
            | (Self::Bool, Input::Bool(_))
            | (Self::Component, Input::Component(_))
            | (_, Input::From { .. } | Input::Kept { .. }) => {}
            (Self::Port, Input::Int(number)) => {
                if !(1..=65_535).contains(number) {
                    found.push((span, format!("{number} is no port: 1 to 65535")));
                }
            }
            (Self::List(of), Input::List(items)) => list_problems(of, spec, items, found),
            (Self::Tag, Input::Table(entries)) => tag_problems(entries, span, found),
            (Self::OneOf(types), _) => one_of_problems(types, spec, value, span, found),
            (_, Input::Text(text)) if self.is_textual() => {
                if let Err(problem) = self.text_problem(spec, text) {
                    found.push((span, problem));
                }
            }
            _ => found.push((
                span,
                format!("it is {}, not {}", kind_of(value), self.with_article()),
            )),
        }
    }

    fn is_textual(&self) -> bool {
        !matches!(
            self,
            Self::Integer
                | Self::Bool
                | Self::Port
                | Self::Tag
                | Self::Component
                | Self::List(_)
                | Self::OneOf(_)
        )
    }

    fn text_problem(&self, spec: &InputSpec, text: &str) -> Result<(), String> {
        match self {
            Self::Hostname => hostname(text),
            Self::Path => path(text),
            Self::BucketName => bucket_name(text),
            Self::Id => id(text, spec.prefix.as_deref().unwrap_or_default()),
            Self::Source if text.starts_with("sg-") => id(text, "sg-"),
            Self::Source if text.starts_with("pl-") => id(text, "pl-"),
            Self::Certificate => certificate(text),
            Self::Cidr | Self::Source => cidr(text),
            Self::Target if text.starts_with("i-") => id(text, "i-"),
            Self::Target => match text.parse::<IpAddr>() {
                Ok(_) => Ok(()),
                Err(_) => Err(format!(
                    "`{text}` is neither an instance (`i-0123456789abcdef0`) nor an IP address"
                )),
            },
            Self::Enum(values) => enumerated(text, values),
            _ if text.is_empty() => Err("it is empty".to_owned()),
            _ if text.chars().any(char::is_control) => {
                Err("it has a line break or another control character".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn with_article(&self) -> String {
        match self {
            Self::Text => "a text in quotes".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Tag => "a tag, as in `{ tag = \"Name=shared\" }`".to_owned(),
            Self::Component => "a component, as in `{ from = \"COMPONENT\" }`".to_owned(),
            Self::Integer | Self::Id => format!("an {self}"),
            Self::List(of) => format!("a list of {}", of.plural()),
            Self::Enum(_) => self.to_string(),
            _ => format!("a {self}"),
        }
    }

    fn plural(&self) -> String {
        match self {
            Self::Text => "texts".to_owned(),
            Self::Enum(_) => format!("words, each {self}"),
            _ => format!("{self}s"),
        }
    }
}

impl fmt::Display for InputType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("string"),
            Self::Integer => f.write_str("integer"),
            Self::Bool => f.write_str("bool"),
            Self::Hostname => f.write_str("hostname"),
            Self::Cidr => f.write_str("cidr"),
            Self::Port => f.write_str("port"),
            Self::Path => f.write_str("path"),
            Self::BucketName => f.write_str("bucket name"),
            Self::Id => f.write_str("id"),
            Self::Tag => f.write_str("tag"),
            Self::Source => f.write_str("source"),
            Self::Target => f.write_str("target"),
            Self::Component => f.write_str("component"),
            Self::Certificate => f.write_str("certificate"),
            Self::Enum(values) => write!(f, "one of `{}`", values.join("`, `")),
            Self::List(of) => write!(f, "list of {of}"),
            Self::OneOf(types) => {
                for (index, of) in types.iter().enumerate() {
                    write!(f, "{}{of}", if index > 0 { " or " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

fn kind_of(value: &Input) -> &'static str {
    match value {
        Input::Text(_) => "a text",
        Input::Int(_) => "a whole number",
        Input::Float(_) => "a number",
        Input::Bool(_) => "a truth value",
        Input::List(_) => "a list",
        Input::Table(_) => "a table",
        Input::From { .. } => "an output of another component",
        Input::Component(_) => "another component",
        Input::Kept { .. } => "a value from elsewhere",
    }
}

fn list_problems<'a>(
    of: &InputType,
    spec: &InputSpec,
    items: &'a [Written<Input>],
    found: &mut Problems<'a>,
) {
    for (index, item) in items.iter().enumerate() {
        if let Input::From { .. } = &item.value {
            found.push((
                Some(&item.span),
                "an element can't come from another component; the whole list can".to_owned(),
            ));
            continue;
        }
        if let Input::Kept { .. } = &item.value {
            found.push((
                Some(&item.span),
                "an element can't come from elsewhere; the whole list can, as from a `StringList`"
                    .to_owned(),
            ));
            continue;
        }
        of.problems(spec, &item.value, Some(&item.span), found);
        if items[..index]
            .iter()
            .any(|before| before.value == item.value)
        {
            let twice = match &item.value {
                Input::Text(text) => format!("`{text}` is in the list twice"),
                other => format!("`{}` is in the list twice", in_toml(other)),
            };
            found.push((Some(&item.span), twice));
        }
    }
}

fn tag_problems<'a>(
    entries: &'a std::collections::BTreeMap<String, Written<Input>>,
    span: Option<&'a Span>,
    found: &mut Problems<'a>,
) {
    let mut tag = None;
    for (key, value) in entries {
        if key == "tag" {
            tag = Some(value);
        } else {
            let meant = match did_you_mean(key, ["from", "tag"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write `{ tag = \"Name=shared\" }`".to_owned(),
            };
            let problem = format!("`{key}` is not known here; {meant}");
            found.push((Some(&value.span), problem));
        }
    }
    match tag.map(|tag| (&tag.value, &tag.span)) {
        Some((Input::Text(text), _))
            if text.split_once('=').is_some_and(|(key, _)| !key.is_empty()) => {}
        Some((_, span)) => found.push((
            Some(span),
            "a tag is written `Key=Value`, as in `{ tag = \"Name=shared\" }`".to_owned(),
        )),
        None if entries.is_empty() => found.push((
            span,
            "the table is empty; write `{ tag = \"Name=shared\" }`".to_owned(),
        )),
        None => {}
    }
}

fn one_of_problems<'a>(
    types: &[InputType],
    spec: &InputSpec,
    value: &'a Input,
    span: Option<&'a Span>,
    found: &mut Problems<'a>,
) {
    let tries: Vec<Problems<'a>> = types
        .iter()
        .map(|of| {
            let mut problems = Vec::new();
            of.problems(spec, value, span, &mut problems);
            problems
        })
        .collect();
    if tries.iter().any(Vec::is_empty) {
        return;
    }
    // What has the shape of one of them is told what is wrong with it as one of those.
    let shape = |of: &InputType| match of {
        InputType::List(_) => matches!(value, Input::List(_)),
        InputType::Tag => matches!(value, Input::Table(_)),
        InputType::Component => matches!(value, Input::Component(_)),
        InputType::Integer | InputType::Port => matches!(value, Input::Int(_)),
        InputType::Id => {
            matches!(value, Input::Text(text) if text.starts_with(spec.prefix.as_deref().unwrap_or_default()))
        }
        of => of.is_textual() && matches!(value, Input::Text(_)),
    };
    if let Some((_, problems)) = types.iter().zip(tries).find(|(of, _)| shape(of)) {
        found.extend(problems);
        return;
    }
    let types: Vec<String> = types.iter().map(InputType::with_article).collect();
    let prefix = spec.prefix.as_ref().map_or_else(String::new, |prefix| {
        format!("; an id starts with `{prefix}`")
    });
    let written = match value {
        Input::Text(text) => format!("`{text}`"),
        other => format!("it is {}, which", kind_of(other)),
    };
    let problem = format!("{written} is not {}{prefix}", types.join(" or "));
    found.push((span, problem));
}
