//! Reads the Terraform of an exported folder back into the words of the model.
//!
//! It knows HCL, the provider's schema and what a kind is. It knows nothing of how the export
//! writes: whatever it can't make sense of is `wrong`, and so is what leads nowhere.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Decorate as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel, Body};
use watertight::address::{Address, Mode};
use watertight::kind::schema::{Nesting, Schema, Type};
use watertight::kind::{Kind, Literal};
use watertight::value::{Attributes, Value};

use super::terraform::Line;
use super::written::{Values, argument, ignored, is_call, normal, without_nulls};

/// What a folder says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder {
    pub(crate) resources: BTreeMap<Address, Read>,
    /// Of what several components look up alike, the address has no component.
    pub(crate) lookups: BTreeMap<Address, Read>,
    /// Label, value, and whether it is sensitive.
    pub(crate) outputs: Vec<(String, Value, bool)>,
    pub(crate) imports: BTreeMap<Address, String>,
    /// The region of each provider by its alias; that of the default by nothing.
    pub(crate) regions: BTreeMap<String, String>,
    /// The accounts that each provider may touch.
    pub(crate) accounts: BTreeSet<Vec<String>>,
    /// The tags of each provider.
    pub(crate) tags: BTreeSet<String>,
    /// Terraform's version, the provider's source and its version.
    pub(crate) versions: Vec<String>,
    /// What says of itself that it is left out: a resource, or an output by its label.
    pub(crate) left_out: BTreeSet<String>,
    /// What makes no sense.
    pub(crate) wrong: Vec<String>,
}

/// A resource or a lookup.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) region: String,
    pub(crate) attributes: Attributes,
    /// Those that only the kind gives.
    pub(crate) defaulted: BTreeSet<String>,
    pub(crate) depends_on: BTreeSet<Address>,
    pub(crate) ignored: BTreeSet<String>,
    pub(crate) prevents_destroy: bool,
    pub(crate) stands_twice: bool,
    /// The spec's line and the blueprint's.
    pub(crate) place: String,
    /// The rules that it says to satisfy.
    pub(crate) rules: BTreeSet<String>,
    /// The paths that it says to lack, and what stands in their place.
    pub(crate) lacks: BTreeMap<String, Option<String>>,
}

/// Reads the files of a folder, by name.
pub(crate) fn read(files: &BTreeMap<String, Body>, line: Line) -> Folder {
    let mut reader = Reader {
        line,
        names: BTreeMap::new(),
        folder: Folder::default(),
        place: String::new(),
    };
    reader.name_all(files);
    for block in files.values().flat_map(Body::blocks) {
        if block.ident.as_str() == "provider" {
            reader.provider(block);
        }
    }
    for (file, body) in files {
        reader.remarks(body);
        for block in body.blocks() {
            reader.place = format!("{file}: {}", labels(block).join("."));
            reader.block(block);
        }
    }
    reader.folder
}

struct Reader {
    line: Line,
    /// What each label of each type is.
    names: BTreeMap<(Mode, String, String), Address>,
    folder: Folder,
    /// Where it reads.
    place: String,
}

fn labels(block: &Block) -> Vec<&str> {
    block.labels.iter().map(BlockLabel::as_str).collect()
}

/// The label of something in a component.
pub(crate) fn label(component: &str, name: &str) -> String {
    format!("{component}_{name}").replace('-', "_")
}

/// A label less what tells it from others that would be the same.
pub(crate) fn stem(label: &str) -> Option<&str> {
    let (stem, end) = label.rsplit_once('_')?;
    (end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(stem)
}

impl Reader {
    fn wrong(&mut self, what: &str) {
        self.folder.wrong.push(format!("{}: {what}", self.place));
    }

    /// Reads with what is known of names.
    fn values<T>(&mut self, read: impl FnOnce(&mut Values<'_>) -> T) -> T {
        let mut values = Values {
            names: &self.names,
            wrong: Vec::new(),
        };
        let found = read(&mut values);
        for what in values.wrong {
            self.folder.wrong.push(format!("{}: {what}", self.place));
        }
        found
    }

    fn value(&mut self, value: &Expression) -> Value {
        self.values(|values| values.value(value))
    }

    fn address(&mut self, value: &Expression) -> Option<Address> {
        self.values(|values| values.address(value))
    }

    /// Files have the names of components, and labels begin with them.
    fn name_all(&mut self, files: &BTreeMap<String, Body>) {
        let mut all = Vec::new();
        for (file, body) in files {
            let component = file.strip_suffix(".tf").unwrap_or(file);
            let component = component.strip_suffix(".component").unwrap_or(component);
            let component = if file == "data.tf" { "" } else { component };
            for block in body.blocks() {
                let mode = match block.ident.as_str() {
                    "resource" => Mode::Managed,
                    "data" => Mode::Lookup,
                    _ => continue,
                };
                if let [kind, label] = labels(block)[..] {
                    all.push((mode, kind.to_owned(), label.to_owned(), component));
                }
            }
        }
        let mut alike: BTreeMap<(Mode, &str, &str), Vec<&str>> = BTreeMap::new();
        for (mode, kind, label, component) in &all {
            if let Some(stem) = stem(label) {
                let with = alike.entry((*mode, kind, stem)).or_default();
                with.push(component);
            }
        }
        for (mode, kind, label, component) in &all {
            let told_apart = stem(label).filter(|stem| {
                let components = &alike[&(*mode, kind.as_str(), *stem)];
                components.len() > 1 && components.iter().any(|other| *other != components[0])
            });
            let begin = format!("{}_", component.replace('-', "_"));
            let name = match (*component, told_apart.unwrap_or(label)) {
                ("", label) => Some(label),
                (_, label) => label.strip_prefix(&begin),
            };
            let Some(name) = name else {
                self.wrong(&format!("{kind}.{label} is not in {component}"));
                continue;
            };
            let address = Address {
                component: (*component).to_owned(),
                mode: *mode,
                kind: kind.clone(),
                name: name.to_owned(),
            };
            let key = (*mode, kind.clone(), label.clone());
            if self.names.insert(key, address).is_some() {
                self.wrong(&format!("{kind}.{label} stands twice"));
            }
        }
    }

    fn provider(&mut self, block: &Block) {
        "providers.tf".clone_into(&mut self.place);
        let given = self.arguments(&block.body, &[], "");
        let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        let alias = text("alias").unwrap_or_default();
        let region = text("region").unwrap_or_default();
        let accounts = given
            .get("allowed_account_ids")
            .map_or(&[][..], Value::items);
        let accounts = accounts.iter().filter_map(Value::as_str).map(str::to_owned);
        self.folder.accounts.insert(accounts.collect());
        if self.folder.regions.insert(alias, region).is_some() {
            self.wrong("an alias stands twice");
        }
        let tags = block.body.get_blocks("default_tags").next();
        let tags = tags.map(|tags| self.arguments(&tags.body, &[], ""));
        let tags = tags.and_then(|mut tags| tags.remove("tags"));
        let tags = tags.unwrap_or_else(|| Value::Map(BTreeMap::new()));
        self.folder.tags.insert(normal(tags).to_json().to_string());
    }

    /// What stands in comments alone.
    fn remarks(&mut self, body: &Body) {
        let text = body.to_string();
        let told = text
            .lines()
            .filter_map(|line| line.strip_prefix("# Not here: "));
        for told in told {
            let address = told.split_once(": ").filter(|(first, _)| {
                first.parse::<Address>().is_ok() || first.starts_with("output ")
            });
            if let Some((first, _)) = address {
                self.folder.left_out.insert(first.to_owned());
            }
        }
    }

    fn block(&mut self, block: &Block) {
        match (block.ident.as_str(), &labels(block)[..]) {
            ("terraform", []) => {
                let mut versions = self.arguments(&block.body, &[], "");
                for inside in block.body.blocks() {
                    versions.append(&mut self.arguments(&inside.body, &[], ""));
                }
                let version = ["required_version", "aws.source", "aws.version"].map(|path| {
                    let value = Value::Map(versions.clone());
                    value.get(path).as_str().unwrap_or_default().to_owned()
                });
                self.folder.versions = version.to_vec();
            }
            ("provider", ["aws"]) => {}
            ("resource", [kind, label]) => self.thing(block, Mode::Managed, kind, label),
            ("data", [kind, label]) => self.thing(block, Mode::Lookup, kind, label),
            ("output", [label]) => {
                let mut given = self.arguments(&block.body, &[], "");
                let is_sensitive = given.get("sensitive") == Some(&Value::Bool(true));
                let value = given.remove("value").unwrap_or_default();
                let mut others = self.folder.outputs.iter();
                if others.any(|(other, ..)| other == label) {
                    self.wrong("stands twice");
                }
                let output = ((*label).to_owned(), value, is_sensitive);
                self.folder.outputs.push(output);
            }
            ("import", []) => {
                let to = block.body.get_attribute("to");
                let to = to.and_then(|to| self.address(&to.value));
                let id = block.body.get_attribute("id").map(|id| &id.value);
                match (to, id) {
                    (Some(to), Some(Expression::String(id))) => {
                        self.folder.imports.insert(to, id.to_string());
                    }
                    _ => self.wrong("an import of nothing"),
                }
            }
            _ => self.wrong("is no block that is known"),
        }
    }

    fn thing(&mut self, block: &Block, mode: Mode, kind: &str, label: &str) {
        let key = (mode, kind.to_owned(), label.to_owned());
        let Some(address) = self.names.get(&key).cloned() else {
            return;
        };
        let schema = match mode {
            Mode::Managed => self.line.schema(kind),
            Mode::Lookup => self.line.schema(&format!("data.{kind}")),
        };
        let Some(schema) = schema else {
            self.wrong("is of no type of the provider");
            return;
        };
        let mut read = Read::default();
        let of = Kind::of(kind).filter(|_| mode == Mode::Managed);
        let json = of.map_or(&[][..], |kind| kind.json);
        read.attributes = self.inside(&block.body, schema, json, "");
        for attribute in block.body.attributes() {
            match attribute.key.as_str() {
                "depends_on" => {
                    let after = attribute.value.as_array().into_iter().flatten();
                    let after: Vec<_> = after.map(|one| self.address(one)).collect();
                    read.depends_on.extend(after.into_iter().flatten());
                }
                "provider" => read.region = self.provided(&attribute.value),
                _ => {}
            }
        }
        let home = of.and_then(|kind| kind.home);
        if !block.body.has_attribute("provider") {
            let standard = self.folder.regions.get("").cloned().unwrap_or_default();
            read.region = home.map_or(standard, str::to_owned);
        }
        for lifecycle in block.body.get_blocks("lifecycle") {
            self.lifecycle(lifecycle, &mut read);
        }
        for path in &read.ignored {
            if !has(schema, path) {
                self.wrong(&format!("ignores {path}, which is nothing"));
            }
        }
        let prefix = block.decor().prefix().map(|prefix| prefix.to_string());
        self.comments(&prefix.unwrap_or_default(), &mut read);
        if mode == Mode::Managed {
            self.tag(schema, &mut read.attributes);
            for (name, default) in of.map_or(&[][..], |kind| kind.defaults) {
                let is_given = read.attributes.contains_key(*name);
                if !is_given && !name.contains('.') && !read.lacks.contains_key(*name) {
                    read.defaulted.insert((*name).to_owned());
                    // No block is what a folder says of it.
                    if default != &Literal::Nothing {
                        read.attributes.insert((*name).to_owned(), default.value());
                    }
                }
            }
            self.folder.resources.insert(address, read);
        } else {
            self.folder.lookups.insert(address, read);
        }
    }

    /// The provider's tags are on whatever has tags.
    fn tag(&mut self, schema: &'static Schema, attributes: &mut Attributes) {
        let [common] = &self.folder.tags.iter().collect::<Vec<_>>()[..] else {
            self.wrong("the tags of one provider are not those of another");
            return;
        };
        let common = serde_json::from_str(common).map(|json| Value::from_json(&json));
        let Ok(Value::Map(common)) = common else {
            return;
        };
        if schema.attribute("tags").is_some() && !common.is_empty() {
            let tags = attributes.entry("tags".to_owned());
            if let Value::Map(tags) = tags.or_insert_with(|| Value::Map(BTreeMap::new())) {
                for (key, value) in common {
                    tags.entry(key).or_insert(value);
                }
            }
        }
    }

    fn provided(&mut self, value: &Expression) -> String {
        let text = value.to_string();
        let alias = text.trim().strip_prefix("aws.").unwrap_or_default();
        let region = self.folder.regions.get(alias).filter(|_| !alias.is_empty());
        region.cloned().unwrap_or_else(|| {
            self.wrong("is of no provider");
            String::new()
        })
    }

    fn lifecycle(&mut self, block: &Block, read: &mut Read) {
        for attribute in block.body.attributes() {
            let value = &attribute.value;
            match attribute.key.as_str() {
                "prevent_destroy" => read.prevents_destroy = value.as_bool() == Some(true),
                "create_before_destroy" => read.stands_twice = value.as_bool() == Some(true),
                "ignore_changes" => {
                    for one in value.as_array().into_iter().flatten() {
                        match ignored(one) {
                            Some(path) => {
                                read.ignored.insert(path);
                            }
                            None => self.wrong("ignores what is no attribute"),
                        }
                    }
                }
                _ => self.wrong("a lifecycle that is not known"),
            }
        }
    }

    /// The lines right above it.
    fn comments(&mut self, above: &str, read: &mut Read) {
        let above = above.rsplit("\n\n").next().unwrap_or_default();
        let lines = above.lines().filter_map(|line| line.strip_prefix("# "));
        for (number, line) in lines.enumerate() {
            if let Some(told) = line.strip_prefix("Not here: provider 5 ") {
                let without = told
                    .strip_prefix("has no words for ")
                    .and_then(|told| told.strip_suffix(": it is left out"));
                let instead = told
                    .strip_prefix("does not take the value of ")
                    .and_then(|told| told.strip_suffix(" is written"))
                    .and_then(|told| told.split_once(": "));
                let lacks = match (without, instead) {
                    (Some(path), _) => (path.to_owned(), None),
                    (_, Some((path, value))) => (path.to_owned(), Some(value.to_owned())),
                    _ => {
                        self.wrong(&format!("tells what is not known: {told}"));
                        continue;
                    }
                };
                read.lacks.insert(lacks.0, lacks.1);
            } else if let Some((rule, _)) = line.split_once(": ").filter(|(rule, _)| is_rule(rule))
            {
                read.rules.insert(rule.to_owned());
            } else if number == 0 && !line.starts_with("WT-") {
                line.clone_into(&mut read.place);
            }
        }
    }

    /// The arguments and blocks of a body, by the schema.
    fn inside(
        &mut self,
        body: &Body,
        schema: &'static Schema,
        json: &[&str],
        at: &str,
    ) -> Attributes {
        let mut given = self.arguments(body, json, at);
        if at.is_empty() {
            given.remove("depends_on");
            given.remove("provider");
        }
        for (name, value) in &mut given {
            match schema.attribute(name) {
                None => self.wrong(&format!("{at}{name} is no argument")),
                Some(attribute) => without_nulls(value, &attribute.of),
            }
        }
        for block in body.blocks() {
            let name = block.ident.as_str();
            if at.is_empty() && name == "lifecycle" {
                continue;
            }
            let Some(of) = schema.block(name) else {
                self.wrong(&format!("{at}{name} is no block"));
                continue;
            };
            let inner = self.inside(&block.body, &of.schema, json, &format!("{at}{name}."));
            let inner = Value::Map(inner);
            if of.nesting == Nesting::Single {
                given.insert(name.to_owned(), inner);
                continue;
            }
            let held = given.entry(name.to_owned());
            if let Value::List(items) = held.or_insert_with(|| Value::List(Vec::new())) {
                items.push(inner);
            }
        }
        given.retain(|_, value| !value.is_null());
        given
    }

    fn arguments(&mut self, body: &Body, json: &[&str], at: &str) -> Attributes {
        let mut given = Attributes::new();
        for attribute in body.attributes() {
            let name = attribute.key.as_str();
            if at.is_empty() && matches!(name, "provider" | "depends_on") {
                continue;
            }
            let path = format!("{at}{name}");
            let value = match &attribute.value {
                Expression::FuncCall(call) if is_call(call, "jsonencode", 1) => {
                    if !json.contains(&path.as_str()) {
                        self.wrong(&format!("{path} is no document"));
                    }
                    self.value(argument(call, 0))
                }
                value @ (Expression::Array(_) | Expression::Object(_))
                    if json.contains(&path.as_str()) =>
                {
                    self.wrong(&format!("{path} is a document and not encoded"));
                    self.value(value)
                }
                value => self.value(value),
            };
            given.insert(name.to_owned(), value);
        }
        given
    }
}

/// Whether there is something at a path.
pub(crate) fn has(schema: &'static Schema, path: &str) -> bool {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    match (schema.block(name), schema.attribute(name)) {
        (Some(block), _) => rest.is_empty() || has(&block.schema, rest),
        (_, Some(attribute)) => rest.is_empty() || has_field(&attribute.of, rest),
        _ => false,
    }
}

fn has_field(of: &Type, path: &str) -> bool {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    match of {
        Type::List(of) | Type::Set(of) => has_field(of, path),
        Type::Map(_) => true,
        Type::Object(fields) => {
            let mut fields = fields.iter();
            fields.any(|(field, of)| *field == name && (rest.is_empty() || has_field(of, rest)))
        }
        _ => false,
    }
}

fn is_rule(text: &str) -> bool {
    text.starts_with("WT-") && !text.contains(' ')
}
