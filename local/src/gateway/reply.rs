//! What an authorizer answered: a policy or a simple response, read strictly.

use serde_json::{Map, Value};

use super::policy::{Policy, Verdict};

/// The form that an API expects of its authorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A policy whose context holds strings, numbers and booleans only.
    RestPolicy,
    /// A policy; the context may hold anything.
    HttpPolicy,
    /// `isAuthorized` and a context.
    Simple,
}

/// A well-formed reply: this, and nothing else, is cached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) principal: Option<String>,
    pub(super) context: Map<String, Value>,
    decision: Decision,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Policy(Policy),
    Simple(bool),
}

impl Reply {
    /// Reads a payload.
    ///
    /// AWS documents `principalId` as required, so that a policy without it is refused here, whatever a real gateway
    /// lets pass.
    pub(super) fn parse(form: Form, payload: &[u8]) -> Result<Self, String> {
        let mut reply: Map<String, Value> =
            serde_json::from_slice(payload).map_err(|error| format!("no JSON object: {error}"))?;
        let context = match reply.remove("context") {
            None => Map::new(),
            Some(Value::Object(context)) => context,
            Some(_) => return Err("context is not an object".into()),
        };
        if form == Form::Simple {
            let Some(Value::Bool(authorized)) = reply.remove("isAuthorized") else {
                return Err("isAuthorized is not a boolean".into());
            };
            return Ok(Self {
                principal: None,
                context,
                decision: Decision::Simple(authorized),
            });
        }
        let Some(Value::String(principal)) = reply.remove("principalId") else {
            return Err("principalId is not a string".into());
        };
        if !matches!(reply.get("usageIdentifierKey"), None | Some(Value::String(_))) {
            return Err("usageIdentifierKey is not a string".into());
        }
        let policy = Policy::parse(reply.get("policyDocument").unwrap_or(&Value::Null))?;
        let context = if form == Form::RestPolicy {
            as_strings(context)?
        } else {
            context
        };
        Ok(Self {
            principal: Some(principal),
            context,
            decision: Decision::Policy(policy),
        })
    }

    pub(super) fn evaluate(&self, method_arn: &str) -> Verdict {
        match &self.decision {
            Decision::Policy(policy) => policy.evaluate(method_arn),
            Decision::Simple(true) => Verdict::Allow,
            Decision::Simple(false) => Verdict::ExplicitDeny,
        }
    }
}

/// A REST API hands every value on as a string, and takes nothing that has no such form.
fn as_strings(context: Map<String, Value>) -> Result<Map<String, Value>, String> {
    context
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(_) => Ok((name, value)),
            Value::Number(_) | Value::Bool(_) => Ok((name, Value::String(value.to_string()))),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                Err(format!("context.{name} is neither a string nor a number nor a boolean"))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> Value {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    }

    #[track_caller]
    fn refused(form: Form, payload: Value, reason: &str) {
        assert_eq!(
            Reply::parse(form, payload.to_string().as_bytes()),
            Err(reason.to_owned())
        );
    }

    #[test]
    fn a_rest_api_turns_the_context_into_strings() {
        let payload =
            json!({"principalId": "alice", "policyDocument": policy(), "context": {"a": "x", "b": 7, "c": true}});
        let reply = Reply::parse(Form::RestPolicy, payload.to_string().as_bytes()).expect("a reply");
        assert_eq!(
            Value::Object(reply.context.clone()),
            json!({"a": "x", "b": "7", "c": "true"})
        );
        assert_eq!(reply.principal.as_deref(), Some("alice"));
        assert_eq!(reply.evaluate("any"), Verdict::Allow);
        let reply = Reply::parse(Form::HttpPolicy, payload.to_string().as_bytes()).expect("a reply");
        assert_eq!(Value::Object(reply.context), json!({"a": "x", "b": 7, "c": true}));
    }

    #[test]
    fn a_rest_api_takes_flat_values_only() {
        for value in [json!(null), json!([1]), json!({"x": 1})] {
            let payload = json!({"principalId": "alice", "policyDocument": policy(), "context": {"a": value}});
            assert!(Reply::parse(Form::HttpPolicy, payload.to_string().as_bytes()).is_ok());
            refused(
                Form::RestPolicy,
                payload,
                "context.a is neither a string nor a number nor a boolean",
            );
        }
    }

    #[test]
    fn a_reply_in_the_wrong_form_is_refused() {
        let simple = json!({"isAuthorized": true});
        refused(Form::RestPolicy, simple.clone(), "principalId is not a string");
        refused(Form::HttpPolicy, simple, "principalId is not a string");
        refused(
            Form::Simple,
            json!({"principalId": "a", "policyDocument": policy()}),
            "isAuthorized is not a boolean",
        );
        refused(
            Form::Simple,
            json!({"isAuthorized": "true"}),
            "isAuthorized is not a boolean",
        );
        refused(
            Form::Simple,
            json!({"isAuthorized": true, "context": []}),
            "context is not an object",
        );
        refused(
            Form::RestPolicy,
            json!({"principalId": "a"}),
            "policyDocument is not an object",
        );
        refused(
            Form::RestPolicy,
            json!({"principalId": "a", "policyDocument": policy(), "usageIdentifierKey": null}),
            "usageIdentifierKey is not a string",
        );
        assert!(Reply::parse(Form::Simple, b"null").is_err());
    }
}
