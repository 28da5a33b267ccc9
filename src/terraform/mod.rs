//! Terraform of others, read into the resource model, so that the same rules judge it.
//!
//! In: what `terraform show -json` prints of a plan. Out: [`Planned`]. The model speaks the
//! provider's vocabulary already, so a resource is taken as it is; what is not known before
//! apply becomes a reference where the configuration says to what, else unknown.
//!
//! A resource's component is the path of its module, empty for the root, so that an address
//! prints as Terraform prints it.
//!
//! *Invariant*: a value that Terraform calls sensitive is unknown here, and nothing that is
//! unknown there is known here.

mod config;
mod document;
mod list;
mod plan;
pub mod state;
mod value;

pub use plan::{Planned, ReadError, read};

/// Where JSON is not of the form that was expected. Not what stands there: that may be a secret.
fn place(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let why = match error.classify() {
        Category::Data => "a value is of another form than expected",
        Category::Eof => "it ends too soon",
        Category::Io | Category::Syntax => "it is no JSON",
    };
    match error.line() {
        0 => why.to_owned(),
        line => format!("{why}, line {line}, column {}", error.column()),
    }
}
