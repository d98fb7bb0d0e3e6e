//! API Gateway keeps an answer about one request. By property, with the real binary: kept under method and path it is the
//! fresh answer, and kept under the token alone it denies more and never lets in more.

use std::collections::BTreeSet;
use std::time::Duration;

use local::function::{Function, FunctionOptions};
use local::gateway::{Api, ArnTail, Gateway, GatewayOptions};
use local::standin::{Hydra, HydraOptions, Keto};
use proptest::prelude::*;
use serde_json::json;

use crate::property;
use crate::stage::{binaries, listener};

/// Sets of permissions of one run; each starts two processes and sends hundreds of requests.
const CASES: u32 = 3;
/// Set to the number that a failure printed, to see that failure again.
const SEED: &str = "PERMISSIONS_SEED";
const SEGMENTS: [&str; 3] = ["a", "b", "a:b"];
const SUBJECTS: [&str; 2] = ["alice", "bob"];

/// The kinds of APIs, which ARN an HTTP API sends, and whether method and path are identity sources.
const KINDS: [(Api, ArnTail, bool); 7] = [
    (Api::RestRequest, ArnTail::Path, true),
    (Api::HttpPolicy, ArnTail::Route, true),
    (Api::HttpPolicy, ArnTail::Path, true),
    (Api::HttpSimple, ArnTail::Route, true),
    // Kept under the token alone. What an HTTP API evaluates by its route, or gets without a policy, cannot be kept so.
    (Api::RestToken, ArnTail::Path, false),
    (Api::RestRequest, ArnTail::Path, false),
    (Api::HttpPolicy, ArnTail::Path, false),
];

/// A permission: subject, relation, object.
type Permission = (&'static str, &'static str, String);

#[derive(Debug, Clone)]
struct Case {
    permissions: BTreeSet<Permission>,
    requests: Vec<Request>,
}

#[derive(Debug, Clone)]
struct Request {
    subject: &'static str,
    method: &'static str,
    path: String,
}

fn cases() -> impl Strategy<Value = Case> {
    let relation = prop::sample::select(vec!["read", "write", "delete"]);
    let object = proptest::collection::vec(prop::sample::select(SEGMENTS.to_vec()), 0..3).prop_map(|segments| {
        let segments: Vec<String> = segments.iter().map(|segment| segment.replace(':', "%3A")).collect();
        format!("resources:{}", segments.join(":"))
    });
    let subject = || prop::sample::select(SUBJECTS.to_vec());
    let segment = prop_oneof![
        10 => prop::sample::select(SEGMENTS.to_vec()),
        2 => prop::sample::select(vec!["", "*", "?", "%61", "a%3Ab", "%2F", "%253A", "%2e", "${a}"]),
    ];
    let path = proptest::collection::vec(segment, 0..4).prop_map(|segments| segments.join("/"));
    let method = prop::sample::select(vec!["GET", "HEAD", "POST", "DELETE"]);
    let request = (subject(), method, path).prop_map(|(subject, method, path)| Request { subject, method, path });
    (
        proptest::collection::btree_set((subject(), relation, object), 4..14),
        proptest::collection::vec(request, 20..30),
    )
        .prop_map(|(permissions, requests)| Case { permissions, requests })
}

#[test]
fn kept_answers_open_nothing() {
    property::holds(SEED, CASES, &cases(), |case| format!("{case:#?}"), check);
}

async fn check(case: &Case) -> Result<(), TestCaseError> {
    let hydra = Hydra::start(listener().await, listener().await, HydraOptions::default()).expect("a Hydra");
    let keto = Keto::start(listener().await, listener().await, &["api"]).expect("a Keto");
    for (subject, relation, object) in &case.permissions {
        keto.permit("api", object, relation, subject);
    }
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let tokens = SUBJECTS.map(|subject| {
        let reply = json!({"active": true, "sub": subject, "exp": 4_000_000_000_u64});
        (subject, hydra.mint(&reply).expect("randomness"))
    });
    for simple in [false, true] {
        let authorizer = authorizer(&hydra, &keto, simple).await;
        for (api, tail, keyed) in KINDS
            .into_iter()
            .filter(|(api, ..)| (*api == Api::HttpSimple) == simple)
        {
            let options = |ttl| GatewayOptions {
                routes: ["ANY /", "ANY /{proxy+}", "GET /a/{id}"]
                    .iter()
                    .flat_map(|route| route.parse())
                    .collect(),
                ttl,
                request_is_identity: keyed,
                http_arn_tail: tail,
                ..GatewayOptions::new(api, authorizer.clone())
            };
            let keeping = Gateway::start(listener().await, options(Duration::from_secs(3600))).expect("an API");
            let fresh = Gateway::start(listener().await, options(Duration::ZERO)).expect("an API");
            for request in &case.requests {
                let token = &tokens
                    .iter()
                    .find(|(subject, _)| *subject == request.subject)
                    .expect("a token")
                    .1;
                let (kept, now) = (
                    status(&http, &keeping, request, token).await,
                    status(&http, &fresh, request, token).await,
                );
                let expected = expected(case, request);
                let good = if keyed {
                    kept == now
                } else {
                    kept == now || (kept, now) == (403, 200)
                };
                if !good || expected.is_some_and(|expected| expected != now) {
                    let what =
                        format!("{api:?} {tail:?} keyed {keyed}, {request:?}: {kept} kept, {now} fresh, {expected:?}");
                    return Err(TestCaseError::fail(what));
                }
            }
            // Whatever was asked once is not asked again where it is kept for itself.
            let asked = keto.calls().len();
            for request in case.requests.iter().filter(|_| keyed) {
                let token = &tokens
                    .iter()
                    .find(|(subject, _)| *subject == request.subject)
                    .expect("a token")
                    .1;
                status(&http, &keeping, request, token).await;
            }
            prop_assert_eq!(keto.calls().len(), asked, "{:?} kept nothing", api);
        }
        authorizer.stop().await;
    }
    Ok(())
}

async fn authorizer(hydra: &Hydra, keto: &Keto, simple: bool) -> Function {
    let introspection = format!("{}/admin/oauth2/introspect", hydra.admin_url());
    let options = FunctionOptions::new("authorizer", binaries().join("authorizer"))
        .env("AUTHZ_INTROSPECTION_URL", introspection)
        .env("AUTHZ_HTTP_V2_RESPONSE", if simple { "simple" } else { "iam" })
        .env("AUTHZ_PERMISSION_CHECK", "keto")
        .env(
            "AUTHZ_PERMISSION_URL",
            format!("{}/relation-tuples/check", keto.read_url()),
        )
        .env("AUTHZ_KETO_NAMESPACE", "api");
    let function = Function::new(options);
    if let Err(failure) = function.warm().await {
        panic!("{failure}\n{}", function.log().text());
    }
    function
}

async fn status(http: &reqwest::Client, gateway: &Gateway, request: &Request, token: &str) -> u16 {
    let method = request.method.parse().expect("a method");
    let sent = http.request(method, format!("{}/{}", gateway.url(), request.path));
    sent.bearer_auth(token)
        .send()
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

/// What the permissions say of a path that is written in the one usual way.
fn expected(case: &Case, request: &Request) -> Option<u16> {
    let segments: Vec<&str> = request.path.split('/').collect();
    let plain = request.path.is_empty() || segments.iter().all(|segment| SEGMENTS.contains(segment));
    let relation = match request.method {
        "GET" | "HEAD" => "read",
        "DELETE" => "delete",
        _ => "write",
    };
    let escaped: Vec<String> = segments.iter().map(|segment| segment.replace(':', "%3A")).collect();
    let object = format!("resources:{}", escaped.join(":"));
    let permitted = case.permissions.contains(&(request.subject, relation, object));
    plain.then_some(if permitted { 200 } else { 403 })
}
