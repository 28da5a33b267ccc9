//! Reads what stands in HCL as values of the model: literals, texts with references in them,
//! and the few computations that an export has.

use std::collections::BTreeMap;

use hcl_edit::expr::{
    BinaryOperator, Expression, ForExpr, FuncCall, ObjectKey, Traversal, TraversalOperator,
};
use hcl_edit::template::{Element, StringTemplate};
use watertight::address::{Address, Mode};
use watertight::kind::Kind;
use watertight::kind::schema::Type;
use watertight::value::{Part, Reference, Step, Value};

/// Reads values; what makes no sense is `wrong`.
pub(super) struct Values<'a> {
    /// What each label of each type is.
    pub(super) names: &'a BTreeMap<(Mode, String, String), Address>,
    pub(super) wrong: Vec<String>,
}

impl Values<'_> {
    fn wrong(&mut self, what: &str) {
        self.wrong.push(what.to_owned());
    }

    pub(super) fn value(&mut self, value: &Expression) -> Value {
        match value {
            Expression::Null(_) => Value::Null,
            Expression::Bool(truth) => Value::Bool(*truth.value()),
            Expression::Number(number) => {
                let number = number.value();
                let whole = number.as_i64().map(Value::Int);
                whole.unwrap_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)))
            }
            Expression::String(text) => Value::text(text.as_str()),
            Expression::StringTemplate(template) => self.template(template),
            Expression::Array(items) => {
                Value::List(items.iter().map(|item| self.value(item)).collect())
            }
            Expression::Object(entries) => {
                let mut map = BTreeMap::new();
                for (key, entry) in entries {
                    let key = match key {
                        ObjectKey::Ident(name) => name.as_str().to_owned(),
                        ObjectKey::Expression(key) => {
                            let Value::String(key) = normal(self.value(key)) else {
                                self.wrong("a key that is no text");
                                continue;
                            };
                            key
                        }
                    };
                    let entry = self.value(entry.expr());
                    if map.insert(key, entry).is_some() {
                        self.wrong("a key stands twice");
                    }
                }
                Value::Map(map)
            }
            Expression::Traversal(_) | Expression::FuncCall(_) => {
                let reference = self.reference(value);
                reference.map_or(Value::Null, Value::Reference)
            }
            other => {
                self.wrong(&format!("{other} is not known"));
                Value::Null
            }
        }
    }

    fn template(&mut self, template: &StringTemplate) -> Value {
        let mut parts = Vec::new();
        for element in template {
            match element {
                Element::Literal(text) => parts.push(Part::Text(text.to_string())),
                Element::Interpolation(inside) => match self.value(&inside.expr) {
                    Value::String(text) => parts.push(Part::Text(text)),
                    Value::Reference(reference) => parts.push(Part::Reference(reference)),
                    _ => self.wrong("a text of what is no text"),
                },
                Element::Directive(_) => self.wrong("a directive"),
            }
        }
        Value::Template(parts)
    }

    /// `aws_lb.web_main`.
    pub(super) fn address(&mut self, value: &Expression) -> Option<Address> {
        let reference = self.reference(value)?;
        if !reference.path.is_empty() {
            self.wrong("more than an address");
        }
        Some(reference.target)
    }

    fn reference(&mut self, value: &Expression) -> Option<Reference> {
        match value {
            Expression::Traversal(traversal) => match &traversal.expr {
                Expression::Variable(root) => self.rooted(root.as_str(), traversal),
                inner => {
                    let mut reference = self.reference(inner)?;
                    self.steps(&mut reference, &traversal.operators);
                    Some(reference)
                }
            },
            Expression::FuncCall(call) if is_call(call, "split", 2) => {
                let mut reference = self.reference(argument(call, 1))?;
                if argument(call, 0).as_str() != Some(",") {
                    self.wrong("is not split at commas");
                }
                reference.path.push(Step::Split);
                Some(reference)
            }
            Expression::FuncCall(call) if is_call(call, "one", 1) => {
                let Expression::ForExpr(found) = argument(call, 0) else {
                    self.wrong("one of what is not known");
                    return None;
                };
                self.element(found)
            }
            other => {
                self.wrong(&format!("{other} leads nowhere"));
                None
            }
        }
    }

    fn rooted(&mut self, root: &str, traversal: &Traversal) -> Option<Reference> {
        let mut operators = &traversal.operators[..];
        let mut next = || match operators.split_first() {
            Some((first, rest)) => match first.value() {
                TraversalOperator::GetAttr(name) => {
                    operators = rest;
                    Some(name.as_str().to_owned())
                }
                _ => None,
            },
            None => None,
        };
        let (mode, kind) = match root {
            "data" => (Mode::Lookup, next()?),
            kind => (Mode::Managed, kind.to_owned()),
        };
        let label = next()?;
        let target = self
            .names
            .get(&(mode, kind.clone(), label.clone()))
            .cloned();
        let Some(target) = target else {
            self.wrong(&format!("{kind}.{label} is nowhere"));
            return None;
        };
        let path = Vec::new();
        let mut reference = Reference { target, path };
        self.steps(&mut reference, operators);
        Some(reference)
    }

    fn steps(
        &mut self,
        reference: &mut Reference,
        operators: &[hcl_edit::Decorated<TraversalOperator>],
    ) {
        for operator in operators {
            let step = match operator.value() {
                TraversalOperator::GetAttr(name) => Step::Attribute(name.as_str().to_owned()),
                TraversalOperator::Index(Expression::Number(index)) => {
                    let index = index
                        .value()
                        .as_u64()
                        .and_then(|at| usize::try_from(at).ok());
                    Step::Index(index.unwrap_or(usize::MAX))
                }
                TraversalOperator::Index(key) => match self.value(key) {
                    Value::String(key) => Step::Key(key),
                    Value::Template(parts) => Step::Key(literal(&parts).unwrap_or_default()),
                    _ => {
                        self.wrong("an index that is not known");
                        continue;
                    }
                },
                _ => {
                    self.wrong("a splat");
                    continue;
                }
            };
            reference.path.push(step);
        }
    }

    /// `[for option in SET : option.WANTED if option.KEY == "..."]`: the element by its key.
    fn element(&mut self, found: &ForExpr) -> Option<Reference> {
        let mut reference = self.reference(&found.intro.collection_expr)?;
        let each = found.intro.value_var.as_str();
        let of_each = |value: &Expression| match value {
            Expression::Variable(name) if name.as_str() == each => Some(None),
            Expression::Traversal(of) => match (&of.expr, &of.operators[..]) {
                (Expression::Variable(name), [one]) if name.as_str() == each => match one.value() {
                    TraversalOperator::GetAttr(name) => Some(Some(name.as_str().to_owned())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let key = match found.cond.as_ref().map(|cond| &cond.expr) {
            Some(Expression::BinaryOp(is)) if *is.operator.value() == BinaryOperator::Eq => {
                let key = self.value(&is.rhs_expr);
                let key = match normal(key) {
                    Value::String(key) => Some(key),
                    _ => None,
                };
                of_each(&is.lhs_expr).flatten().zip(key)
            }
            _ => None,
        };
        let wanted = of_each(&found.value_expr);
        let set = match reference.path.last() {
            Some(Step::Attribute(name)) => name.clone(),
            _ => String::new(),
        };
        let by = Kind::of(&reference.target.kind).into_iter();
        let by = by.flat_map(|kind| kind.set_keys).find(|by| by.0 == set);
        let is_plain = found.key_expr.is_none() && found.intro.key_var.is_none();
        match (key, wanted, by) {
            (Some((by_this, key)), Some(wanted), Some((_, by))) if is_plain && by_this == *by => {
                reference.path.push(Step::Key(key));
                reference.path.extend(wanted.map(Step::Attribute));
                Some(reference)
            }
            _ => {
                self.wrong("an element that is not known");
                None
            }
        }
    }
}

pub(super) fn is_call(call: &FuncCall, name: &str, arguments: usize) -> bool {
    call.name.namespace.is_empty()
        && call.name.name.as_str() == name
        && call.args.len() == arguments
        && !call.args.expand_final()
}

/// An argument of a call that has as many.
pub(super) fn argument(call: &FuncCall, index: usize) -> &Expression {
    call.args.get(index).unwrap()
}

/// `health_check[0].interval` as `health_check.interval`, `tags["owner"]` as `tags.owner`.
pub(super) fn ignored(value: &Expression) -> Option<String> {
    let Expression::Traversal(traversal) = value else {
        return value.as_variable().map(|name| name.as_str().to_owned());
    };
    let mut path = traversal.expr.as_variable()?.as_str().to_owned();
    for operator in &traversal.operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) => path.extend([".", name.as_str()]),
            TraversalOperator::Index(Expression::String(key)) => path.extend([".", key.as_str()]),
            TraversalOperator::Index(Expression::StringTemplate(key)) => {
                let parts = key.iter().map(|element| match element {
                    Element::Literal(text) => Some(text.to_string()),
                    Element::Interpolation(inside) => inside.expr.as_str().map(str::to_owned),
                    Element::Directive(_) => None,
                });
                path.extend([".".to_owned(), parts.collect::<Option<String>>()?]);
            }
            TraversalOperator::Index(Expression::Number(at)) if at.value().as_u64() == Some(0) => {}
            _ => return None,
        }
    }
    Some(path)
}

/// A field of an object that is null is one that is not given.
pub(crate) fn without_nulls(value: &mut Value, of: &Type) {
    match (value, of) {
        (Value::List(items), Type::List(of) | Type::Set(of)) => {
            for item in items {
                without_nulls(item, of);
            }
        }
        (Value::Map(fields), Type::Object(types)) => {
            fields.retain(|_, field| !field.is_null());
            for (name, of) in *types {
                if let Some(field) = fields.get_mut(*name) {
                    without_nulls(field, of);
                }
            }
        }
        _ => {}
    }
}

fn literal(parts: &[Part]) -> Option<String> {
    let parts = parts.iter().map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Reference(_) => None,
    });
    parts.collect()
}

/// The same value, written in the one way of all that mean the same.
pub(crate) fn normal(value: Value) -> Value {
    match value {
        Value::Template(parts) => {
            if let Some(text) = literal(&parts) {
                return Value::String(text);
            }
            let mut joined: Vec<Part> = Vec::new();
            for part in parts {
                match (joined.last_mut(), part) {
                    (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                    (_, Part::Text(text)) if text.is_empty() => {}
                    (_, part) => joined.push(part),
                }
            }
            Value::Template(joined)
        }
        Value::List(items) => Value::List(items.into_iter().map(normal).collect()),
        Value::Map(entries) => {
            let entries = entries.into_iter();
            Value::map(entries.map(|(key, entry)| (key, normal(entry))))
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Value::Int(number as i64)
        }
        other => other,
    }
}
