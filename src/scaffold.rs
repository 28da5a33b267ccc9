//! A first spec from a few answers.
//!
//! In: [`Answers`]. Out: the text of a commented spec that `spec::parse` reads without a
//! problem.
//!
//! *Invariant*: nothing here asks or prints; `ui::prompt` does.

pub mod blueprints;
pub mod question;

use std::collections::BTreeMap;

use crate::spec::{Input, in_toml};

/// All that a first spec needs.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Name of the application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// Its region.
    pub region: String,
    /// The only account that may be touched.
    pub account: Option<String>,
    /// A throw-away environment.
    pub ephemeral: bool,
    /// Name of the component.
    pub component: String,
    /// Its blueprint.
    pub blueprint: String,
    /// What the blueprint makes, a sentence.
    pub summary: String,
    /// Every input of the blueprint, in the order in which they are to be written.
    pub inputs: Vec<Entry>,
}

/// An input of the blueprint, given or not.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// What it is for, a sentence.
    pub summary: String,
    /// What holds where it is not given, for people: `none` or `"/"`.
    pub default_in_words: String,
    /// What to show where it is not given: its default, an example, or something of its
    /// form.
    pub sample: Input,
    /// What was answered.
    pub given: Option<Input>,
}

/// Width of the comments.
const WIDTH: usize = 88;

/// Writes the spec: what was answered as it stands, everything else commented out with
/// its default.
#[must_use]
pub fn write(answers: &Answers) -> String {
    let mut text = String::new();
    comment(
        &mut text,
        "What watertight builds. `watertight check` judges this file without touching AWS, \
         `watertight plan` shows what would be done, `watertight apply` does it.",
    );
    text.push('\n');
    comment(
        &mut text,
        "Name of the application. It is part of every name that watertight gives.",
    );
    line(&mut text, "app", &Input::Text(answers.app.clone()));
    text.push('\n');
    comment(
        &mut text,
        "One spec is one environment, with its own names, tags and state.",
    );
    let environment = Input::Text(answers.environment.clone());
    line(&mut text, "environment", &environment);
    text.push('\n');
    comment(&mut text, "The AWS region in which everything is made.");
    line(&mut text, "region", &Input::Text(answers.region.clone()));
    text.push('\n');
    comment(
        &mut text,
        "The only account that may be touched. Without it: the one of your credentials.",
    );
    match &answers.account {
        Some(account) => line(&mut text, "account", &Input::Text(account.clone())),
        None => commented_line(&mut text, "account", &Input::Text("123456789012".into())),
    }
    text.push('\n');
    comment(
        &mut text,
        "A throw-away environment: nothing in it is protected against being deleted.",
    );
    line(&mut text, "ephemeral", &Input::Bool(answers.ephemeral));
    text.push('\n');
    comment(
        &mut text,
        "Tags of everything that is made, beside those that watertight writes.",
    );
    text.push_str("#[tags]\n");
    commented_line(&mut text, "owner", &Input::Text("payments".to_owned()));
    text.push('\n');
    component(&mut text, answers);
    text
}

fn component(text: &mut String, answers: &Answers) {
    comment(text, &answers.summary);
    text.push_str("[components.");
    text.push_str(&answers.component);
    text.push_str("]\n");
    line(text, "blueprint", &Input::Text(answers.blueprint.clone()));
    for entry in &answers.inputs {
        if let Some(given) = &entry.given {
            text.push('\n');
            comment(text, &entry.summary);
            line(text, &entry.key, given);
        }
    }
    for entry in &answers.inputs {
        if entry.given.is_none() {
            let summary = entry.summary.trim_end().trim_end_matches('.');
            text.push('\n');
            comment(
                text,
                &format!("{summary}. Default: {}.", entry.default_in_words),
            );
            commented_line(text, &entry.key, &entry.sample);
        }
    }
}

fn line(text: &mut String, key: &str, value: &Input) {
    text.push_str(key);
    text.push_str(" = ");
    text.push_str(&in_toml(value));
    text.push('\n');
}

/// A line that holds when its `#` is taken away.
fn commented_line(text: &mut String, key: &str, value: &Input) {
    text.push('#');
    line(text, key, value);
}

/// Prose, broken into lines; a blank after the `#` tells it from what can be uncommented.
fn comment(text: &mut String, prose: &str) {
    let mut column = 0;
    for word in prose.split_whitespace() {
        let length = word.chars().count();
        if column == 0 || column + 1 + length > WIDTH {
            if column > 0 {
                text.push('\n');
            }
            text.push('#');
            column = 1;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + length;
    }
    text.push('\n');
}

/// The answers, gathered: what was said at the top, and each input with its answer.
#[must_use]
pub fn gather(
    top: &BTreeMap<String, Input>,
    summary: &str,
    inputs: &[question::Question<'_>],
    given: &BTreeMap<String, Input>,
) -> Answers {
    let text = |key: &str| match top.get(key) {
        Some(Input::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let blueprint = text("blueprint").unwrap_or_default();
    let (required, optional): (Vec<_>, Vec<_>) =
        inputs.iter().partition(|question| question.required);
    let entries = required.into_iter().chain(optional).map(|question| Entry {
        key: question.key.clone(),
        summary: question.summary.clone(),
        default_in_words: question.default_in_words(),
        sample: question.sample(),
        given: given.get(&question.key).cloned(),
    });
    Answers {
        app: text("app").unwrap_or_default(),
        environment: text("environment").unwrap_or_default(),
        region: text("region").unwrap_or_default(),
        account: text("account"),
        ephemeral: top.get("ephemeral") == Some(&Input::Bool(true)),
        component: text("component").unwrap_or_else(|| component_of(&blueprint)),
        summary: summary.to_owned(),
        inputs: entries.collect(),
        blueprint,
    }
}

/// A name for the only component: the last word of its blueprint, as in `static-site`.
fn component_of(blueprint: &str) -> String {
    match blueprint.rsplit('-').next() {
        Some("service") => "web".to_owned(),
        Some(word) if !word.is_empty() => word.to_owned(),
        _ => "main".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use insta::assert_snapshot;

    use super::question::{Form, Question, top};
    use super::{Answers, gather, write};
    use crate::diagnostic::Source;
    use crate::spec::{Input, parse, parse_input};

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source {
            name: "spec.toml".to_owned(),
            text: text.to_owned(),
        })
    }

    fn answers() -> Answers {
        let list = parse_input(&source("[\"0.0.0.0/0\"]")).unwrap().value;
        let questions = [
            Question {
                default: Some(list),
                summary: "Networks that may connect to the load balancer, over the port for HTTPS \
                          alone."
                    .to_owned(),
                ..Question::optional("ingress", Form::List)
            },
            Question {
                summary: "The host name that people type.".to_owned(),
                ..Question::required("domain", Form::Text)
            },
            Question {
                summary: "The zone of the domain".to_owned(),
                default_in_words: Some("the domain less its first label".to_owned()),
                example: Some(Input::Text("example.com".to_owned())),
                ..Question::optional("zone", Form::Text)
            },
            Question {
                summary: "The port of the application.".to_owned(),
                ..Question::required("port", Form::Integer)
            },
        ];
        let text = |text: &str| Input::Text(text.to_owned());
        let top = BTreeMap::from([
            ("app".to_owned(), text("shop")),
            ("environment".to_owned(), text("test")),
            ("region".to_owned(), text("eu-west-1")),
            ("ephemeral".to_owned(), Input::Bool(true)),
            ("blueprint".to_owned(), text("https-service")),
        ]);
        let given = BTreeMap::from([
            ("domain".to_owned(), text("shop.example.com")),
            ("port".to_owned(), Input::Int(8443)),
        ]);
        let summary = "A service behind a load balancer that speaks HTTPS alone.";
        gather(&top, summary, &questions, &given)
    }

    #[test]
    fn a_spec_is_written_with_its_comments() {
        assert_snapshot!(write(&answers()), @r##"
        # What watertight builds. `watertight check` judges this file without touching AWS,
        # `watertight plan` shows what would be done, `watertight apply` does it.

        # Name of the application. It is part of every name that watertight gives.
        app = "shop"

        # One spec is one environment, with its own names, tags and state.
        environment = "test"

        # The AWS region in which everything is made.
        region = "eu-west-1"

        # The only account that may be touched. Without it: the one of your credentials.
        #account = "123456789012"

        # A throw-away environment: nothing in it is protected against being deleted.
        ephemeral = true

        # Tags of everything that is made, beside those that watertight writes.
        #[tags]
        #owner = "payments"

        # A service behind a load balancer that speaks HTTPS alone.
        [components.web]
        blueprint = "https-service"

        # The host name that people type.
        domain = "shop.example.com"

        # The port of the application.
        port = 8443

        # Networks that may connect to the load balancer, over the port for HTTPS alone.
        # Default: ["0.0.0.0/0"].
        #ingress = ["0.0.0.0/0"]

        # The zone of the domain. Default: the domain less its first label.
        #zone = "example.com"
        "##);
    }

    #[test]
    fn what_is_written_is_read_without_a_problem() {
        let written = write(&answers());
        assert_eq!(parse(&source(&written), None).problems, []);
        let uncommented: String = written
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(code) if !code.starts_with(' ') => format!("{code}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let parsed = parse(&source(&uncommented), None);
        assert_eq!(parsed.problems, []);
        let spec = parsed.spec.unwrap();
        assert_eq!(spec.components["web"].inputs.len(), 4);
        assert_eq!(spec.tags["owner"].value, "payments");
    }

    #[test]
    fn the_top_asks_what_a_spec_must_have() {
        let keys: Vec<String> = top(&[]).into_iter().map(|question| question.key).collect();
        let expected = [
            "app",
            "environment",
            "region",
            "ephemeral",
            "blueprint",
            "component",
            "account",
        ];
        assert_eq!(keys, expected);
    }
}
