//! What a blueprint's inputs ask.
//!
//! In: a [`Library`]. Out: the blueprints to choose from, and a question for each input.
//!
//! *Invariant*: an answer that passes here is one that `blueprint::expand` takes for the
//! input: both ask the same [`InputSpec`].

use super::question::{Choice, Form, Question};
use crate::blueprint::{InputSpec, InputType, Library, Manifest};

/// Whether a component of it can be the only one of a spec.
#[must_use]
pub fn stands_alone(manifest: &Manifest) -> bool {
    let mut inputs = manifest.inputs.values();
    !inputs.any(|input| input.required && input.of == InputType::Component)
}

/// Every blueprint that can be the first of a spec, as something to choose.
#[must_use]
pub fn choices(library: &Library) -> Vec<Choice> {
    library
        .names()
        .filter_map(|name| {
            let manifest = library.manifest(name)?;
            if !stands_alone(manifest) {
                return None;
            }
            let summary = manifest.summary.clone();
            let word = name.to_owned();
            Some(Choice { word, summary })
        })
        .collect()
}

/// A question for each input, the required ones first. There is no other component yet, so
/// none is asked for.
#[must_use]
pub fn questions(manifest: &Manifest) -> Vec<Question<'_>> {
    let (required, optional): (Vec<_>, Vec<_>) = manifest
        .inputs
        .iter()
        .filter(|(_, spec)| spec.of != InputType::Component)
        .map(|(name, spec)| question(name, spec))
        .partition(|question| question.required);
    required.into_iter().chain(optional).collect()
}

fn question<'a>(name: &str, spec: &'a InputSpec) -> Question<'a> {
    Question {
        summary: spec.summary.clone(),
        default: spec.default.clone(),
        default_in_words: spec.default_in_words.clone(),
        example: spec.example.clone(),
        required: spec.required,
        check: Box::new(|input| spec.check(input)),
        ..Question::required(name, form(&spec.of))
    }
}

fn form(of: &InputType) -> Form {
    match of {
        InputType::Integer | InputType::Port => Form::Integer,
        InputType::Bool => Form::Bool,
        InputType::Enum(words) => Form::Choice(
            words
                .iter()
                .map(|word| Choice {
                    word: word.clone(),
                    summary: String::new(),
                })
                .collect(),
        ),
        InputType::List(_) => Form::List,
        // `list of id or tag`: a tag starts with `{`, which a list's form reads too.
        InputType::OneOf(types) if types.iter().any(|of| matches!(of, InputType::List(_))) => {
            Form::List
        }
        _ => Form::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::{choices, questions};
    use crate::blueprint::Library;
    use crate::spec::{Input, in_toml};

    #[test]
    fn every_sample_is_an_answer() {
        let library = Library::embedded();
        assert!(!choices(&library).is_empty());
        for name in library.names() {
            for question in questions(library.manifest(name).unwrap()) {
                let sample = question.sample();
                // A text is typed without quotes.
                let typed = match &sample {
                    Input::Text(text) => text.clone(),
                    other => in_toml(other),
                };
                let read = question.read(&typed).map(|read| in_toml(&read));
                assert_eq!(read, Ok(in_toml(&sample)), "{name}: {}", question.key);
            }
        }
    }

    #[test]
    fn what_must_be_answered_comes_first() {
        let library = Library::embedded();
        let questions = questions(library.manifest("https-service").unwrap());
        let required: Vec<&str> = questions
            .iter()
            .take_while(|question| question.required)
            .map(|question| question.key.as_str())
            .collect();
        assert_eq!(required, ["domain", "port"]);
    }
}
