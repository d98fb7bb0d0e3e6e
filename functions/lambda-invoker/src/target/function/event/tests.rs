//! What a function is given, read back as a front's event: nothing of a request is lost on the way.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use shared::http::{Front, FrontContext, read};

use super::*;
use crate::request::query::parse_pairs;

/// A request on its way, as odd as they come.
fn outgoing() -> impl Strategy<Value = Outgoing> {
    let method = prop::sample::select(vec![Method::GET, Method::POST, Method::DELETE]);
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9._~-]{1,4}",
        2 => prop::sample::select(vec!["%20", "%2F", "%25", "%C3%A9", "+", ":@", "''()*"]).prop_map(str::to_owned),
    ];
    let pieces = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat());
    let path = prop::collection::vec(pieces.clone(), 1..4).prop_map(|segments| format!("/{}", segments.join("/")));
    let query = prop::collection::vec(("[a-c]{1,2}", pieces), 0..5);
    let name = prop::sample::select(vec!["x-a", "x-b", "accept", "cookie"]);
    let value = prop_oneof![3 => "[!-~]{1,8}", 1 => "[a-z=]{1,3}; [a-z=]{1,3}"];
    let headers = prop::collection::vec((name, value), 0..6);
    let kind = prop::sample::select(vec!["", "application/json", "text/plain; charset=utf-8", "image/png"]);
    let body = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..40),
        "\\PC{1,20}".prop_map(String::into_bytes),
    ];
    (method, path, query, headers, kind, body).prop_map(|(method, path, query, pairs, kind, body)| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
        }
        if !kind.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut query = parse_pairs(&query.join("&"), false);
        // Maps tell no order of names.
        query.sort_by(|left, right| left.name.cmp(&right.name));
        Outgoing {
            method,
            path,
            tail: None,
            query,
            headers,
            signed: false,
            body: body.into(),
        }
    })
}

/// The event of a format.
fn event(format: PayloadFormat, outgoing: &Outgoing) -> String {
    let front = FrontContext {
        front: Front::AlbMultiValue,
        raw_path: outgoing.path.clone(),
        stage: None,
        source_ip: Some("192.0.2.7".to_owned()),
        request_id: None,
    };
    let host = HeaderValue::from_static("front.example.com");
    let surroundings = Surroundings {
        front: &front,
        host: Some(&host),
        request_id: "request-1",
        own_arn: "arn:aws:lambda:eu-west-1:123456789012:function:front-door",
        resource: "/{proxy+}",
        now_ms: 1_772_366_400_000,
    };
    let payload = payload(format, outgoing, &surroundings).unwrap();
    String::from_utf8(payload.to_vec()).unwrap()
}

/// All values of a header: format 2.0 joins them, and cookies are one header however many lines they stand in.
fn values(headers: &HeaderMap, name: &str) -> String {
    let separator = if name == "cookie" { "; " } else { "," };
    let values = headers.get_all(name).iter().map(text);
    return values.collect::<Vec<_>>().join(separator);

    fn text(value: &HeaderValue) -> &str {
        value.to_str().unwrap()
    }
}

/// The cookies of a request, one by one; what is empty is no cookie.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let all = values(headers, "cookie");
    let pieces = all.split(';').map(str::trim).filter(|cookie| !cookie.is_empty());
    pieces.map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn what_a_function_is_given_is_the_request(outgoing in outgoing()) {
        for (format, front) in [
            (PayloadFormat::V2, Front::ApiGatewayV2),
            (PayloadFormat::V1, Front::ApiGatewayV1),
            (PayloadFormat::Alb { multi_value: false }, Front::AlbSingleValue),
            (PayloadFormat::Alb { multi_value: true }, Front::AlbMultiValue),
        ] {
            let event = event(format, &outgoing);
            let inbound = read(&event).unwrap();
            prop_assert_eq!(inbound.context.front, front, "{}", event);
            let request = inbound.request;
            prop_assert_eq!(request.method(), &outgoing.method);
            prop_assert_eq!(request.uri().path(), &outgoing.path);
            prop_assert_eq!(request.body(), &outgoing.body, "{}", event);
            let single = front == Front::AlbSingleValue;
            let query = parse_pairs(request.uri().query().unwrap_or_default(), false);
            let named = |pairs: &[Pair], only_last: bool| -> Vec<(String, String)> {
                let last = |at: usize| !only_last || pairs.get(at + 1).is_none_or(|next| next.name != pairs[at].name);
                let kept = pairs.iter().enumerate().filter(|(at, _)| last(*at));
                kept.map(|(_, pair)| (pair.name.clone(), pair.value.clone())).collect()
            };
            prop_assert_eq!(named(&query, false), named(&outgoing.query, single), "{}", event);
            for name in ["x-a", "x-b", "accept", "content-type"] {
                let last = outgoing.headers.get_all(name).iter().next_back();
                let expected = match last {
                    Some(last) if single => last.to_str().unwrap().to_owned(),
                    _ => values(&outgoing.headers, name),
                };
                prop_assert_eq!(values(request.headers(), name), expected, "{} {}", name, event);
            }
            prop_assert_eq!(cookies(request.headers()), cookies(&outgoing.headers), "{}", event);
            prop_assert_eq!(values(request.headers(), "host"), "front.example.com");
        }
    }
}
