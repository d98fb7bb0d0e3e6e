//! What signs: keys of the table or the function's own credentials, and the roles that are assumed with them.

use std::collections::BTreeMap;

use shared::Secret;

use super::endpoint::Policy;
use super::reader::{Field, Fields, Problems};
use super::role::{AssumeRole, read_role};
use super::surroundings::{Surroundings, read_secret};

/// Keys given in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key's id.
    pub access_key: Secret,
    /// The secret access key.
    pub secret_key: Secret,
    /// The token of temporary keys.
    pub session_token: Option<Secret>,
}

/// Where the credentials of a signature come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialSource {
    /// Keys of the table; without them the function's own credentials.
    pub keys: Option<Keys>,
    /// Roles that are assumed one after the other, each with the credentials of the one before.
    pub roles: Vec<AssumeRole>,
}

/// The entries of the table's `credentials` by their names.
pub(super) type Named = BTreeMap<String, CredentialSource>;

/// The entry that signs where nothing else is said.
const DEFAULT: &str = "default";

/// Reads the table's `credentials`. A broken entry is kept all the same, so that those who name it are not blamed.
pub(super) fn read_named(
    field: Option<Field<'_>>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Named {
    let members = field.map(|field| field.members(problems)).unwrap_or_default();
    let mut named = Named::new();
    for (name, field) in members {
        let mut source = CredentialSource::default();
        if let Some(mut fields) = field.object(problems) {
            source.keys = read_keys(&mut fields, "", surroundings, problems);
            source
                .roles
                .extend(read_role(&mut fields, policy, surroundings, problems));
            fields.finish(problems);
        }
        named.insert(name.to_owned(), source);
    }
    named
}

/// Reads what an `iam` says about its credentials: keys of its own or the name of an entry, and a role on top.
pub(super) fn read(
    fields: &mut Fields<'_>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> CredentialSource {
    let alias = if policy.apisix {
        "property \"accesskey\" is required"
    } else {
        ""
    };
    let keys = read_keys(fields, alias, surroundings, problems);
    let mut source = match fields.get("credentials") {
        Some(field) => read_name(&field, policy, problems),
        None if keys.is_none() => policy.credentials.get(DEFAULT).cloned().unwrap_or_default(),
        None => CredentialSource::default(),
    };
    if keys.is_some() {
        if let Some(field) = fields.get("credentials") {
            problems.add(&field.path, "makes no sense beside accesskey and secretkey");
        }
        source.keys = keys;
    }
    source.roles.extend(read_role(fields, policy, surroundings, problems));
    source
}

fn read_name(field: &Field<'_>, policy: &Policy<'_>, problems: &mut Problems) -> CredentialSource {
    let Some(name) = field.text(problems) else {
        return CredentialSource::default();
    };
    match policy.credentials.get(name) {
        Some(source) => source.clone(),
        None if name == DEFAULT => CredentialSource::default(),
        None => {
            problems.add(&field.path, "no entry of this name in credentials");
            CredentialSource::default()
        }
    }
}

fn read_keys(
    fields: &mut Fields<'_>,
    alias: &str,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<Keys> {
    let key_fields = (
        fields.get("accesskey"),
        fields.get("secretkey"),
        fields.get("sessiontoken"),
    );
    match &key_fields {
        (None, Some(_), _) if alias.is_empty() => {
            problems.add(&fields.path_of("accesskey"), "required with secretkey");
        }
        (None, Some(_), _) => {
            problems.add(
                &fields.path_of("accesskey"),
                format_args!("required with secretkey ({alias})"),
            );
        }
        (Some(_), None, _) => problems.add(&fields.path_of("secretkey"), "required with accesskey"),
        (None, None, Some(_)) => {
            problems.add(&fields.path_of("sessiontoken"), "needs accesskey and secretkey");
        }
        _ => {}
    }
    let (access_key, secret_key, session_token) = key_fields;
    let mut read = |field: Option<Field<'_>>| field.and_then(|field| read_secret(&field, surroundings, problems));
    let (access_key, secret_key, session_token) = (read(access_key), read(secret_key), read(session_token));
    Some(Keys {
        access_key: access_key?,
        secret_key: secret_key?,
        session_token,
    })
}
