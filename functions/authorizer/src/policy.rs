//! A decision becomes API Gateway's answer: a policy, a simple response, or an error. Pure.

mod answer;

use std::sync::Arc;

use shared::start::InvocationError;

use answer::Resources;
pub use answer::{Answer, PolicyAnswer, SimpleAnswer};

use crate::claims::Claims;
use crate::error::{INTERNAL_ERROR, Problem, Refusal, UNAUTHORIZED};
use crate::event::{AuthorizationRequest, Kind};
use crate::rules::Granted;

/// The largest answer for a WebSocket API, in bytes of JSON; API Gateway's own limit is 8 KB.
const MAX_WEBSOCKET: usize = 8000;
/// The largest answer of all, in bytes of JSON.
pub const LARGEST: usize = 16_384;
/// No ARN is shorter before what follows the stage; counted with quotes and comma.
pub const SHORTEST_ARN: usize = r#""arn:aws:execute-api:eu-west-1:123456789012:a/s/","#.len();
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
    /// Whether `OPTIONS` is let in without a token.
    pub allow_options: bool,
}

/// What was decided about one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Let in, with what the token may do.
    Allow(Arc<Claims>, Granted),
    /// Let in without a token: a CORS preflight.
    Preflight,
    /// Refused; with the claims if the token is active.
    Refuse(Problem, Option<Arc<Claims>>),
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
            Decision::Allow(claims, granted) => self.allow(request, claims, granted),
            Decision::Preflight => self.let_preflight_in(request),
            Decision::Refuse(problem, claims) => {
                Outcome::refused(*problem, self.refuse(request, *problem, claims.clone()))
            }
        }
    }

    /// Whether a request is a CORS preflight that is let in whatever its token is. A simple answer does not tell what it
    /// is for, so none is given where API Gateway may keep it for another method.
    pub fn lets_preflight_in(&self, request: &AuthorizationRequest<'_>) -> bool {
        self.allow_options
            && request.verb() == Some("OPTIONS")
            && !(self.answers_simply(request) && request.preflight_may_serve_other_methods())
    }

    /// `OPTIONS` alone, so that a policy that API Gateway remembers opens nothing else.
    fn let_preflight_in(&self, request: &AuthorizationRequest<'_>) -> Outcome {
        let answer = if self.answers_simply(request) {
            Answer::simple(true, None)
        } else {
            Answer::policy(true, None, Resources::One(all_options(request)))
        };
        Outcome {
            answer: Ok(answer),
            problem: None,
            context_truncated: false,
        }
    }

    fn allow(&self, request: &AuthorizationRequest<'_>, claims: &Arc<Claims>, granted: &Granted) -> Outcome {
        let mut problem = None;
        let is_preflight = self.lets_preflight_in(request);
        let answer = if self.answers_simply(request) {
            Answer::simple(true, Some(claims))
        } else {
            let resources = match (granted, self.scope) {
                (Granted::Listed { resources, asked }, _) => {
                    // The answer is for other routes too, so it is the same whichever was asked for.
                    problem = (!asked && !is_preflight).then_some(Problem::RouteScope);
                    let with_options = self.allow_options && request.kind != Kind::WsConnect;
                    listed(request, resources, with_options)
                }
                (Granted::Asked, PolicyScope::Api) => Some(Resources::One(whole_stage(request))),
                // The ARN of a route for everything, `$default`, would open all other methods.
                (Granted::Asked, PolicyScope::Method) if is_preflight => exact(request)
                    .filter(|_| request.arn.verb() == Some("OPTIONS"))
                    .map(|resource| Resources::Many(vec![resource, all_options(request)])),
                (Granted::Asked, PolicyScope::Method) => exact(request).map(Resources::One),
            };
            let Some(resources) = resources else {
                if is_preflight {
                    return self.let_preflight_in(request);
                }
                let problem = Problem::UnsafeResource;
                return Outcome::refused(problem, self.refuse(request, problem, Some(claims.clone())));
            };
            Answer::policy(true, Some(claims.clone()), resources)
        };
        match answer.fitted(max_bytes(request.kind)) {
            Some((answer, context_truncated)) => Outcome {
                answer: Ok(answer),
                problem,
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
            return Ok(Answer::simple(false, None));
        }
        // On the whole stage, so that a denial that API Gateway caches is right for every method.
        let denial = |claims| Answer::policy(false, claims, Resources::One(whole_stage(request)));
        match denial(claims).fitted(max_bytes(request.kind)) {
            Some((answer, _)) => Ok(answer),
            // A principal that leaves no room for anything else is not worth a failure.
            None => Ok(denial(None)),
        }
    }

    /// Whether the answer is for this one request, and not for all that the token may do.
    pub fn is_single(&self, request: &AuthorizationRequest<'_>) -> bool {
        self.scope == PolicyScope::Method || self.answers_simply(request)
    }

    /// Whether the answer is a yes or no without a policy.
    pub fn answers_simply(&self, request: &AuthorizationRequest<'_>) -> bool {
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

/// The method `OPTIONS` of every path of the API's stage.
fn all_options(request: &AuthorizationRequest<'_>) -> String {
    format!("{}/OPTIONS/*", request.arn.through_stage())
}

/// Resources of the API's stage, with every `OPTIONS` if wanted; nothing when IAM would not take one of them.
fn listed(request: &AuthorizationRequest<'_>, resources: &[Arc<str>], with_options: bool) -> Option<Resources> {
    let stage = request.arn.through_stage();
    let mut resources: Vec<String> = resources.iter().map(|resource| format!("{stage}/{resource}")).collect();
    if with_options {
        resources.push(all_options(request));
    }
    let safe = resources
        .iter()
        .all(|resource| resource.chars().count() <= MAX_RESOURCE);
    safe.then_some(Resources::Many(resources))
}

fn max_bytes(kind: Kind) -> usize {
    if kind == Kind::WsConnect {
        MAX_WEBSOCKET
    } else {
        LARGEST
    }
}

#[cfg(test)]
mod tests;
