//! API Gateway keeps an authorizer's answer to one request and judges others by it. For whatever rules, tokens and order
//! of requests, an API that keeps answers must do as one that keeps none: the real binary, by property.

mod case;
mod page;
mod rules;

use std::time::Duration;

use local::function::{Function, FunctionOptions};
use local::gateway::{Api, ArnTail, Gateway, GatewayOptions};
use local::standin::{Hydra, HydraOptions};
use proptest::prelude::TestCaseError;

use self::case::{Case, Token};
use crate::property;
use crate::stage::{binaries, listener};

/// Rule sets of one run; each starts four processes and sends hundreds of requests.
const CASES: u32 = 8;
/// Set to the number that a failure printed, to see that failure again.
const SEED: &str = "GATEWAY_CACHE_SEED";

/// The kinds of APIs, and which ARN an HTTP API sends.
const KINDS: [(Api, ArnTail); 5] = [
    (Api::RestToken, ArnTail::Path),
    (Api::RestRequest, ArnTail::Path),
    (Api::HttpPolicy, ArnTail::Route),
    (Api::HttpPolicy, ArnTail::Path),
    (Api::HttpSimple, ArnTail::Route),
];

#[test]
fn kept_answers_decide_like_fresh_ones() {
    property::holds(SEED, CASES, &case::cases(), Case::to_string, check);
}

/// Sends the requests of a case to every kind of API, each with and without a memory.
async fn check(case: &Case) -> Result<(), TestCaseError> {
    let hydra = Hydra::start(listener().await, listener().await, HydraOptions::default()).expect("a Hydra");
    let tokens = case.tokens.iter().map(|token| hydra.mint(&token.introspection()));
    let tokens: Vec<String> = tokens.collect::<Result<_, _>>().expect("randomness");
    for simple in [false, true] {
        let keeping = authorizer(&hydra, case, simple, 60).await?;
        let fresh = authorizer(&hydra, case, simple, 0).await?;
        for (api, tail) in KINDS.into_iter().filter(|(api, _)| (*api == Api::HttpSimple) == simple) {
            let pair = Pair {
                api,
                keeping: gateway(case, api, tail, &keeping, Duration::from_secs(3600)).await,
                fresh: gateway(case, api, tail, &fresh, Duration::ZERO).await,
                http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            };
            let odd = |request: &&case::Request| request.plain_segments().is_none();
            for request in case.requests.iter().filter(|request| !simple || !odd(request)) {
                pair.check(case, request, &tokens).await?;
            }
            if simple {
                pair.check_with_odd_paths(case, &tokens).await?;
            }
        }
        kept(case, simple, &keeping)?;
        keeping.stop().await;
        fresh.stop().await;
    }
    Ok(())
}

/// The binary with the case's rules, started. Rules that it refuses are another test's matter.
async fn authorizer(hydra: &Hydra, case: &Case, simple: bool, ttl: u64) -> Result<Function, TestCaseError> {
    let form = if simple { "simple" } else { "iam" };
    let mut options = FunctionOptions::new("authorizer", binaries().join("authorizer"))
        .env(
            "AUTHZ_INTROSPECTION_URL",
            format!("{}/admin/oauth2/introspect", hydra.admin_url()),
        )
        .env("AUTHZ_HTTP_V2_RESPONSE", form)
        .env("AUTHZ_CACHE_TTL_SECS", ttl.to_string())
        .env("AUTHZ_NEGATIVE_CACHE_TTL_SECS", ttl.min(60).to_string());
    for (name, value) in case.variables() {
        options = options.env(name, value);
    }
    let function = Function::new(options);
    match function.warm().await {
        Ok(()) => Ok(function),
        Err(_) if function.log().text().contains("AUTHZ_ROUTE_SCOPES: ") => {
            Err(TestCaseError::reject("rules that no policy can hold"))
        }
        Err(failure) => Err(TestCaseError::fail(format!("{failure}\n{}", function.log().text()))),
    }
}

async fn gateway(case: &Case, api: Api, tail: ArnTail, authorizer: &Function, ttl: Duration) -> Gateway {
    let options = GatewayOptions {
        routes: case.api_routes(),
        ttl,
        // What a simple answer needs to be kept at all.
        route_key_is_identity: api == Api::HttpSimple,
        http_arn_tail: tail,
        ..GatewayOptions::new(api, authorizer.clone())
    };
    Gateway::start(listener().await, options).expect("an API")
}

/// One API that keeps answers, and one that keeps none.
struct Pair {
    api: Api,
    keeping: Gateway,
    fresh: Gateway,
    http: reqwest::Client,
}

impl Pair {
    async fn check(&self, case: &Case, request: &case::Request, tokens: &[String]) -> Result<(), TestCaseError> {
        let token = &tokens[request.token];
        let kept = self.status(&self.keeping, request, token).await;
        let fresh = self.status(&self.fresh, request, token).await;
        let expected = self.expected(case, request);
        if kept == fresh && expected.is_none_or(|expected| expected == fresh) {
            return Ok(());
        }
        Err(TestCaseError::fail(format!(
            "{:?}, {request:?}: {kept} from what was kept, {fresh} without a cache, expected {expected:?}",
            self.api
        )))
    }

    /// A simple answer is kept for a route of the API. Where the API and the rules read an odd path as different routes,
    /// it may deny more than it should, but lets nobody in.
    async fn check_with_odd_paths(&self, case: &Case, tokens: &[String]) -> Result<(), TestCaseError> {
        self.keeping.flush_cache();
        for request in &case.requests {
            let kept = self.status(&self.keeping, request, &tokens[request.token]).await;
            let expected = request
                .plain_segments()
                .map(|_| self.expected(case, request).unwrap_or(403));
            if kept == 200 && expected.is_some_and(|expected| expected != 200) {
                return Err(TestCaseError::fail(format!(
                    "{:?}, {request:?}: let in by what another path left, expected {expected:?}",
                    self.api
                )));
            }
        }
        Ok(())
    }

    async fn status(&self, gateway: &Gateway, request: &case::Request, token: &str) -> u16 {
        let url = format!("{}/{}", gateway.url(), request.path);
        let method = request.method.parse().expect("a method");
        let sent = self.http.request(method, url).bearer_auth(token).send().await;
        sent.expect("an answer").status().as_u16()
    }

    /// What the rules say themselves, where one governs the path; elsewhere a policy may let in more than they do.
    fn expected(&self, case: &Case, request: &case::Request) -> Option<u16> {
        let Token { active, scopes } = &case.tokens[request.token];
        if !active {
            let is_rest = matches!(self.api, Api::RestToken | Api::RestRequest);
            return Some(if is_rest { 401 } else { 403 });
        }
        if !case.satisfied(case.required(), scopes) {
            return Some(403);
        }
        let rule = rules::governing(&case.rules, request.method, &request.plain_segments()?)?;
        Some(if case.satisfied(&rule.scopes, scopes) { 200 } else { 403 })
    }
}

/// The memory was used: an answer is made once for each token and API, or for each token and route.
fn kept(case: &Case, simple: bool, keeping: &Function) -> Result<(), TestCaseError> {
    let asked = keeping.log().text().matches("\"decision\":\"allow\"").count();
    let each = match simple {
        false => KINDS.len() - 1,
        // Once before the flush and once after it.
        true => 2 * case.api_routes().len(),
    };
    if asked <= each * case.tokens.len() {
        return Ok(());
    }
    Err(TestCaseError::fail(format!(
        "{asked} answers that should have been kept"
    )))
}
