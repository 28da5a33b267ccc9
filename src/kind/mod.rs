//! What a kind of AWS resource *is*: a type of the `hashicorp/aws` provider.
//!
//! The provider's [schema] says what a kind looks like; a [`Kind`] adds only what
//! a schema does not say. Each kind has a file here for that data, and one of the same name
//! in [`aws`](crate::aws) for what one does to it.
//!
//! To add a kind: its schema (`schema/trim.py`), a file here, a file there, a line in each
//! table. What the schema has and the lifecycle does not send stands in `not_sent`; a test
//! asks for it.
//!
//! *Invariant*: pure data. Nothing here knows an SDK, a graph or a plan.

mod acm_certificate;
mod acm_certificate_validation;
mod allowed;
mod cloudfront_distribution;
mod cloudfront_origin_access_control;
mod cloudfront_response_headers_policy;
mod cloudfront_vpc_origin;
mod cloudwatch_log_delivery;
mod cloudwatch_log_delivery_destination;
mod cloudwatch_log_delivery_source;
mod default_security_group;
mod eip;
mod flow_log;
mod internet_gateway;
mod lb;
mod lb_listener;
mod lb_listener_rule;
mod lb_target_group;
mod lb_target_group_attachment;
mod nat_gateway;
mod route;
mod route53_record;
mod route_table;
mod route_table_association;
mod s3_bucket;
mod s3_bucket_lifecycle_configuration;
mod s3_bucket_logging;
mod s3_bucket_ownership_controls;
mod s3_bucket_policy;
mod s3_bucket_public_access_block;
mod s3_bucket_server_side_encryption_configuration;
mod s3_bucket_versioning;
pub mod schema;
mod security_group;
mod subnet;
mod vpc;
mod vpc_security_group_egress_rule;
mod vpc_security_group_ingress_rule;

use crate::value::{Attributes, Value};
pub use allowed::Allowed;
use schema::Schema;

/// Every kind, in order of name.
pub static KINDS: &[&Kind] = &[
    &acm_certificate::KIND,
    &acm_certificate_validation::KIND,
    &cloudfront_distribution::KIND,
    &cloudfront_origin_access_control::KIND,
    &cloudfront_response_headers_policy::KIND,
    &cloudfront_vpc_origin::KIND,
    &cloudwatch_log_delivery::KIND,
    &cloudwatch_log_delivery_destination::KIND,
    &cloudwatch_log_delivery_source::KIND,
    &default_security_group::KIND,
    &eip::KIND,
    &flow_log::KIND,
    &internet_gateway::KIND,
    &lb::KIND,
    &lb_listener::KIND,
    &lb_listener_rule::KIND,
    &lb_target_group::KIND,
    &lb_target_group_attachment::KIND,
    &nat_gateway::KIND,
    &route::KIND,
    &route53_record::KIND,
    &route_table::KIND,
    &route_table_association::KIND,
    &s3_bucket::KIND,
    &s3_bucket_lifecycle_configuration::KIND,
    &s3_bucket_logging::KIND,
    &s3_bucket_ownership_controls::KIND,
    &s3_bucket_policy::KIND,
    &s3_bucket_public_access_block::KIND,
    &s3_bucket_server_side_encryption_configuration::KIND,
    &s3_bucket_versioning::KIND,
    &security_group::KIND,
    &subnet::KIND,
    &vpc::KIND,
    &vpc_security_group_egress_rule::KIND,
    &vpc_security_group_ingress_rule::KIND,
];

/// What the provider's schema does not say about a type.
#[derive(Debug)]
pub struct Kind {
    /// The provider's name, `aws_lb`.
    pub name: &'static str,
    /// What it is, in a few words for people: `load balancer`.
    pub noun: &'static str,
    /// Top-level attributes whose change AWS can't make in place.
    pub replace: &'static [&'static str],
    /// The provider's (or AWS's) defaults that `expand` fills in so that drift from them
    /// is seen; a path may lead into a block (`health_check.interval`) and then counts in
    /// every such block that is given.
    pub defaults: &'static [(&'static str, Literal)],
    /// Attributes of which AWS takes only some values, by path. A value that it refuses is
    /// told where it is written, not in the middle of an apply.
    pub allowed: &'static [(&'static str, Allowed)],
    /// Arguments of the schema that no call sends, by path, with what to do instead. They are
    /// refused where they are written: silence would make something else than what was asked for.
    pub not_sent: &'static [(&'static str, &'static str)],
    /// Blocks of which each holds one argument, as AWS shows it.
    pub holds_one: &'static [&'static str],
    /// String attributes that hold a JSON document; in blueprints they are tables.
    pub json: &'static [&'static str],
    /// Attributes that do not compare as their type does, by path.
    pub compare: &'static [(&'static str, Compare)],
    /// Computed attributes that an update in place may change.
    pub volatile: &'static [&'static str],
    /// For a set of objects, the attribute that names an element in a reference.
    pub set_keys: &'static [(&'static str, &'static str)],
    /// Attributes without which it can't be looked for. While one of them is unknown (its
    /// parent does not stand yet) it does not exist, and AWS isn't asked.
    pub named_by: &'static [&'static str],
    /// The attribute that `expand` fills when it is not given, and what AWS allows in it.
    pub generated_name: Option<Name>,
    /// The kind that it is a setting of: it has that one's id, and goes with it. Where the
    /// same plan deletes both, it is never taken away before: a bucket is not left without
    /// its policy while it is emptied.
    pub part_of: Option<&'static str>,
    /// What no two of a kind without a name can have in common, so that one is not made beside
    /// the other, or is the other: attributes, all of them together. Some may be absent.
    pub alone_with: &'static [&'static str],
    /// Attribute whose value two steps must not change at once (a bucket, a zone).
    pub serialise_by: Option<&'static str>,
    /// Whether AWS takes what it depends on only when that is as it will be, not as soon as
    /// it can be referred to.
    pub after_done: bool,
    /// What AWS gives against making one twice.
    pub guard: Guard,
    /// What AWS does with a second call like the first.
    pub twice: Fact,
    /// Whether this one holds data or carries traffic, so that delete and replace need
    /// `--remove-protection`.
    pub protect: fn(&Attributes) -> bool,
    /// Kinds of children that belong to this parent alone: one made by hand is removed.
    pub exclusive_children: &'static [&'static str],
    /// The word for all of them, by which a spec leaves them to others: `rules`.
    pub children_called: &'static str,
    /// The home region of a global service; none for a regional one.
    pub home: Option<&'static str>,
    /// How many seconds it usually takes to come or go, for those who wait; 0 where nobody
    /// has to.
    pub usual_seconds: u32,
    /// How many minutes it may take to come or go while AWS says nothing new.
    pub patience: u32,
    /// IAM actions that its lifecycle calls, `s3:CreateBucket`.
    pub permissions: &'static [&'static str],
    /// What ties it to one other resource for as long as it lives.
    pub bound: Option<Bond>,
    /// The attribute in which AWS tells what it can never leave once it is there. It says so
    /// itself, or else what it refers to does, in an attribute of that name.
    pub confined_to: Option<&'static str>,
    /// How Terraform imports it.
    pub import: Import,
}

/// A tie that can't be undone: whoever is tied is replaced when the other is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// The kinds whose resources tie it, and the attribute of those that refers to the other
    /// or to what goes with that: they refer to it and to the other.
    pub users: &'static [(&'static str, &'static str)],
    /// The attribute of its own in which AWS tells the other.
    pub shown: &'static str,
}

impl Kind {
    /// A kind about which there is nothing to say, for `..Kind::PLAIN`.
    pub const PLAIN: Kind = Kind {
        name: "",
        noun: "",
        replace: &[],
        defaults: &[],
        allowed: &[],
        not_sent: &[],
        holds_one: &[],
        json: &[],
        compare: &[],
        volatile: &[],
        set_keys: &[],
        named_by: &[],
        generated_name: None,
        part_of: None,
        alone_with: &[],
        serialise_by: None,
        after_done: false,
        guard: Guard::Nothing,
        twice: Fact { says: "", page: "" },
        protect: |_| false,
        exclusive_children: &[],
        children_called: "",
        home: None,
        usual_seconds: 0,
        patience: 20,
        permissions: &[],
        bound: None,
        confined_to: None,
        import: Import::ById,
    };

    /// The kind of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Kind> {
        let index = KINDS.binary_search_by_key(&name, |kind| kind.name).ok()?;
        Some(KINDS[index])
    }

    /// What no two of the kind have in common, all of it together: the name, with whatever that
    /// is unique in; or, where there is no name, something else. Empty where AWS makes any
    /// number of the same.
    #[must_use]
    pub fn told_apart_by(&self) -> &'static [&'static str] {
        match self.generated_name {
            Some(_) => self.named_by,
            None => self.alone_with,
        }
    }

    /// By what its place under its parent is told, a port or a priority: what names it beside
    /// that parent. Empty where only its content tells it from others.
    #[must_use]
    pub fn place(&self) -> &'static [&'static str] {
        self.named_by.get(1..).unwrap_or_default()
    }

    /// Its schema in provider 6.
    ///
    /// # Panics
    /// A kind in the table without a schema is a bug, which a test on the table finds.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        Schema::of(self.name).expect("every kind of the table has a schema; this is a bug")
    }

    /// What AWS takes for the attribute at this path; none where that is AWS's to judge.
    #[must_use]
    pub fn allows(&self, path: &str) -> Option<&'static Allowed> {
        let found = self.allowed.iter().find(|(name, _)| *name == path);
        found.map(|(_, allowed)| allowed)
    }

    /// What to do instead of giving this argument; none where it is sent. For how long
    /// something is waited is nothing to be given either.
    #[must_use]
    pub fn instead_of(&self, path: &str) -> Option<&'static str> {
        let found = self.not_sent.iter().find(|(name, _)| *name == path);
        let waits = (path == "timeouts")
            .then_some("Leave it out: it is waited for as long as AWS gets on with it.");
        found.map(|(_, instead)| *instead).or(waits)
    }

    /// How the attribute at this path compares, where not as its type does.
    #[must_use]
    pub fn compares(&self, path: &str) -> Option<Compare> {
        if self.json.contains(&path) {
            return Some(Compare::Policy);
        }
        self.compare
            .iter()
            .find(|(name, _)| *name == path)
            .map(|(_, compare)| *compare)
    }
}

/// What to do with an argument that nothing stands in for.
const LEAVE_OUT: &str = "Leave it out.";

/// A default's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A truth value.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Text.
    Text(&'static str),
    /// No block and no element, so that one made by hand is drift.
    Nothing,
}

impl Literal {
    /// The same as a value.
    #[must_use]
    pub fn value(self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Text(text) => text.into(),
            Self::Nothing => Value::List(Vec::new()),
        }
    }
}

/// How two values of an attribute are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// A policy document, as AWS compares them.
    Policy,
    /// Case doesn't count.
    CaseInsensitive,
    /// A DNS name: case and a dot at the end don't count.
    DnsName,
    /// Given at creation and never read back.
    WriteOnly,
    /// A set that holds the value of this other attribute, whether it is written or not.
    SetWith(&'static str),
}

/// What AWS allows in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The attribute.
    pub attribute: &'static str,
    /// The longest that it may be, in characters.
    pub longest: usize,
    /// Whether the account's number is part of it, as the name is unique in all of AWS.
    pub with_account: bool,
}

/// What AWS gives against making a thing twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The call takes a token and recognises it for this long.
    Token {
        /// Seconds; `None` for as long as the thing stands.
        seconds: Option<u64>,
    },
    /// A second one of the same name is refused or answered with the first.
    UniqueName,
    /// The call sets rather than makes: twice is as good as once.
    Idempotent,
    /// Nothing: the SDK's own retries are off, and after an uncertain answer `find` must
    /// stay empty for a minute before the call is sent again.
    Nothing,
}

/// What AWS does, and where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A phrase; what AWS calls something stands in backticks.
    pub says: &'static str,
    /// The page of AWS's documentation.
    pub page: &'static str,
}

/// How Terraform imports a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// By its id, as records hold it.
    ById,
    /// The provider can't; the reason.
    Not(&'static str),
}

#[cfg(test)]
mod tests {
    use super::{Fact, Guard, KINDS, Kind, schema::Schema};

    #[test]
    fn kinds_are_sorted_and_known_to_the_provider() {
        assert!(KINDS.is_sorted_by_key(|kind| kind.name));
        for kind in KINDS {
            let schema = Schema::of(kind.name);
            assert!(schema.is_some(), "{} has no schema", kind.name);
            assert!(!kind.noun.is_empty(), "{} has no noun", kind.name);
            assert!(
                !kind.permissions.is_empty() || kind.name == "aws_acm_certificate_validation",
                "{} has no permissions",
                kind.name
            );
        }
    }

    #[test]
    fn every_kind_says_what_keeps_it_from_being_made_twice() {
        for kind in KINDS {
            let Fact { says, page } = kind.twice;
            let named = match kind.guard {
                Guard::Token { .. } => {
                    let tokens = ["`CallerReference`", "`ClientToken`", "`IdempotencyToken`"];
                    tokens.iter().any(|token| says.starts_with(token))
                }
                Guard::UniqueName => says.contains("refused with `") || says.contains("overwrites"),
                Guard::Idempotent => says.contains("sets") || says.contains("nothing"),
                Guard::Nothing => says.starts_with("no token"),
            };
            assert!(
                named,
                "{}: {:?} is not what it says: {says}",
                kind.name, kind.guard
            );
            assert!(
                page.starts_with("https://docs.aws.amazon.com/"),
                "{}: {page}",
                kind.name
            );
        }
        assert!(
            Kind::PLAIN.twice.says.is_empty(),
            "a new kind says it itself"
        );
    }

    #[test]
    fn what_is_not_made_twice_is_told_apart() {
        for kind in KINDS {
            let is_one = matches!(kind.guard, Guard::UniqueName | Guard::Idempotent);
            // Nothing is made of it, and nothing deleted.
            let is_a_wait = kind.name == "aws_acm_certificate_validation";
            assert!(
                !is_one || is_a_wait || !kind.told_apart_by().is_empty(),
                "{}: what can't two of them have in common?",
                kind.name
            );
        }
    }

    #[test]
    fn what_a_kind_is_part_of_is_a_kind_and_a_whole() {
        for kind in KINDS {
            if let Some(whole) = kind.part_of {
                assert!(Kind::of(whole).is_some_and(|whole| whole.part_of.is_none()));
            }
        }
    }

    #[test]
    fn children_are_kinds_that_their_parent_names_and_have_a_word_of_their_own() {
        for kind in KINDS {
            let word = kind.children_called;
            assert_eq!(word.is_empty(), kind.exclusive_children.is_empty());
            let mut arguments = kind.schema().arguments();
            assert!(arguments.all(|name| name != word), "{} {word}", kind.name);
            for child in kind.exclusive_children {
                assert!(Kind::of(child).is_some_and(|child| !child.named_by.is_empty()));
            }
        }
    }

    #[test]
    fn what_a_kind_names_stands_in_its_schema() {
        for kind in KINDS {
            let schema = kind.schema();
            let known = |path: &str| {
                let mut schema = schema;
                let mut parts = path.split('.').peekable();
                while let Some(part) = parts.next() {
                    match schema.block(part) {
                        Some(block) => schema = &block.schema,
                        None => return schema.attribute(part).is_some() && parts.peek().is_none(),
                    }
                }
                true
            };
            let named = kind
                .replace
                .iter()
                .chain(kind.json)
                .chain(kind.volatile)
                .chain(kind.named_by)
                .chain(kind.alone_with)
                .chain(kind.defaults.iter().map(|(path, _)| path))
                .chain(kind.compare.iter().map(|(path, _)| path))
                .chain(kind.set_keys.iter().map(|(path, _)| path))
                .chain(kind.serialise_by.iter())
                .chain(kind.generated_name.iter().map(|name| &name.attribute))
                .chain(kind.bound.iter().map(|bond| &bond.shown))
                .chain(kind.confined_to.iter());
            for path in named {
                assert!(known(path), "{} has no {path}", kind.name);
            }
        }
    }
}
