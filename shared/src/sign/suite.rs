//! Our signing path against AWS's signing test suite (`tests/data/aws-sig-v4-test-suite`, Apache-2.0).

use std::fs;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Canonical, Scope, SigningKeys, Unsigned, sign};
use crate::Secret;
use crate::aws::Credentials;
use crate::http::{encode_path, encode_query};

fn suite(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/aws-sig-v4-test-suite")
        .join(folder)
}

/// The request of a case, read from its `request.txt`.
struct Case {
    method: String,
    target: String,
    host: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("request.txt")).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1");
        let (method, target) = line.split_once(' ').unwrap();
        // The suite writes spaces and letters outside ASCII as they are; on the wire they are escaped.
        let target = match target.split_once('?') {
            Some((path, query)) => format!("{}?{}", encode_path(path), encode_query(query)),
            None => encode_path(target),
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with(' ') {
                // A folded line goes on with the header before it.
                let (_, value) = headers.last_mut().unwrap();
                value.push(' ');
                value.push_str(line.trim());
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_lowercase(), value.to_owned()));
            }
        }
        let host = headers.iter().find(|(name, _)| name == "host").unwrap().1.clone();
        // The moment is the signer's own to tell.
        headers.retain(|(name, _)| name != "host" && name != "x-amz-date");
        Self {
            method: method.to_owned(),
            target,
            host,
            headers,
            body: body.to_owned(),
        }
    }

    fn sign(&self, credentials: &Credentials, scope: &Scope<'_>, canonical: Canonical) -> Vec<(String, String)> {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let request = Unsigned {
            method: &self.method,
            host: &self.host,
            target: &self.target,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        sign(&request, credentials, scope, canonical, &SigningKeys::default())
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    }
}

fn lasting(secret: &str) -> Credentials {
    Credentials::new(Secret::new("AKIDEXAMPLE"), Secret::new(secret), None, None)
}

/// The signature of a canonical request, written from the specification step by step.
fn stepwise(canonical: &str, secret: &str, date_time: &str, region: &str, service: &str) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let keyed = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let date = &date_time[..8];
    let hash = hex(&Sha256::digest(canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{date}/{region}/{service}/aws4_request\n{hash}");
    let key = [date, region, service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, step| keyed(&key, step));
    hex(&keyed(&key, &to_sign))
}

fn signature(added: &[(String, String)]) -> &str {
    let (_, authorization) = added.iter().find(|(name, _)| name == "authorization").unwrap();
    authorization.rsplit_once("Signature=").unwrap().1
}

#[test]
fn case_17_all_cases_of_the_suite_are_signed_as_aws_does() {
    let mut cases: Vec<_> = fs::read_dir(suite("v4"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 38);
    for folder in cases {
        let context: Value = serde_json::from_str(&fs::read_to_string(folder.join("context.json")).unwrap()).unwrap();
        let keys = &context["credentials"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let credentials = Credentials::new(
            Secret::new(text(&keys["access_key_id"])),
            Secret::new(text(&keys["secret_access_key"])),
            keys["token"].as_str().map(Secret::new),
            None,
        );
        assert_eq!(context["timestamp"], "2015-08-30T12:36:00Z");
        let scope = Scope {
            region: context["region"].as_str().unwrap(),
            service: context["service"].as_str().unwrap(),
            at_ms: 1_440_938_160_000,
        };
        let canonical = Canonical {
            encode_path_twice: false,
            normalize_path: context["normalize"].as_bool().unwrap(),
            payload_header: context["sign_body"].as_bool().unwrap(),
            unsigned_payload: false,
            sign_session_token: context["omit_session_token"].as_bool() != Some(true),
        };
        let added = Case::read(&folder).sign(&credentials, &scope, canonical);
        let expected = fs::read_to_string(folder.join("header-signature.txt")).unwrap();
        assert_eq!(signature(&added), expected.trim(), "{}", folder.display());
        // What is added is what the suite adds.
        let signed = fs::read_to_string(folder.join("header-signed-request.txt"))
            .unwrap()
            .to_lowercase();
        for (name, value) in &added {
            let line = format!("{name}:{}", value.to_lowercase());
            assert!(signed.contains(&line), "{}: {line}", folder.display());
        }
    }
}

#[test]
fn case_17_paths_are_encoded_twice_for_services_other_than_s3() {
    for (name, service, region) in [
        ("double-encode-path", "execute-api", "us-east-1"),
        ("double-url-encode", "lambda", "us-east-2"),
    ] {
        let folder = suite("extra-smithy-rs").join(name);
        let canonical = fs::read_to_string(folder.join("header-canonical-request.txt")).unwrap();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let credentials = lasting(secret);
        let scope = Scope {
            region,
            service,
            // 2021-05-11T15:40:45Z, as in the canonical request.
            at_ms: 1_620_747_645_000,
        };
        let added = Case::read(&folder).sign(&credentials, &scope, Canonical::of_service(service));
        let expected = stepwise(&canonical, secret, "20210511T154045Z", region, service);
        assert_eq!(signature(&added), expected, "{name}");
    }
}

#[test]
fn s3_takes_the_path_as_it_is_and_the_payloads_hash() {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let canonical = format!(
        "GET\n/a%20b//c\n\nhost:b.s3.amazonaws.com\nx-amz-content-sha256:{hash}\nx-amz-date:20150830T123600Z\n\n\
         host;x-amz-content-sha256;x-amz-date\n{hash}"
    );
    let request = Unsigned {
        method: "GET",
        host: "b.s3.amazonaws.com",
        target: "/a%20b//c",
        headers: &[],
        body: b"",
    };
    let scope = Scope {
        region: "us-east-1",
        service: "s3",
        at_ms: 1_440_938_160_000,
    };
    let credentials = lasting(secret);
    let added = sign(
        &request,
        &credentials,
        &scope,
        Canonical::of_service("s3"),
        &SigningKeys::default(),
    )
    .unwrap();
    let added: Vec<_> = added
        .into_iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    assert!(added.contains(&("x-amz-content-sha256".to_owned(), hash.to_owned())));
    let expected = stepwise(&canonical, secret, "20150830T123600Z", "us-east-1", "s3");
    assert_eq!(signature(&added), expected);
}

#[test]
fn what_cannot_be_signed_is_an_error() {
    let credentials = lasting("secret");
    let scope = Scope {
        region: "us-east-1",
        service: "lambda",
        at_ms: 1_440_938_160_000,
    };
    for (host, target, headers) in [
        ("a b", "/", &[][..]),
        ("host", "/a b", &[]),
        ("host", "/", &[("x-amz-meta", "a\u{1}b")]),
        ("host", "/", &[("x amz", "a")]),
    ] {
        let request = Unsigned {
            method: "GET",
            host,
            target,
            headers,
            body: b"",
        };
        assert!(
            sign(
                &request,
                &credentials,
                &scope,
                Canonical::of_service("lambda"),
                &SigningKeys::default()
            )
            .is_err(),
            "{host} {target}"
        );
    }
}
