//! The IAM policy of an authorizer: read strictly, evaluated as IAM does.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use serde_json::{Map, Value};

use super::arn::matches;

/// The longest `Resource` that API Gateway takes, in characters.
const MAX_RESOURCE_CHARS: usize = 512;

/// What a policy says about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    allow: bool,
    actions: Vec<String>,
    resources: Vec<String>,
}

impl Policy {
    /// Reads a `policyDocument`.
    ///
    /// Conditions and the negated members (`NotAction`, `NotResource`) are refused: they are not evaluated here, and
    /// to pass over them would
    /// allow what they forbid.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence with the member's name.
    pub fn parse(document: &Value) -> Result<Self, String> {
        let document = object(document, "policyDocument")?;
        only(document, "policyDocument", &["Version", "Id", "Statement"])?;
        match document.get("Version").and_then(Value::as_str) {
            Some("2012-10-17" | "2008-10-17") => {}
            _ => return Err("policyDocument.Version is not 2012-10-17".into()),
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
            Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
            _ => return Err("policyDocument.Statement has no statement".into()),
        };
        let statements = statements.iter().map(Statement::parse).collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    /// The verdict on invoking `method_arn`.
    #[must_use]
    pub fn evaluate(&self, method_arn: &str) -> Verdict {
        let mut verdict = Verdict::ImplicitDeny;
        for statement in self.statements.iter().filter(|statement| statement.covers(method_arn)) {
            if !statement.allow {
                return Verdict::ExplicitDeny;
            }
            verdict = Verdict::Allow;
        }
        verdict
    }
}

impl Statement {
    fn parse(statement: &Value) -> Result<Self, String> {
        let statement = object(statement, "Statement")?;
        only(statement, "Statement", &["Sid", "Effect", "Action", "Resource"])?;
        let allow = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err("Statement.Effect is neither Allow nor Deny".into()),
        };
        let resources = strings(statement, "Resource")?;
        if let Some(long) = resources
            .iter()
            .find(|resource| resource.chars().count() > MAX_RESOURCE_CHARS)
        {
            return Err(format!(
                "Statement.Resource has {} characters, more than {MAX_RESOURCE_CHARS}",
                long.chars().count()
            ));
        }
        Ok(Self {
            allow,
            actions: strings(statement, "Action")?,
            resources,
        })
    }

    fn covers(&self, method_arn: &str) -> bool {
        // IAM compares actions without regard to case, resources with it.
        let action = |pattern: &String| matches(&pattern.to_ascii_lowercase(), "execute-api:invoke");
        self.actions.iter().any(action) && self.resources.iter().any(|pattern| matches(pattern, method_arn))
    }
}

fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{name} is not an object"))
}

fn only(object: &Map<String, Value>, name: &str, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{name}.{key} is not known here")),
        None => Ok(()),
    }
}

fn strings(statement: &Map<String, Value>, member: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("Statement.{member} is neither a string nor a list of strings");
    match statement.get(member) {
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(many)) if !many.is_empty() => many
            .iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42";

    fn statement(effect: &str, resource: &str) -> Value {
        json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource})
    }

    #[track_caller]
    fn check(statements: Value, expected: Verdict) {
        let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements})).expect("a policy");
        assert_eq!(policy.evaluate(ARN), expected);
    }

    #[track_caller]
    fn refused(document: Value, reason: &str) {
        assert_eq!(Policy::parse(&document), Err(reason.to_owned()));
    }

    #[test]
    fn verdicts() {
        let api = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5";
        check(json!([statement("Allow", ARN)]), Verdict::Allow);
        check(statement("Allow", "*"), Verdict::Allow);
        check(json!([statement("Allow", &format!("{api}/prod/*/*"))]), Verdict::Allow);
        check(
            json!([statement("Allow", &format!("{api}/prod/GET/orders/??"))]),
            Verdict::Allow,
        );
        check(
            json!([statement("Allow", &format!("{api}/prod/POST/*"))]),
            Verdict::ImplicitDeny,
        );
        check(
            json!([statement("Allow", &format!("{api}/test/*"))]),
            Verdict::ImplicitDeny,
        );
        check(json!([statement("Deny", "*")]), Verdict::ExplicitDeny);
        check(
            json!([statement("Allow", "*"), statement("Deny", ARN)]),
            Verdict::ExplicitDeny,
        );
        check(
            json!([statement("Deny", ARN), statement("Allow", "*")]),
            Verdict::ExplicitDeny,
        );
        check(
            json!([statement("Deny", &format!("{api}/prod/PUT/*")), statement("Allow", "*")]),
            Verdict::Allow,
        );
    }

    #[test]
    fn actions_and_resources_are_strings_or_lists() {
        let with = |action: Value, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
        check(
            with(
                json!(["execute-api:ManageConnections", "execute-api:Invoke"]),
                json!(["x", ARN]),
            ),
            Verdict::Allow,
        );
        check(with(json!("execute-api:*"), json!("*")), Verdict::Allow);
        check(with(json!("Execute-API:invoke"), json!("*")), Verdict::Allow);
        check(with(json!("*"), json!("*")), Verdict::Allow);
        check(
            with(json!("execute-api:InvalidateCache"), json!("*")),
            Verdict::ImplicitDeny,
        );
        check(with(json!("lambda:Invoke*"), json!("*")), Verdict::ImplicitDeny);
    }

    #[test]
    fn malformed_documents() {
        let with = |statement: Value| json!({"Version": "2012-10-17", "Statement": statement});
        refused(json!(null), "policyDocument is not an object");
        refused(
            json!({"Statement": [statement("Allow", "*")]}),
            "policyDocument.Version is not 2012-10-17",
        );
        refused(with(json!([])), "policyDocument.Statement has no statement");
        refused(with(json!(["Allow"])), "Statement is not an object");
        refused(
            with(statement("allow", "*")),
            "Statement.Effect is neither Allow nor Deny",
        );
        refused(
            with(statement("Allow", &"x".repeat(513))),
            "Statement.Resource has 513 characters, more than 512",
        );
        refused(
            with(json!({"Effect": "Allow", "Action": [], "Resource": "*"})),
            "Statement.Action is neither a string nor a list of strings",
        );
        refused(
            with(json!({"Effect": "Allow", "Action": "*", "Resource": [7]})),
            "Statement.Resource is neither a string nor a list of strings",
        );
        refused(
            with(json!({"Effect": "Allow", "NotAction": "*", "Action": "*", "Resource": "*"})),
            "Statement.NotAction is not known here",
        );
    }
}
