//! What AWS takes for an attribute, where it takes only some words or numbers.
//!
//! *Invariant*: pure data. Whatever is not listed is AWS's to judge.

use std::fmt;

use crate::value::Value;

/// The values that AWS takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number from the first to the second, both included.
    Range(i64, i64),
    /// One of these numbers.
    Numbers(&'static [i64]),
}

/// What a port can be.
pub(super) const PORT: Allowed = Allowed::Range(1, 65_535);

impl Allowed {
    /// Whether AWS takes this. What is known only later is taken.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        match (*self, value) {
            (Self::Words(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::Range(least, most), Value::Int(number)) => (least..=most).contains(number),
            (Self::Numbers(numbers), Value::Int(number)) => numbers.contains(number),
            (Self::Range(..) | Self::Numbers(_), Value::Float(_)) => false,
            _ => true,
        }
    }

    /// The words of which one is taken; none where it is a number.
    #[must_use]
    pub fn words(&self) -> &'static [&'static str] {
        match self {
            Self::Words(words) => words,
            Self::Range(..) | Self::Numbers(_) => &[],
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => write!(f, "`{}`", words.join("`, `")),
            Self::Range(least, most) => write!(f, "{least} to {most}"),
            Self::Numbers(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
                write!(f, "{}", numbers.join(" or "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowed, PORT};
    use crate::kind::KINDS;
    use crate::kind::schema::{Schema, Type};
    use crate::value::Value;

    #[test]
    fn some_words_and_some_numbers_are_taken() {
        let words = Allowed::Words(&["forward", "redirect"]);
        assert!(words.takes(&"redirect".into()));
        assert!(!words.takes(&"Redirect".into()));
        assert_eq!(words.to_string(), "`forward`, `redirect`");
        assert!(PORT.takes(&Value::Int(65_535)));
        assert!(!PORT.takes(&Value::Int(0)));
        assert!(!PORT.takes(&Value::Float(1.5)));
        assert_eq!(PORT.to_string(), "1 to 65535");
        let numbers = Allowed::Numbers(&[60, 600]);
        assert!(numbers.takes(&Value::Int(600)));
        assert!(!numbers.takes(&Value::Int(61)));
        assert_eq!(numbers.to_string(), "60 or 600");
    }

    /// A path that leads nowhere, or into what is refused, would never be looked at.
    #[test]
    fn each_path_leads_to_a_text_or_a_number() {
        for kind in KINDS {
            for (path, allowed) in kind.allowed {
                let mut ends = path.match_indices('.').map(|(end, _)| &path[..end]);
                let is_refused = ends.any(|block| kind.instead_of(block).is_some());
                assert!(!is_refused, "{}: {path}", kind.name);
                let (blocks, name) = path.rsplit_once('.').unwrap_or(("", path));
                let mut schema: &Schema = kind.schema();
                for block in blocks.split('.').filter(|block| !block.is_empty()) {
                    schema = &schema.block(block).expect(path).schema;
                }
                let of = match &schema.attribute(name).expect(path).of {
                    Type::List(of) | Type::Set(of) => of,
                    of => of,
                };
                let fits = match allowed {
                    Allowed::Words(_) => matches!(of, Type::String),
                    Allowed::Range(..) | Allowed::Numbers(_) => matches!(of, Type::Number),
                };
                assert!(fits, "{}: {path}", kind.name);
            }
        }
    }

    #[test]
    fn what_is_filled_in_where_nothing_is_given_is_allowed() {
        for kind in KINDS {
            for (path, literal) in kind.defaults {
                let allowed = kind.allows(path);
                let takes = allowed.is_none_or(|allowed| allowed.takes(&literal.value()));
                assert!(takes, "{}: {path}", kind.name);
            }
        }
    }
}
