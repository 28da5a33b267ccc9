//! `[[import]]`: what stands already, was made by other hands, and becomes ours.
//!
//! A resource of the spec is this thing of AWS's. Once it is recorded a block does nothing
//! more, but for the statements of a bucket's policy that it keeps: they stay as long as it
//! says so.
//!
//! *Invariant*: no resource is two things.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Written;
use super::reader::{Reader, misspelt, type_of};
use crate::address::{Address, Mode};
use crate::diagnostic::{Diagnostic, Span};

/// One `[[import]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The resource that it becomes.
    pub address: Address,
    /// What AWS calls it, in the form that Terraform's import takes.
    pub id: String,
    /// Statements of the bucket's policy that stay as they are in AWS, by `Sid`.
    pub keep: Vec<Written<String>>,
    /// Place of the address.
    pub span: Span,
}

const KEYS: &[&str] = &["address", "id", "keep"];
const ADDRESS: &str = "Write `address = \"web.aws_s3_bucket.main\"`: the component, the kind and the name, as `watertight plan` shows them.";
const ID: &str =
    "Write `id = \"legacy-bucket\"`: what AWS calls it, as Terraform's import takes it.";

/// Reads every block.
pub(super) fn read(reader: &mut Reader, root: &DeTable<'_>) -> Vec<Import> {
    let Some(list) = root
        .get("import")
        .and_then(|value| reader.list("import", value, "[[import]]"))
    else {
        return Vec::new();
    };
    let imports: Vec<Import> = list.iter().filter_map(|item| one(reader, item)).collect();
    let mut seen: BTreeMap<&Address, &Span> = BTreeMap::new();
    for Import { address, span, .. } in &imports {
        if let Some(first) = seen.insert(address, span) {
            let diagnostic = Diagnostic::error(format!("`{address}` is imported twice"))
                .at(span.clone(), "")
                .at(first.clone(), "here too")
                .hint("Keep one of the two.");
            reader.problems.push(diagnostic);
        }
    }
    imports
}

fn one(reader: &mut Reader, item: &Spanned<DeValue<'_>>) -> Option<Import> {
    let table = reader.table("each of `import`", item, "[[import]]")?;
    reader.unknown_keys("an `[[import]]`", table, KEYS);
    let address = required(reader, item, table, "address", ADDRESS);
    let id = required(reader, item, table, "id", ID);
    let keep = table.get("keep").map(|value| keep(reader, value));
    let (written, id) = (address?, id?);
    let address = written.value.parse::<Address>().ok();
    let Some(address) = address.filter(|address| address.mode == Mode::Managed) else {
        let message = format!("`{}` is not the address of a resource", written.value);
        reader.error(message, written.span, "", ADDRESS);
        return None;
    };
    Some(Import {
        address,
        id: id.value,
        keep: keep.unwrap_or_default(),
        span: written.span,
    })
}

fn required(
    reader: &mut Reader,
    item: &Spanned<DeValue<'_>>,
    table: &DeTable<'_>,
    key: &str,
    hint: &str,
) -> Option<Written<String>> {
    let Some(value) = table.get(key) else {
        if misspelt(key, table, KEYS).is_none() {
            let span = reader.span(item);
            reader.missing("the `[[import]]`", key, span, hint);
        }
        return None;
    };
    let text = reader.text(key, value)?;
    if text.value.trim().is_empty() {
        reader.error(format!("`{key}` is empty"), text.span, "", hint);
        return None;
    }
    Some(text)
}

fn keep(reader: &mut Reader, value: &Spanned<DeValue<'_>>) -> Vec<Written<String>> {
    let Some(list) = value.get_ref().as_array() else {
        let message = format!("`keep` must be a list, not {}", type_of(value.get_ref()));
        let hint = "Write `keep = [\"ReadByPartner\"]`: the Sid of each statement.";
        reader.error(message, reader.span(value), "", hint);
        return Vec::new();
    };
    list.iter()
        .filter_map(|item| reader.text("each of `keep`", item))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use crate::diagnostic::Source;
    use crate::spec::parse;

    const HEAD: &str = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
        [components.front]\nblueprint = \"https-service\"\n";
    const LOGS: &str = "address = \"front.aws_s3_bucket.logs\"\nid = \"legacy\"";

    /// The blocks, and what is said of them.
    #[track_caller]
    fn check(blocks: &[&str], expected: &str) {
        let mut text = HEAD.to_owned();
        for block in blocks {
            writeln!(text, "[[import]]\n{block}").unwrap();
        }
        let source = Arc::new(Source {
            name: "spec.toml".to_owned(),
            text,
        });
        let mut said = String::new();
        for problem in parse(&source, None).problems {
            let at = problem.labels.first().unwrap().span.line_and_column();
            writeln!(said, "{}:{}: {}", at.0, at.1, problem.message).unwrap();
        }
        assert_eq!(said, expected);
    }

    #[test]
    fn a_block_names_a_resource_and_an_id() {
        check(&[LOGS], "");
        check(&[&format!("{LOGS}\nkeep = [\"One\", \"Two\"]")], "");
    }

    #[test]
    fn what_is_wrong_with_a_block_is_said() {
        check(
            &["id = \"legacy\""],
            "6:1: the `[[import]]` has no `address`\n",
        );
        check(&["address = \"front\"\nid = \"\""], "8:6: `id` is empty\n");
        check(
            &["address = \"front\"\nid = \"legacy\""],
            "7:11: `front` is not the address of a resource\n",
        );
        check(
            &[&format!("{LOGS}\nkeep = \"One\"")],
            "9:8: `keep` must be a list, not text\n",
        );
        check(
            &[LOGS, LOGS],
            "10:11: `front.aws_s3_bucket.logs` is imported twice\n",
        );
    }
}
