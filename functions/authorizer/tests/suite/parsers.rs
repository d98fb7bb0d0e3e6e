//! The parsers, each by itself, on any text or bytes: never a panic, and nothing that an independent reading would not
//! take.

use authorizer::claims::{Claims, ContextRules, PrincipalRules, Reply};
use authorizer::event::AuthorizationRequest;
use authorizer::token::{Location, TokenRules};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::*;

/// Everything that can be asked of a request.
fn look_at(request: &AuthorizationRequest<'_>) -> usize {
    let rules = TokenRules {
        locations: vec![
            Location::Header("Authorization".to_owned()),
            Location::Query("t".to_owned()),
            Location::Cookie("t".to_owned()),
            Location::Subprotocol,
        ],
        scheme: Some("Bearer".to_owned()),
        prefix: String::new(),
        max_bytes: 64,
    };
    let (path, otherwise) = request.paths();
    request.verb().map_or(0, str::len)
        + request.route().map_or(0, str::len)
        + request.resource().len()
        + path.len()
        + otherwise.map_or(0, str::len)
        + rules.extract(request).map_or(0, |token| token.reveal().len())
}

/// JSON with the members of events, whole or cut somewhere.
fn nearly_json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("TOKEN".to_owned()),
        Just("REQUEST".to_owned()),
        Just("2.0".to_owned()),
        Just(A_REST.to_owned()),
        Just(A_WS.to_owned()),
        Just("GET /prod/{id}".to_owned()),
        Just("/prod/orders".to_owned()),
        Just(format!("Bearer {T1}")),
        "\\PC{0,12}",
    ];
    let name = prop::sample::select(vec![
        "type",
        "version",
        "methodArn",
        "routeArn",
        "rawPath",
        "routeKey",
        "headers",
        "cookies",
        "requestContext",
        "resource",
        "authorizationToken",
        "multiValueHeaders",
    ]);
    let value = prop_oneof![
        4 => text.clone().prop_map(Value::from),
        1 => prop::collection::vec(text.clone(), 0..3).prop_map(Value::from),
        1 => text.clone().prop_map(|text| json!({"Authorization": text, "http": {"method": text}, "apiId": text})),
        1 => Just(Value::Null),
        1 => any::<f64>().prop_map(Value::from),
    ];
    (prop::collection::vec((name, value), 0..8), 0..400_usize).prop_map(|(members, cut)| {
        let members: serde_json::Map<String, Value> = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let text = Value::Object(members).to_string();
        let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
        text[..cut].to_owned()
    })
}

proptest! {
    #[test]
    fn events(text in prop_oneof![3 => nearly_json(), 1 => "\\PC{0,60}"]) {
        if let Ok(request) = AuthorizationRequest::read(&text) {
            look_at(&request);
        }
    }

    #[test]
    fn arns(arn in prop_oneof![
        "arn:aws:execute-api:[a-z0-9-]{1,9}:[0-9]{12}:[A-Za-z0-9]{1,9}/[A-Za-z0-9_$*-]{1,9}/\\PC{1,30}",
        "(arn|x):(aws|aws-cn|AWS)?:(execute-api|lambda):\\PC{0,6}:[0-9]{11,13}:\\PC{0,20}",
        "\\PC{0,60}",
    ], path in "\\PC{0,30}") {
        for event in [
            json!({"type": "TOKEN", "methodArn": arn}),
            json!({"version": "2.0", "routeArn": arn, "rawPath": path, "routeKey": path}),
        ] {
            let event = event.to_string();
            let Ok(request) = AuthorizationRequest::read(&event) else { continue };
            look_at(&request);
            let parsed = &request.arn;
            prop_assert_eq!(format!("{}/{}", parsed.through_stage(), parsed.after_stage()), arn.as_str());
            // Nothing before the verb can mean more than itself in a policy, but for the console's own stage.
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_:/$".contains(letter);
            let before = parsed.through_stage().strip_suffix("/*").unwrap_or(parsed.through_stage());
            prop_assert!(before.chars().all(plain) && !before.contains("${"), "{}", before);
        }
    }

    #[test]
    fn headers(value in prop_oneof![
        "[Bb][Ee]arer[ \t]{0,3}[A-Za-z0-9._~+/=-]{0,70}[ \t,]{0,2}",
        "(Bearer )?\\PC{0,40}",
        "(Bearer )?[\\x00-\\x7f]{0,40}",
    ]) {
        let event = json!({"type": "TOKEN", "methodArn": A_REST, "authorizationToken": value}).to_string();
        let request = AuthorizationRequest::read(&event).unwrap();
        let rules = TokenRules { locations: vec![], scheme: Some("Bearer".to_owned()), prefix: String::new(), max_bytes: 64 };
        if let Ok(token) = rules.extract(&request) {
            let token = token.reveal();
            let body = token.trim_end_matches('=');
            prop_assert!(!body.is_empty() && token.len() <= 64);
            prop_assert!(body.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._~+/".contains(letter)));
            prop_assert!(value.trim_matches([' ', '\t']).ends_with(token));
            prop_assert!(value.trim_matches([' ', '\t']).to_ascii_lowercase().starts_with("bearer"));
        }
    }

    #[test]
    fn replies(body in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "\\{\"active\":(true|false|1|\"true\"|null)?(,\"(exp|aud|scope|active|sub|ext|cnf)\":(1|-1|1e3|\"a\"|\\[\"a\"\\]|\\{\\}|null)){0,4}\\}"
            .prop_map(String::into_bytes),
    ]) {
        let read = Reply::read(&body);
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        if let Ok(reply) = &read {
            let principal = PrincipalRules { claims: vec!["sub".to_owned()], prefix: String::new(), default: None };
            let context = ContextRules { claims: vec!["aud".to_owned(), "exp".to_owned()], ext: vec![] };
            let claims = Claims::new(reply, &principal, &context);
            let _ = (claims.exp_secs(), claims.size(), claims.scope());
            let value = value.expect("a reply that was read is JSON");
            prop_assert_eq!(reply.is_active(), value["active"] == json!(true));
        }
    }
}
