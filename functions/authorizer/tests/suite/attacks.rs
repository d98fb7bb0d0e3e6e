//! The classic attacks on verifiers of signed tokens: none of them passes, none moves a server that it names.

mod signatures;
mod spelling;

use hmac_of::hmac_sha256;
use serde_json::{Value, json};

use crate::fixture::*;
use crate::issuer::{Key, Published, claims, encoded};
use crate::jwks::authorizer;
use crate::stub;

/// HMAC-SHA-256 (RFC 2104), to sign with what everybody knows.
mod hmac_of {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

    pub(super) fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
        sign(&Key::new(HMAC_SHA256, key), message.as_bytes()).as_ref().to_vec()
    }
}

const WIDE: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

async fn wide(published: &Published) -> Fixture {
    authorizer(published, json!({"algorithms": WIDE}), &[]).await
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

#[tokio::test]
async fn no_spelling_of_none_passes() {
    let key = Key::p256("one");
    let fixture = wide(&Published::new(&[&key])).await;
    for alg in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "none ",
        "",
        "null",
        "es256",
        "Es256",
        "ES256 ",
        "ES256\0",
        "RS256,none",
    ] {
        let header = json!({"alg": alg, "kid": "one", "typ": "JWT"}).to_string();
        let message = format!("{}.{}", encoded(header), encoded(claims(json!({})).to_string()));
        let [_, _, good] = parts(&key.good());
        assert_eq!(
            fixture.reason(&format!("{message}.{good}")).await,
            "algorithm",
            "{alg:?}"
        );
        // Without a signature it is no JWT that anybody would have to verify.
        assert_eq!(fixture.reason(&format!("{message}.")).await, "malformed_jwt", "{alg:?}");
        assert_eq!(fixture.reason(&message).await, "malformed_jwt", "{alg:?}");
    }
    for alg in [json!(null), json!(0), json!(["ES256"]), json!({})] {
        let reason = if alg.is_null() { "algorithm" } else { "malformed_jwt" };
        let token = key.with_header(json!({"alg": alg}));
        assert_eq!(fixture.reason(&token).await, reason, "{alg}");
    }
    assert_eq!(fixture.fetches(), 0, "what cannot be good costs no fetch");
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let (rsa, p256) = (Key::rsa("rsa", "RS256"), Key::p256("p256"));
    let mut secret = rsa.jwk();
    secret["kty"] = json!("oct");
    secret["k"] = json!(encoded("s3cret"));
    secret["kid"] = json!("oct");
    let published = Published::new(&[]);
    published.now_does(stub::json(200, json!({"keys": [rsa.jwk(), p256.jwk(), secret]})));
    let fixture = wide(&published).await;
    for (key, texts) in [
        (
            &rsa,
            vec![rsa.jwk().to_string(), rsa.jwk()["n"].as_str().unwrap().to_owned()],
        ),
        (
            &p256,
            vec![p256.jwk().to_string(), p256.jwk()["x"].as_str().unwrap().to_owned()],
        ),
        (&p256, vec!["s3cret".to_owned(), String::new()]),
    ] {
        for kid in [key.kid, "oct"] {
            for alg in ["HS256", "HS384", "HS512", "RS256", "ES256"] {
                for secret in &texts {
                    let header = json!({"alg": alg, "kid": kid, "typ": "JWT"}).to_string();
                    let message = format!("{}.{}", encoded(header), encoded(claims(json!({})).to_string()));
                    let token = format!("{message}.{}", encoded(hmac_sha256(secret.as_bytes(), &message)));
                    let reason = fixture.reason(&token).await;
                    assert!(
                        ["algorithm", "bad_signature", "unknown_key"].contains(&reason.as_str()),
                        "{alg} {kid}: {reason}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_good_for_what_its_issuer_says_and_nothing_else() {
    let (rsa, p256) = (Key::rsa("rsa", "RS256"), Key::p256("p256"));
    let with = |key: &Key, name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    for (key, name, value, reason) in [
        (&p256, "use", json!("enc"), "upstream_invalid"),
        (&p256, "use", json!(null), "allow"),
        (&p256, "use", json!(5), "upstream_invalid"),
        (&p256, "key_ops", json!(["verify"]), "allow"),
        (&p256, "key_ops", json!(["sign"]), "upstream_invalid"),
        (&p256, "key_ops", json!([]), "upstream_invalid"),
        (&p256, "alg", json!("ES256"), "allow"),
        (&p256, "alg", json!("ES384"), "algorithm"),
        (&p256, "alg", json!("ECDH-ES"), "algorithm"),
        (&p256, "crv", json!("P-384"), "upstream_invalid"),
        (&p256, "crv", json!("secp256k1"), "upstream_invalid"),
        (&p256, "kty", json!("RSA"), "upstream_invalid"),
        (&p256, "kid", json!("other"), "unknown_key"),
        (&p256, "kid", json!("P256"), "unknown_key"),
        (&p256, "kid", json!(null), "upstream_invalid"),
        // The point at infinity and its like: a key without a secret.
        (&p256, "x", json!(encoded([0; 32])), "bad_signature"),
        (&p256, "x", json!(encoded([0; 31])), "upstream_invalid"),
        (&p256, "y", json!(""), "upstream_invalid"),
        (&p256, "d", json!(encoded([7; 32])), "upstream_invalid"),
        (&rsa, "alg", json!("RS256"), "allow"),
        (&rsa, "alg", json!("PS256"), "algorithm"),
        (&rsa, "alg", json!("RSA-OAEP"), "algorithm"),
        // With the exponent 1 every text is its own signature.
        (&rsa, "e", json!("AQ"), "upstream_invalid"),
        (&rsa, "e", json!("AA"), "upstream_invalid"),
        (&rsa, "e", json!("Ag"), "upstream_invalid"),
        (&rsa, "n", json!(encoded([255; 128])), "upstream_invalid"),
        (&rsa, "n", json!(encoded([255; 1025])), "upstream_invalid"),
        (&rsa, "n", json!("AQ=="), "upstream_invalid"),
    ] {
        let published = Published::new(&[]);
        published.now_does(stub::json(200, json!({"keys": [with(key, name, value.clone())]})));
        let fixture = wide(&published).await;
        assert_eq!(fixture.reason(&key.good()).await, reason, "{name} {value}");
    }
}

/// Of 1024 bits, and a token that it signs.
const SMALL: &str = r#"{"keys":[{"kty":"RSA","n":"yiOsGcdyB8rCxU2QjYzEuCxlS8TrEmrRw9G5FuHgBtDXL9pjd-iLNwNh0cmspa-YkQy8FABVRUFYZCbWH94UsORTcUNGDqG2nMHlnfiunHCwEw7eEnr5yArhuXBcocXEh9xvvwGGsNcp94C30alBRSPcicgcMtyy59fwKYLhR2k","e":"AQAB","kid":"small","alg":"RS256","use":"sig"}]}"#;
const BY_SMALL: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InNtYWxsIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20vIiwic3ViIjoiYWxpY2UiLCJzY29wZSI6Im9yZGVycy5yZWFkIiwiZXhwIjoxNzYwMDAzNjAwfQ.jKKs5Ja0a2LwCkAJ69yMtKjdj3_9t9xHF8b4tL0sqBLJWmunilpT4UqI5WvrlVJIxpZfRuCStdo1kaGPJRX1js8JAW7MfZ9t4nrUfFLzLbMe3GPDVov61SfyTxlPico2JmkzYT67wZ7jpE3JDMjnDzdu-14K6QYwLjcNajeJqHE";

#[tokio::test]
async fn a_key_that_can_be_broken_counts_for_nothing() {
    let published = Published::new(&[]);
    published.now_does(stub::json(200, SMALL));
    assert_eq!(wide(&published).await.reason(BY_SMALL).await, "upstream_invalid");
}

#[tokio::test]
async fn keys_that_a_token_brings_along_count_for_nothing() {
    let (key, own) = (Key::p256("one"), Key::p256("one"));
    let published = Published::new(&[&key]);
    let fixture = wide(&published).await;
    let elsewhere = format!("{}/mine.json", fixture.stub.base);
    for header in [
        json!({"jwk": own.jwk()}),
        json!({"jwk": own.jwk(), "kid": null}),
        json!({"jku": elsewhere}),
        json!({"x5u": elsewhere}),
        json!({"x5c": [encoded("certificate")]}),
        json!({"kid": elsewhere}),
        json!({"kid": "../../dev/null"}),
        json!({"kid": "one' OR '1'='1"}),
        json!({"kid": ""}),
        json!({"kid": 1}),
        json!({"kid": ["one"]}),
    ] {
        let reason = fixture.reason(&own.with_header(header.clone())).await;
        let known = ["bad_signature", "unknown_key", "malformed_jwt"];
        assert!(known.contains(&reason.as_str()), "{header}: {reason}");
    }
    assert_eq!(
        fixture.fetches(),
        fixture.stub.seen().len(),
        "nothing else was asked for"
    );
    // They change nothing about a token that is good without them.
    let with = key.with_header(json!({"jku": elsewhere, "x5t": "abc"}));
    assert_eq!(fixture.reason(&with).await, "allow");
}

#[tokio::test]
async fn a_header_that_demands_more_is_refused() {
    let key = Key::p256("one");
    let fixture = wide(&Published::new(&[&key])).await;
    for header in [
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": []}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"b64": false}),
        json!({"zip": "DEF"}),
        json!({"enc": "A128GCM"}),
    ] {
        assert_eq!(
            fixture.reason(&key.with_header(header.clone())).await,
            "malformed_jwt",
            "{header}"
        );
    }
    let crit_is_null = key.sign(
        r#"{"alg":"ES256","kid":"one","crit":null}"#,
        &claims(json!({})).to_string(),
    );
    assert_eq!(fixture.reason(&crit_is_null).await, "malformed_jwt");
}
