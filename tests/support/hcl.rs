//! What the expressions of exported Terraform come to, once what they refer to is known.
//!
//! Only what an export writes is understood: anything else is a panic, so that nothing is
//! passed over.

use std::collections::BTreeMap;

use hcl_edit::expr::{BinaryOperator, Expression, ObjectKey, TraversalOperator};
use hcl_edit::structure::Block;
use hcl_edit::template::Element;
use watertight::kind::schema::Schema;
use watertight::value::{Attributes, Value};

/// What things are like, by what Terraform calls them: `aws_lb.web_main`, `data.aws_vpc.main`.
pub(crate) type Things = BTreeMap<String, Attributes>;

/// The arguments and blocks of a resource or a lookup; what Terraform itself reads is left out.
pub(crate) fn body(block: &Block, schema: &Schema, things: &Things) -> Attributes {
    let mut found = Attributes::new();
    for attribute in block.body.attributes() {
        let name = attribute.key.as_str();
        if schema.attribute(name).is_some() {
            found.insert(name.to_owned(), value(&attribute.value, things));
        }
    }
    for inside in block.body.blocks() {
        let name = inside.ident.as_str();
        let Some(of) = schema.block(name) else {
            assert_eq!(name, "lifecycle");
            continue;
        };
        let inner = Value::Map(body(inside, &of.schema, things));
        let list = found.entry(name.to_owned());
        match list.or_insert_with(|| Value::List(Vec::new())) {
            Value::List(items) => items.push(inner),
            other => panic!("{name}: {other:?}"),
        }
    }
    found
}

/// What an expression comes to.
pub(crate) fn value(expression: &Expression, things: &Things) -> Value {
    evaluate(expression, things, None)
}

/// The names in a traversal, up to its first index: `aws_lb.web_main.arn`.
pub(crate) fn names(expression: &Expression) -> Vec<&str> {
    match expression {
        Expression::Variable(name) => vec![name.as_str()],
        Expression::Traversal(traversal) => {
            let mut found = names(&traversal.expr);
            found.extend(
                traversal
                    .operators
                    .iter()
                    .map_while(|operator| match operator.value() {
                        TraversalOperator::GetAttr(name) => Some(name.as_str()),
                        _ => None,
                    }),
            );
            found
        }
        other => panic!("{other} is no traversal"),
    }
}

fn evaluate(expression: &Expression, things: &Things, each: Option<&Value>) -> Value {
    let of = |expression: &Expression| evaluate(expression, things, each);
    match expression {
        Expression::Null(_) => Value::Null,
        Expression::Bool(value) => Value::Bool(*value.value()),
        Expression::Number(number) => match number.value().as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.value().as_f64().unwrap()),
        },
        Expression::String(text) => Value::text(text.as_str()),
        Expression::Array(items) => Value::List(items.iter().map(of).collect()),
        Expression::Object(object) => Value::map(object.iter().map(|(key, value)| {
            let key = match key {
                ObjectKey::Ident(name) => name.as_str().to_owned(),
                ObjectKey::Expression(key) => of(key).scalar_text().unwrap(),
            };
            (key, of(value.expr()))
        })),
        Expression::StringTemplate(template) => {
            let parts = template.iter().map(|element| match element {
                Element::Literal(text) => text.as_str().to_owned(),
                Element::Interpolation(inside) => of(&inside.expr).scalar_text().unwrap(),
                Element::Directive(other) => panic!("{other:?}"),
            });
            Value::text(parts.collect::<String>())
        }
        Expression::Variable(name) => {
            assert_eq!(name.as_str(), "option");
            each.unwrap().clone()
        }
        Expression::Traversal(traversal) => {
            let operators = traversal.operators.iter().map(hcl_edit::Decorated::value);
            match &traversal.expr {
                Expression::Variable(name) if name.as_str() != "option" => {
                    refer(expression, operators, things)
                }
                root => walk(of(root), operators),
            }
        }
        Expression::FuncCall(call) => {
            let arguments: Vec<Value> = call.args.iter().map(of).collect();
            match (call.name.name.as_str(), arguments.as_slice()) {
                // A document stands for its text.
                ("jsonencode", [document]) => document.clone(),
                ("one", [Value::List(items)]) if items.len() == 1 => items[0].clone(),
                ("split", [_, text]) => text.split().unwrap(),
                (name, arguments) => panic!("{name}({arguments:?})"),
            }
        }
        Expression::ForExpr(found) => {
            let items = of(&found.intro.collection_expr);
            let kept = items.items().iter().filter(|item| {
                let holds = |cond: &Expression| evaluate(cond, things, Some(item));
                let cond = found.cond.as_ref().map(|cond| holds(&cond.expr));
                cond.is_none_or(|cond| cond == Value::Bool(true))
            });
            let each = kept.map(|item| evaluate(&found.value_expr, things, Some(item)));
            Value::List(each.collect())
        }
        Expression::BinaryOp(operation) => {
            assert_eq!(*operation.operator.value(), BinaryOperator::Eq);
            Value::Bool(of(&operation.lhs_expr) == of(&operation.rhs_expr))
        }
        other => panic!("{other} is not what an export writes"),
    }
}

fn refer<'a>(
    expression: &Expression,
    operators: impl Iterator<Item = &'a TraversalOperator>,
    things: &Things,
) -> Value {
    let names = names(expression);
    let address = if names[0] == "data" { 3 } else { 2 };
    let thing = things.get(&names[..address].join("."));
    let thing = thing.unwrap_or_else(|| panic!("{expression}: nothing is known of it"));
    let rest = operators.skip(address - 1);
    walk(Value::Map(thing.clone()), rest)
}

fn walk<'a>(root: Value, operators: impl Iterator<Item = &'a TraversalOperator>) -> Value {
    operators.fold(root, |value, operator| match operator {
        TraversalOperator::GetAttr(name) => value.get(plain(name.as_str())).clone(),
        TraversalOperator::Index(Expression::Number(index)) => {
            let index = usize::try_from(index.value().as_u64().unwrap()).unwrap();
            value.items()[index].clone()
        }
        TraversalOperator::Index(Expression::String(key)) => {
            value.as_map().unwrap()[key.as_str()].clone()
        }
        other => panic!("{other:?}"),
    })
}

/// The provider's word for a parameter's text that is no secret.
fn plain(name: &str) -> &str {
    match name {
        "insecure_value" => "value",
        name => name,
    }
}
