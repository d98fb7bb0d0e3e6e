//! Route tables of lambda-invoker without the function: checked, and made from what APISIX has.

mod apisix;
mod yaml;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    path::{Path, PathBuf},
};

pub use apisix::{Converted, from_apisix};
pub use lambda_invoker::routes::schema;
use lambda_invoker::routes::{RouteTable, Surroundings, parse_json};
use serde_json::Value;
use shared::{Secret, secrets::SecretError};

/// What a table is like.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, one line each as the function says it; none for a good table.
    pub problems: Vec<String>,
    /// How many routes it has.
    pub routes: usize,
    /// What is worth knowing about a good table, one line each.
    pub remarks: Vec<String>,
    /// What must be there where the function runs: variables and secrets, one line each.
    pub needs: Vec<String>,
}

/// Checks the text of a table as the function does when it starts in Lambda. Variables and secrets that the table names
/// are taken to be there; its files are looked for in `folder`, which stands for the package.
pub fn check(text: &str, folder: &Path) -> Report {
    let document = match parse_json(text) {
        Ok(document) => document,
        Err(error) => {
            return Report {
                problems: error.problems().to_vec(),
                ..Report::default()
            };
        }
    };
    let package = Package {
        folder: folder.to_owned(),
        variables: variables(&document),
        secrets: RefCell::default(),
    };
    let read = RouteTable::read(&document, &package);
    let variables = package.variables.iter().map(|name| format!("variable {name}"));
    let needs = variables.chain(
        package
            .secrets
            .into_inner()
            .into_iter()
            .map(|arn| format!("secret {arn}")),
    );
    let needs = needs.collect();
    match read {
        Ok(table) => Report {
            problems: Vec::new(),
            routes: table.routes().len(),
            remarks: table.remarks(),
            needs,
        },
        Err(error) => Report {
            problems: error.problems().to_vec(),
            routes: 0,
            remarks: Vec::new(),
            needs,
        },
    }
}

/// A function that runs in Lambda with everything that its table names.
struct Package {
    folder: PathBuf,
    variables: BTreeSet<String>,
    secrets: RefCell<BTreeSet<String>>,
}

impl Surroundings for Package {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            // Lambda always sets it.
            "AWS_REGION" => Some("us-east-1".to_owned()),
            _ => self.variables.contains(name).then(|| "placeholder".to_owned()),
        }
    }

    fn secret(&self, arn: &str) -> Result<Secret, SecretError> {
        self.secrets.borrow_mut().insert(arn.to_owned());
        Ok(Secret::new("placeholder"))
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.folder.join(path)).map_err(|error| error.kind().to_string())
    }
}

/// The variables that a document takes secrets from.
fn variables(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(document, &mut names);
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, names)),
        Value::Object(members) => {
            if let (Some(Value::String(name)), 1) = (members.get("env"), members.len()) {
                names.insert(name.clone());
            }
            members.values().for_each(|member| collect(member, names));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
