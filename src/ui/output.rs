//! Outputs, for people and for programs.
//!
//! *Invariant*: what is not known, or sensitive, is never shown as if it were a value.

use std::fmt::Write as _;

use super::value::show;
use crate::outputs::{Given, Output};
use crate::value::Value;

/// All that are known, a line each: `web.url = "https://shop.example.com"`.
#[must_use]
pub fn list(outputs: &[Output]) -> String {
    let mut text = String::new();
    for output in outputs {
        let value = match &output.value {
            Given::Value(value) => show(value, 0),
            Given::Sensitive => "(sensitive)".to_owned(),
            Given::NotYet(_) => continue,
        };
        // A string takes all that is written to it.
        let _infallible = writeln!(text, "{}.{} = {value}", output.component, output.name);
    }
    text
}

/// The same for programs, by component and name. What is sensitive is left out.
#[must_use]
pub fn json(outputs: &[Output]) -> String {
    let mut json = serde_json::json!({});
    for output in outputs {
        if let Given::Value(value) = &output.value {
            json[&output.component][&output.name] = value.to_json();
        }
    }
    format!("{json:#}\n")
}

/// One value, for a shell: a text as it is, a list a line each.
#[must_use]
pub fn bare(value: &Value) -> String {
    let line = |value: &Value| {
        value
            .scalar_text()
            .unwrap_or_else(|| value.to_json().to_string())
    };
    match value {
        Value::List(items) => items.iter().map(|item| line(item) + "\n").collect(),
        other => line(other) + "\n",
    }
}

/// One value for programs.
#[must_use]
pub fn one_json(value: &Value) -> String {
    format!("{}\n", value.to_json())
}

#[cfg(test)]
mod tests {
    use super::{bare, json, list};
    use crate::outputs::{Given, Output};
    use crate::value::Value;

    #[test]
    fn outputs_are_told_to_people_and_to_programs() {
        let output = |name: &str, value| Output {
            component: "web".to_owned(),
            name: name.to_owned(),
            value,
        };
        let all = [
            output("arn", Given::NotYet(None)),
            output("key", Given::Sensitive),
            output("subnets", Given::Value(Value::texts(["a", "b"]))),
            output("url", Given::Value("https://x".into())),
        ];
        let text = list(&all);
        assert_eq!(
            text,
            "web.key = (sensitive)\nweb.subnets = [\"a\", \"b\"]\nweb.url = \"https://x\"\n"
        );
        let read: serde_json::Value = serde_json::from_str(&json(&all)).unwrap();
        let expected = serde_json::json!({"web": {"subnets": ["a", "b"], "url": "https://x"}});
        assert_eq!(read, expected);
        assert_eq!(bare(&Value::texts(["a", "b"])), "a\nb\n");
        assert_eq!(bare(&"https://x".into()), "https://x\n");
    }
}
