//! What `watertight new` asks, and what an answer may be.
//!
//! In: what was typed or given as a flag. Out: a value, or a phrase that says what is
//! wrong with it.
//!
//! *Invariant*: a question does not know whether a person or a flag answers it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Source, Span, did_you_mean};
use crate::spec::{Input, Written, form, in_toml, parse_input};

/// One question.
pub struct Question<'a> {
    /// The key of the spec or the name of the input.
    pub key: String,
    /// How it is answered without a terminal: `--app NAME` or `--set domain=VALUE`.
    pub flag: String,
    /// What it is for, a sentence.
    pub summary: String,
    /// The form of the answer.
    pub form: Form,
    /// What holds where it is not answered.
    pub default: Option<Input>,
    /// The same for people, where the value doesn't say it.
    pub default_in_words: Option<String>,
    /// An answer to start from.
    pub example: Option<Input>,
    /// Must be answered. A person is asked even where there is a default; without one the
    /// default is the answer.
    pub required: bool,
    /// Whether an answer of the right form will do.
    pub check: Check<'a>,
}

/// Judges an answer of the right form: a phrase where it won't do.
pub type Check<'a> = Box<dyn Fn(&Input) -> Result<(), String> + 'a>;

/// How an answer is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it stands.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`, `yes` or `no`.
    Bool,
    /// Words with commas between.
    List,
    /// One of these words.
    Choice(Vec<Choice>),
}

/// One word to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The word.
    pub word: String,
    /// What it means, a sentence.
    pub summary: String,
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({})", self.key)
    }
}

impl Question<'_> {
    /// A question that must be answered; any answer of the form will do.
    #[must_use]
    pub fn required(key: &str, form: Form) -> Self {
        Self {
            key: key.to_owned(),
            flag: format!("--set {key}=VALUE"),
            summary: String::new(),
            form,
            default: None,
            default_in_words: None,
            example: None,
            required: true,
            check: Box::new(|_| Ok(())),
        }
    }

    /// A question that may stay open.
    #[must_use]
    pub fn optional(key: &str, form: Form) -> Self {
        Self {
            required: false,
            ..Self::required(key, form)
        }
    }

    /// What holds where it is not answered, for people.
    #[must_use]
    pub fn default_in_words(&self) -> String {
        match (&self.default_in_words, &self.default) {
            (Some(words), _) => words.clone(),
            (None, Some(default)) => in_toml(default),
            (None, None) => "none".to_owned(),
        }
    }

    /// What could be written: the default, an example, or something of the form.
    #[must_use]
    pub fn sample(&self) -> Input {
        let sample = self.default.as_ref().or(self.example.as_ref());
        sample.cloned().unwrap_or_else(|| match &self.form {
            Form::Text => Input::Text(String::new()),
            Form::Integer => Input::Int(0),
            Form::Bool => Input::Bool(false),
            Form::List => Input::List(Vec::new()),
            Form::Choice(choices) => Input::Text(
                choices
                    .first()
                    .map_or_else(String::new, |choice| choice.word.clone()),
            ),
        })
    }

    /// Reads an answer. A text that starts with `{` is a table, as in the spec.
    ///
    /// # Errors
    /// A phrase that says what is wrong with it.
    pub fn read(&self, answer: &str) -> Result<Input, String> {
        let answer = answer.trim();
        let source = Arc::new(Source {
            name: self.key.clone(),
            text: answer.to_owned(),
        });
        let input = match &self.form {
            Form::Text if answer.starts_with('{') => parse_input(&source)?.value,
            Form::List if answer.starts_with(['{', '[']) => parse_input(&source)?.value,
            Form::Text => Input::Text(answer.to_owned()),
            Form::Integer => {
                let number = answer.parse();
                Input::Int(number.map_err(|_| format!("`{answer}` is not a whole number"))?)
            }
            Form::Bool => match answer {
                "true" | "yes" | "y" => Input::Bool(true),
                "false" | "no" | "n" => Input::Bool(false),
                _ => return Err(format!("`{answer}` is neither yes nor no")),
            },
            Form::List => Input::List(
                answer
                    .split(',')
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(|word| Written {
                        value: Input::Text(word.to_owned()),
                        span: Span::new(&source, 0..answer.len()),
                    })
                    .collect(),
            ),
            Form::Choice(choices) => {
                let words = || choices.iter().map(|choice| choice.word.as_str());
                if !words().any(|word| word == answer) {
                    return Err(match did_you_mean(answer, words()) {
                        Some(meant) => {
                            format!("there is no `{answer}`; did you mean `{meant}`?")
                        }
                        None => format!(
                            "there is no `{answer}`; choose from {}",
                            words().collect::<Vec<_>>().join(", ")
                        ),
                    });
                }
                Input::Text(answer.to_owned())
            }
        };
        (self.check)(&input)?;
        Ok(input)
    }
}

/// What is asked of every spec. In: the blueprints' names, each with what it makes.
#[must_use]
pub fn top(blueprints: &[Choice]) -> Vec<Question<'static>> {
    let text = |key: &str, flag: &str, summary: &str, check: Check<'static>| Question {
        flag: flag.to_owned(),
        summary: summary.to_owned(),
        check,
        ..Question::required(key, Form::Text)
    };
    vec![
        text(
            "app",
            "--app NAME",
            "Name of the application. It is part of every name that watertight gives.",
            checked_by(form::name),
        ),
        text(
            "environment",
            "--environment NAME",
            "One spec is one environment, such as test or prod, with its own names and state.",
            checked_by(form::name),
        ),
        text(
            "region",
            "--region REGION",
            "The AWS region in which everything is made, such as eu-west-1.",
            checked_by(form::region),
        ),
        Question {
            form: Form::Bool,
            default: Some(Input::Bool(false)),
            ..text(
                "ephemeral",
                "--ephemeral",
                "Is it a throw-away environment? Then nothing is protected against deletion.",
                Box::new(|_| Ok(())),
            )
        },
        Question {
            form: Form::Choice(blueprints.to_vec()),
            ..text(
                "blueprint",
                "--blueprint NAME",
                "What to build. More can be added to the spec later.",
                Box::new(|_| Ok(())),
            )
        },
        Question {
            required: false,
            default_in_words: Some("from the blueprint".to_owned()),
            ..text(
                "component",
                "--component NAME",
                "How this use of the blueprint is called.",
                checked_by(form::name),
            )
        },
        Question {
            required: false,
            default_in_words: Some("that of your credentials".to_owned()),
            ..text(
                "account",
                "--account DIGITS",
                "The only account that may be touched.",
                checked_by(form::account),
            )
        },
    ]
}

fn checked_by(form: fn(&str) -> Result<(), form::Misfit>) -> Check<'static> {
    Box::new(move |input| match input {
        Input::Text(text) => form(text).map_err(|misfit| misfit.to_string()),
        _ => Err("write plain text".to_owned()),
    })
}

/// What flags have answered so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    /// The right answers.
    pub answers: BTreeMap<String, Input>,
    /// The required questions that no flag answered, as `--app NAME: what it is for`.
    pub missing: Vec<String>,
    /// What is wrong with the other answers.
    pub wrong: Vec<String>,
}

/// Takes the answers that were given as flags, by key.
#[must_use]
pub fn settle(questions: &[Question<'_>], given: &BTreeMap<String, String>) -> Settled {
    let mut settled = Settled::default();
    for question in questions {
        match given.get(&question.key).map(|answer| question.read(answer)) {
            Some(Ok(answer)) => {
                settled.answers.insert(question.key.clone(), answer);
            }
            Some(Err(wrong)) => settled.wrong.push(format!("{}: {wrong}", question.key)),
            None if !question.required => {}
            None => {
                if let Some(default) = &question.default {
                    let default = default.clone();
                    settled.answers.insert(question.key.clone(), default);
                } else {
                    let missing = format!("{}: {}", question.flag, question.summary);
                    settled.missing.push(missing);
                }
            }
        }
    }
    settled
}

/// The answers to questions that nobody asks, each with the nearest that is asked.
#[must_use]
pub fn unasked(questions: &[&[Question<'_>]], given: &BTreeMap<String, String>) -> Vec<String> {
    let keys: Vec<&str> = questions
        .iter()
        .flat_map(|questions| questions.iter())
        .map(|question| question.key.as_str())
        .collect();
    given
        .keys()
        .filter(|key| !keys.contains(&key.as_str()))
        .map(|key| match did_you_mean(key, keys.iter().copied()) {
            Some(meant) => format!("{key}: there is no such input; did you mean `{meant}`?"),
            None => format!("{key}: there is no such input"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Choice, Form, Question, settle, top, unasked};
    use crate::spec::{Input, in_toml};

    #[track_caller]
    fn check(form: Form, answer: &str, expected: &str) {
        let read = Question::required("it", form).read(answer);
        let said = read.map_or_else(|wrong| format!("error: {wrong}"), |input| in_toml(&input));
        assert_eq!(said, expected);
    }

    #[test]
    fn an_answer_is_read_by_its_form() {
        check(Form::Text, " a, b ", r#""a, b""#);
        check(Form::Text, "8443", r#""8443""#);
        let table = "{ tag = \"Name=shared\" }";
        check(Form::Text, table, table);
        let reference = "{ from = \"network.vpc_id\" }";
        check(Form::Text, reference, reference);
        check(Form::List, reference, reference);
        check(
            Form::Text,
            "{",
            "error: unclosed inline table, expected `}`",
        );
        check(Form::Integer, "8443", "8443");
        check(Form::Integer, "x", "error: `x` is not a whole number");
        check(Form::Bool, "yes", "true");
        check(Form::Bool, "false", "false");
        check(Form::Bool, "maybe", "error: `maybe` is neither yes nor no");
        check(Form::List, "a, b,", r#"["a", "b"]"#);
        check(Form::List, r#"["a", { x = 1 }]"#, r#"["a", { x = 1 }]"#);
        check(Form::List, "", "[]");
    }

    fn blueprints() -> Vec<Choice> {
        ["https-service", "static-site"]
            .map(|word| Choice {
                word: word.to_owned(),
                summary: String::new(),
            })
            .to_vec()
    }

    #[test]
    fn flags_answer_and_what_they_leave_open_is_listed() {
        let given: BTreeMap<String, String> = [
            ("app", "Shop"),
            ("region", "eu-wets-1"),
            ("blueprint", "static-sit"),
            ("domian", "x"),
        ]
        .map(|(key, answer)| (key.to_owned(), answer.to_owned()))
        .into();
        let questions = top(&blueprints());
        let settled = settle(&questions, &given);
        assert_eq!(settled.answers["ephemeral"], Input::Bool(false));
        assert_eq!(
            settled.missing,
            [
                "--environment NAME: One spec is one environment, such as test or prod, \
              with its own names and state."
            ]
        );
        assert_eq!(
            settled.wrong,
            [
                "app: `Shop` is not a name. A name has small letters, digits and `-`, \
                 and begins with a letter, such as `shop`.",
                "region: `eu-wets-1` is not a region. Did you mean `eu-west-1`?",
                "blueprint: there is no `static-sit`; did you mean `static-site`?",
            ]
        );
        let inputs = [Question::required("domain", Form::Text)];
        assert_eq!(
            unasked(&[&questions, &inputs], &given),
            ["domian: there is no such input; did you mean `domain`?"]
        );
    }
}
