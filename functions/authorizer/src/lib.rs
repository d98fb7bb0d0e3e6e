//! The API Gateway Lambda authorizer: a bearer token, its introspection, a decision.
//!
//! The way of a request: [`event`] reads it, [`token`] finds its token, [`cache`] or [`provider`] know the token's
//! [`claims`] ([`flight`] lets one ask for many), [`rules`] decide, [`permission`] may be needed too, [`policy`] answers,
//! [`account`] writes the log line.
//! [`error`] is the one ladder from everything that can go wrong to the answer.
//!
//! Architecture invariant: whatever fails, the answer is never an Allow.

pub mod account;
pub mod cache;
pub mod claims;
pub mod config;
pub mod error;
pub mod event;
pub mod flight;
pub mod permission;
pub mod policy;
pub mod provider;
pub mod rules;
pub mod token;
pub mod upstream;

use std::sync::Arc;

use shared::start::{Context, InvocationError, RawEvent};
use shared::telemetry::{Level, Telemetry};
use shared::{Clock, ConfigError, Deadline};

use account::{Account, CacheUse};
use cache::{Cache, Found, Key};
use claims::Claims;
use config::Config;
use error::{Problem, Refusal};
use event::AuthorizationRequest;
use flight::Flights;
use permission::Permission;
use policy::{Answer, Decision, Outcome};
use provider::{Introspected, Provider, Providers};
use token::AccessToken;
use upstream::MARGIN;

/// The function: everything that outlives one request. Cheap to clone; clones share the cache and the connections.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    config: Config,
    providers: Providers,
    permission: Option<Permission>,
    cache: Cache,
    flights: Flights<Key, Arc<Claims>>,
    clock: Arc<dyn Clock>,
    telemetry: Arc<Telemetry>,
}

impl App {
    /// A function with an empty cache. Writes a line for each warning of the configuration.
    ///
    /// # Errors
    /// A line when the server of permissions cannot be set up.
    pub fn new(
        config: Config,
        providers: Providers,
        clock: Arc<dyn Clock>,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, ConfigError> {
        let permission = Permission::new(&config, &providers, &clock)?;
        for (variable, what) in &config.warnings {
            let mut line = telemetry.line(Level::Warn, what);
            line.text("variable", variable);
            telemetry.write(line);
        }
        let cache = Cache::new(config.cache);
        Ok(Self(Arc::new(Shared {
            config,
            providers,
            permission,
            cache,
            flights: Flights::default(),
            clock,
            telemetry,
        })))
    }

    /// Answers one event.
    ///
    /// # Errors
    /// `Unauthorized`, which API Gateway turns into 401, or `InternalError`, which it turns into 500.
    pub async fn handle(&self, event: RawEvent) -> Result<Answer, InvocationError> {
        let app = &*self.0;
        let RawEvent { payload, context } = event;
        let mut account = Account::begin(&app.telemetry, &context);
        let (request, decision, outcome) = match AuthorizationRequest::read(&payload) {
            Ok(request) => {
                let decision = app.decide(&request, &context, &mut account).await;
                let outcome = app.config.policy.answer(&request, &decision);
                (Some(request), decision, outcome)
            }
            Err(problem) => (None, Decision::Refuse(problem, None), Outcome::unreadable(problem)),
        };
        account.finish(&app.telemetry, request.as_ref(), &decision, &outcome, &app.config.rules);
        outcome.answer
    }
}

impl Shared {
    async fn decide(&self, request: &AuthorizationRequest<'_>, context: &Context, account: &mut Account) -> Decision {
        let policy = &self.config.policy;
        if !policy.lets_preflight_in(request) {
            return self.judge(request, context, account).await;
        }
        // Where the server of permissions was not asked, no token opens anything.
        if policy.answers_simply(request) || self.permission.is_some() {
            return Decision::Preflight;
        }
        // API Gateway keeps a policy for the token that came along, so a good token gets all of its own.
        match self.judge(request, context, account).await {
            Decision::Refuse(problem, _) if problem.verdict().refusal != Refusal::Error => Decision::Preflight,
            decision => decision,
        }
    }

    /// Decides by the token alone, and by what it is permitted.
    async fn judge(&self, request: &AuthorizationRequest<'_>, context: &Context, account: &mut Account) -> Decision {
        let token = match self.config.tokens.extract(request) {
            Ok(token) if self.providers.is_own(&token) => return Decision::Refuse(Problem::OwnToken, None),
            Ok(token) => token,
            Err(problem) => return Decision::Refuse(problem, None),
        };
        let provider = match self.providers.choose(&token) {
            Ok(provider) => provider,
            Err(problem) => return Decision::Refuse(problem, None),
        };
        account.provider = provider.name().map(str::to_owned);
        // One for everything that the request needs.
        let deadline = Deadline::from_context(context, &*self.clock, MARGIN).capped(self.config.upstream.total_budget);
        let claims = match self.claims(provider, &token, deadline, account).await {
            Ok(claims) => claims,
            Err(problem) => return Decision::Refuse(problem, None),
        };
        let single = self.config.policy.is_single(request);
        let now_secs = self.clock.now_secs();
        // Decided anew on every use: a remembered token may have expired since.
        let granted = match self
            .config
            .rules
            .decide(&claims, provider.must(), request, single, now_secs)
        {
            Ok(granted) => granted,
            Err(problem) => return Decision::Refuse(problem, Some(claims)),
        };
        if let Some(permission) = &self.permission {
            let asked = permission.ask(provider, request, &token, &claims, deadline, account);
            if let Err(problem) = asked.await {
                return Decision::Refuse(problem, Some(claims));
            }
        }
        Decision::Allow(claims, granted)
    }

    /// The claims of an active token: from the cache or from the authorization server, or read here from the token itself.
    async fn claims(
        &self,
        provider: &Provider,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Arc<Claims>, Problem> {
        let key = provider.key(token);
        if self.config.log_token_fp {
            account.fingerprint = key.first_chunk().copied();
        }
        if !provider.is_remembered() {
            return match provider.ask(token, deadline, account).await? {
                Introspected::Active(claims) => Ok(claims),
                Introspected::Inactive => Err(Problem::Inactive),
            };
        }
        if self.cache.is_on() {
            account.cache = CacheUse::Miss;
            match self.cache.find(&key, self.clock.now_ms()) {
                Found::Claims(claims) => {
                    account.cache = CacheUse::Hit;
                    return Ok(claims);
                }
                Found::Refused(problem) => {
                    account.cache = CacheUse::Negative;
                    return Err(problem);
                }
                Found::Nothing => {}
            }
        }
        let deadline = self.until(&key, deadline);
        let ask = async || self.introspect(provider, &key, token, deadline, account).await;
        let asked = self.flights.join(&key, deadline, ask).await;
        match asked {
            Err(problem) if problem.verdict().refusal == Refusal::Error => {
                // Looked up again: another answer may have replaced or revoked it meanwhile.
                let stale = self.cache.find_stale(&key, self.clock.now_ms()).ok_or(problem)?;
                account.stale_after(problem);
                Ok(stale)
            }
            asked => asked,
        }
    }

    /// Until when the authorization server may answer: where remembered claims may serve instead, and another server is to
    /// be asked then, that one has its time, too.
    fn until(&self, key: &Key, deadline: Deadline) -> Deadline {
        if self.permission.is_none() || self.cache.find_stale(key, self.clock.now_ms()).is_none() {
            return deadline;
        }
        let remaining = deadline.remaining();
        let for_check = self.config.upstream.request_timeout.min(remaining / 2);
        deadline.capped(remaining - for_check)
    }

    async fn introspect(
        &self,
        provider: &Provider,
        key: &Key,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Arc<Claims>, Problem> {
        let asked_at_ms = self.clock.now_ms();
        let introspected = provider.ask(token, deadline, account).await?;
        let now_ms = self.clock.now_ms();
        let Introspected::Active(claims) = introspected else {
            self.cache.keep_refusal(key, Problem::Inactive, asked_at_ms, now_ms);
            return Err(Problem::Inactive);
        };
        match self.config.rules.check(&claims, provider.must(), now_ms / 1000) {
            // A token of the wrong kind stays so.
            Err(problem @ (Problem::NotAccessToken | Problem::UnsupportedTokenType)) => {
                self.cache.keep_refusal(key, problem, asked_at_ms, now_ms);
            }
            // Not worth remembering: the next reply may differ. But what the server said before is over.
            Err(Problem::Expired | Problem::NotYetValid | Problem::NoExp | Problem::UpstreamInvalid) => {
                self.cache.forget_claims(key);
            }
            Ok(()) | Err(_) => self.cache.keep_claims(key, &claims, asked_at_ms, now_ms),
        }
        Ok(claims)
    }
}
