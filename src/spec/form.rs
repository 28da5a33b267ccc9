//! The forms that names, regions and the like must have, for the parser and the prompts.
//!
//! In: text. Out: nothing, or a [`Misfit`].
//!
//! *Invariant*: nothing here knows where the text was written.

use std::fmt;

use crate::address;
use crate::diagnostic::did_you_mean;

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong: a lower-case phrase.
    pub message: String,
    /// What to write: a sentence.
    pub hint: String,
}

impl Misfit {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.message, self.hint)
    }
}

/// The longest name of an app, an environment or a component. Three of them, a kind and
/// a resource's name must fit a tag's value, which AWS limits to 256 characters.
const NAME_LIMIT: usize = 64;

/// The name of an app, an environment or a component: `[a-z][a-z0-9-]*`.
///
/// # Errors
/// Any other text, with the nearest name that would do.
pub fn name(text: &str) -> Result<(), Misfit> {
    if !address::is_component(text) {
        let suggestion = as_name(text);
        let form = "A name has small letters, digits and `-`, and begins with a letter";
        let hint = if suggestion.is_empty() {
            format!("{form}, such as `shop`.")
        } else {
            format!("{form}, such as `{suggestion}`.")
        };
        let message = if text.is_empty() {
            "the name is empty".to_owned()
        } else {
            format!("`{text}` is not a name")
        };
        return Err(Misfit::new(message, hint));
    }
    if text.len() > NAME_LIMIT {
        return Err(Misfit::new(
            format!("the name is {} characters long", text.len()),
            format!("A name has at most {NAME_LIMIT} characters."),
        ));
    }
    Ok(())
}

fn as_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().take(NAME_LIMIT) {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || (c.is_ascii_digit() && !name.is_empty()) {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// Regions that are open to everybody, then those of the other partitions.
///
/// Source: the list "AWS Regions" of the AWS documentation.
pub const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "cn-north-1",
    "cn-northwest-1",
    "eusc-de-east-1",
    "us-gov-east-1",
    "us-gov-west-1",
];

/// A region's form: `eu-west-1`. One that AWS opens tomorrow passes too.
///
/// # Errors
/// Any other text, with the region that may have been meant.
pub fn region(text: &str) -> Result<(), Misfit> {
    if has_region_form(text) {
        return Ok(());
    }
    let zone_of = text
        .strip_suffix(|last: char| last.is_ascii_lowercase())
        .filter(|region| has_region_form(region));
    if let Some(region) = zone_of {
        return Err(Misfit::new(
            format!("`{text}` is an availability zone, not a region"),
            format!("Its region is `{region}`."),
        ));
    }
    let hint = region_meant(text).map_or_else(
        || "A region looks like `eu-west-1`.".to_owned(),
        |region| format!("Did you mean `{region}`?"),
    );
    Err(Misfit::new(format!("`{text}` is not a region"), hint))
}

/// Whether the list of regions, which may have grown since, has this one.
///
/// # Errors
/// A region that is not listed, with the one that may have been meant.
pub fn known_region(text: &str) -> Result<(), Misfit> {
    if REGIONS.contains(&text) {
        return Ok(());
    }
    let hint = region_meant(text).map_or_else(
        || "If AWS opened it lately, all is well.".to_owned(),
        |region| format!("Did you mean `{region}`? If AWS opened it lately, all is well."),
    );
    Err(Misfit::new(
        format!("`{text}` is no region that this version knows"),
        hint,
    ))
}

fn region_meant(text: &str) -> Option<&'static str> {
    let written = text.to_ascii_lowercase().replace([' ', '_'], "-");
    did_you_mean(&written, REGIONS.iter().copied())
}

/// An area, perhaps a country or `gov`, a direction, and a number.
fn has_region_form(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [areas @ .., direction, number] = parts.as_slice() else {
        return false;
    };
    let is_area = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    (1..=2).contains(&areas.len())
        && areas.iter().all(is_area)
        && DIRECTIONS.contains(direction)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

const DIRECTIONS: &[&str] = &[
    "central",
    "north",
    "northeast",
    "east",
    "southeast",
    "south",
    "southwest",
    "west",
    "northwest",
];

/// An account's id: 12 digits.
///
/// # Errors
/// Any other text.
pub fn account(text: &str) -> Result<(), Misfit> {
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let hint = if digits != text && account(&digits).is_ok() {
        format!("Write it without anything between: `{digits}`.")
    } else {
        "An account is 12 digits, such as `123456789012`.".to_owned()
    };
    Err(Misfit::new(format!("`{text}` is not an account"), hint))
}

/// The name of a bucket: *Amazon S3 User Guide*, "General purpose bucket naming rules".
///
/// # Errors
/// Any other text.
pub fn bucket(text: &str) -> Result<(), Misfit> {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = (3..=63).contains(&text.len())
        && text.chars().all(|c| is_end(c) || matches!(c, '-' | '.'))
        && text.starts_with(is_end)
        && text.ends_with(is_end)
        && !text.contains("..")
        && text.contains(|c: char| !c.is_ascii_digit() && c != '.');
    if fits {
        return Ok(());
    }
    Err(Misfit::new(
        format!("`{text}` is not the name of a bucket"),
        "A bucket's name has 3 to 63 small letters, digits, `-` and `.`, and begins and ends with a letter or digit.",
    ))
}

/// What the keys of objects begin with: names between slashes, of the characters that the
/// *Amazon S3 User Guide*, "Naming Amazon S3 objects", calls safe.
///
/// # Errors
/// Any other text.
pub fn key_prefix(text: &str) -> Result<(), Misfit> {
    let is_name = |name: &str| {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '!');
        !name.is_empty() && name != "." && name != ".." && name.chars().all(is_safe)
    };
    if text.len() <= 512 && text.split('/').all(is_name) {
        return Ok(());
    }
    Err(Misfit::new(
        format!("`{text}` is not a prefix"),
        "A prefix is names of letters, digits, `-`, `_` and `.`, with `/` between them: `teams/payments`.",
    ))
}

/// A rule's id: `WT-ELB-002`. Whether there is such a rule, `guardrail` knows.
///
/// # Errors
/// Any other text.
pub fn rule(text: &str) -> Result<(), Misfit> {
    let parts: Vec<&str> = text.split('-').collect();
    let fits = matches!(parts.as_slice(), ["WT", subject, number]
        if !subject.is_empty()
            && subject.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && number.len() == 3
            && number.bytes().all(|b| b.is_ascii_digit()));
    if fits {
        return Ok(());
    }
    Err(Misfit::new(
        format!("`{text}` is not the id of a rule"),
        "A rule's id looks like `WT-ELB-002`; a refusal prints it.",
    ))
}

/// The resources of a waiver: an address in which `*` stands for any text.
///
/// # Errors
/// Text in which no address could be written.
pub fn address_pattern(text: &str) -> Result<(), Misfit> {
    let fits = !text.is_empty()
        && text.chars().all(|c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '*')
        });
    if fits {
        return Ok(());
    }
    Err(Misfit::new(
        format!("`{text}` is not an address"),
        "Write an address such as `web.aws_lb.main`; `*` stands for any text, as in `web.*`.",
    ))
}

/// The same of what Terraform calls its resources: `module.edge["a"].aws_lb.this[0]`.
///
/// # Errors
/// Text in which no address could be written.
pub fn terraform_pattern(text: &str) -> Result<(), Misfit> {
    if !text.is_empty() && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Misfit::new(
        "the address is empty, or has characters that can't be seen".to_owned(),
        "Write Terraform's address; `*` stands for any text, as in `module.edge.*`.",
    ))
}

/// The key of a tag, as AWS allows it on every kind that we make.
///
/// Source: "Tag naming limits and requirements" of the AWS tagging guide.
///
/// # Errors
/// Keys that are too long, hold other characters, or begin with a reserved word.
pub fn tag_key(text: &str) -> Result<(), Misfit> {
    let lower = text.to_ascii_lowercase();
    for (reserved, owner) in [("aws:", "AWS"), ("watertight:", "watertight")] {
        if lower.starts_with(reserved) {
            return Err(Misfit::new(
                format!("the tag `{text}` begins with `{reserved}`"),
                format!("Tags that begin so are written by {owner} alone."),
            ));
        }
    }
    if text.is_empty() || text.chars().count() > 128 {
        return Err(Misfit::new(
            format!("the tag's key has {} characters", text.chars().count()),
            "A key has 1 to 128 characters.",
        ));
    }
    tag_characters(text)
}

/// The value of a tag.
///
/// # Errors
/// Values that are too long or hold characters that AWS does not take.
pub fn tag_value(text: &str) -> Result<(), Misfit> {
    let length = text.chars().count();
    if length > 256 {
        return Err(Misfit::new(
            format!("the tag's value has {length} characters"),
            "A value has at most 256 characters.",
        ));
    }
    tag_characters(text)
}

fn tag_characters(text: &str) -> Result<(), Misfit> {
    let refused = text
        .chars()
        .find(|c| !c.is_alphanumeric() && *c != ' ' && !"+-=._:/@".contains(*c));
    match refused {
        None => Ok(()),
        Some(c) => Err(Misfit::new(
            format!("a tag can't hold {c:?}"),
            "AWS takes letters, digits, blanks and `+ - = . _ : / @` in tags.",
        )),
    }
}
