//! The authorizer's whole configuration, read from its environment once, with every problem told at once.

mod answers;
mod credentials;
mod entry;
mod json;
mod lists;
mod names;
mod permission;
mod provider;
mod providers;
mod routes;
mod server;
mod suggestion;

use shared::env::Reader;
use shared::{ConfigError, Env};

pub use credentials::{Credentials, ProviderCredentials};
pub use names::Names;
pub use provider::{JwksConfig, ProviderConfig, SourceConfig};
pub use server::{CallerConfig, ClientConfig, IntrospectionConfig};

use crate::cache::CacheRules;
use crate::claims::{ClaimRules, ContextRules, IssuerMatch, Mode, PrincipalRules};
use crate::permission::PermissionRules;
use crate::policy::PolicyRules;
use crate::rules::{Rules, ScopeRules, ScopeStrategy};
use crate::token::TokenRules;
use crate::upstream::UpstreamRules;
use json::Pairs;
use providers::{Defaults, apart};

/// Everything that the environment decides. [`Config::from_env`] has the table of variables.
#[derive(Debug, Clone)]
pub struct Config {
    /// The servers that answer for tokens, at least one.
    pub providers: Vec<ProviderConfig>,
    /// How upstreams are asked.
    pub upstream: UpstreamRules,
    /// How tokens are found and which are taken.
    pub tokens: TokenRules,
    /// What tokens must be good for.
    pub rules: Rules,
    /// Which server knows what a token permits, if one is asked.
    pub permission: Option<PermissionRules>,
    /// What the backend is told.
    pub context: ContextRules,
    /// The shape of answers.
    pub policy: PolicyRules,
    /// What is remembered.
    pub cache: CacheRules,
    /// Whether the log names tokens by the beginning of their cache key.
    pub log_token_fp: bool,
    /// What is odd and no reason to stop: a variable, and what is odd about it.
    pub warnings: Vec<(String, &'static str)>,
}

/// Every variable that exists.
const KNOWN: &[&str] = &[
    "AUTHZ_INTROSPECTION_URL",
    "AUTHZ_ALLOW_HTTP",
    "AUTHZ_INTROSPECTION_AUTH",
    "AUTHZ_CLIENT_ID",
    "AUTHZ_CLIENT_SECRET",
    "AUTHZ_CLIENT_SECRET_SECRET_ARN",
    "AUTHZ_BEARER",
    "AUTHZ_BEARER_SECRET_ARN",
    "AUTHZ_TOKEN_URL",
    "AUTHZ_TOKEN_SCOPE",
    "AUTHZ_TOKEN_AUDIENCE",
    "AUTHZ_CLIENT_AUTH_ENCODING",
    "AUTHZ_INTROSPECTION_HEADERS",
    "AUTHZ_CA_BUNDLE",
    "AUTHZ_CA_BUNDLE_SECRET_ARN",
    "AUTHZ_CONNECT_TIMEOUT_MS",
    "AUTHZ_REQUEST_TIMEOUT_MS",
    "AUTHZ_TOTAL_BUDGET_MS",
    "AUTHZ_RETRIES",
    "AUTHZ_RETRY_BACKOFF_MS",
    "AUTHZ_MAX_UPSTREAM_BYTES",
    "AUTHZ_TOKEN_FROM",
    "AUTHZ_SCHEME",
    "AUTHZ_TOKEN_PREFIX",
    "AUTHZ_MAX_TOKEN_BYTES",
    "AUTHZ_REQUIRED_SCOPES",
    "AUTHZ_SCOPE_MODE",
    "AUTHZ_SCOPE_STRATEGY",
    "AUTHZ_ROUTE_SCOPES",
    "AUTHZ_ROUTE_DEFAULT",
    "AUTHZ_AUDIENCES",
    "AUTHZ_AUDIENCE_MODE",
    "AUTHZ_ISSUERS",
    "AUTHZ_ISSUER_MATCH",
    "AUTHZ_CLIENT_IDS",
    "AUTHZ_CLOCK_SKEW_SECS",
    "AUTHZ_REQUIRE_EXP",
    "AUTHZ_REQUIRE_TOKEN_USE",
    "AUTHZ_PRINCIPAL_CLAIMS",
    "AUTHZ_PRINCIPAL_PREFIX",
    "AUTHZ_DEFAULT_PRINCIPAL",
    "AUTHZ_CONTEXT_CLAIMS",
    "AUTHZ_CONTEXT_EXT",
    "AUTHZ_POLICY_SCOPE",
    "AUTHZ_HTTP_V2_RESPONSE",
    "AUTHZ_UNAUTHENTICATED",
    "AUTHZ_CACHE_TTL_SECS",
    "AUTHZ_NEGATIVE_CACHE_TTL_SECS",
    "AUTHZ_CACHE_MAX_ENTRIES",
    "AUTHZ_STALE_IF_ERROR_SECS",
    "AUTHZ_ALLOW_OPTIONS",
    "AUTHZ_LOG_TOKEN_FP",
    "AUTHZ_PROVIDERS",
    "AUTHZ_PERMISSION_CHECK",
    "AUTHZ_PERMISSION_URL",
    "AUTHZ_PERMISSION_ACTIONS",
    "AUTHZ_PERMISSION_RESOURCE",
    "AUTHZ_KETO_NAMESPACE",
    "AUTHZ_PERMISSION_CA_BUNDLE",
    "AUTHZ_PERMISSION_CA_BUNDLE_SECRET_ARN",
];

const MODES: &[(&str, Mode)] = &[("all", Mode::All), ("any", Mode::Any)];

const ISSUER_MATCHES: &[(&str, IssuerMatch)] = &[
    ("exact", IssuerMatch::Exact),
    ("slash_insensitive", IssuerMatch::SlashInsensitive),
];

impl Config {
    /// Reads the environment. An empty variable counts as unset; lists are separated by commas or spaces. A variable
    /// that begins with `AUTHZ_` and is not in the table is warned about.
    ///
    /// | variable | default | meaning, unit, range |
    /// |---|---|---|
    /// | `AUTHZ_INTROSPECTION_URL` | required without `AUTHZ_PROVIDERS` | the introspection endpoint (RFC 7662): `https`, or `http` on loopback |
    /// | `AUTHZ_ALLOW_HTTP` | `false` | take `http` URLs of other hosts, such as Hydra's administrative port in a VPC |
    /// | `AUTHZ_INTROSPECTION_AUTH` | `none` | `none`, `basic`, `bearer` or `client_credentials` |
    /// | `AUTHZ_CLIENT_ID` | | the client of `basic` and `client_credentials` |
    /// | `AUTHZ_CLIENT_SECRET` or `AUTHZ_CLIENT_SECRET_SECRET_ARN` | | its secret |
    /// | `AUTHZ_BEARER` or `AUTHZ_BEARER_SECRET_ARN` | | the token of `bearer` |
    /// | `AUTHZ_TOKEN_URL` | | the token endpoint of `client_credentials` |
    /// | `AUTHZ_TOKEN_SCOPE` | | the scopes to ask for there, such as `hydra.introspect` for Hydra 0.10 |
    /// | `AUTHZ_TOKEN_AUDIENCE` | | the audience to ask for there |
    /// | `AUTHZ_CLIENT_AUTH_ENCODING` | `form` | `form` (RFC 6749, section 2.3.1) or `raw` (Hydra up to 0.8) |
    /// | `AUTHZ_INTROSPECTION_HEADERS` | `{}` | further request headers, as a JSON object; also sent to a token endpoint of the same origin |
    /// | `AUTHZ_CA_BUNDLE` or `AUTHZ_CA_BUNDLE_SECRET_ARN` | | authorities trusted beside the system's: PEM text or the path of a file |
    /// | `AUTHZ_CONNECT_TIMEOUT_MS` | `500` | time for TCP and TLS, 1 to 9999 ms |
    /// | `AUTHZ_REQUEST_TIMEOUT_MS` | `1500` | time for one attempt with its body, 1 to 9999 ms |
    /// | `AUTHZ_TOTAL_BUDGET_MS` | `4000` | time for all attempts, 1 to 9999 ms; less if Lambda's own deadline comes first |
    /// | `AUTHZ_RETRIES` | `1` | further attempts, 0 to 3 |
    /// | `AUTHZ_RETRY_BACKOFF_MS` | `100` | the longest pause before the first of them, 0 to 5000 ms; doubles |
    /// | `AUTHZ_MAX_UPSTREAM_BYTES` | `65536` | the largest reply, 64 to 1048576 bytes |
    /// | `AUTHZ_TOKEN_FROM` | `header:Authorization` | where a token may be, in this order: `header:NAME`, `query:NAME`, `cookie:NAME`, `subprotocol`; the first that holds anything decides; TOKEN events bring their token themselves |
    /// | `AUTHZ_SCHEME` | `Bearer` | the scheme of TOKEN events and of the header `Authorization`, in any case; `none` takes the raw value |
    /// | `AUTHZ_TOKEN_PREFIX` | | what a token must begin with, such as `ory_at_` |
    /// | `AUTHZ_MAX_TOKEN_BYTES` | `8192` | the longest token, 1 to 65536 bytes |
    /// | `AUTHZ_REQUIRED_SCOPES` | | scopes that a token needs |
    /// | `AUTHZ_SCOPE_MODE` | `all` | `all` or `any` of them |
    /// | `AUTHZ_SCOPE_STRATEGY` | `exact` | `exact`, `hierarchic` or `wildcard` |
    /// | `AUTHZ_ROUTE_SCOPES` | | scopes that single routes need beyond these: a JSON object of lists by `VERB /path/{p}`, `* /path/{proxy+}` or `CONNECT $connect` |
    /// | `AUTHZ_ROUTE_DEFAULT` | `deny` | with `AUTHZ_ROUTE_SCOPES`, routes that are not listed: `deny`, or `required_only` (not for policies of the whole API) |
    /// | `AUTHZ_AUDIENCES` | | audiences of this API; set, a token must be for one |
    /// | `AUTHZ_AUDIENCE_MODE` | `any` | `any` or `all` of them |
    /// | `AUTHZ_ISSUERS` | | trusted issuers |
    /// | `AUTHZ_ISSUER_MATCH` | `exact` | `exact`, or `slash_insensitive` for one `/` at the end |
    /// | `AUTHZ_CLIENT_IDS` | | clients that are let in |
    /// | `AUTHZ_CLOCK_SKEW_SECS` | `10` | tolerated difference of clocks, 0 to 300 s |
    /// | `AUTHZ_REQUIRE_EXP` | `false` | refuse a reply without `exp` |
    /// | `AUTHZ_REQUIRE_TOKEN_USE` | `false` | refuse a reply without `token_use` |
    /// | `AUTHZ_PRINCIPAL_CLAIMS` | `sub,client_id` | claims that may name the principal, in this order |
    /// | `AUTHZ_PRINCIPAL_PREFIX` | | put before it, such as `user\|` |
    /// | `AUTHZ_DEFAULT_PRINCIPAL` | | the principal of a token that names none; unset refuses it |
    /// | `AUTHZ_CONTEXT_CLAIMS` | `sub,client_id,scope,iss,aud,exp,username` | claims that the backend is told |
    /// | `AUTHZ_CONTEXT_EXT` | | dotted paths inside `ext` that the backend is told as `ext_…` |
    /// | `AUTHZ_POLICY_SCOPE` | `api` | `api`: a policy for the API and stage; `method`: for the one method, API Gateway's cache must be off |
    /// | `AUTHZ_HTTP_V2_RESPONSE` | `simple` | `simple` or `iam`: the HTTP API's own setting; `simple` set in so many words also says that no other kind of API asks, so that route rules need not fit a policy |
    /// | `AUTHZ_UNAUTHENTICATED` | `auto` | no valid token: `error` fails with `Unauthorized`, `deny` denies, `auto` denies for HTTP APIs alone |
    /// | `AUTHZ_CACHE_TTL_SECS` | `60` | how long claims are remembered, 0 to 3600 s; never beyond the token's expiry |
    /// | `AUTHZ_NEGATIVE_CACHE_TTL_SECS` | `5`, or less with a shorter cache | how long refused tokens are remembered, 0 to 60 s |
    /// | `AUTHZ_CACHE_MAX_ENTRIES` | `10000` | tokens remembered, 1 to 1000000 |
    /// | `AUTHZ_STALE_IF_ERROR_SECS` | `0` | how long remembered claims serve beyond that while the authorization server fails, 0 to 3600 s; never beyond the token's expiry |
    /// | `AUTHZ_ALLOW_OPTIONS` | `false` | let `OPTIONS` in without a token, for CORS preflights. A policy then covers `OPTIONS` alone, also for a refused token; a good token gets its own policy and all `OPTIONS`, since API Gateway keeps it. A simple answer looks at no token, but only where API Gateway cannot keep it for other methods: the authorizer has no identity source, or `$context.routeKey` is among them and the route is one of `OPTIONS` alone; elsewhere `OPTIONS` needs a token like any other method |
    /// | `AUTHZ_LOG_TOKEN_FP` | `true` | log the beginning of a token's cache key |
    /// | `AUTHZ_PROVIDERS` | | several servers, or one whose tokens are verified here: a JSON list of objects; then the variables of the introspection, `AUTHZ_CA_BUNDLE` and `AUTHZ_ISSUERS` are not set |
    /// | `AUTHZ_PERMISSION_CHECK` | `none` | whether a server is asked what the token permits, for each request: `none`, `warden` (Hydra 0.x) or `keto` (Ory Keto); answers are then for one method and path, whatever `AUTHZ_POLICY_SCOPE` says |
    /// | `AUTHZ_PERMISSION_URL` | | the complete URL of the check, such as `https://keto:4466/relation-tuples/check`; asked in the same name as the introspection; of several servers only in that of one at the same origin |
    /// | `AUTHZ_PERMISSION_ACTIONS` | `read` for GET, HEAD and OPTIONS, `write` for POST, PUT and PATCH, `delete` for DELETE | what each verb asks to do, as a JSON object; `CONNECT` is a WebSocket connection; a verb that is not there is refused |
    /// | `AUTHZ_PERMISSION_RESOURCE` | `resources:{segments}` | what a path is called: a text with `{segments}` (joined by `:`), `{verb}` and `{route}` |
    /// | `AUTHZ_KETO_NAMESPACE` | | Keto's namespace of these resources; required for `keto` |
    /// | `AUTHZ_PERMISSION_CA_BUNDLE` or `AUTHZ_PERMISSION_CA_BUNDLE_SECRET_ARN` | those of the introspection at the same origin, or of the only one | authorities of that server, trusted beside the system's: PEM text or the path of a file |
    ///
    /// # Errors
    /// One line for each bad variable.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let mut warnings = Vec::new();
        let allow_http = reader.flag("AUTHZ_ALLOW_HTTP", false);
        let by_variables = match reader.text("AUTHZ_PROVIDERS") {
            None => introspection(&mut reader, allow_http),
            Some(_) => None,
        };
        let upstream = server::upstream(&mut reader);
        let tokens = TokenRules {
            locations: lists::locations(&mut reader),
            scheme: lists::scheme(&mut reader),
            prefix: lists::token_prefix(&mut reader, "AUTHZ_TOKEN_PREFIX"),
            max_bytes: count(&mut reader, "AUTHZ_MAX_TOKEN_BYTES", 8192, 1, 65_536),
        };
        let claims = ClaimRules {
            issuers: reader.list("AUTHZ_ISSUERS"),
            issuer_match: reader.choice("AUTHZ_ISSUER_MATCH", IssuerMatch::Exact, ISSUER_MATCHES),
            audiences: reader.list("AUTHZ_AUDIENCES"),
            audience_mode: reader.choice("AUTHZ_AUDIENCE_MODE", Mode::Any, MODES),
            client_ids: reader.list("AUTHZ_CLIENT_IDS"),
            skew_secs: reader.number("AUTHZ_CLOCK_SKEW_SECS", 10, 0..=300),
            require_exp: reader.flag("AUTHZ_REQUIRE_EXP", false),
            require_token_use: reader.flag("AUTHZ_REQUIRE_TOKEN_USE", false),
        };
        let mut policy = answers::policy(&mut reader, &mut warnings);
        let permission = permission::permission(&mut reader, allow_http, &mut policy, &mut warnings);
        let scopes = ScopeRules {
            required: reader.list("AUTHZ_REQUIRED_SCOPES"),
            mode: reader.choice("AUTHZ_SCOPE_MODE", Mode::All, MODES),
            strategy: reader.choice(
                "AUTHZ_SCOPE_STRATEGY",
                ScopeStrategy::Exact,
                &[
                    ("exact", ScopeStrategy::Exact),
                    ("hierarchic", ScopeStrategy::Hierarchic),
                    ("wildcard", ScopeStrategy::Wildcard),
                ],
            ),
        };
        let rules = Rules {
            routes: routes::routes(&mut reader, &scopes, &policy, &mut warnings),
            scopes,
        };
        let principal = PrincipalRules {
            claims: lists::list_or(&mut reader, "AUTHZ_PRINCIPAL_CLAIMS", &["sub", "client_id"]),
            prefix: reader.text_or("AUTHZ_PRINCIPAL_PREFIX", ""),
            default: reader.text("AUTHZ_DEFAULT_PRINCIPAL"),
        };
        let defaults = Defaults {
            claims: &claims,
            principal: &principal,
            allow_http,
        };
        let listed = providers::providers(&mut reader, &defaults, &mut warnings);
        let context = lists::context(&mut reader, &mut warnings);
        // Where all tokens are verified here, it is keys that go stale.
        let verified = |provider: &ProviderConfig| provider.introspection().is_none();
        let all_verified = listed.as_ref().is_some_and(|listed| listed.iter().all(verified));
        let cache = answers::cache(&mut reader, upstream.max_bytes, all_verified);
        let log_token_fp = reader.flag("AUTHZ_LOG_TOKEN_FP", true);
        let single = |introspection| ProviderConfig {
            name: None,
            prefix: String::new(),
            claims: claims.clone(),
            principal: principal.clone(),
            source: SourceConfig::Introspection(Box::new(introspection)),
            names: Names::Variables,
        };
        let providers = listed.or_else(|| by_variables.map(|introspection| vec![single(introspection)]));
        let known = providers.as_deref().unwrap_or_default();
        apart::tell_unfit(&mut reader, known, &tokens.prefix, permission.as_ref());
        for name in reader.unknown("AUTHZ_", KNOWN) {
            warnings.push((name, "is no variable of the authorizer"));
        }
        reader.finish()?;
        // They are there when no problem was found.
        let providers =
            providers.ok_or_else(|| ConfigError::new(vec!["AUTHZ_INTROSPECTION_URL: is required".to_owned()]))?;
        Ok(Self {
            providers,
            upstream,
            tokens,
            rules,
            permission,
            context,
            policy,
            cache,
            log_token_fp,
            warnings,
        })
    }
}

/// The introspection endpoint that is set by variables; `None` after a problem was told.
fn introspection(reader: &mut Reader<'_>, allow_http: bool) -> Option<IntrospectionConfig> {
    if reader.text("AUTHZ_INTROSPECTION_URL").is_none() {
        reader.problem("AUTHZ_INTROSPECTION_URL", "is required");
    }
    let url = reader.url("AUTHZ_INTROSPECTION_URL", allow_http);
    let auth = server::caller(reader, Names::Variables, allow_http);
    let given = reader.json("AUTHZ_INTROSPECTION_HEADERS");
    let given = given.map_or_else(Vec::new, |Pairs(pairs)| pairs);
    let headers = server::headers(reader, "AUTHZ_INTROSPECTION_HEADERS", given);
    let ca_bundle = reader.secret("AUTHZ_CA_BUNDLE");
    Some(IntrospectionConfig {
        url: url?,
        auth: auth?,
        headers,
        ca_bundle,
    })
}

fn count(reader: &mut Reader<'_>, name: &str, default: u64, least: u64, most: u64) -> usize {
    usize::try_from(reader.number(name, default, least..=most)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
