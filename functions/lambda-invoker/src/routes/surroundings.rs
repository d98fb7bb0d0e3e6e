//! What a route table refers to outside of its own text: variables, secrets and files.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use shared::secrets::{SecretArn, SecretError};
use shared::{Deadline, Env, Secret, SecretSource, Secrets, together};

use super::reader::{Field, Kind, Problems};

/// What a table may refer to. Handed in, so that reading a table is a pure function of the two.
pub trait Surroundings {
    /// An environment variable; `None` when unset or empty.
    fn variable(&self, name: &str) -> Option<String>;

    /// The value that an ARN names.
    ///
    /// # Errors
    /// Why it could not be had.
    fn secret(&self, arn: &str) -> Result<Secret, SecretError>;

    /// The content of a file.
    ///
    /// # Errors
    /// A word about why it cannot be read.
    fn file(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// The surroundings of a running function: its environment, its files, and the secrets that the table names, which
/// were read beforehand.
pub struct Surrounded<'a> {
    env: &'a (dyn Env + Send + Sync),
    secrets: HashMap<String, Result<Secret, SecretError>>,
}

impl<'a> Surrounded<'a> {
    /// Reads every secret that `document` refers to, whatever member it stands in, all at the same time and by `deadline`;
    /// one that was read within `max_age` counts as fresh.
    pub async fn gather(
        document: &Value,
        env: &'a (dyn Env + Send + Sync),
        secrets: &Secrets,
        max_age: Duration,
        deadline: Deadline,
    ) -> Self {
        let mut arns = Vec::new();
        collect_arns(document, &mut arns);
        arns.sort_unstable();
        arns.dedup();
        // A reference that is no ARN is reported by whoever reads the member.
        let sources = arns
            .into_iter()
            .filter_map(|arn| Some((arn.to_owned(), SecretSource::Arn(SecretArn::parse(arn).ok()?))));
        let reads =
            sources.map(|(arn, source)| async move { (arn, secrets.refresh(&source, max_age, deadline).await) });
        let found = together(reads.collect()).await;
        Self {
            env,
            secrets: found.into_iter().collect(),
        }
    }
}

impl Surroundings for Surrounded<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty())
    }

    fn secret(&self, arn: &str) -> Result<Secret, SecretError> {
        self.secrets
            .get(arn)
            .cloned()
            .unwrap_or_else(|| Err(SecretError::new("not_read")))
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| error.kind().to_string())
    }
}

fn collect_arns<'a>(value: &'a Value, arns: &mut Vec<&'a str>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect_arns(element, arns)),
        Value::Object(members) => {
            if let Some(Value::String(arn)) = members.get("secret_arn") {
                arns.push(arn);
            }
            members.values().for_each(|member| collect_arns(member, arns));
        }
        _ => {}
    }
}

/// Reads a secret member: a string, `{"env": "NAME"}` or `{"secret_arn": "arn:…"}`. Its value is never quoted.
pub(super) fn read_secret(
    field: &Field<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<Secret> {
    let secret = match field.value {
        Value::String(text) => {
            problems.takes(&field.path, || Kind::Secret);
            Secret::new(text)
        }
        Value::Object(_) => {
            let mut fields = field.object(problems)?;
            let (variable, arn) = (fields.get("env"), fields.get("secret_arn"));
            fields.finish(problems);
            match (variable, arn) {
                (Some(variable), None) => {
                    let name = variable.text(problems)?;
                    let Some(value) = surroundings.variable(name) else {
                        // The name is not quoted: somebody may have put the secret itself there.
                        problems.add(&variable.path, "this variable is not set");
                        return None;
                    };
                    Secret::new(value)
                }
                (None, Some(arn)) => {
                    let text = arn.text(problems)?;
                    let read = SecretArn::parse(text)
                        .map_err(str::to_owned)
                        .and_then(|_| surroundings.secret(text).map_err(|error| error.to_string()));
                    match read {
                        Ok(secret) => secret,
                        Err(what) => {
                            problems.add(&arn.path, what);
                            return None;
                        }
                    }
                }
                _ => {
                    problems.add(&field.path, "exactly one of env, secret_arn is required");
                    return None;
                }
            }
        }
        _ => {
            problems.add(
                &field.path,
                "must be a string, {\"env\": NAME} or {\"secret_arn\": ARN}",
            );
            return None;
        }
    };
    if secret.is_empty() || !secret.reveal().bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        // All secrets here travel in headers.
        problems.add(&field.path, "must be visible ASCII characters, at least one");
        return None;
    }
    Some(secret)
}
