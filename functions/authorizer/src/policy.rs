//! A decision becomes API Gateway's answer: a policy, a simple response, or an error. Pure.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use shared::start::InvocationError;

use crate::claims::{Claims, Context};
use crate::error::{INTERNAL_ERROR, Problem, Refusal, UNAUTHORIZED};
use crate::event::{AuthorizationRequest, Kind};

/// The largest answer for a WebSocket API, in bytes of JSON; API Gateway's own limit is 8 KB.
const MAX_WEBSOCKET: usize = 8000;
/// The largest answer for all others.
const MAX_OTHERS: usize = 16_384;
/// The longest `Resource` of a policy, in characters.
const MAX_RESOURCE: usize = 512;

/// What a policy covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyScope {
    /// The whole API and stage, so that API Gateway may cache the policy for a token.
    Api,
    /// The one method that was asked for; API Gateway's cache must be off or keyed by method and path too.
    Method,
}

/// What an HTTP API with payload format 2.0 is answered; must equal the API's own setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpV2Response {
    /// `{"isAuthorized": …}`.
    Simple,
    /// A policy.
    Iam,
}

/// How a request without a valid token is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// With an error for REST and WebSocket APIs, where that is a 401; with a denial for HTTP APIs.
    Auto,
    /// With an error.
    Error,
    /// With a denial.
    Deny,
}

/// The shape of answers.
#[derive(Debug, Clone, Copy)]
pub struct PolicyRules {
    /// What a policy covers.
    pub scope: PolicyScope,
    /// What an HTTP API with payload format 2.0 is answered.
    pub http_v2: HttpV2Response,
    /// How a request without a valid token is answered.
    pub unauthenticated: Unauthenticated,
}

/// What was decided about one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Let in.
    Allow(Arc<Claims>),
    /// Refused; with the claims if the token is active.
    Refuse(Problem, Option<Arc<Claims>>),
}

/// An answer that API Gateway reads (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>).
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An IAM policy.
    Policy(PolicyAnswer),
    /// The simple response of an HTTP API.
    Simple(SimpleAnswer),
}

/// An answer with a policy. There is no `usageIdentifierKey`: API Gateway dislikes a null there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAnswer {
    principal_id: Principal,
    policy_document: PolicyDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<TokenContext>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDocument {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

/// A simple response.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimpleAnswer {
    is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<TokenContext>,
}

/// The principal of claims that several answers share, or nobody.
#[derive(Debug, Clone)]
struct Principal(Option<Arc<Claims>>);

impl Principal {
    fn text(&self) -> &str {
        self.0
            .as_ref()
            .and_then(|claims| claims.principal())
            .unwrap_or("anonymous")
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

/// The context of claims that several answers share, or a shortened one.
#[derive(Debug, Clone)]
enum TokenContext {
    Whole(Arc<Claims>),
    Shortened(Context),
}

impl TokenContext {
    fn context(&self) -> &Context {
        match self {
            Self::Whole(claims) => claims.context(),
            Self::Shortened(context) => context,
        }
    }
}

impl Serialize for TokenContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.context().serialize(serializer)
    }
}

/// The answer, and what the log is to say about it.
#[derive(Debug)]
pub struct Outcome {
    /// What Lambda returns.
    pub answer: Result<Answer, InvocationError>,
    /// Why the request was refused, if it was. Building the answer can add a reason.
    pub problem: Option<Problem>,
    /// Whether parts of the context were dropped because the answer was too large.
    pub context_truncated: bool,
}

impl PolicyRules {
    /// The answer to a request whose event could be read.
    pub fn answer(&self, request: &AuthorizationRequest<'_>, decision: &Decision) -> Outcome {
        match decision {
            Decision::Allow(claims) => self.allow(request, claims),
            Decision::Refuse(problem, claims) => {
                Outcome::refused(*problem, self.refuse(request, *problem, claims.clone()))
            }
        }
    }

    fn allow(&self, request: &AuthorizationRequest<'_>, claims: &Arc<Claims>) -> Outcome {
        let context = (!claims.context().is_empty()).then(|| TokenContext::Whole(claims.clone()));
        let answer = if self.answers_simply(request) {
            Answer::Simple(SimpleAnswer {
                is_authorized: true,
                context,
            })
        } else {
            let resource = match self.scope {
                PolicyScope::Api => whole_stage(request),
                PolicyScope::Method => match exact(request) {
                    Some(resource) => resource,
                    None => {
                        let problem = Problem::UnsafeResource;
                        return Outcome::refused(problem, self.refuse(request, problem, Some(claims.clone())));
                    }
                },
            };
            Answer::Policy(policy("Allow", Principal(Some(claims.clone())), resource, context))
        };
        match fitted(answer, max_bytes(request.kind)) {
            Some((answer, context_truncated)) => Outcome {
                answer: Ok(answer),
                problem: None,
                context_truncated,
            },
            None => Outcome::refused(Problem::AnswerTooLarge, Err(INTERNAL_ERROR)),
        }
    }

    fn refuse(
        &self,
        request: &AuthorizationRequest<'_>,
        problem: Problem,
        claims: Option<Arc<Claims>>,
    ) -> Result<Answer, InvocationError> {
        let claims = match problem.verdict().refusal {
            Refusal::Error => return Err(INTERNAL_ERROR),
            Refusal::Unauthorized => {
                let as_error = match self.unauthenticated {
                    Unauthenticated::Auto => !request.kind.is_http_api(),
                    Unauthenticated::Error => true,
                    Unauthenticated::Deny => false,
                };
                if as_error {
                    return Err(UNAUTHORIZED);
                }
                // Whoever shows no valid token is nobody.
                None
            }
            Refusal::Forbidden => claims,
        };
        if self.answers_simply(request) {
            return Ok(Answer::Simple(SimpleAnswer {
                is_authorized: false,
                context: None,
            }));
        }
        // On the whole stage, so that a denial that API Gateway caches is right for every method.
        Ok(Answer::Policy(policy(
            "Deny",
            Principal(claims),
            whole_stage(request),
            None,
        )))
    }

    fn answers_simply(&self, request: &AuthorizationRequest<'_>) -> bool {
        request.kind == Kind::HttpV2 && self.http_v2 == HttpV2Response::Simple
    }
}

impl Outcome {
    fn refused(problem: Problem, answer: Result<Answer, InvocationError>) -> Self {
        Self {
            answer,
            problem: Some(problem),
            context_truncated: false,
        }
    }

    /// The answer to an event that could not be read: nobody knows which shape to answer in.
    pub fn unreadable(problem: Problem) -> Self {
        Self::refused(problem, Err(INTERNAL_ERROR))
    }
}

fn policy(
    effect: &'static str,
    principal_id: Principal,
    resource: String,
    context: Option<TokenContext>,
) -> PolicyAnswer {
    PolicyAnswer {
        principal_id,
        policy_document: PolicyDocument {
            version: "2012-10-17",
            statement: [Statement {
                action: "execute-api:Invoke",
                effect,
                resource,
            }],
        },
        context,
    }
}

/// Every method and path of the API's stage, from parts of the ARN that hold no wildcard of the client's.
fn whole_stage(request: &AuthorizationRequest<'_>) -> String {
    let stage = request.arn.through_stage();
    let tail = if request.kind == Kind::WsConnect { "/*" } else { "/*/*" };
    let mut resource = String::with_capacity(stage.len() + tail.len());
    resource.push_str(stage);
    resource.push_str(tail);
    resource
}

/// The ARN itself, unless the client's path would make it match more than itself, or IAM would not take it.
fn exact(request: &AuthorizationRequest<'_>) -> Option<String> {
    let tail = request.arn.after_stage();
    let resource = request.arn.as_str();
    let safe = !tail.contains(['*', '?']) && !tail.contains("${") && resource.chars().count() <= MAX_RESOURCE;
    safe.then(|| resource.to_owned())
}

fn max_bytes(kind: Kind) -> usize {
    if kind == Kind::WsConnect {
        MAX_WEBSOCKET
    } else {
        MAX_OTHERS
    }
}

/// The answer within `limit` bytes, and whether its context was shortened for it; `None` when it does not fit.
fn fitted(mut answer: Answer, limit: usize) -> Option<(Answer, bool)> {
    if at_most_bytes(&answer) <= limit {
        return Some((answer, false));
    }
    let mut truncated = false;
    loop {
        if serde_json::to_vec(&answer).ok()?.len() <= limit {
            return Some((answer, truncated));
        }
        let context = match &mut answer {
            Answer::Policy(answer) => &mut answer.context,
            Answer::Simple(answer) => &mut answer.context,
        };
        *context = Some(TokenContext::Shortened(context.as_ref()?.context().shortened()?));
        truncated = true;
    }
}

/// No answer is larger than this; counted without writing it.
fn at_most_bytes(answer: &Answer) -> usize {
    const FRAME: usize = 192;
    const MOST_PER_BYTE: usize = 6;
    let context = |context: &Option<TokenContext>| context.as_ref().map_or(0, |context| context.context().json_len());
    match answer {
        Answer::Policy(answer) => {
            let [statement] = &answer.policy_document.statement;
            FRAME
                + MOST_PER_BYTE * (answer.principal_id.text().len() + statement.resource.len())
                + context(&answer.context)
        }
        Answer::Simple(answer) => FRAME + context(&answer.context),
    }
}

#[cfg(test)]
mod tests;
