//! The questions of `watertight new`, at a terminal or answered by flags.
//!
//! In: questions, and what flags have answered. Out: all the answers.
//!
//! *Invariant*: without a terminal nothing is asked; what is missing is listed, all at
//! once.

use std::collections::BTreeMap;

use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

use super::diagnostics::Colours;
use super::table::wrapped;
use crate::scaffold::question::{Choice, Form, Question, settle, unasked};
use crate::scaffold::{Answers, gather};
use crate::spec::{Input, in_toml};

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A person at a terminal, where flags leave something open.
    Person(Colours),
    /// Flags alone.
    Flags,
}

/// What a blueprint asks.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// What the blueprint makes, a sentence.
    pub summary: String,
    /// Its inputs.
    pub questions: Vec<Question<'a>>,
}

/// There are no answers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Flags are wrong, or missing where nobody can be asked.
    #[error("{}", flags(missing, wrong))]
    Flags {
        /// The flags that are needed, each with what it is for.
        missing: Vec<String>,
        /// What is wrong with others.
        wrong: Vec<String>,
    },
    /// The terminal failed, or the person left.
    #[error("the questions were not answered to their end")]
    Terminal(#[source] std::io::Error),
}

fn flags(missing: &[String], wrong: &[String]) -> String {
    let mut text = String::new();
    if !wrong.is_empty() {
        text.push_str("these answers won't do:");
        for wrong in wrong {
            text.push_str("\n  ");
            text.push_str(wrong);
        }
    }
    if !missing.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str("there is no terminal to ask at; these flags are missing:");
        for missing in missing {
            text.push_str("\n  ");
            text.push_str(missing);
        }
    }
    text
}

/// Gets every answer: `top` for the spec, then the inputs of the chosen blueprint, which
/// `inputs_of` knows by the blueprint's name. `given` are the flags' answers by key.
///
/// # Errors
/// Flags that are wrong, that name no question, or, without a terminal, are missing; a
/// terminal that fails or is left.
pub fn interview<'a>(
    top: &[Question<'a>],
    inputs_of: impl Fn(&str) -> Inputs<'a>,
    given: &BTreeMap<String, String>,
    voice: Voice,
) -> Result<Answers, Error> {
    let mut settled = settle(top, given);
    if let Voice::Person(colours) = voice
        && settled.wrong.is_empty()
    {
        ask(top, given, &mut settled.answers, colours)?;
        settled.missing.clear();
    }
    let inputs = match settled.answers.get("blueprint") {
        Some(Input::Text(blueprint)) => inputs_of(blueprint),
        // Without a blueprint its inputs are unknown, so that only the top is judged.
        _ => return Err(refused(voice, settled.missing, settled.wrong)),
    };
    let mut chosen = settle(&inputs.questions, given);
    settled.wrong.append(&mut chosen.wrong);
    settled
        .wrong
        .extend(unasked(&[top, &inputs.questions], given));
    if let Voice::Person(colours) = voice
        && settled.wrong.is_empty()
    {
        ask(&inputs.questions, given, &mut chosen.answers, colours)?;
        chosen.missing.clear();
    }
    settled.missing.append(&mut chosen.missing);
    if !settled.missing.is_empty() || !settled.wrong.is_empty() {
        return Err(refused(voice, settled.missing, settled.wrong));
    }
    let (top, given) = (&settled.answers, &chosen.answers);
    Ok(gather(top, &inputs.summary, &inputs.questions, given))
}

fn refused(voice: Voice, missing: Vec<String>, wrong: Vec<String>) -> Error {
    let missing = match voice {
        // What flags leave open a person is asked, once the flags are right.
        Voice::Person(_) => Vec::new(),
        Voice::Flags => missing,
    };
    Error::Flags { missing, wrong }
}

/// Asks what is open: each required question, and the others if wanted.
fn ask(
    questions: &[Question<'_>],
    given: &BTreeMap<String, String>,
    answers: &mut BTreeMap<String, Input>,
    colours: Colours,
) -> Result<(), Error> {
    let theme: &dyn Theme = match colours {
        Colours::On => &ColorfulTheme::default(),
        Colours::Off => &SimpleTheme,
    };
    let open = |question: &&Question<'_>| !given.contains_key(&question.key);
    for question in questions.iter().filter(|question| question.required) {
        if open(&question)
            && let Some(answer) = ask_one(question, theme)?
        {
            answers.insert(question.key.clone(), answer);
        }
    }
    let optional: Vec<&Question<'_>> = questions
        .iter()
        .filter(|question| !question.required)
        .filter(open)
        .collect();
    if optional.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = optional.iter().map(|question| &*question.key).collect();
    let names = format!("These have defaults: {}.", names.join(", "));
    anstream::eprint!("\n{}", wrapped(&names, 0));
    let wanted = dialoguer::Confirm::with_theme(theme)
        .with_prompt("Go through them now? They can be changed in the spec later")
        .default(false)
        .interact()
        .map_err(terminal)?;
    if wanted {
        for question in optional {
            if let Some(answer) = ask_one(question, theme)? {
                answers.insert(question.key.clone(), answer);
            }
        }
    }
    Ok(())
}

/// Explains and asks one question. An optional one that is left empty has no answer.
fn ask_one(question: &Question<'_>, theme: &dyn Theme) -> Result<Option<Input>, Error> {
    anstream::eprint!("\n{}", wrapped(&question.summary, 0));
    match &question.form {
        Form::Bool => {
            let default = question.default == Some(Input::Bool(true));
            let truth = dialoguer::Confirm::with_theme(theme)
                .with_prompt(&question.key)
                .default(default)
                .interact()
                .map_err(terminal)?;
            let is_default = !question.required && truth == default;
            Ok((!is_default).then_some(Input::Bool(truth)))
        }
        Form::Choice(choices) => {
            let items: Vec<String> = choices
                .iter()
                .map(|choice| fitting(&question.key, choice))
                .collect();
            let default = choices
                .iter()
                .position(|choice| question.default == Some(Input::Text(choice.word.clone())));
            let index = dialoguer::Select::with_theme(theme)
                .with_prompt(&question.key)
                .items(&items)
                .default(default.unwrap_or(0))
                .interact()
                .map_err(terminal)?;
            let is_default = !question.required && default == Some(index);
            let word = choices.get(index).map(|choice| choice.word.clone());
            Ok(word.filter(|_| !is_default).map(Input::Text))
        }
        Form::Text | Form::Integer | Form::List => ask_text(question, theme),
    }
}

/// A choice on one line of the terminal, beside the question's key once it is chosen: a
/// line that is broken could not be drawn over.
fn fitting(key: &str, choice: &Choice) -> String {
    const SIGNS: usize = 6;
    let (_, columns) = dialoguer::console::Term::stderr().size();
    let width = usize::from(columns).saturating_sub(SIGNS + key.len());
    let text = format!("{}  {}", choice.word, choice.summary);
    dialoguer::console::truncate_str(text.trim_end(), width, "...").into_owned()
}

fn ask_text(question: &Question<'_>, theme: &dyn Theme) -> Result<Option<Input>, Error> {
    let prompt = match (question.required, &question.example) {
        (true, None) => question.key.clone(),
        (true, Some(example)) => format!("{} (such as {})", question.key, in_toml(example)),
        (false, _) => format!("{} [{}]", question.key, question.default_in_words()),
    };
    let required = question.required;
    let input = dialoguer::Input::<String>::with_theme(theme).with_prompt(prompt);
    let input = match &question.default {
        Some(Input::Text(default)) if required => input.default(default.clone()),
        _ => input,
    };
    let answer = input
        .allow_empty(!required)
        .validate_with(|answer: &String| {
            if answer.trim().is_empty() && !required {
                return Ok(());
            }
            question.read(answer).map(|_| ())
        })
        .interact_text()
        .map_err(terminal)?;
    if answer.trim().is_empty() && !required {
        return Ok(None);
    }
    // It was judged as it was typed.
    Ok(question.read(&answer).ok())
}

fn terminal(error: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    Error::Terminal(error)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Inputs, Voice, interview};
    use crate::scaffold::question::{Choice, Form, Question, top};
    use crate::scaffold::write;

    /// The spec that these flags give, or what is said about them.
    fn new(flags: &[(&str, &str)]) -> String {
        let given: BTreeMap<String, String> = flags
            .iter()
            .map(|(key, answer)| ((*key).to_owned(), (*answer).to_owned()))
            .collect();
        let blueprints = [Choice {
            word: "static-site".to_owned(),
            summary: "A site.".to_owned(),
        }];
        let inputs = |_: &str| Inputs {
            summary: "A site.".to_owned(),
            questions: vec![
                Question {
                    summary: "Its host name.".to_owned(),
                    ..Question::required("domain", Form::Text)
                },
                Question::optional("single_page", Form::Bool),
            ],
        };
        match interview(&top(&blueprints), inputs, &given, Voice::Flags) {
            Ok(answers) => write(&answers),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_flags_leave_open_is_listed_at_once() {
        let said = new(&[
            ("app", "shop"),
            ("region", "eu-west-1"),
            ("blueprint", "static-site"),
        ]);
        insta::assert_snapshot!(said, @r"
        there is no terminal to ask at; these flags are missing:
          --environment NAME: One spec is one environment, such as test or prod, with its own names and state.
          --set domain=VALUE: Its host name.
        ");
    }

    #[test]
    fn wrong_flags_are_listed_at_once() {
        let said = new(&[
            ("app", "Shop"),
            ("environment", "test"),
            ("region", "eu-west-1"),
            ("ephemeral", "perhaps"),
            ("blueprint", "static-site"),
            ("domain", "shop.example.com"),
            ("single_pag", "true"),
        ]);
        insta::assert_snapshot!(said, @r"
        these answers won't do:
          app: `Shop` is not a name. A name has small letters, digits and `-`, and begins with a letter, such as `shop`.
          ephemeral: `perhaps` is neither yes nor no
          single_pag: there is no such input; did you mean `single_page`?
        ");
    }

    #[test]
    fn flags_alone_give_a_spec() {
        let said = new(&[
            ("app", "shop"),
            ("environment", "test"),
            ("region", "eu-west-1"),
            ("ephemeral", "no"),
            ("blueprint", "static-site"),
            ("domain", "shop.example.com"),
            ("single_page", "yes"),
        ]);
        assert!(said.contains("[components.site]"), "{said}");
        assert!(said.contains("\ndomain = \"shop.example.com\"\n"), "{said}");
        assert!(said.contains("\nsingle_page = true\n"), "{said}");
    }
}
