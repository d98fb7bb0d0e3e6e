//! Whether whoever a token stands for may do what is asked: a question to Hydra's warden (0.x) or to Ory Keto, for each
//! request anew.
//!
//! Architecture invariant: permission is given by a JSON `"allowed": true` of the server alone. Nothing is remembered.

mod reply;
mod wanted;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde::Serialize;
use shared::{Clock, ConfigError, Deadline, SecretSource};
use url::Url;

pub use wanted::{Actions, Template, Wanted};

use crate::account::{Account, Permitted};
use crate::claims::Claims;
use crate::config::{Config, IntrospectionConfig, ProviderConfig};
use crate::error::Problem;
use crate::event::AuthorizationRequest;
use crate::provider::{Caller, Provider, Providers, Question};
use crate::token::AccessToken;
use crate::upstream::{Target, Upstream};

/// Which server is asked, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// `POST /warden/token/allowed` of Hydra 0.x: the token itself, a resource, an action.
    Warden,
    /// `POST /relation-tuples/check` of Ory Keto: the principal, an object in this namespace, a relation.
    Keto {
        /// The namespace of all objects.
        namespace: String,
    },
}

/// How permissions are asked for.
#[derive(Debug, Clone)]
pub struct PermissionRules {
    /// Which server is asked.
    pub check: Check,
    /// The complete URL of the check.
    pub url: Url,
    /// What each verb asks to do.
    pub actions: Actions,
    /// What a path is called.
    pub resource: Template,
    /// Certificate authorities that are trusted beside the system's: PEM text, or the path of a file. Without them those of
    /// the introspection at the same place, or of the only one, are.
    pub ca_bundle: Option<SecretSource>,
}

/// The server that knows who may do what.
#[derive(Debug)]
pub struct Permission {
    rules: PermissionRules,
    upstream: Arc<Upstream>,
    target: Target,
    /// Whether tokens may be of one of several servers.
    of_several: bool,
    nobody: Caller,
}

/// The body of warden's question.
#[derive(Serialize)]
struct WardenQuestion<'q> {
    token: &'q str,
    /// Scopes were looked at already, by our own rules.
    scopes: [&'q str; 0],
    resource: &'q str,
    action: &'q str,
    context: Empty,
}

#[derive(Serialize)]
struct Empty {}

/// The body of Keto's question.
#[derive(Serialize)]
struct KetoQuestion<'q> {
    namespace: &'q str,
    object: &'q str,
    relation: &'q str,
    subject_id: &'q str,
}

impl Permission {
    /// The configured server, if there is one. Connects nowhere yet.
    ///
    /// # Errors
    /// A line when its URL leads nowhere.
    pub fn new(config: &Config, providers: &Providers, clock: &Arc<dyn Clock>) -> Result<Option<Self>, ConfigError> {
        let Some(rules) = &config.permission else {
            return Ok(None);
        };
        let problem = |what: &str| ConfigError::new(vec![format!("AUTHZ_PERMISSION_URL: {what}")]);
        let upstream = match providers.upstream_to(&rules.url.origin()) {
            Some(upstream) => upstream.clone(),
            None => Arc::new(Upstream::new(config.upstream.clone(), None, clock.clone()).map_err(problem)?),
        };
        // Headers of the operator's may hold a key that is meant for their own server alone.
        let is_same = |endpoint: &&IntrospectionConfig| endpoint.url.origin() == rules.url.origin();
        let mut endpoints = config.providers.iter().filter_map(ProviderConfig::introspection);
        let headers = endpoints.find(is_same).map(|endpoint| endpoint.headers.clone());
        // Keto says no with 403.
        let answers_by_403 = matches!(rules.check, Check::Keto { .. });
        let target = upstream.json(&rules.url, &headers.unwrap_or_default(), answers_by_403);
        Ok(Some(Self {
            rules: rules.clone(),
            upstream,
            target: target.ok_or_else(|| problem("has no host"))?,
            of_several: providers.are_several(),
            nobody: Caller::Anonymous,
        }))
    }

    /// Asks whether the token of `claims`, for which `provider` answers, may do what is requested: in the name that we have
    /// at that server, if it is the only one or at the same place; of several, none is shown what belongs to another.
    ///
    /// # Errors
    /// [`Problem::Permission`] when it may not; [`Problem::PermissionAction`] and [`Problem::PermissionResource`] for what
    /// cannot be asked about; else the server's failure.
    pub async fn ask(
        &self,
        provider: &Provider,
        request: &AuthorizationRequest<'_>,
        token: &AccessToken<'_>,
        claims: &Claims,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<(), Problem> {
        let wanted = self.rules.wanted(request)?;
        let body = self.body(&wanted, token, claims)?;
        let question = Question {
            target: &self.target,
            body: &body,
            exchange: |account| &mut account.permission,
            refuses_us: match self.rules.check {
                Check::Warden => |received| received.status == 403,
                Check::Keto { .. } => |received| received.status == 403 && reply::allowed(received).is_none(),
            },
        };
        let is_shown = !self.of_several || provider.is_at(&self.rules.url.origin());
        let caller = if is_shown { provider.caller() } else { &self.nobody };
        let started = Instant::now();
        let received = caller.post(&self.upstream, &question, deadline, account).await;
        account.permission_took = Some(started.elapsed());
        let permitted = received.and_then(|received| reply::read(&self.rules.check, &received));
        account.permitted = Some(Permitted {
            action: wanted.action.to_owned(),
            is_allowed: permitted.ok(),
        });
        if permitted? { Ok(()) } else { Err(Problem::Permission) }
    }

    fn body(&self, wanted: &Wanted<'_>, token: &AccessToken<'_>, claims: &Claims) -> Result<Bytes, Problem> {
        let (resource, action) = (wanted.resource.as_str(), wanted.action);
        let body = match &self.rules.check {
            Check::Warden => serde_json::to_vec(&WardenQuestion {
                token: token.reveal(),
                scopes: [],
                resource,
                action,
                context: Empty {},
            }),
            Check::Keto { namespace } => serde_json::to_vec(&KetoQuestion {
                namespace,
                object: resource,
                relation: action,
                // Of several servers each has a prefix of its own, which keeps its users apart from others of their names.
                subject_id: if self.of_several {
                    claims.principal()
                } else {
                    claims.subject()
                }
                .ok_or(Problem::NoPrincipal)?,
            }),
        };
        // Texts are always written.
        body.map(Bytes::from).map_err(|_| Problem::PermissionResource)
    }
}
