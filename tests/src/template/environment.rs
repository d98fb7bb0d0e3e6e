//! Each function's variables are those that its code reads, and hold no secret.

use super::Deployed;
use super::code::Code;
use super::stack::{at, members, text};
use crate::tidy::variables::{Names, REFERENCE, differences};

/// Lambda takes at most 4 KB of variables.
const MOST_BYTES: usize = 4096;

pub(super) fn faults(functions: &[Deployed<'_>], code: &Code) -> Vec<String> {
    let mut faults = Vec::new();
    for function in functions {
        let given = at(function.properties, "/Environment/Variables");
        let names: Names = members(given).map(|(name, _)| name.to_owned()).collect();
        if let Some(own) = code.functions.get(function.folder) {
            let here = format!("the code of {}", function.folder);
            faults.extend(differences(&here, &own.variables, function.name, &names));
        }
        for (name, value) in members(given) {
            if names.contains(&format!("{name}{REFERENCE}")) && !text(value).is_empty() {
                faults.push(format!("{}: {name} holds a secret in plain sight", function.name));
            }
        }
        let bytes: usize = members(given).map(|(name, value)| name.len() + text(value).len()).sum();
        if bytes > MOST_BYTES * 3 / 4 {
            faults.push(format!(
                "{}: its variables have {bytes} bytes, which leaves little room",
                function.name
            ));
        }
    }
    faults
}
