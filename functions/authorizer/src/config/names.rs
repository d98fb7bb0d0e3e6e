//! What a setting of a server is called: a variable, or a member of an entry of the list of servers.

use shared::SecretSource;
use shared::env::Reader;

/// Where the settings of a server stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Each in a variable of its own.
    Variables,
    /// In the entry with this number of `AUTHZ_PROVIDERS`, under the variable's name in lower case without `AUTHZ_`.
    Entry(usize),
}

impl Names {
    /// What the setting of a variable is called here.
    pub(crate) fn of(self, variable: &str) -> String {
        match self {
            Self::Variables => variable.to_owned(),
            Self::Entry(at) => {
                let member = variable.strip_prefix("AUTHZ_").unwrap_or(variable);
                Self::member(at, &member.to_ascii_lowercase())
            }
        }
    }

    /// The path of an entry's member.
    pub(super) fn member(at: usize, member: &str) -> String {
        format!("AUTHZ_PROVIDERS[{at}].{member}")
    }

    /// What the reference to a secret is called that may stand for the setting itself.
    pub(crate) fn twin(self, variable: &str) -> String {
        self.of(&format!("{variable}_SECRET_ARN"))
    }

    /// A secret, in plain or by reference.
    pub(super) fn secret(self, variable: &str, reader: &mut Reader<'_>) -> Option<SecretSource> {
        reader.secret_or(&self.of(variable), &self.twin(variable))
    }
}
