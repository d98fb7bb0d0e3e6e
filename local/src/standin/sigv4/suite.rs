//! The verifier against AWS's own signing test suite, `tests/data/aws-sig-v4-test-suite`.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{PathRule, Rules, SignedRequest, canonical, string_to_sign, verify};

const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/aws-sig-v4-test-suite");

/// A request as the suite writes it down.
struct Written {
    method: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Written {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).expect("a file of the suite");
        let (head, body) = text.split_once("\n\n").unwrap_or((text.as_str(), ""));
        let mut lines = head.lines();
        let line = lines.next().expect("a request line");
        let (method, rest) = line.split_once(' ').expect("a method");
        let target = rest.strip_suffix(" HTTP/1.1").unwrap_or(rest);
        let mut unfolded: Vec<String> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            match unfolded.last_mut() {
                Some(last) if line.starts_with(' ') => last.push_str(line),
                _ => unfolded.push(line.to_owned()),
            }
        }
        let mut headers = HeaderMap::new();
        for line in unfolded {
            let (name, value) = line.split_once(':').expect("a header");
            headers.append(
                HeaderName::try_from(name).expect("a header name"),
                HeaderValue::try_from(value).expect("a header value"),
            );
        }
        Self {
            method: method.to_owned(),
            target: on_the_wire(target),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    fn signed(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        }
    }
}

/// The suite writes spaces and other alphabets as they are; no client can send them so.
fn on_the_wire(target: &str) -> String {
    let escaped = |byte: u8| {
        if byte == b' ' || !byte.is_ascii() {
            format!("%{byte:02X}")
        } else {
            char::from(byte).to_string()
        }
    };
    target.bytes().map(escaped).collect()
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(Path::new(SUITE).join("v4"))
        .expect("the suite")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 38);
    cases
}

fn rules(case: &Path) -> (Rules, u64) {
    let text = fs::read_to_string(case.join("context.json")).expect("a context");
    let context: Value = serde_json::from_str(&text).expect("JSON");
    let member = |pointer: &str| context.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let time = member("/timestamp").expect("a time").replace(['-', ':'], "");
    let rules = Rules {
        access_key_id: member("/credentials/access_key_id").expect("a key"),
        secret_access_key: member("/credentials/secret_access_key").expect("a secret"),
        session_token: member("/credentials/token"),
        session_token_signed: context["omit_session_token"] != true,
        region: member("/region").expect("a region"),
        service: "service",
        path: PathRule {
            encode: false,
            normalize: context["normalize"] == true,
        },
        skew_secs: 300,
    };
    (rules, crate::clock::parse_amz_date(&time).expect("a time"))
}

fn expected(case: &Path, file: &str) -> String {
    fs::read_to_string(case.join(file))
        .expect("a file of the suite")
        .trim_end()
        .to_owned()
}

#[test]
fn every_signed_request_is_accepted() {
    for case in cases() {
        let (rules, now) = rules(&case);
        let request = Written::read(&case.join("header-signed-request.txt"));
        assert_eq!(verify(request.signed(), &rules, now), Ok(()), "{}", case.display());
    }
}

#[test]
fn every_altered_request_is_refused() {
    for case in cases() {
        let (rules, now) = rules(&case);
        let signed = Written::read(&case.join("header-signed-request.txt"));
        let refused = |altered: Written, what: &str| {
            assert!(
                verify(altered.signed(), &rules, now).is_err(),
                "{what} of {}",
                case.display()
            );
        };
        let copy = || Written::read(&case.join("header-signed-request.txt"));
        refused(
            Written {
                method: "PATCH".to_owned(),
                ..copy()
            },
            "the method",
        );
        refused(
            Written {
                target: format!("{}x", signed.target),
                ..copy()
            },
            "the target",
        );
        refused(
            Written {
                body: [signed.body.as_slice(), b"x"].concat(),
                ..copy()
            },
            "the body",
        );
        let mut altered = copy();
        altered.headers.insert("host", HeaderValue::from_static("example.com"));
        refused(altered, "the host");
        let secret = Rules {
            secret_access_key: "x".to_owned(),
            ..rules.clone()
        };
        assert!(verify(signed.signed(), &secret, now).is_err());
        for late in [now + 301, now - 301] {
            assert!(verify(signed.signed(), &rules, late).is_err());
        }
    }
}

#[test]
fn every_canonical_request_is_the_suites_own() {
    for case in cases() {
        let (rules, _) = rules(&case);
        let mut request = Written::read(&case.join("header-signed-request.txt"));
        let refusal = {
            // A wrong secret makes the verifier show what it made of the request.
            let wrong = Rules {
                secret_access_key: "x".to_owned(),
                ..rules.clone()
            };
            let (_, now) = self::rules(&case);
            verify(request.signed(), &wrong, now).expect_err("a wrong secret")
        };
        let name = case.display();
        assert_eq!(
            refusal.canonical_request,
            Some(expected(&case, "header-canonical-request.txt")),
            "{name}"
        );
        assert_eq!(
            refusal.string_to_sign,
            Some(expected(&case, "header-string-to-sign.txt")),
            "{name}"
        );
        request.headers.remove("authorization");
        assert!(verify(request.signed(), &rules, 0).is_err());
    }
}

#[test]
fn paths_are_encoded_twice_where_the_service_wants_it() {
    let folder = Path::new(SUITE).join("extra-smithy-rs");
    for name in ["double-encode-path", "double-url-encode"] {
        let case = folder.join(name);
        let mut request = Written::read(&case.join("request.txt"));
        // The files of a case do not agree on the date; this is the canonical request's.
        request
            .headers
            .insert("x-amz-date", HeaderValue::from_static("20210511T154045Z"));
        let names = ["host".to_owned(), "x-amz-date".to_owned()];
        let rule = PathRule {
            encode: true,
            normalize: true,
        };
        let payload = super::sha256_hex(b"");
        let made = canonical::request(request.signed(), &names, rule, &payload);
        assert_eq!(made, expected(&case, "header-canonical-request.txt"), "{name}");
        if name == "double-url-encode" {
            let text = string_to_sign("20210511T154045Z", "20210511/us-east-2/lambda/aws4_request", &made);
            assert_eq!(text, expected(&case, "header-string-to-sign.txt"), "{name}");
        }
    }
}
