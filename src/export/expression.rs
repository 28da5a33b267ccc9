//! How a value stands in HCL.
//!
//! *Invariant*: text stays text. Whatever a value holds, nothing in it is read as an
//! expression.

use hcl_edit::expr::{
    Array, BinaryOp, BinaryOperator, Expression, ForCond, ForExpr, ForIntro, FuncArgs, FuncCall,
    Object, ObjectKey, ObjectValue, ObjectValueTerminator, Traversal, TraversalOperator,
};
use hcl_edit::template::{Element, Interpolation, StringTemplate};
use hcl_edit::{Decorate, Decorated, Ident};

use super::kinds::is_known_by_id;
use super::names::Names;
use crate::address::Mode;
use crate::kind::Kind;
use crate::kind::schema::{Schema, Type};
use crate::resource::Desired;
use crate::value::{Part, Reference, Step, Value};

/// Words that are no key of an object unless they are quoted.
const KEYWORDS: &[&str] = &["for", "true", "false", "null"];

/// The order in which people write a policy.
const POLICY: &[&str] = &[
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Writes values of one export.
pub(super) struct Pen<'a> {
    pub(super) names: &'a Names,
    pub(super) desired: &'a Desired,
}

impl Pen<'_> {
    /// A value, where the schema says that it is of this type.
    pub(super) fn value(&self, value: &Value, of: Option<&Type>) -> Expression {
        match (value, of) {
            (Value::Null | Value::Unknown { .. }, _) => Expression::null(),
            (Value::Bool(value), _) => Expression::from(*value),
            (Value::Int(value), _) => Expression::from(*value),
            (Value::Float(value), _) => Expression::from(*value),
            (Value::String(text), _) => self::text(text),
            (Value::List(items), of) => {
                let of = match of {
                    Some(Type::List(of) | Type::Set(of)) => Some(*of),
                    _ => None,
                };
                let items = items.iter().map(|item| self.value(item, of));
                Expression::Array(items.collect::<Array>())
            }
            (Value::Map(entries), Some(Type::Object(fields))) => {
                // An attribute that is an object must have every field.
                let entries = fields.iter().map(|(name, of)| {
                    let value = entries.get(*name).unwrap_or(&Value::Null);
                    (*name, self.value(value, Some(of)))
                });
                object(entries)
            }
            (Value::Map(entries), _) => {
                let entries = entries.iter();
                object(entries.map(|(key, value)| (key.as_str(), self.value(value, None))))
            }
            (Value::Reference(reference), _) => self.reference(reference),
            (Value::Template(parts), _) => self.template(parts),
        }
    }

    /// A JSON document: `jsonencode(...)`, in the order in which people write policies.
    pub(super) fn document(&self, value: &Value) -> Expression {
        match value {
            Value::Map(_) | Value::List(_) => call("jsonencode", [self.in_order(value)]),
            other => self.value(other, None),
        }
    }

    fn in_order(&self, value: &Value) -> Expression {
        match value {
            Value::Map(entries) => {
                let place = |key: &str| POLICY.iter().position(|known| *known == key);
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| place(key).unwrap_or(POLICY.len()));
                let entries = entries.into_iter();
                object(entries.map(|(key, value)| (key.as_str(), self.in_order(value))))
            }
            Value::List(items) => {
                let items = items.iter().map(|item| self.in_order(item));
                Expression::Array(items.collect::<Array>())
            }
            other => self.value(other, None),
        }
    }

    /// A reference as a traversal; an element of a set as what a `for` finds in it.
    pub(super) fn reference(&self, reference: &Reference) -> Expression {
        if let Some(given) = self.given(reference) {
            return given;
        }
        let target = &reference.target;
        let label = ident(self.names.label(target));
        let kind = ident(&target.kind);
        let (root, mut steps) = match target.mode {
            Mode::Managed => (kind, vec![attribute_of(&label)]),
            Mode::Lookup => (
                ident("data"),
                vec![attribute_of(&kind), attribute_of(&label)],
            ),
        };
        let mut root = Expression::Variable(root.into());
        let mut path = reference.path.iter().peekable();
        let mut last = "";
        while let Some(step) = path.next() {
            match step {
                Step::Attribute(name) => {
                    last = plain_text_of(&target.kind, name);
                    steps.push(attribute_of(&ident(last)));
                }
                Step::Index(index) => {
                    let index = u64::try_from(*index).unwrap_or(u64::MAX);
                    steps.push(TraversalOperator::Index(Expression::from(index)));
                }
                Step::Key(key) => match key_of(&target.kind, last) {
                    None => steps.push(TraversalOperator::Index(text(key))),
                    Some(by) => {
                        let wanted = path.next_if(|step| matches!(step, Step::Attribute(_)));
                        let wanted = match wanted {
                            Some(Step::Attribute(name)) => Some(name.as_str()),
                            _ => None,
                        };
                        let set = walk(root, std::mem::take(&mut steps));
                        root = call("one", [element(set, by, key, wanted)]);
                    }
                },
                Step::Split => {
                    let text = walk(root, std::mem::take(&mut steps));
                    root = call("split", [Expression::from(","), text]);
                }
            }
        }
        walk(root, steps)
    }

    /// What a lookup by nothing but an id would only say again.
    fn given(&self, reference: &Reference) -> Option<Expression> {
        let lookup = self.desired.lookups.get(&reference.target)?;
        let [Step::Attribute(name)] = reference.path.as_slice() else {
            return None;
        };
        let is_told =
            is_known_by_id(&reference.target.kind) && matches!(name.as_str(), "id" | "arn");
        let id = lookup.arguments.get("id").filter(|_| is_told)?;
        Some(self.value(id, None))
    }

    fn template(&self, parts: &[Part]) -> Expression {
        let mut template = StringTemplate::new();
        let mut escapes = true;
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Reference(reference) => {
                    let reference = self.reference(reference);
                    escapes &= !holds_template(&reference);
                    template.push(interpolation(reference));
                }
                Part::Text(text) => {
                    let before_reference = parts.get(index + 1).is_some();
                    for element in literal(text, before_reference) {
                        template.push(match element {
                            Element::Literal(text) if !escapes => {
                                interpolation(Expression::from(text.as_str())).into()
                            }
                            element => element,
                        });
                    }
                }
            }
        }
        Expression::StringTemplate(template)
    }
}

/// Text as an expression.
pub(super) fn text(text: &str) -> Expression {
    let elements = literal(text, false);
    if elements.iter().all(Element::is_literal) {
        return Expression::from(text);
    }
    Expression::StringTemplate(elements.into())
}

/// Text as elements of a template.
///
/// Terraform takes a `$` or `%` together with the character behind it unless that is a brace,
/// so that of `$$${` only the first two are text: an escaped `${` in the text `$${` would be
/// a reference. All of such a run but its last therefore stands in an expression of its own:
/// `${"$"}$${`.
fn literal(text: &str, before_reference: bool) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut rest = text;
    let is_sign = |c: char| matches!(c, '$' | '%');
    let mut from = 0;
    while let Some(start) = rest[from..].find(is_sign).map(|at| at + from) {
        let run = rest[start..].find(|c| !is_sign(c));
        let end = run.map_or(rest.len(), |run| start + run);
        let kept_apart = match rest[end..].chars().next() {
            Some('{') => end - start - 1,
            None if before_reference => end - start,
            _ => 0,
        };
        if kept_apart == 0 {
            from = end;
            continue;
        }
        if start > 0 {
            elements.push(Element::from(&rest[..start]));
        }
        let apart = Expression::from(&rest[start..start + kept_apart]);
        elements.push(Element::from(interpolation(apart)));
        rest = &rest[start + kept_apart..];
        // What is left of the run is escaped with its brace.
        from = end - start - kept_apart;
    }
    if !rest.is_empty() {
        elements.push(Element::from(rest));
    }
    elements
}

/// Whether there is a template in an expression. hcl-edit 0.10 stops to escape quotes behind
/// one that stands in another (its `EncodeState::escaped`), so that text behind it has to be an
/// expression of its own, which is escaped by itself.
fn holds_template(value: &Expression) -> bool {
    match value {
        Expression::StringTemplate(_) => true,
        Expression::Traversal(traversal) => {
            let mut operators = traversal.operators.iter();
            holds_template(&traversal.expr)
                || operators.any(|operator| match operator.value() {
                    TraversalOperator::Index(index) => holds_template(index),
                    _ => false,
                })
        }
        Expression::FuncCall(call) => call.args.iter().any(holds_template),
        Expression::ForExpr(found) => {
            let cond = found.cond.iter();
            holds_template(&found.intro.collection_expr)
                || cond.map(|cond| &cond.expr).any(holds_template)
        }
        Expression::BinaryOp(op) => holds_template(&op.lhs_expr) || holds_template(&op.rhs_expr),
        _ => false,
    }
}

/// `${expression}`, without the blanks that it would have.
fn interpolation(mut expression: Expression) -> Interpolation {
    expression.decor_mut().set_prefix("");
    expression.decor_mut().set_suffix("");
    Interpolation::new(expression)
}

/// The attribute that shows a parameter's text, as it is no secret: what is one is never
/// looked up (`insecure_value` is the provider's word for it).
fn plain_text_of<'a>(kind: &str, attribute: &'a str) -> &'a str {
    match (kind, attribute) {
        ("aws_ssm_parameter", "value") => "insecure_value",
        _ => attribute,
    }
}

/// The attribute by which elements of this set are told apart.
fn key_of(kind: &str, attribute: &str) -> Option<&'static str> {
    let keys = Kind::of(kind)?.set_keys.iter();
    keys.copied()
        .find(|(set, _)| *set == attribute)
        .map(|(_, key)| key)
}

/// `[for element in set : element.wanted if element.by == key]`.
fn element(set: Expression, by: &str, key: &str, wanted: Option<&str>) -> Expression {
    let each = || Expression::Variable(ident("option").into());
    let of = |name: &str| walk(each(), vec![attribute_of(&ident(name))]);
    let mut name = Decorated::new(ident("option"));
    name.decor_mut().set_prefix(" ");
    name.decor_mut().set_suffix(" ");
    let intro = ForIntro::new(name, set);
    let mut found = ForExpr::new(intro, wanted.map_or_else(each, of));
    let is_it = BinaryOp::new(of(by), BinaryOperator::Eq, text(key));
    found.cond = Some(ForCond::new(Expression::from(is_it)));
    Expression::from(found)
}

pub(super) fn walk(root: Expression, steps: Vec<TraversalOperator>) -> Expression {
    if steps.is_empty() {
        return root;
    }
    let steps: Vec<_> = steps.into_iter().map(Into::into).collect();
    Expression::from(Traversal::new(root, steps))
}

/// `root.first.second`, of plain names.
pub(super) fn path(names: &[&str]) -> Expression {
    let mut names = names.iter().map(|name| ident(name));
    let root = names.next().unwrap_or_else(|| ident(""));
    walk(
        Expression::Variable(root.into()),
        names.map(|name| attribute_of(&name)).collect(),
    )
}

fn attribute_of(name: &Ident) -> TraversalOperator {
    TraversalOperator::GetAttr(name.clone().into())
}

pub(super) fn call<const N: usize>(name: &str, arguments: [Expression; N]) -> Expression {
    let mut given = FuncArgs::new();
    for argument in arguments {
        given.push(argument);
    }
    Expression::from(FuncCall::new(ident(name), given))
}

pub(super) fn object<'a>(entries: impl Iterator<Item = (&'a str, Expression)>) -> Expression {
    let mut object = Object::new();
    for (key, value) in entries {
        let plain = Ident::try_new(key)
            .ok()
            .filter(|_| !KEYWORDS.contains(&key));
        let key = plain.map_or_else(
            || ObjectKey::Expression(text(key)),
            |name| ObjectKey::Ident(name.into()),
        );
        let mut value = ObjectValue::new(value);
        value.set_terminator(ObjectValueTerminator::Newline);
        object.insert(key, value);
    }
    Expression::from(object)
}

/// A name as an identifier; names of the schema and labels are nothing else.
pub(super) fn ident(name: &str) -> Ident {
    Ident::new_sanitized(name)
}

/// The type of an attribute, and whether it is one.
pub(super) fn type_of(schema: &'static Schema, name: &str) -> Option<&'static Type> {
    schema.attribute(name).map(|attribute| &attribute.of)
}
