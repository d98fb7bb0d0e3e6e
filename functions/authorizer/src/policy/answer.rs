//! The JSON that API Gateway reads.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::claims::{Claims, Context};

/// An answer that API Gateway reads (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>).
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An IAM policy.
    Policy(PolicyAnswer),
    /// The simple response of an HTTP API.
    Simple(SimpleAnswer),
}

impl Answer {
    /// A policy that allows or denies resources, for the principal of `claims` and with their context if allowed.
    pub(super) fn policy(allow: bool, claims: Option<Arc<Claims>>, resources: Resources) -> Self {
        let context = if allow { TokenContext::of(claims.as_ref()) } else { None };
        Self::Policy(PolicyAnswer {
            principal_id: Principal(claims),
            policy_document: PolicyDocument {
                version: "2012-10-17",
                statement: [Statement {
                    action: "execute-api:Invoke",
                    effect: if allow { "Allow" } else { "Deny" },
                    resource: resources,
                }],
            },
            context,
        })
    }

    /// A simple response: yes or no, with the context of these claims.
    pub(super) fn simple(allow: bool, claims: Option<&Arc<Claims>>) -> Self {
        Self::Simple(SimpleAnswer {
            is_authorized: allow,
            context: TokenContext::of(claims),
        })
    }

    /// The answer within `limit` bytes, and whether its context was shortened for it; `None` when it does not fit.
    pub(super) fn fitted(mut self, limit: usize) -> Option<(Self, bool)> {
        if self.at_most_bytes() <= limit {
            return Some((self, false));
        }
        let mut truncated = false;
        loop {
            if serde_json::to_vec(&self).ok()?.len() <= limit {
                return Some((self, truncated));
            }
            let context = match &mut self {
                Self::Policy(answer) => &mut answer.context,
                Self::Simple(answer) => &mut answer.context,
            };
            *context = Some(TokenContext::Shortened(context.as_ref()?.context().shortened()?));
            truncated = true;
        }
    }

    /// No answer is larger than this; counted without writing it.
    pub(super) fn at_most_bytes(&self) -> usize {
        const FRAME: usize = 192;
        const MOST_PER_BYTE: usize = 6;
        let context =
            |context: &Option<TokenContext>| context.as_ref().map_or(0, |context| context.context().at_most_bytes());
        match self {
            Self::Policy(answer) => {
                let [statement] = &answer.policy_document.statement;
                FRAME
                    + MOST_PER_BYTE * (answer.principal_id.text().len() + statement.resource.bytes())
                    + context(&answer.context)
            }
            Self::Simple(answer) => FRAME + context(&answer.context),
        }
    }
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
    resource: Resources,
}

/// What a statement speaks of.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Resources {
    /// One resource, written as a text.
    One(String),
    /// A list of them.
    Many(Vec<String>),
}

impl Resources {
    /// The length of all, with what stands between them.
    fn bytes(&self) -> usize {
        match self {
            Self::One(resource) => resource.len(),
            Self::Many(resources) => resources.iter().map(|resource| resource.len() + 3).sum(),
        }
    }
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
    /// The context of these claims, unless there is nothing to tell.
    fn of(claims: Option<&Arc<Claims>>) -> Option<Self> {
        let claims = claims.filter(|claims| !claims.context().is_empty())?;
        Some(Self::Whole(claims.clone()))
    }

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
