//! The reference to a secret value, in the form that Amazon ECS uses for `valueFrom`.

use serde_json::Value;

use super::SecretError;
use crate::Secret;

const SHAPE: &str =
    "must be arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]";

/// A secret value in Secrets Manager: `arn:…:secret:name-AbCdEf:json-key:version-stage:version-id`, the last
/// three optional and empty when left out
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretArn {
    /// The secret's ARN, up to its name.
    pub secret_id: String,
    /// The region that the ARN names.
    pub region: String,
    /// The member to take when the secret is a JSON object.
    pub json_key: Option<String>,
    /// A staging label such as `AWSPREVIOUS`.
    pub version_stage: Option<String>,
    /// One exact version.
    pub version_id: Option<String>,
}

impl SecretArn {
    /// Reads a reference.
    ///
    /// # Errors
    /// What is wanted, without the value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut pieces = text.split(':');
        let (Some("arn"), Some(partition), Some("secretsmanager"), Some(region), Some(account), Some("secret")) = (
            pieces.next(),
            pieces.next(),
            pieces.next(),
            pieces.next(),
            pieces.next(),
            pieces.next(),
        ) else {
            return Err(SHAPE);
        };
        let name = pieces.next().unwrap_or_default();
        if [partition, region, account, name].iter().any(|piece| piece.is_empty()) {
            return Err(SHAPE);
        }
        let mut optional = || pieces.next().filter(|piece| !piece.is_empty()).map(str::to_owned);
        let (json_key, version_stage, version_id) = (optional(), optional(), optional());
        if pieces.next().is_some() {
            return Err(SHAPE);
        }
        Ok(Self {
            secret_id: format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"),
            region: region.to_owned(),
            json_key,
            version_stage,
            version_id,
        })
    }

    /// The part of a secret's text that this reference names: the whole, or a string member of the JSON object.
    ///
    /// # Errors
    /// `empty_value` or `no_such_key`.
    pub(super) fn pick(&self, text: &Secret) -> Result<Secret, SecretError> {
        let picked = match &self.json_key {
            None => text.clone(),
            Some(key) => match serde_json::from_str::<Value>(text.reveal()) {
                Ok(Value::Object(mut members)) => match members.remove(key) {
                    Some(Value::String(value)) => Secret::new(value),
                    _ => return Err(SecretError::new("no_such_key")),
                },
                _ => return Err(SecretError::new("no_such_key")),
            },
        };
        if picked.is_empty() {
            Err(SecretError::new("empty_value"))
        } else {
            Ok(picked)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_three_parts_are_optional() {
        let base = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/slack-AbCdEf";
        let parts = |text: &str| {
            let arn = SecretArn::parse(text).unwrap();
            assert_eq!(arn.secret_id, base);
            assert_eq!(arn.region, "eu-west-1");
            (arn.json_key, arn.version_stage, arn.version_id)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts(base), (None, None, None));
        assert_eq!(parts(&format!("{base}:token")), (some("token"), None, None));
        assert_eq!(parts(&format!("{base}:token::")), (some("token"), None, None));
        assert_eq!(
            parts(&format!("{base}::AWSPREVIOUS:")),
            (None, some("AWSPREVIOUS"), None)
        );
        assert_eq!(
            parts(&format!("{base}:token:AWSCURRENT:v1")),
            (some("token"), some("AWSCURRENT"), some("v1"))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "slack",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:",
            "arn:aws:ssm:eu-west-1:123456789012:secret:x",
            "arn:aws:secretsmanager::123456789012:secret:x",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x:a:b:c:d",
        ] {
            assert!(SecretArn::parse(text).is_err(), "{text}");
        }
    }
}
